//! A figure that a function knows beside its verdict, as a metric of its own.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NAMESPACE, dimension};

/// One figure, with the dimensions that all metrics of Day2 have. They need not be those of the run that knows it: the watchdog
/// tells the age of the heartbeats of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Name of the metric, for example `LeasesInForce`.
    pub name: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// How much.
    pub value: u64,
    /// Function that it tells of.
    pub function: String,
    /// Target that it tells of; empty for none, shown as `-`.
    pub target: String,
    /// Task that it tells of.
    pub task: String,
}

/// Units of figures. Source: API `MetricDatum`, field `Unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
}

impl Unit {
    const fn word(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Seconds => "Seconds",
        }
    }
}

/// Name of the metric of [`Figure::foreign`].
const FOREIGN: &str = "ForeignEvents";

impl Figure {
    /// `ForeignEvents`, 1: an event of an account, region or cluster that is no target of the settings came in and was refused
    /// (`cases.md` E09). It has no target, and the account is no dimension: whoever sends events would choose how many metrics
    /// there are. The log names account and region.
    #[must_use]
    pub fn foreign(function: &str, task: &str) -> Self {
        Self {
            name: FOREIGN,
            unit: Unit::Count,
            value: 1,
            function: function.to_owned(),
            target: String::new(),
            task: task.to_owned(),
        }
    }

    /// One line of JSON, without a line end.
    #[must_use]
    pub fn line(&self, at: Timestamp) -> String {
        let directive = json!({
            "Namespace": NAMESPACE,
            "Dimensions": [["function", "target", "task"]],
            "Metrics": [{ "Name": self.name, "Unit": self.unit.word() }],
        });
        let mut line = json!({
            "_aws": { "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] },
            "function": dimension(&self.function),
            "target": dimension(&self.target),
            "task": dimension(&self.task),
        });
        if let Some(members) = line.as_object_mut() {
            members.insert(self.name.to_owned(), Value::from(self.value));
        }
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emf, sample};

    #[test]
    fn a_figure_is_a_metric_of_whom_it_tells_with_the_dimensions_of_the_others() {
        let figure = Figure {
            name: "HeartbeatAgeSeconds",
            unit: Unit::Seconds,
            value: 1800,
            function: "scale-window".to_owned(),
            target: "prod-a".to_owned(),
            task: "prescale".to_owned(),
        };
        let at = "2026-03-06T12:00:07Z".parse().unwrap();
        let [line, other] = [figure.line(at), emf::line(&sample::failing(), at)]
            .map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            directive["Metrics"],
            json!([{"Name": "HeartbeatAgeSeconds", "Unit": "Seconds"}])
        );
        assert_eq!(line["HeartbeatAgeSeconds"], 1800);
        assert_eq!(
            (&line["function"], &line["target"], &line["task"]),
            (&json!("scale-window"), &json!("prod-a"), &json!("prescale"))
        );
        let others = &other["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], others["Dimensions"]);
        assert_eq!(directive["Namespace"], others["Namespace"]);
    }

    #[test]
    fn what_is_foreign_has_no_target_and_opens_no_series_of_its_own_e09() {
        let at = "2026-03-06T12:00:07Z".parse().unwrap();
        let line: Value =
            serde_json::from_str(&Figure::foreign("threat-containment", "contain").line(at)).unwrap();
        assert_eq!(
            (&line["ForeignEvents"], &line["target"]),
            (&json!(1), &json!("-"))
        );
    }
}
