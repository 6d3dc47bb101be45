//! Settings of `backup-verification`: per target, which backups there must be and how good.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::arn::{AccountId, Arn, Region};
use day2_core::names::BucketName;
use day2_core::settings::{Day, Mistakes, Named, Percent};
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct BackupSettings {
    /// One plan per target name.
    pub targets: Named<Plan>,
}

/// The backups of one platform. A part is declared, or left out in writing.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Plan {
    /// The target's database: its own snapshots and point-in-time restore.
    #[deserr(default)]
    pub database: Option<DatabasePolicy>,
    /// Copies of the database's snapshots in other regions or accounts.
    #[deserr(default)]
    pub copies: Vec<CopyPolicy>,
    /// The database in AWS Backup.
    #[deserr(default)]
    pub aws_backup: Option<AwsBackupPolicy>,
    /// Velero in the target's cluster.
    #[deserr(default)]
    pub velero: Option<VeleroPolicy>,
    /// Dumps that something writes into a bucket.
    #[deserr(default)]
    pub dumps: Vec<DumpPolicy>,
    /// When a restore must have been proven, and where that can be read.
    #[deserr(default)]
    pub restore_proof: Option<ProofPolicy>,
    /// Parts that are left out on purpose; the report repeats them.
    #[deserr(default)]
    pub not_checked: Vec<Part>,
}

impl Plan {
    /// Whether anything needs the target's database to be described.
    #[must_use]
    pub fn is_about_the_database(&self) -> bool {
        let by_arn =
            self.aws_backup.is_some() || self.restore_proof.as_ref().is_some_and(|proof| proof.aws_backup);
        self.database.is_some() || !self.copies.is_empty() || by_arn
    }
}

/// A part of the check that a deployment may leave out, in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes)]
pub enum Part {
    /// `database`.
    #[deserr(rename = "database")]
    Database,
    /// `copies`.
    #[deserr(rename = "copies")]
    Copies,
    /// `aws_backup`.
    #[deserr(rename = "aws_backup")]
    AwsBackup,
    /// `velero`.
    #[deserr(rename = "velero")]
    Velero,
    /// `dumps`.
    #[deserr(rename = "dumps")]
    Dumps,
    /// `restore_proof`.
    #[deserr(rename = "restore_proof")]
    RestoreProof,
}

impl Part {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Copies => "copies",
            Self::AwsBackup => "aws_backup",
            Self::Velero => "velero",
            Self::Dumps => "dumps",
            Self::RestoreProof => "restore_proof",
        }
    }
}

/// Snapshots and point-in-time restore of the target's database.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Oldest that the newest available snapshot may be, in hours. Absent: a day, plus the length of the backup window, plus
    /// `snapshot_grace_minutes`, because a snapshot begins somewhere in the window and takes its time; 24 h would fail each
    /// day in which it begins a little later than the day before.
    #[deserr(default)]
    pub max_snapshot_age_hours: Option<u32>,
    /// How long a snapshot may take, in minutes.
    #[deserr(default = 120)]
    pub snapshot_grace_minutes: u32,
    /// Whether a manual snapshot counts as the newest. By default it does not: one made by hand would hide that the
    /// automated ones have stopped.
    #[deserr(default)]
    pub count_manual_snapshots: bool,
    /// Least retention of automated backups, in days.
    #[deserr(default = 7)]
    pub min_retention_days: u32,
    /// Most minutes that the latest restorable time may lie back: what would be lost now (RPO). RDS and Aurora write their
    /// logs at least every five minutes.
    #[deserr(default = 15)]
    pub max_restorable_lag_minutes: u32,
    /// Whether database and snapshots must be encrypted.
    #[deserr(default = true)]
    pub encryption: bool,
    /// Whether deletion protection must be on.
    #[deserr(default = true)]
    pub deletion_protection: bool,
    /// The backup window as it should be, `hh:mm-hh:mm` in UTC. Absent: as it was in the run before.
    #[deserr(default)]
    pub backup_window: Option<String>,
}

/// Copies in one other place.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct CopyPolicy {
    /// Region of the copies.
    pub region: Region,
    /// Role to assume there, for copies in another account.
    #[deserr(default)]
    pub role_arn: Option<Arn>,
    /// The other account, for copies that are judged by `copy_jobs`: nobody is assumed there, so that nothing else says which
    /// it is.
    #[deserr(default)]
    pub account_id: Option<AccountId>,
    /// What makes them.
    #[deserr(default)]
    pub through: Through,
    /// Oldest that the newest copy may be, in hours.
    #[deserr(default = 30)]
    pub max_age_hours: u32,
}

