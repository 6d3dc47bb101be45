//! Velero's restores.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Int, Meta, Time, count};

/// A `Restore` of `velero.io/v1` (source: Velero API types).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct VeleroRestore {
    /// Namespace of Velero.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Backup that it restores.
    pub backup: Option<String>,
    /// `New`, `InProgress`, `Completed`, `PartiallyFailed`, `Failed`, `FailedValidation`, …
    pub phase: String,
    /// When somebody asked for it.
    pub created_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Items that the backup holds for it.
    pub items_total: Option<i64>,
    /// Items that it dealt with; one that is there already is skipped and counts all the same.
    pub items: Option<i64>,
    /// Errors.
    pub errors: i64,
    /// Warnings: one for each object that was there already and was left as it is.
    pub warnings: i64,
    /// Why it failed.
    pub failure: Option<String>,
    /// Whether it restores into other namespaces (`namespaceMapping`), as a drill does.
    pub elsewhere: bool,
}

impl Kind for VeleroRestore {
    type Object = Self;
    const GROUP: &'static str = "velero.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "restores";
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
    backup_name: Option<String>,
    namespace_mapping: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    phase: Option<String>,
    start_timestamp: Option<Time>,
    completion_timestamp: Option<Time>,
    progress: Option<Progress>,
    errors: Option<Int>,
    warnings: Option<Int>,
    failure_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    total_items: Option<Int>,
    items_restored: Option<Int>,
}

impl From<Wire> for VeleroRestore {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let created_at = meta.created_at();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let time = |time: Option<Time>| time.and_then(|time| time.0);
        let (total, done) = state.progress.map_or((None, None), |progress| {
            (
                Some(count(progress.total_items)),
                Some(count(progress.items_restored)),
            )
        });
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            backup: spec.backup_name.filter(|name| !name.is_empty()),
            phase: state.phase.unwrap_or_default(),
            created_at,
            started_at: time(state.start_timestamp),
            completed_at: time(state.completion_timestamp),
            items_total: total,
            items: done,
            errors: count(state.errors),
            warnings: count(state.warnings),
            failure: state.failure_reason.filter(|text| !text.is_empty()),
            elsewhere: spec
                .namespace_mapping
                .is_some_and(|mapping| mapping.iter().any(|(from, to)| to.as_str() != Some(from))),
        }
    }
}
