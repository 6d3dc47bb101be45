//! The metrics of a run as one log line in `CloudWatch`'s embedded metric format.
//!
//! Source: Amazon `CloudWatch` User Guide, "Specification: Embedded metric format": the event is one JSON object with
//! nothing before or after it; the values that `_aws` refers to are members of its root.

use jiff::Timestamp;
use serde_json::json;

use crate::hostile;
use crate::report::Report;
use crate::verdict::Verdict;

/// Namespace of all metrics of Day2.
pub const NAMESPACE: &str = "Day2";

/// Longest dimension value. `CloudWatch` allows 1,024 characters of ASCII; names in settings are far shorter.
const MAX_DIMENSION_CHARS: usize = 250;

/// One line of JSON, without a line end: `Failed`, `Unknown`, `Passed` (counts of items) and `DurationMs`, with the
/// dimensions `function`, `target` and `task`.
///
/// `finished_at` is the metrics' timestamp and the end of the duration. The status and the ids of report and request
/// are members too, to find the run from the metric; they are no dimensions, because each value would be a metric of
/// its own.
#[must_use]
pub fn line(report: &Report, finished_at: Timestamp) -> String {
    let run = &report.run;
    let lasted = finished_at.duration_since(run.started_at);
    json!({
        "_aws": {
            "Timestamp": finished_at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["function", "target", "task"]],
                "Metrics": [
                    { "Name": "Failed", "Unit": "Count" },
                    { "Name": "Unknown", "Unit": "Count" },
                    { "Name": "Passed", "Unit": "Count" },
                    { "Name": "DurationMs", "Unit": "Milliseconds" },
                ],
            }],
        },
        "function": dimension(&run.function),
        "target": dimension(&run.target),
        "task": dimension(&run.task),
        "Failed": report.count(Verdict::Fail),
        "Unknown": report.count(Verdict::Unknown),
        "Passed": report.count(Verdict::Pass),
        "DurationMs": u64::try_from(lasted.as_millis()).unwrap_or(0),
        "status": report.status.word(),
        "report_id": report.id,
        "request_id": run.request_id,
    })
    .to_string()
}

/// ASCII without control characters and never empty, as `CloudWatch` demands of a dimension value.
fn dimension(name: &str) -> String {
    let value = hostile::ascii(name, MAX_DIMENSION_CHARS);
    if value.is_empty() { "-".to_owned() } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::sample;

    #[test]
    fn a_run_becomes_one_object_in_the_form_of_the_specification() {
        let report = sample::failing();
        let line = line(&report, "2026-03-06T12:00:06.250Z".parse().unwrap());
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["_aws"]["Timestamp"], 1_772_798_406_250_i64);
        let directive = &value["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Day2");
        // Every reference of the directive has a member at the root: a string for a dimension, a number for a metric.
        for name in directive["Dimensions"][0].as_array().unwrap() {
            assert!(value[name.as_str().unwrap()].is_string(), "{name}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(value[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        assert_eq!(
            (&value["Failed"], &value["Unknown"], &value["Passed"]),
            (&json!(3), &json!(1), &json!(7))
        );
        assert_eq!(value["DurationMs"], 4250);
    }

    #[test]
    fn a_clock_that_went_back_gives_no_negative_duration() {
        let report = sample::failing();
        let value: Value =
            serde_json::from_str(&line(&report, "2026-03-06T11:00:00Z".parse().unwrap())).unwrap();
        assert_eq!(value["DurationMs"], 0);
    }

    proptest! {
        #[test]
        fn any_names_give_one_line_of_json_with_valid_dimensions_e12(target in any::<String>(), id in any::<String>()) {
            let mut report = sample::failing();
            report.run.target = target;
            report.run.request_id = id;
            let line = line(&report, report.run.started_at);
            prop_assert!(!line.contains(['\n', '\r']));
            let value: Value = serde_json::from_str(&line).unwrap();
            let target = value["target"].as_str().unwrap();
            prop_assert!((1..=1024).contains(&target.len()) && target.bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }
}