/// What makes copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes)]
pub enum Through {
    /// `CopyDBSnapshot`, `CopyDBClusterSnapshot`: they are snapshots in that region.
    #[default]
    #[deserr(rename = "snapshots")]
    Snapshots,
    /// AWS Backup: they are recovery points in a vault of that region.
    #[deserr(rename = "aws_backup")]
    AwsBackup,
    /// AWS Backup, as the copy jobs at home tell: for an account that lets nobody in. They prove that a copy was made, and not
    /// that it is still there.
    #[deserr(rename = "copy_jobs")]
    CopyJobs,
}

/// The database in AWS Backup.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct AwsBackupPolicy {
    /// Only recovery points of this vault count; any vault of the region by default.
    #[deserr(default)]
    pub vault: Option<String>,
    /// Oldest that the newest completed recovery point may be, in hours.
    #[deserr(default = 26)]
    pub max_age_hours: u32,
    /// Whether there must be copy jobs, and the newest to each vault must have ended well.
    #[deserr(default)]
    pub copy_jobs: bool,
    /// Whether there must be restore tests, and each of late must have ended well.
    #[deserr(default)]
    pub restore_tests: bool,
    /// How far back copy jobs and restore tests are looked at, in days. AWS Backup keeps jobs for 30.
    #[deserr(default = 8)]
    pub look_back_days: u32,
}

/// Velero in the target's cluster.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct VeleroPolicy {
    /// Schedules by name that do not count, for example one that is paused on purpose.
    #[deserr(default)]
    pub ignore_schedules: Vec<String>,
    /// How long a backup may take after its schedule fired, in minutes, and how long it may stay unfinished.
    #[deserr(default = 120)]
    pub grace_minutes: u32,
    /// Oldest that the newest completed backup of each namespace may be, in hours. One that only slower schedules take may be of
    /// the last time that they were due.
    #[deserr(default = 26)]
    pub max_age_hours: u32,
    /// How far back failed backups by hand, or of a schedule that is gone, count, in days.
    #[deserr(default = 7)]
    pub look_back_days: u32,
    /// With how many earlier completed backups of the schedule the number of items is compared.
    #[deserr(default = 7)]
    pub compare_last: u32,
    /// Most that the number of items may fall below their median, in percent; 20 when absent.
    #[deserr(default)]
    pub max_item_drop_percent: Option<Percent>,
    /// Namespaces that need no backup: names, or patterns with `*`.
    #[deserr(default)]
    pub exclude_namespaces: Vec<String>,
    /// Oldest that the last validation of a storage location may be, in minutes; Velero validates every minute by default.
    #[deserr(default = 60)]
    pub max_validation_age_minutes: u32,
}

/// Dumps below one prefix.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DumpPolicy {
    /// Name in the report.
    pub name: String,
    /// Bucket.
    pub bucket: BucketName,
    /// Beginning of the keys.
    pub prefix: String,
    /// End of the keys that are dumps, for example `.dump`; any by default.
    #[deserr(default)]
    pub suffix: Option<String>,
    /// Region of the bucket; the target's by default.
    #[deserr(default)]
    pub region: Option<Region>,
    /// Oldest that the newest dump may be, in hours.
    #[deserr(default = 26)]
    pub max_age_hours: u32,
    /// Smallest that a dump may be, in bytes.
    #[deserr(default = 1)]
    pub min_bytes: u64,
    /// With how many earlier dumps the size is compared.
    #[deserr(default = 7)]
    pub compare_last: u32,
    /// Most that a dump may be smaller than their median, in percent; 30 when absent.
    #[deserr(default)]
    pub max_shrink_percent: Option<Percent>,
}

/// When a restore must have been proven.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ProofPolicy {
    /// Oldest that the last proven restore may be, in days.
    #[deserr(default = 90)]
    pub max_age_days: u32,
    /// Whether restore jobs of AWS Backup count: those that completed and whose validation was successful.
    #[deserr(default)]
    pub aws_backup: bool,
    /// Whether restores of Velero into another namespace count.
    #[deserr(default)]
    pub velero: bool,
    /// An object in S3 that the drill writes.
    #[deserr(default)]
    pub record: Option<RecordPlace>,
    /// A drill that a person answers for.
    #[deserr(default)]
    pub declared: Option<DeclaredDrill>,
}

/// Where a drill leaves its record: JSON with `at` (RFC 3339), `result` (`success` or another word) and `by`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct RecordPlace {
    /// Bucket, in the target's region.
    pub bucket: BucketName,
    /// Key.
    pub key: String,
}

/// A successful drill, as somebody says.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DeclaredDrill {
    /// The day.
    pub on: Day,
    /// Who did it, and answers for it.
    pub by: String,
}

impl VeleroPolicy {
    /// Most that the number of items may fall, in percent.
    #[must_use]
    pub fn item_drop_percent(&self) -> f64 {
        self.max_item_drop_percent.map_or(20.0, Percent::value)
    }
}

impl DumpPolicy {
    /// Most that a dump may shrink, in percent.
    #[must_use]
    pub fn shrink_percent(&self) -> f64 {
        self.max_shrink_percent.map_or(30.0, Percent::value)
    }
}
