//! `backup-verification` as a process against the emulator's RDS, AWS Backup and S3 and a real cluster with Velero's kinds:
//! what is well is not named, each thing that breaks is, and the rights are used exactly.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::Emulator;
use day2_platform::aws::control::{
    BackupPolicy, Control, CopyJob, Database, RecoveryPoint, RestoreJob, Snapshot,
};
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::clock;
use day2_platform::cluster::extensions::{self, Extension};
use day2_platform::deploy::mailbox::Mailbox;
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Sandbox};
use day2_platform::world::plan::TARGET;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const FUNCTION: &str = "backup-verification";
const DATABASE: &str = "kept";
const BUCKET: &str = "kept-dumps";
/// A mail lies in the box as soon as the function has answered.
const MAIL_LIMIT: std::time::Duration = std::time::Duration::from_secs(10);
/// Where copies go.
const ELSEWHERE: &str = "us-west-2";

fn hours_ago(hours: i64) -> Timestamp {
    clock::now()
        .checked_sub(SignedDuration::from_hours(hours))
        .unwrap_or_default()
}

fn document(deployment: &Value, cluster_endpoint: &str) -> Value {
    json!({
        "deployment": deployment,
        "targets": [{"name": TARGET, "account_id": ACCOUNT, "region": REGION,
                     "cluster": {"name": TARGET, "endpoint": cluster_endpoint}, "database": {"engine": "aurora", "id": DATABASE}}],
        "function": {"targets": {TARGET: {
            "database": {"backup_window": "02:00-02:30"},
            "copies": [{"region": ELSEWHERE}],
            "aws_backup": {"copy_jobs": true, "restore_tests": true},
            "velero": {"exclude_namespaces": ["kube-*", "default", "velero"]},
            "dumps": [{"name": "pg", "bucket": BUCKET, "prefix": "pg/"}],
            "restore_proof": {"aws_backup": true, "velero": true, "record": {"bucket": BUCKET, "key": "drills/last.json"}},
        }}},
    })
}

