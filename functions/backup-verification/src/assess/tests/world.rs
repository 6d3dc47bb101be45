//! A platform whose backups are all in order, to be spoilt one by one.

use day2_core::compare::{Earlier, Notes};
use day2_core::settings::{Settings, read};
use day2_core::target::Engine;
use day2_core::{Cause, Item, Observed, Unreadable, Verdict};
use day2_kube::objects::{Namespace, VeleroBackup, VeleroLocation, VeleroRestore, VeleroSchedule};
use day2_reads::backups::{Backups, DbSnapshot};
use day2_reads::keys::Key;
use day2_reads::recovery_points::RecoveryPoint;
use day2_reads::restore_jobs::RestoreJob;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Task;
use crate::assess::{Scene, assess};
use crate::facts::{
    AwsBackupFacts, Copied, CopyFacts, Database, DatabaseFacts, Dump, Dumps, Facts, ProofFacts, VeleroFacts,
};
use crate::settings::BackupSettings;

pub(crate) const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/k-1";
pub(crate) const DATABASE: &str = "arn:aws:rds:us-east-1:123456789012:cluster:prod-a";

/// Friday morning.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:30:00Z".parse().unwrap()
}

pub(crate) fn hours_ago(hours: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

pub(crate) fn denied<T>(operation: &str) -> Observed<T> {
    Err(Unreadable::new(
        operation,
        "prod-a",
        Cause::Denied,
        "not authorized",
    ))
}

pub(crate) fn document() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                     "cluster": {"name": "prod-a"}, "database": {"engine": "aurora", "id": "prod-a"}}],
        "function": {"targets": {"prod-a": {
            "database": {},
            "copies": [{"region": "us-west-2"}],
            "aws_backup": {"copy_jobs": true, "restore_tests": true},
            "velero": {"exclude_namespaces": ["kube-*", "default"]},
            "dumps": [{"name": "pg", "bucket": "dumps", "prefix": "pg/", "suffix": ".dump"}],
            "restore_proof": {"aws_backup": true}
        }}}
    })
}

pub(crate) fn settings(change: impl FnOnce(&mut Value)) -> Settings<BackupSettings> {
    let mut document = document();
    change(&mut document["function"]["targets"]["prod-a"]);
    read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

pub(crate) fn snapshot(id: &str, kind: &str, status: &str, hours: i64) -> DbSnapshot {
    DbSnapshot {
        id: id.to_owned(),
        status: status.to_owned(),
        kind: kind.to_owned(),
        taken_at: Some(hours_ago(hours)),
        encrypted: Some(true),
        key: Some(KEY.to_owned()),
        copy_of: None,
    }
}

pub(crate) fn key(state: &str) -> Key {
    Key {
        arn: KEY.to_owned(),
        state: state.to_owned(),
        deleted_at: None,
        managed_by_aws: false,
    }
}

pub(crate) fn database() -> Database {
    Database {
        engine: Engine::Aurora,
        id: "prod-a".to_owned(),
        arn: Some(DATABASE.to_owned()),
        backups: Backups {
            retention_days: Some(14),
            window: Some("02:00-02:30".to_owned()),
            earliest_restorable: Some(hours_ago(14 * 24 - 10)),
            latest_restorable: Some(minutes_ago(3)),
            encrypted: Some(true),
            key: Some(KEY.to_owned()),
            deletion_protection: Some(true),
            created_at: Some(hours_ago(24 * 400)),
        },
    }
}

pub(crate) fn object<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).unwrap()
}

pub(crate) fn location(name: &str, phase: &str) -> VeleroLocation {
    object(
        json!({"metadata": {"namespace": "velero", "name": name}, "spec": {"default": true},
                  "status": {"phase": phase, "message": "no such bucket", "lastValidationTime": minutes_ago(1).to_string()}}),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "as `json!` gives it")]
pub(crate) fn schedule(name: &str, template: Value) -> VeleroSchedule {
    object(
        json!({"metadata": {"namespace": "velero", "name": name, "creationTimestamp": hours_ago(24 * 90).to_string()},
                  "spec": {"schedule": "0 2 * * *", "template": template}, "status": {"phase": "Enabled"}}),
    )
}

