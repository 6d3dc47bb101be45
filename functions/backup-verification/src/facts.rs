//! What AWS and the cluster said, in our own words: the only thing [`crate::assess`] may know besides the settings.
//!
//! Facts hold no opinion. A list that could not be read is an `Unreadable`, never an empty list.

use day2_core::Observed;
use day2_core::target::Engine;
use day2_kube::objects::{Namespace, VeleroBackup, VeleroLocation, VeleroRestore, VeleroSchedule};
use day2_reads::backups::{Backups, DbSnapshot};
use day2_reads::copy_jobs::CopyJob;
use day2_reads::keys::Key;
use day2_reads::recovery_points::RecoveryPoint;
use day2_reads::restore_jobs::RestoreJob;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that a run looks at. A part that is not planned, or not looked at by the task, is absent.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The database.
    pub database: Option<DatabaseFacts>,
    /// Its copies, in the order of the plan.
    pub copies: Vec<CopyFacts>,
    /// AWS Backup.
    pub aws_backup: Option<AwsBackupFacts>,
    /// Velero.
    pub velero: Option<VeleroFacts>,
    /// Dumps, in the order of the plan.
    pub dumps: Vec<Observed<Dumps>>,
    /// Where a proven restore may be read.
    pub proof: Option<ProofFacts>,
}

/// The database as RDS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Kind of database.
    pub engine: Engine,
    /// Identifier.
    pub id: String,
    /// ARN, by which AWS Backup knows it.
    pub arn: Option<String>,
    /// Its automated backups.
    pub backups: Backups,
}

/// The database and its snapshots.
#[derive(Debug, Clone)]
pub struct DatabaseFacts {
    /// The description.
    pub database: Observed<Database>,
    /// All automated and manual snapshots.
    pub snapshots: Observed<Vec<DbSnapshot>>,
    /// From when on it can be restored; `None` when RDS does not say.
    pub earliest_restorable: Observed<Option<Timestamp>>,
    /// The keys of the database and of its newest available snapshot, each once.
    pub keys: Vec<(String, Observed<Key>)>,
}

/// Copies in one place.
#[derive(Debug, Clone)]
pub struct CopyFacts {
    /// The copies, whatever makes them.
    pub copies: Observed<Vec<Copied>>,
    /// Key of the newest that is available.
    pub key: Option<(String, Observed<Key>)>,
}

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Name or ARN.
    pub id: String,
    /// As its service says.
    pub status: String,
    /// Whether it can be restored from.
    pub available: bool,
    /// Whether it is a continuous one that goes on.
    pub continuous: bool,
    /// When it, or what it is a copy of, was taken; `None` for a continuous one, of which only the begin is known.
    pub taken_at: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Its key.
    pub key: Option<String>,
}

/// The database in AWS Backup.
#[derive(Debug, Clone)]
pub struct AwsBackupFacts {
    /// Its recovery points.
    pub points: Observed<Vec<RecoveryPoint>>,
    /// Its copy jobs of late, if the task looks at them.
    pub copy_jobs: Option<Observed<Vec<CopyJob>>>,
    /// Its restore jobs of late, if the task looks at them.
    pub restore_jobs: Option<Observed<Vec<RestoreJob>>>,
}

/// Velero in the cluster. `None` inside: the cluster does not know the kind.
#[derive(Debug, Clone)]
pub struct VeleroFacts {
    /// Storage locations.
    pub locations: Observed<Option<Vec<VeleroLocation>>>,
    /// Schedules.
    pub schedules: Observed<Option<Vec<VeleroSchedule>>>,
    /// Backups.
    pub backups: Observed<Option<Vec<VeleroBackup>>>,
    /// All namespaces.
    pub namespaces: Observed<Vec<Namespace>>,
}

/// The newest objects below a prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dumps {
    /// The newest, newest first.
    pub newest: Vec<Dump>,
    /// How many there are.
    pub count: u64,
}

/// One dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// Key.
    pub key: String,
    /// When it was written.
    pub at: Timestamp,
    /// Size in bytes.
    pub bytes: u64,
}

/// Where a proven restore may be read; absent what the plan does not name.
#[derive(Debug, Clone, Default)]
pub struct ProofFacts {
    /// Restore jobs of AWS Backup of this database.
    pub restore_jobs: Option<Observed<Vec<RestoreJob>>>,
    /// Velero's restores; `None` inside when the cluster does not know them.
    pub velero: Option<Observed<Option<Vec<VeleroRestore>>>>,
    /// The record in S3.
    pub record: Option<Observed<DrillRecord>>,
}

/// What a drill wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DrillRecord {
    /// When it ended.
    pub at: Timestamp,
    /// `success`, or what went wrong.
    pub result: String,
    /// Who or what did it.
    #[serde(default)]
    pub by: String,
}
