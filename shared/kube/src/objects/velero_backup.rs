//! Velero's schedules and the backups that they, or people, make.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, count};
use super::{Kind, Scope};

/// Label of a backup with the name of its schedule (source: Velero API types, `ScheduleNameLabel`).
const OF_SCHEDULE: &str = "velero.io/schedule-name";

/// A `Schedule` of `velero.io/v1` (source: Velero API types).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ScheduleWire")]
pub struct VeleroSchedule {
    /// Namespace of Velero.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Cron expression of five fields, or `@daily`, `@every 6h`; read in the zone of Velero's server, which is UTC unless
    /// its pod says otherwise or the expression begins with `CRON_TZ=`.
    pub cron: String,
    /// Makes no backups for now.
    pub paused: bool,
    /// `New`, `Enabled`, `FailedValidation`.
    pub phase: String,
    /// Why it is not valid.
    pub validation_errors: Vec<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What its backups take along.
    pub scope: Scope,
}

/// A `Backup` of `velero.io/v1` (source: Velero API types).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "BackupWire")]
pub struct VeleroBackup {
    /// Namespace of Velero.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Schedule that made it; none for one by hand.
    pub schedule: Option<String>,
    /// `New`, `InProgress`, `WaitingForPluginOperations`, `Completed`, `PartiallyFailed`, `Failed`, …; empty before Velero
    /// has seen it.
    pub phase: String,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// When Velero may remove it.
    pub expires_at: Option<Timestamp>,
    /// Items that it should hold.
    pub items_total: Option<i64>,
    /// Items that it holds.
    pub items: Option<i64>,
    /// Errors while it was made.
    pub errors: i64,
    /// Warnings while it was made.
    pub warnings: i64,
    /// Snapshots that Velero's own plugins attempted.
    pub snapshots_attempted: i64,
    /// Those of them that completed.
    pub snapshots_completed: i64,
    /// CSI snapshots that were attempted; zero before Velero 1.9, and where their data is moved away.
    pub csi_snapshots_attempted: i64,
    /// Those of them that were ready. Velero 1.12.0 and 1.12.1 count too early (source: Velero issue 7047).
    pub csi_snapshots_completed: i64,
    /// Why it failed as a whole.
    pub failure: Option<String>,
    /// Why it is not valid.
    pub validation_errors: Vec<String>,
    /// What it takes along.
    pub scope: Scope,
}

impl Kind for VeleroSchedule {
    type Object = Self;
    const GROUP: &'static str = "velero.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "schedules";
}

impl Kind for VeleroBackup {
    type Object = Self;
    const GROUP: &'static str = "velero.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "backups";
}

#[derive(Deserialize)]
struct ScheduleWire {
    metadata: Option<Meta>,
    spec: Option<ScheduleSpec>,
    status: Option<ScheduleState>,
}

#[derive(Default, Deserialize)]
struct ScheduleSpec {
    schedule: Option<String>,
    paused: Option<bool>,
    template: Option<Scope>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleState {
    phase: Option<String>,
    validation_errors: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct BackupWire {
    metadata: Option<Meta>,
    spec: Option<Scope>,
    status: Option<BackupState>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BackupState {
    phase: Option<String>,
    start_timestamp: Option<Time>,
    completion_timestamp: Option<Time>,
    expiration: Option<Time>,
    progress: Option<Progress>,
    errors: Option<Int>,
    warnings: Option<Int>,
    volume_snapshots_attempted: Option<Int>,
    volume_snapshots_completed: Option<Int>,
    csi_volume_snapshots_attempted: Option<Int>,
    csi_volume_snapshots_completed: Option<Int>,
    failure_reason: Option<String>,
    validation_errors: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    total_items: Option<Int>,
    items_backed_up: Option<Int>,
}

impl From<ScheduleWire> for VeleroSchedule {
    fn from(wire: ScheduleWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            cron: spec.schedule.unwrap_or_default(),
            paused: spec.paused.unwrap_or_default(),
            phase: state.phase.unwrap_or_default(),
            validation_errors: state.validation_errors.unwrap_or_default(),
            scope: spec.template.unwrap_or_default(),
        }
    }
}

impl From<BackupWire> for VeleroBackup {
    fn from(wire: BackupWire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let time = |time: Option<Time>| time.and_then(|time| time.0);
        let (total, done) = state.progress.map_or((None, None), |progress| {
            // Velero leaves a count of zero out.
            (
                Some(count(progress.total_items)),
                Some(count(progress.items_backed_up)),
            )
        });
        Self {
            created_at: meta.created_at(),
            schedule: meta
                .labels
                .take()
                .and_then(|mut labels| labels.remove(OF_SCHEDULE))
                .flatten()
                .filter(|name| !name.is_empty()),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            phase: state.phase.unwrap_or_default(),
            started_at: time(state.start_timestamp),
            completed_at: time(state.completion_timestamp),
            expires_at: time(state.expiration),
            items_total: total,
            items: done,
            errors: count(state.errors),
            warnings: count(state.warnings),
            snapshots_attempted: count(state.volume_snapshots_attempted),
            snapshots_completed: count(state.volume_snapshots_completed),
            csi_snapshots_attempted: count(state.csi_volume_snapshots_attempted),
            csi_snapshots_completed: count(state.csi_volume_snapshots_completed),
            failure: state.failure_reason.filter(|text| !text.is_empty()),
            validation_errors: state.validation_errors.unwrap_or_default(),
            scope: wire.spec.unwrap_or_default(),
        }
    }
}
