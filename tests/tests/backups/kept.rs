//! A cluster with its backups, copies, restore tests and dumps, all in order, and what a test does to them.

use anyhow::{Context as _, Result};
use day2_platform::aws::control::{
    BackupPolicy, Control, CopyJob, Database, RecoveryPoint, RestoreJob, Snapshot,
};
use day2_platform::aws::{ACCOUNT, Emulator, REGION};
use day2_platform::clock;
use day2_platform::platform::Platform;
use jiff::Timestamp;
use serde_json::json;

use super::{BUCKET, DATABASE, ELSEWHERE, hours_ago};

/// The database with its backups, AWS Backup and the dumps, all in order.
pub(super) struct Kept {
    pub(super) control: Control,
    s3: aws_sdk_s3::Client,
    key: String,
    /// What there is in the other region.
    pub(super) copies: Copies,
    /// ARN of the restore-testing plan.
    tests: String,
}

/// The copies in the other region, with a key of their own.
pub(super) struct Copies {
    pub(super) control: Control,
    key: String,
}

impl Copies {
    async fn make(emulator: &Emulator) -> Result<Self> {
        let aws = emulator.sdk_config_in(ELSEWHERE);
        let copies = Self {
            control: emulator.control().in_region(ELSEWHERE),
            key: key(&aws_sdk_kms::Client::new(&aws)).await?,
        };
        // The emulator keeps snapshots with their database only.
        cluster(&aws_sdk_rds::Client::new(&aws)).await?;
        copies.control.forget_snapshots(Kept::OF, None).await?;
        copies.copied("copy-1", 20).await?;
        copies.copied("copy-2", 12).await?;
        Ok(copies)
    }

    pub(super) async fn copied(&self, id: &str, hours: i64) -> Result<()> {
        let copy = Snapshot {
            id: id.to_owned(),
            created: Some(hours_ago(hours)),
            kind: Some("manual".to_owned()),
            encrypted: Some(true),
            kms_key_id: Some(self.key.clone()),
            ..Snapshot::default()
        };
        self.control.place_snapshot(Kept::OF, &copy).await
    }
}

/// A key; gives its ARN.
pub(super) async fn key(kms: &aws_sdk_kms::Client) -> Result<String> {
    let key = kms.create_key().send().await?;
    let key = key.key_metadata().and_then(|key| key.arn());
    Ok(key.context("no key")?.to_owned())
}

async fn cluster(rds: &aws_sdk_rds::Client) -> Result<()> {
    rds.create_db_cluster()
        .db_cluster_identifier(DATABASE)
        .engine("aurora-postgresql")
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .send()
        .await?;
    Ok(())
}

impl Kept {
    pub(super) const OF: Database<'static> = Database::Cluster(DATABASE);

    pub(super) async fn make(platform: &Platform) -> Result<Self> {
        let aws = platform.emulator.sdk_config();
        let key = key(&aws_sdk_kms::Client::new(&aws)).await?;
        cluster(&aws_sdk_rds::Client::new(&aws)).await?;
        let control = platform.emulator.control();
        let tests = control
            .place_restore_testing_plan("weekly", Some(hours_ago(48)))
            .await?;
        let s3 = aws_sdk_s3::Client::new(&aws);
        s3.create_bucket().bucket(BUCKET).send().await?;
        let kept = Self {
            control,
            s3,
            key,
            copies: Copies::make(&platform.emulator).await?,
            tests,
        };
        kept.protected(true).await?;
        kept.restorable_until(clock::now()).await?;
        kept.control.forget_snapshots(Self::OF, None).await?;
        // The newest has the name that sorts last: it stands on the last of two pages.
        for day in 0..120 {
            kept.snapshot(&format!("rds:kept-{:03}", 200 - day), 9 + 24 * day, None)
                .await?;
        }
        let point = RecoveryPoint {
            resource: arn(),
            created: hours_ago(5),
            status: "COMPLETED".to_owned(),
            vault: "daily".to_owned(),
            bytes: 7,
        };
        kept.control.place_recovery_point(&point).await?;
        kept.restored(48, "SUCCESSFUL").await?;
        kept.copy_job(5, "COMPLETED", None).await?;
        for night in 0..4 {
            kept.put(&format!("pg/{night}.dump"), vec![7; 1_000]).await?;
        }
        let record = json!({"at": hours_ago(100).to_string(), "result": "success", "by": "the drill"});
        kept.put("drills/last.json", record.to_string().into_bytes())
            .await?;
        Ok(kept)
    }

    pub(super) async fn protected(&self, protected: bool) -> Result<()> {
        let policy = BackupPolicy {
            retention_days: Some(7),
            window: Some("02:00-02:30".to_owned()),
            encrypted: Some(true),
            kms_key_id: Some(self.key.clone()),
            deletion_protection: Some(protected),
        };
        self.control.set_backup_policy(Self::OF, &policy).await
    }

    pub(super) async fn restorable_until(&self, latest: Timestamp) -> Result<()> {
        self.control
            .set_restorable(Self::OF, Some(hours_ago(7 * 24)), Some(latest))
            .await
    }

    pub(super) async fn snapshot(&self, id: &str, hours: i64, status: Option<&str>) -> Result<()> {
        let snapshot = Snapshot {
            id: id.to_owned(),
            created: Some(hours_ago(hours)),
            kind: Some("automated".to_owned()),
            status: status.map(str::to_owned),
            encrypted: Some(true),
            kms_key_id: Some(self.key.clone()),
            ..Snapshot::default()
        };
        self.control.place_snapshot(Self::OF, &snapshot).await
    }

    pub(super) async fn restored(&self, hours: i64, validation: &str) -> Result<()> {
        let job = RestoreJob {
            resource: arn(),
            created: hours_ago(hours),
            completed: Some(hours_ago(hours)),
            status: "COMPLETED".to_owned(),
            status_message: None,
            validation: Some(validation.to_owned()),
            plan: Some(self.tests.clone()),
        };
        self.control.place_restore_job(&job).await
    }

    pub(super) async fn copy_job(&self, hours: i64, state: &str, why: Option<&str>) -> Result<()> {
        let job = CopyJob {
            resource: arn(),
            destination_vault: vault(),
            created: hours_ago(hours),
            completed: Some(hours_ago(hours)),
            state: state.to_owned(),
            status_message: why.map(str::to_owned),
        };
        self.control.place_copy_job(&job).await
    }

    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(bytes.into())
            .send()
            .await?;
        Ok(())
    }
}

fn arn() -> String {
    format!("arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{DATABASE}")
}

/// The vault in the other region.
pub(super) fn vault() -> String {
    format!("arn:aws:backup:{ELSEWHERE}:{ACCOUNT}:backup-vault:dr")
}
