//! How RDS backs a database up, and what came of it: the same for clusters and instances. Calls nothing.

use jiff::Timestamp;

/// The automated backups of one database, as its own description says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backups {
    /// Days that automated backups are kept; 0 turns them off for an instance (API `BackupRetentionPeriod`).
    pub retention_days: Option<i32>,
    /// Daily window in UTC, `hh24:mi-hh24:mi` (API `PreferredBackupWindow`).
    pub window: Option<String>,
    /// Earliest point in time that it can be restored to. RDS says this of a cluster only; of an instance,
    /// [`db_automated_backups`](crate::db_automated_backups) does.
    pub earliest_restorable: Option<Timestamp>,
    /// Latest point in time that it can be restored to.
    pub latest_restorable: Option<Timestamp>,
    /// Whether its storage is encrypted.
    pub encrypted: Option<bool>,
    /// ARN of the key.
    pub key: Option<String>,
    /// Whether it refuses to be deleted.
    pub deletion_protection: Option<bool>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// One snapshot of a cluster or instance (API `DBClusterSnapshot`, `DBSnapshot`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbSnapshot {
    /// Identifier; that of an automated one begins with `rds:`.
    pub id: String,
    /// `available`, `creating`, `copying`, `failed`, …
    pub status: String,
    /// `automated`, `manual`, `shared`, `public`, `awsbackup`.
    pub kind: String,
    /// When it was taken, as far as RDS knows: for the copy of an instance's snapshot the time of the original
    /// (API `OriginalSnapshotCreateTime`), for the copy of a cluster's snapshot the time of the copy, because the API has no
    /// other.
    pub taken_at: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// ARN of the key.
    pub key: Option<String>,
    /// Of which snapshot it is a copy.
    pub copy_of: Option<String>,
}

impl DbSnapshot {
    /// Whether it can be restored from. Source: *Amazon RDS User Guide*, "Restoring to a DB instance": the snapshot's
    /// status must be `available`.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status == "available"
    }
}
