//! An instance that belongs to no cluster: RDS answers other calls for it, and needs other rights.

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::control::{BackupPolicy, Control, Database, Snapshot};
use day2_platform::aws::{ACCOUNT, Emulator, REGION};
use day2_platform::clock;
use day2_platform::sandbox::Sandbox;
use serde_json::{Value, json};

use super::{complaints, hours_ago, kept, named, run};

/// Name of the instance, and of the target that has nothing else.
pub(super) const ALONE: &str = "ledger";
const OF: Database<'static> = Database::Instance(ALONE);

pub(super) fn target() -> Value {
    json!({"name": ALONE, "account_id": ACCOUNT, "region": REGION, "database": {"engine": "rds", "id": ALONE}})
}

pub(super) fn policy() -> Value {
    json!({
        "database": {"backup_window": "02:00-02:30"},
        "not_checked": ["copies", "aws_backup", "velero", "dumps", "restore_proof"],
    })
}

/// The instance, with backups that are in order.
pub(super) struct Alone {
    control: Control,
    key: String,
}

impl Alone {
    pub(super) async fn make(emulator: &Emulator) -> Result<Self> {
        let aws = emulator.sdk_config();
        let key = kept::key(&aws_sdk_kms::Client::new(&aws)).await?;
        aws_sdk_rds::Client::new(&aws)
            .create_db_instance()
            .db_instance_identifier(ALONE)
            .engine("postgres")
            .db_instance_class("db.r6g.large")
            .allocated_storage(100)
            .master_username("owner")
            .master_user_password("not-a-secret-1")
            .send()
            .await?;
        let control = emulator.control();
        let policy = BackupPolicy {
            retention_days: Some(7),
            window: Some("02:00-02:30".to_owned()),
            encrypted: Some(true),
            kms_key_id: Some(key.clone()),
            deletion_protection: Some(true),
        };
        control.set_backup_policy(OF, &policy).await?;
        control
            .set_restorable(OF, Some(hours_ago(7 * 24)), Some(clock::now()))
            .await?;
        control.forget_snapshots(OF, None).await?;
        let alone = Self { control, key };
        for day in 0..7 {
            alone
                .snapshot(&format!("rds:{ALONE}-{day}"), 9 + 24 * day)
                .await?;
        }
        Ok(alone)
    }

    async fn snapshot(&self, id: &str, hours: i64) -> Result<()> {
        let snapshot = Snapshot {
            id: id.to_owned(),
            created: Some(hours_ago(hours)),
            kind: Some("automated".to_owned()),
            encrypted: Some(true),
            kms_key_id: Some(self.key.clone()),
            ..Snapshot::default()
        };
        self.control.place_snapshot(OF, &snapshot).await
    }

    /// In order it passes; then its snapshots stop, and its logs too.
    pub(super) async fn is_verified(&self, sandbox: &mut Sandbox) -> Result<()> {
        let report = run(sandbox, "weekly", ALONE).await?;
        ensure!(complaints(&report).is_empty(), "{report:#}");
        ensure!(
            report["items"].as_array().context("no items")?.len() >= 7,
            "{report:#}"
        );

        self.control.forget_snapshots(OF, None).await?;
        let old = format!("rds:{ALONE}-old");
        self.snapshot(&old, 60).await?;
        self.control
            .set_restorable(OF, Some(hours_ago(7 * 24)), Some(hours_ago(3)))
            .await?;
        let report = run(sandbox, "weekly", ALONE).await?;
        let expected = named(&[("BAK-002", &[&old]), ("BAK-003", &[ALONE])]);
        ensure!(complaints(&report) == expected, "{report:#}");
        Ok(())
    }
}
