//! A `CronJob`: when it makes Jobs, and when one last succeeded.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, Time};

/// A `CronJob` (source: Kubernetes API reference, `CronJob`, batch/v1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct CronJob {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Cron expression of five fields, `@daily` and the like.
    pub schedule: String,
    /// IANA zone of the schedule; none is that of the controller manager, which is UTC on EKS.
    pub time_zone: Option<String>,
    /// Makes no Jobs for now; those that it has made go on.
    pub suspended: bool,
    /// Whether a Job of it is running.
    pub running: bool,
    /// The time by its schedule for which it last made a Job.
    pub last_scheduled: Option<Timestamp>,
    /// When a Job of it last completed; it stays when the Job is gone.
    pub last_succeeded: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

impl Kind for CronJob {
    type Object = Self;
    const GROUP: &'static str = "batch";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "cronjobs";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    schedule: Option<String>,
    time_zone: Option<String>,
    suspend: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    active: Option<Vec<Running>>,
    last_schedule_time: Option<Time>,
    last_successful_time: Option<Time>,
}

/// A running Job, of which only counts that it is there.
#[derive(Deserialize)]
struct Running {}

impl From<Wire> for CronJob {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let time = |time: Option<Time>| time.and_then(|time| time.0);
        Self {
            created_at: meta.created_at(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            schedule: spec.schedule.unwrap_or_default(),
            time_zone: spec.time_zone.filter(|zone| !zone.is_empty()),
            suspended: spec.suspend.unwrap_or_default(),
            running: state.active.is_some_and(|active| !active.is_empty()),
            last_scheduled: time(state.last_schedule_time),
            last_succeeded: time(state.last_successful_time),
        }
    }
}