/// A backup of the schedule that began so many hours ago.
pub(crate) fn backup(schedule: &str, name: &str, phase: &str, hours: i64, items: i64) -> VeleroBackup {
    object(json!({
        "metadata": {"namespace": "velero", "name": name, "creationTimestamp": hours_ago(hours).to_string(),
                     "labels": {"velero.io/schedule-name": schedule}},
        "spec": {},
        "status": {"phase": phase, "startTimestamp": hours_ago(hours).to_string(),
                   "expiration": hours_ago(hours - 24 * 30).to_string(),
                   "progress": {"totalItems": items, "itemsBackedUp": items}}
    }))
}

pub(crate) fn namespace(name: &str) -> Namespace {
    object(json!({"metadata": {"name": name, "creationTimestamp": hours_ago(24 * 90).to_string()}}))
}

#[expect(clippy::needless_pass_by_value, reason = "as `json!` gives it")]
pub(crate) fn restore(name: &str, phase: &str, hours: i64, to: Value, items: i64) -> VeleroRestore {
    object(json!({
        "metadata": {"namespace": "velero", "name": name},
        "spec": {"backupName": "daily-1", "namespaceMapping": to},
        "status": {"phase": phase, "completionTimestamp": hours_ago(hours).to_string(),
                   "progress": {"totalItems": items, "itemsRestored": items}}
    }))
}

pub(crate) fn point(status: &str, hours: i64) -> RecoveryPoint {
    RecoveryPoint {
        arn: format!("arn:aws:rds:us-east-1:123456789012:cluster-snapshot:awsbackup:{hours}"),
        status: status.to_owned(),
        message: None,
        created_at: Some(hours_ago(hours)),
        vault: Some("Default".to_owned()),
        key: Some(KEY.to_owned()),
        bytes: Some(1),
    }
}

/// A continuous one, which began so many hours ago.
pub(crate) fn continuous(hours: i64) -> RecoveryPoint {
    RecoveryPoint {
        arn: format!("arn:aws:backup:us-east-1:123456789012:recovery-point:continuous:cluster-{hours}"),
        ..point("AVAILABLE", hours)
    }
}

pub(crate) fn restore_job(id: &str, status: &str, validation: Option<&str>, days: i64) -> RestoreJob {
    RestoreJob {
        id: id.to_owned(),
        status: status.to_owned(),
        message: None,
        recovery_point: None,
        source: Some(DATABASE.to_owned()),
        created_at: Some(hours_ago(24 * days)),
        completed_at: Some(hours_ago(24 * days)),
        testing_plan: Some("arn:aws:backup:us-east-1:123456789012:restore-testing-plan:weekly".to_owned()),
        validation: validation.map(str::to_owned),
        validation_message: None,
    }
}

pub(crate) fn dump(name: &str, hours: i64, bytes: u64) -> Dump {
    Dump {
        key: format!("pg/{name}.dump"),
        at: hours_ago(hours),
        bytes,
    }
}