/// Codes that are not PASS, with what they name.
fn complaints(report: &Value) -> BTreeMap<String, Vec<String>> {
    let items = report["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .filter(|item| item["verdict"] != "PASS")
        .map(|item| {
            let subjects = item["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
            (
                text(&item["code"]),
                subjects.iter().map(|subject| text(&subject["name"])).collect(),
            )
        })
        .collect()
}

fn named(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    pairs
        .iter()
        .map(|(code, names)| ((*code).to_owned(), owned(names)))
        .collect()
}

async fn run(sandbox: &mut Sandbox) -> Result<Value> {
    let answer = sandbox
        .invoke(Event::new(r#"{"task":"weekly"}"#))
        .await?
        .answer()?;
    Ok(answer.pointer("/reports/0").context("no report")?.clone())
}

fn backup(name: &str, hours: i64, phase: &str) -> Value {
    let at = hours_ago(hours).to_string();
    json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {"namespace": "velero", "name": name, "labels": {"velero.io/schedule-name": "often"}},
        "spec": {},
        "status": {"phase": phase, "startTimestamp": at, "expiration": hours_ago(hours - 24 * 30).to_string(),
                   "progress": {"totalItems": 100, "itemsBackedUp": 100}, "errors": 2, "warnings": 1}
    })
}

/// The database with its backups, AWS Backup and the dumps, all in order.
struct Kept {
    control: Control,
    s3: aws_sdk_s3::Client,
    key: String,
    /// What there is in the other region.
    copies: Copies,
    /// ARN of the restore-testing plan.
    tests: String,
}

/// The copies in the other region, with a key of their own.
struct Copies {
    control: Control,
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

    async fn copied(&self, id: &str, hours: i64) -> Result<()> {
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
async fn key(kms: &aws_sdk_kms::Client) -> Result<String> {
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
    const OF: Database<'static> = Database::Cluster(DATABASE);

    async fn make(platform: &Platform) -> Result<Self> {
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

    async fn protected(&self, protected: bool) -> Result<()> {
        let policy = BackupPolicy {
            retention_days: Some(7),
            window: Some("02:00-02:30".to_owned()),
            encrypted: Some(true),
            kms_key_id: Some(self.key.clone()),
            deletion_protection: Some(protected),
        };
        self.control.set_backup_policy(Self::OF, &policy).await
    }

    async fn restorable_until(&self, latest: Timestamp) -> Result<()> {
        self.control
            .set_restorable(Self::OF, Some(hours_ago(7 * 24)), Some(latest))
            .await
    }

    async fn snapshot(&self, id: &str, hours: i64, status: Option<&str>) -> Result<()> {
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

    async fn restored(&self, hours: i64, validation: &str) -> Result<()> {
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

    async fn copy_job(&self, hours: i64, state: &str, why: Option<&str>) -> Result<()> {
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

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
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
fn vault() -> String {
    format!("arn:aws:backup:{ELSEWHERE}:{ACCOUNT}:backup-vault:dr")
}

/// Velero with one schedule, whose backups are in order.
async fn velero(platform: &Platform) -> Result<()> {
    let client = platform.cluster.admin_client()?;
    extensions::install(&client, &[Extension::Velero]).await?;
    for namespace in ["velero", "shop"] {
        day2_platform::cluster::objects::ensure_namespace(&client, namespace).await?;
    }
    let location = json!({
        "apiVersion": "velero.io/v1", "kind": "BackupStorageLocation", "metadata": {"namespace": "velero", "name": "default"},
        "spec": {"provider": "aws", "default": true, "objectStorage": {"bucket": "b"}},
        "status": {"phase": "Available", "lastValidationTime": clock::now().to_string()}
    });
    extensions::create(&client, "backupstoragelocations", location).await?;
    let schedule = json!({
        "apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": {"namespace": "velero", "name": "often"},
        "spec": {"schedule": "@every 6h", "template": {}}, "status": {"phase": "Enabled"}
    });
    extensions::create(&client, "schedules", schedule).await?;
    for (number, hours) in [1, 7, 13, 19, 25].into_iter().enumerate() {
        let one = backup(&format!("often-{number}"), hours, "Completed");
        extensions::create(&client, "backups", one).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_backups_is_named_and_nothing_else() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(&folder.path().join("platform")).await?;
    let _world = platform.seed().await?;
    let kept = Kept::make(&platform).await?;
    velero(&platform).await?;
    let ground = Ground::make(&platform.emulator, "day2").await?;
    let cluster = (&platform.cluster, TARGET);
    let role = ground.role(&platform.emulator, cluster, FUNCTION).await?;
    let mailbox = Mailbox::subscribe(&platform.emulator, &ground.topic_arn).await?;
    let document = document(&ground.deployment(), platform.cluster.endpoint());
    let endpoint = platform.emulator.endpoint();
    let sandboxes = folder.path().join("sandbox");
    let launch = Launch::new(FUNCTION, sandboxes, &role.credentials, &endpoint)?.settings(&document);
    let mut sandbox = Sandbox::start(&launch).await?;
    let report = run(&mut sandbox).await?;
    ensure!(
        complaints(&report).is_empty(),
        "{:#?}\n{report:#}",
        complaints(&report)
    );

    says_that_completed_is_not_restorable(&mailbox, "PASS").await?;

    // Now nine things break.
    kept.control.forget_snapshots(Kept::OF, None).await?;
    kept.snapshot("rds:kept-000", 60, None).await?;
    kept.snapshot("rds:kept-999", 0, Some("creating")).await?;
    kept.protected(false).await?;
    kept.restorable_until(hours_ago(3)).await?;
    kept.restored(1, "FAILED").await?;
    kept.put("pg/9.dump", Vec::new()).await?;
    kept.copies.control.forget_snapshots(Kept::OF, None).await?;
    kept.copies.copied("copy-0", 60).await?;
    let refused = "Access Denied trying to call AWS Backup service";
    kept.copy_job(1, "FAILED", Some(refused)).await?;
    let mut by_hand = backup("by-hand", 1, "PartiallyFailed");
    by_hand["metadata"]["labels"] = json!({});
    extensions::create(&platform.cluster.admin_client()?, "backups", by_hand).await?;
    let report = run(&mut sandbox).await?;
    let mut found = complaints(&report);
    let drill = found.remove("BAK-041").context("the failed drill is not named")?;
    ensure!(
        drill.len() == 1 && drill[0].starts_with("AWS Backup job "),
        "{drill:?}"
    );
    let test = found.remove("BAK-014").context("the failed test is not named")?;
    ensure!(
        test.len() == 1 && drill[0].ends_with(&test[0]),
        "{test:?} is not what {drill:?} names"
    );
    ensure!(
        report.to_string().contains(refused),
        "why a copy failed is not said: {report:#}"
    );
    let (there, vault) = ([ELSEWHERE], vault());
    let expected = named(&[
        ("BAK-002", &["rds:kept-000"]),
        ("BAK-003", &[DATABASE]),
        ("BAK-006", &[DATABASE]),
        ("BAK-011", &there),
        ("BAK-013", &[&vault]),
        ("BAK-023", &["by-hand"]),
        ("BAK-032", &["pg"]),
    ]);
    ensure!(found == expected, "{found:#?}\n{report:#}");
    says_that_completed_is_not_restorable(&mailbox, "FAIL").await
}

/// Good or bad, the mail says what a completed backup does not prove.
async fn says_that_completed_is_not_restorable(mailbox: &Mailbox, status: &str) -> Result<()> {
    let mail = mailbox.next(MAIL_LIMIT).await?;
    eprintln!("Subject: {}\n\n{}", mail.subject, mail.body);
    ensure!(
        mail.subject.starts_with(&format!("[day2] {status} {FUNCTION} ")),
        "{}",
        mail.subject
    );
    let plain = mail.body.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(
        plain.contains("Completed \u{2260} restorable"),
        "the mail does not say it:\n{}",
        mail.body
    );
    Ok(())
}
