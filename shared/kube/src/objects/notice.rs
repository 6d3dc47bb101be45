//! A warning event, as far as it says what keeps an object from being well.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, Time};

/// A warning about an object: an event of `v1`, which shows those of `events.k8s.io` too. [`Event`](super::Event) is one
/// object's history.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Notice {
    /// Namespace of the object.
    pub namespace: String,
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// For example `FailedMount`.
    pub reason: String,
    /// Text of the cluster.
    pub message: String,
    /// When it was last seen. A series keeps that apart, and then `lastTimestamp` is null.
    pub last_at: Option<Timestamp>,
}

impl Kind for Notice {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "events";
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    metadata: Option<Meta>,
    involved_object: Option<Object>,
    reason: Option<String>,
    message: Option<String>,
    last_timestamp: Option<Time>,
    event_time: Option<Time>,
    series: Option<Series>,
}

#[derive(Default, Deserialize)]
struct Object {
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    last_observed_time: Option<Time>,
}

impl From<Wire> for Notice {
    fn from(wire: Wire) -> Self {
        let object = wire.involved_object.unwrap_or_default();
        let meta = wire.metadata.unwrap_or_default();
        let created_at = meta.created_at();
        let times = [
            wire.series.and_then(|series| series.last_observed_time),
            wire.last_timestamp,
            wire.event_time,
        ];
        Self {
            last_at: times
                .into_iter()
                .flatten()
                .filter_map(|time| time.0)
                .max()
                .or(created_at),
            namespace: object.namespace.or(meta.namespace).unwrap_or_default(),
            kind: object.kind.unwrap_or_default(),
            name: object.name.unwrap_or_default(),
            reason: wire.reason.unwrap_or_default(),
            message: wire.message.unwrap_or_default(),
        }
    }
}