/// Everything in order.
pub(crate) fn good() -> Facts {
    let nights = 0..9;
    let copy = Copied {
        id: "copy-1".to_owned(),
        status: "available".to_owned(),
        available: true,
        continuous: false,
        taken_at: Some(hours_ago(11)),
        encrypted: Some(true),
        key: Some("arn:aws:kms:us-west-2:123456789012:key/k-2".to_owned()),
    };
    let copy_job = day2_reads::copy_jobs::CopyJob {
        id: "c-1".to_owned(),
        state: "COMPLETED".to_owned(),
        message: None,
        destination: "arn:aws:backup:us-west-2:123456789012:backup-vault:dr".to_owned(),
        created_at: Some(hours_ago(9)),
        completed_at: Some(hours_ago(8)),
    };
    Facts {
        database: Some(DatabaseFacts {
            database: Ok(database()),
            // Not in order, with one that is being made: the first of the list is nothing special.
            snapshots: Ok(vec![
                snapshot("rds:prod-a-old", "automated", "available", 34),
                snapshot("rds:prod-a-new", "automated", "available", 10),
                snapshot("by-hand", "manual", "available", 200),
            ]),
            earliest_restorable: Ok(database().backups.earliest_restorable),
            keys: vec![(KEY.to_owned(), Ok(key("Enabled")))],
        }),
        copies: vec![CopyFacts {
            key: Some((copy.key.clone().unwrap(), Ok(key("Enabled")))),
            copies: Ok(vec![copy]),
        }],
        aws_backup: Some(AwsBackupFacts {
            points: Ok(vec![point("COMPLETED", 30), point("COMPLETED", 7)]),
            copy_jobs: Some(Ok(vec![copy_job])),
            restore_jobs: Some(Ok(vec![restore_job("r-1", "COMPLETED", Some("SUCCESSFUL"), 3)])),
        }),
        velero: Some(VeleroFacts {
            locations: Ok(Some(vec![location("default", "Available")])),
            schedules: Ok(Some(vec![schedule("daily", json!({}))])),
            // 02:00 UTC was ten and a half hours ago.
            backups: Ok(Some(
                nights
                    .clone()
                    .map(|night| {
                        backup(
                            "daily",
                            &format!("daily-{night}"),
                            "Completed",
                            10 + 24 * night,
                            100 + night,
                        )
                    })
                    .collect(),
            )),
            namespaces: Ok(["shop", "team-a", "kube-system", "default"].map(namespace).into()),
        }),
        dumps: vec![Ok(Dumps {
            newest: nights
                .map(|night| {
                    dump(
                        &format!("n{night}"),
                        9 + 24 * night,
                        1_000 + u64::try_from(night).unwrap(),
                    )
                })
                .take(8)
                .collect(),
            count: 40,
        })],
        proof: Some(ProofFacts {
            restore_jobs: Some(Ok(vec![restore_job("r-1", "COMPLETED", Some("SUCCESSFUL"), 3)])),
            ..ProofFacts::default()
        }),
    }
}

/// The run before, which saw the same window.
#[expect(clippy::unnecessary_wraps, reason = "as the runner gives it")]
pub(crate) fn before() -> Observed<Option<Earlier>> {
    let mut notes = Notes::none();
    notes.put("backup_window", "02:00-02:30");
    Ok(Some(Earlier {
        at: hours_ago(24),
        notes,
    }))
}

/// Judges by unchanged settings.
pub(crate) fn judged(change: impl FnOnce(&mut Facts)) -> Vec<Item> {
    judged_by(|_| {}, change)
}

pub(crate) fn judged_by(plan: impl FnOnce(&mut Value), change: impl FnOnce(&mut Facts)) -> Vec<Item> {
    judged_after(&before(), plan, change).0
}

pub(crate) fn judged_after(
    before: &Observed<Option<Earlier>>,
    plan: impl FnOnce(&mut Value),
    change: impl FnOnce(&mut Facts),
) -> (Vec<Item>, Notes) {
    let settings = settings(plan);
    let mut facts = good();
    change(&mut facts);
    let scene = Scene {
        facts: &facts,
        plan: &settings.function.targets["prod-a"],
        task: Task::Weekly,
        before,
        zone: settings.deployment.zone.rules(),
        now: now(),
    };
    let (items, _, notes) = assess(&scene);
    (items, notes)
}

/// Codes of the items that are not a pass, with verdict and what they name.
pub(crate) fn complaints(items: &[Item]) -> Vec<(String, Verdict, Vec<String>)> {
    items
        .iter()
        .filter(|item| item.verdict() != Verdict::Pass)
        .map(|item| {
            let names = item.subjects.iter().map(|subject| subject.name.clone()).collect();
            (item.code.clone(), item.verdict(), names)
        })
        .collect()
}

/// Exactly one item complains, with this verdict, about these names.
#[track_caller]
pub(crate) fn only(items: &[Item], code: &str, verdict: Verdict, names: &[&str]) {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(
        complaints(items),
        [(code.to_owned(), verdict, names)],
        "{items:#?}"
    );
}

/// The item of this code.
#[track_caller]
pub(crate) fn item(items: &[Item], code: &str) -> Item {
    items
        .iter()
        .find(|item| item.code == code)
        .unwrap_or_else(|| panic!("no {code} in {items:#?}"))
        .clone()
}
