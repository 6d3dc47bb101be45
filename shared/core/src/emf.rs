//! The metrics of a run as one log line in `CloudWatch`'s embedded metric format.
//!
//! Source: Amazon `CloudWatch` User Guide, "Specification: Embedded metric format": the event is one JSON object with
//! nothing before or after it; the values that `_aws` refers to are members of its root.

mod figure;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::action::Outcome;
use crate::hostile;
use crate::report::Report;
use crate::verdict::Verdict;
use crate::words::action::is_unverified;

pub use figure::{Figure, Unit};

/// Namespace of all metrics of Day2.
pub const NAMESPACE: &str = "Day2";

/// Longest dimension value. `CloudWatch` allows 1,024 characters of ASCII; names in settings are far shorter.
const MAX_DIMENSION_CHARS: usize = 250;

/// One line of JSON, without a line end: `Failed`, `Unknown`, `Passed` (counts of items) and `DurationMs`, with the
/// dimensions `function`, `target` and `task`.
///
/// An action adds `Applied`, `Refused`, `ActionFailed` and `NotVerified`, each 0 or 1. An alarm uses the maximum, because
/// a repeated delivery counts again:
///
/// - `Applied`: every step was carried out. `Refused`: a guard objects.
/// - `ActionFailed`: a step failed; `Failed` alone counts checks, in every report.
/// - `NotVerified`: something was changed, and its effect was not seen.
///
/// A check does not have them, so that an alarm on a check by mistake has no data instead of a lasting 0.
///
/// `finished_at` is the metrics' timestamp and the end of the duration. The status, the outcome and the ids of report and
/// request are members too, to find the run from the metric; they are no dimensions, because each value would be a metric of
/// its own.
#[must_use]
pub fn line(report: &Report, finished_at: Timestamp) -> String {
    let run = &report.run;
    let lasted = finished_at.duration_since(run.started_at);
    let mut figures = vec![
        ("Failed", "Count", count(report, Verdict::Fail)),
        ("Unknown", "Count", count(report, Verdict::Unknown)),
        ("Passed", "Count", count(report, Verdict::Pass)),
        (
            "DurationMs",
            "Milliseconds",
            u64::try_from(lasted.as_millis()).unwrap_or(0),
        ),
    ];
    if let Some(record) = &report.action {
        let came = |outcome| u64::from(record.outcome == outcome);
        figures.extend([
            ("Applied", "Count", came(Outcome::Applied)),
            ("Refused", "Count", came(Outcome::Refused)),
            ("ActionFailed", "Count", came(Outcome::Failed)),
            ("NotVerified", "Count", u64::from(is_unverified(record))),
        ]);
    }
    let metrics: Vec<Value> = figures
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }))
        .collect();
    let mut members = Map::new();
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["function", "target", "task"]],
        "Metrics": metrics,
    });
    members.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": finished_at.as_millisecond(), "CloudWatchMetrics": [directive] }),
    );
    let figures = figures
        .into_iter()
        .map(|(name, _, value)| (name, Value::from(value)));
    members.extend(figures.map(|(name, value)| (name.to_owned(), value)));
    let texts = [
        ("function", dimension(&run.function)),
        ("target", dimension(&run.target)),
        ("task", dimension(&run.task)),
        ("status", report.status.word().to_owned()),
        ("report_id", report.id.clone()),
        ("request_id", run.request_id.clone()),
    ];
    let outcome = report
        .action
        .as_ref()
        .map(|record| ("outcome", record.outcome.word().to_owned()));
    let texts = texts.into_iter().chain(outcome);
    members.extend(texts.map(|(name, text)| (name.to_owned(), Value::from(text))));
    Value::Object(members).to_string()
}

/// One line of JSON, without a line end: `Heartbeat` is 1, with the dimensions `function`, `target` and `task`.
///
/// It is written when the report is out: stored, accepted by SNS where it is mailed, and recorded in the journal. A run that
/// fails before has the metrics of [`line()`] and no heartbeat, so that an alarm on missing heartbeats tells that nothing
/// arrives, and not only that nothing runs.
#[must_use]
pub fn heartbeat(report: &Report, at: Timestamp) -> String {
    let run = &report.run;
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["function", "target", "task"]],
        "Metrics": [{ "Name": "Heartbeat", "Unit": "Count" }],
    });
    json!({
        "_aws": { "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] },
        "Heartbeat": 1,
        "function": dimension(&run.function),
        "target": dimension(&run.target),
        "task": dimension(&run.task),
        "report_id": report.id,
        "request_id": run.request_id,
    })
    .to_string()
}

fn count(report: &Report, verdict: Verdict) -> u64 {
    u64::try_from(report.count(verdict)).unwrap_or(u64::MAX)
}

/// ASCII without control characters and never empty, as `CloudWatch` demands of a dimension value.
fn dimension(name: &str) -> String {
    let value = hostile::ascii(name, MAX_DIMENSION_CHARS);
    if value.is_empty() { "-".to_owned() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, sample_action};
    use proptest::prelude::*;

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

    /// The metrics that the directive names, with their values.
    fn metrics(report: &Report) -> Vec<(String, u64)> {
        let line = line(report, report.run.started_at);
        let value: Value = serde_json::from_str(&line).unwrap();
        let directive = &value["_aws"]["CloudWatchMetrics"][0];
        let names = directive["Metrics"].as_array().unwrap().iter();
        names
            .map(|metric| metric["Name"].as_str().unwrap())
            .map(|name| (name.to_owned(), value[name].as_u64().unwrap()))
            .collect()
    }

    #[test]
    fn an_action_counts_its_outcome_beside_its_checks() {
        for (report, outcome) in [
            (sample_action::planned(), [0, 0, 0, 0]),
            (sample_action::applied(), [1, 0, 0, 0]),
            (sample_action::refused(), [0, 1, 0, 0]),
            (sample_action::failed(), [0, 0, 1, 1]),
        ] {
            let names = ["Applied", "Refused", "ActionFailed", "NotVerified"];
            let metrics = metrics(&report);
            assert_eq!(
                metrics[0],
                ("Failed".to_owned(), 2),
                "checks are counted as before"
            );
            let expected: Vec<(String, u64)> = names.map(str::to_owned).into_iter().zip(outcome).collect();
            assert_eq!(metrics[4..], expected);
        }
        assert_eq!(metrics(&sample::failing()).len(), 4, "a check has none of these");
    }

    #[test]
    fn what_was_changed_and_not_looked_at_is_not_verified() {
        let mut report = sample_action::applied();
        report.action.as_mut().unwrap().effect = None;
        assert_eq!(metrics(&report)[7], ("NotVerified".to_owned(), 1));
    }

    #[test]
    fn a_heartbeat_has_the_dimensions_of_the_other_metrics_o03() {
        let report = sample::failing();
        let at = "2026-03-06T12:00:07Z".parse().unwrap();
        let [beat, other] = [heartbeat(&report, at), line(&report, at)]
            .map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let directive = &beat["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            directive["Metrics"],
            json!([{"Name": "Heartbeat", "Unit": "Count"}])
        );
        assert_eq!(beat["Heartbeat"], 1);
        assert_eq!(
            directive["Dimensions"],
            other["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        );
        for name in directive["Dimensions"][0].as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert_eq!(beat[name], other[name], "{name}");
        }
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
