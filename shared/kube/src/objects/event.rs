//! An event: what a component said about an object. Kubernetes forgets it after an hour, which is why it is evidence.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Int, Time, count};

/// An event of `v1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Event {
    /// `Normal` or `Warning`.
    pub kind: String,
    /// A `CamelCase` word, for example `BackOff`.
    pub reason: String,
    /// A sentence; text of the cluster, to be neutralised where it is shown.
    pub message: String,
    /// The component that said it.
    pub source: String,
    /// How often it was said.
    pub count: i64,
    /// When it was first said.
    pub first_at: Option<Timestamp>,
    /// When it was last said.
    pub last_at: Option<Timestamp>,
}

impl Kind for Event {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "events";
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    r#type: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    source: Option<Source>,
    reporting_component: Option<String>,
    count: Option<Int>,
    first_timestamp: Option<Time>,
    last_timestamp: Option<Time>,
    event_time: Option<Time>,
    series: Option<Series>,
}

#[derive(Default, Deserialize)]
struct Source {
    component: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    count: Option<Int>,
    last_observed_time: Option<Time>,
}

impl From<Wire> for Event {
    fn from(wire: Wire) -> Self {
        // Newer components write `eventTime` and `series`, older ones the two timestamps and `count`.
        let at = wire.event_time.and_then(|time| time.0);
        let (times, seen) = wire
            .series
            .map_or((None, None), |series| (series.count, series.last_observed_time));
        Self {
            kind: wire.r#type.unwrap_or_default(),
            reason: wire.reason.unwrap_or_default(),
            message: wire.message.unwrap_or_default(),
            source: wire
                .source
                .and_then(|source| source.component)
                .or(wire.reporting_component)
                .unwrap_or_default(),
            count: count(times.or(wire.count)).max(1),
            first_at: wire.first_timestamp.and_then(|time| time.0).or(at),
            last_at: seen
                .and_then(|time| time.0)
                .or_else(|| wire.last_timestamp.and_then(|time| time.0))
                .or(at),
        }
    }
}
