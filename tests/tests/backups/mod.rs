//! `backup-verification` as a process against the emulator's RDS, AWS Backup and S3 and a real cluster with Velero's kinds:
//! what is well is not named, each thing that breaks is, and the rights are used exactly.

mod alone;
mod kept;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::recorder::Mark;
use day2_platform::aws::{ACCOUNT, Call, REGION};
use day2_platform::clock;
use day2_platform::cluster::extensions::{self, Extension};
use day2_platform::deploy::mailbox::Mailbox;
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Sandbox};
use day2_platform::world::plan::TARGET;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use alone::{ALONE, Alone};
use kept::{Kept, vault};

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

fn document(deployment: &Value, cluster_endpoint: &str, role_of_copies: &str) -> Value {
    json!({
        "deployment": deployment,
        "targets": [{"name": TARGET, "account_id": ACCOUNT, "region": REGION,
                     "cluster": {"name": TARGET, "endpoint": cluster_endpoint}, "database": {"engine": "aurora", "id": DATABASE}},
                    alone::target()],
        "function": {"targets": {ALONE: alone::policy(), TARGET: {
            "database": {"backup_window": "02:00-02:30"},
            "copies": [{"region": ELSEWHERE, "role_arn": role_of_copies}],
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

async fn run(sandbox: &mut Sandbox, task: &str, target: &str) -> Result<Value> {
    let event = json!({"task": task, "targets": [target]});
    let answer = sandbox.invoke(Event::new(event.to_string())).await?.answer()?;
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
    let alone = Alone::make(&platform.emulator).await?;
    velero(&platform).await?;
    let ground = Ground::make(&platform.emulator, "day2").await?;
    let cluster = (&platform.cluster, TARGET);
    let role = ground.role(&platform.emulator, cluster, FUNCTION).await?;
    let mailbox = Mailbox::subscribe(&platform.emulator, &ground.topic_arn).await?;
    let of_copies = ground
        .role_of_target(&platform.emulator, &[TARGET], FUNCTION)
        .await?;
    let document = document(&ground.deployment(), platform.cluster.endpoint(), &of_copies);
    let endpoint = platform.emulator.endpoint();
    let sandboxes = folder.path().join("sandbox");
    let launch = Launch::new(FUNCTION, sandboxes, &role.credentials, &endpoint)?;
    let launch = ground
        .settings_in_bucket(&platform.emulator, launch, &document)
        .await?;
    let mut sandbox = Sandbox::start(&launch).await?;
    let mark = platform.emulator.recorder().mark()?;
    let report = run(&mut sandbox, "weekly", TARGET).await?;
    ensure!(
        complaints(&report).is_empty(),
        "{:#?}\n{report:#}",
        complaints(&report)
    );
    copies_are_found_with_the_role_that_is_declared_for_them(&platform, &of_copies, mark, &report)?;

    says_that_completed_is_not_restorable(&mailbox, "PASS").await?;
    a_day_asks_for_less(&mut sandbox, &report).await?;
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
    let report = run(&mut sandbox, "weekly", TARGET).await?;
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
    let (there, vault) = (format!("{ELSEWHERE} of {ACCOUNT}"), vault());
    let expected = named(&[
        ("BAK-002", &["rds:kept-000"]),
        ("BAK-003", &[DATABASE]),
        ("BAK-006", &[DATABASE]),
        ("BAK-011", &[&there]),
        ("BAK-013", &[&vault]),
        ("BAK-023", &["by-hand"]),
        ("BAK-032", &["pg"]),
    ]);
    ensure!(found == expected, "{found:#?}\n{report:#}");
    says_that_completed_is_not_restorable(&mailbox, "FAIL").await?;

    alone.is_verified(&mut sandbox).await
}

/// The function's own role could look there too, so that only the calls tell who did. That role is declared for nothing else.
fn copies_are_found_with_the_role_that_is_declared_for_them(
    platform: &Platform,
    role_arn: &str,
    since: Mark,
    report: &Value,
) -> Result<()> {
    let (_, role) = role_arn.rsplit_once('/').context("not the ARN of a role")?;
    let calls = platform.emulator.recorder().by_role(role, since)?;
    let asked: BTreeSet<String> = calls
        .iter()
        .filter(|call| call.succeeded())
        .map(Call::action)
        .collect();
    let expected = ["kms:DescribeKey", "rds:DescribeDBClusterSnapshots"];
    ensure!(
        asked == BTreeSet::from(expected.map(str::to_owned)),
        "{role} asked {calls:#?}"
    );
    let items = report["items"].as_array().context("no items")?;
    let copies = items.iter().find(|item| item["code"] == "BAK-011");
    let seen = copies
        .and_then(|item| item["seen"].as_str())
        .context("no BAK-011")?;
    // `copy-2`, which is the newer one.
    let found = format!("{ELSEWHERE} of {ACCOUNT}: 12 h");
    ensure!(seen.contains(&found), "{seen} is not {found}");
    Ok(())
}

/// Every morning the same is verified, but for copies, copy jobs and restore tests.
async fn a_day_asks_for_less(sandbox: &mut Sandbox, weekly: &Value) -> Result<()> {
    let codes = |report: &Value| -> Vec<String> {
        let items = report["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let codes = items.iter().filter_map(|item| item["code"].as_str());
        codes.map(str::to_owned).collect()
    };
    let daily = run(sandbox, "daily", TARGET).await?;
    ensure!(complaints(&daily).is_empty(), "{daily:#}");
    let mut expected = codes(weekly);
    expected.retain(|code| !matches!(code.as_str(), "BAK-011" | "BAK-013" | "BAK-014"));
    ensure!(
        codes(&daily) == expected && expected.len() + 3 == codes(weekly).len(),
        "{daily:#}"
    );
    Ok(())
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
