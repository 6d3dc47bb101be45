//! A Job: whose it is, and whether it failed.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, count};
use super::{Condition, Kind, Owner};

/// A Job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Job {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its `CronJob` or other controller.
    pub owner: Option<Owner>,
    /// `Complete`, `Failed`, `Suspended`, …
    pub conditions: Vec<Condition>,
    /// Pods that failed so far.
    pub failed: i64,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

impl Kind for Job {
    type Object = Self;
    const GROUP: &'static str = "batch";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "jobs";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct State {
    conditions: Option<Vec<Condition>>,
    failed: Option<Int>,
}

impl From<Wire> for Job {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            owner: meta.owner(),
            created_at: meta.created_at(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            conditions: state.conditions.unwrap_or_default(),
            failed: count(state.failed),
        }
    }
}
