//! Backups of any age and result: snapshots of RDS, what RDS can restore, and what AWS Backup did.

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::Control;

/// A database, as RDS calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database<'a> {
    /// An Aurora cluster.
    Cluster(&'a str),
    /// An instance that belongs to no cluster.
    Instance(&'a str),
}

/// A snapshot as it shall be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Snapshot {
    /// Its identifier; those that RDS makes begin with `rds:`.
    pub id: String,
    /// When it was begun; absent while RDS has not said.
    pub created: Option<Timestamp>,
    /// `automated` (when absent), `manual` or `awsbackup`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `available` when absent; `creating`, `failed`, …
    pub status: Option<String>,
    /// 100 when absent.
    pub percent: Option<u8>,
    /// As the database when absent.
    pub encrypted: Option<bool>,
    /// As the database when absent.
    pub kms_key_id: Option<String>,
}

/// How a database is backed up; empty fields stay as they are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BackupPolicy {
    /// 0 means off.
    pub retention_days: Option<u32>,
    /// For example `03:00-04:00`, UTC.
    pub window: Option<String>,
    /// Whether the storage is encrypted, and by which key.
    pub encrypted: Option<bool>,
    /// ARN of the KMS key.
    pub kms_key_id: Option<String>,
    /// Whether a deletion is refused.
    pub deletion_protection: Option<bool>,
}

/// Something that happened to a database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseEvent {
    /// Its identifier.
    pub source: String,
    /// `db-cluster` or `db-instance`.
    pub source_type: String,
    /// In words.
    pub message: String,
    /// For example `failover`.
    pub categories: Vec<String>,
    /// When; now when absent. RDS tells of 14 days.
    pub at: Option<Timestamp>,
}

/// A recovery point of AWS Backup.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryPoint {
    /// ARN of what was backed up.
    pub resource: String,
    /// When it was begun.
    pub created: Timestamp,
    /// `COMPLETED`, `PARTIAL`, `EXPIRED`, …
    pub status: String,
    /// Name of the vault.
    pub vault: String,
    /// Its size.
    pub bytes: u64,
}

/// A restore job of AWS Backup.
#[derive(Debug, Clone, Serialize)]
pub struct RestoreJob {
    /// ARN of what was backed up.
    pub resource: String,
    /// When it was begun.
    pub created: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// `COMPLETED`, `FAILED`, `RUNNING`, …
    pub status: String,
    /// Why, in words.
    pub status_message: Option<String>,
    /// `SUCCESSFUL`, `FAILED`, `TIMED_OUT`, `VALIDATING`; absent when nobody validated.
    pub validation: Option<String>,
    /// ARN of the restore-testing plan that began it.
    pub plan: Option<String>,
}

/// A copy job of AWS Backup.
#[derive(Debug, Clone, Serialize)]
pub struct CopyJob {
    /// ARN of what was backed up.
    pub resource: String,
    /// ARN of the vault in the other region or account.
    pub destination_vault: String,
    /// When it was begun.
    pub created: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// `COMPLETED`, `FAILED`, `RUNNING`, …
    pub state: String,
    /// Why, in words.
    pub status_message: Option<String>,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    /// Adds a snapshot, or replaces the one of that id.
    pub async fn place_snapshot(&self, of: Database<'_>, snapshot: &Snapshot) -> Result<()> {
        self.about("rds/snapshots", of, snapshot).await
    }

    /// Takes one snapshot of a database away, or all.
    pub async fn forget_snapshots(&self, of: Database<'_>, id: Option<&str>) -> Result<()> {
        self.about("rds/snapshots/forget", of, &json!({"id": id})).await
    }

    /// Places the times between which a database can be restored; none follows the clock, as on a good day.
    pub async fn set_restorable(
        &self,
        of: Database<'_>,
        earliest: Option<Timestamp>,
        latest: Option<Timestamp>,
    ) -> Result<()> {
        let request = json!({"earliest": earliest, "latest": latest});
        self.about("rds/restorable", of, &request).await
    }

    /// Places how a database is backed up.
    pub async fn set_backup_policy(&self, of: Database<'_>, policy: &BackupPolicy) -> Result<()> {
        self.about("rds/backup-policy", of, policy).await
    }

    /// Enters an event of RDS.
    pub async fn post_database_event(&self, event: &DatabaseEvent) -> Result<()> {
        self.call::<Value>("rds/events", event).await.map(drop)
    }

    /// Adds a recovery point.
    pub async fn place_recovery_point(&self, point: &RecoveryPoint) -> Result<()> {
        self.call::<Value>("backup/recovery-points", point)
            .await
            .map(drop)
    }

    /// Adds a restore job.
    pub async fn place_restore_job(&self, job: &RestoreJob) -> Result<()> {
        self.call::<Value>("backup/restore-jobs", job).await.map(drop)
    }

    /// Adds a copy job.
    pub async fn place_copy_job(&self, job: &CopyJob) -> Result<()> {
        self.call::<Value>("backup/copy-jobs", job).await.map(drop)
    }

    /// Adds a restore-testing plan; gives its ARN.
    pub async fn place_restore_testing_plan(
        &self,
        name: &str,
        last_run: Option<Timestamp>,
    ) -> Result<String> {
        let request = json!({"name": name, "last_run": last_run});
        let placed: Value = self.call("backup/restore-testing-plans", &request).await?;
        let arn = placed.get("restore_testing_plan_arn").and_then(Value::as_str);
        Ok(arn.unwrap_or_default().to_owned())
    }

    async fn about(&self, path: &str, of: Database<'_>, facts: &impl Serialize) -> Result<()> {
        let mut request = serde_json::to_value(facts)?;
        if let Some(fields) = request.as_object_mut() {
            let (key, name) = match of {
                Database::Cluster(name) => ("cluster", name),
                Database::Instance(name) => ("instance", name),
            };
            fields.insert(key.to_owned(), json!(name));
        }
        self.call::<Value>(path, &request).await.map(drop)
    }
}
