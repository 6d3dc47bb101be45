//! Limits of the group `database`.

use day2_core::settings::{Checker, Mistakes, Percent};
use deserr::Deserr;

/// Categories of events that a morning should know of. Source: *Amazon RDS User Guide*, "Amazon RDS event categories and
/// event messages". Backups, snapshots and configuration changes are no news.
const EVENTS: [&str; 6] = [
    "availability",
    "failover",
    "failure",
    "global-failover",
    "low storage",
    "recovery",
];

/// Limits for the target's database.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Least number of readers; 1 for Aurora and 0 for RDS when absent.
    #[deserr(default)]
    pub min_readers: Option<u32>,
    /// Most connections, in percent of the effective maximum; 80 when absent.
    #[deserr(default)]
    pub max_connections_percent: Option<Percent>,
    /// The effective `max_connections`; absent computes it from parameters, class and capacity range.
    #[deserr(default)]
    pub max_connections: Option<u32>,
    /// Most replica lag, in milliseconds.
    #[deserr(default = 1000)]
    pub max_replica_lag_ms: u32,
    /// Most storage in use, in percent of what it can grow to; 85 when absent.
    #[deserr(default)]
    pub max_storage_percent: Option<Percent>,
    /// Storage must not be full within so many hours, at the growth of the last day.
    #[deserr(default = 168)]
    pub full_within_hours: u32,
    /// Window of connections and lag, in minutes.
    #[deserr(default = 15)]
    pub metric_minutes: u32,
    /// Least number of datapoints that carry a verdict.
    #[deserr(default = 3)]
    pub min_datapoints: u32,
    /// How far back events are read, in hours.
    #[deserr(default = 24)]
    pub event_hours: u32,
    /// Categories of events that are named.
    #[deserr(default = EVENTS.map(str::to_owned).to_vec())]
    pub event_categories: Vec<String>,
    /// Maintenance that is applied by itself within so many days is named, so that nobody is surprised by it.
    #[deserr(default = 7)]
    pub maintenance_days: u32,
}

impl DatabasePolicy {
    /// The share of the effective maximum that may be in use, in percent.
    #[must_use]
    pub fn connections_percent(&self) -> f64 {
        self.max_connections_percent.map_or(80.0, Percent::value)
    }

    /// The share of the storage that may be in use, in percent.
    #[must_use]
    pub fn storage_percent(&self) -> f64 {
        self.max_storage_percent.map_or(85.0, Percent::value)
    }
}

impl Default for DatabasePolicy {
    fn default() -> Self {
        Self {
            min_readers: None,
            max_connections_percent: None,
            max_connections: None,
            max_replica_lag_ms: 1000,
            max_storage_percent: None,
            full_within_hours: 168,
            metric_minutes: 15,
            min_datapoints: 3,
            event_hours: 24,
            event_categories: EVENTS.map(str::to_owned).to_vec(),
            maintenance_days: 7,
        }
    }
}

pub(super) fn validate(policy: &DatabasePolicy, at: &mut Checker<'_>) {
    for (field, value) in [
        ("metric_minutes", policy.metric_minutes),
        ("min_datapoints", policy.min_datapoints),
        ("full_within_hours", policy.full_within_hours),
    ] {
        at.require(value > 0, field, value, "would judge nothing", "write at least 1");
    }
    at.require(
        policy.min_datapoints <= policy.metric_minutes,
        "min_datapoints",
        policy.min_datapoints,
        "is more than one per minute of metric_minutes",
        "lower it, or raise metric_minutes",
    );
    at.require(
        (1..=336).contains(&policy.event_hours),
        "event_hours",
        policy.event_hours,
        "is not within 1 and 336",
        "write at most 336: RDS keeps events for 14 days",
    );
}
