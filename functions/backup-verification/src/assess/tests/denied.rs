//! A permission that is missing makes its own lines UNKNOWN and hides no other.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Verdict::{self, Pass, Unknown};
use day2_core::testing::granted;
use day2_core::{Cause, Item, Unreadable};
use serde_json::json;

use super::world::*;
use crate::facts::{DatabaseFacts, DrillRecord, Facts, VeleroFacts};

/// Where a restore is proven.
#[derive(Debug, Clone, Copy)]
enum Proof {
    AwsBackup,
    Velero,
    Record,
    All,
}

/// What is denied, where the proof of a restore is looked for meanwhile, how the facts look without the right, and the lines that
/// rest on it.
type Row = (&'static str, Proof, fn(&mut Facts), &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "rds:DescribeDBClusters",
        Proof::All,
        |facts| no_database(facts, "rds:DescribeDBClusters"),
        // Its ARN is what AWS Backup is asked by.
        &[
            "BAK-001", "BAK-003", "BAK-004", "BAK-005", "BAK-006", "BAK-007", "BAK-012", "BAK-013",
            "BAK-014", "BAK-041",
        ],
    ),
    (
        "rds:DescribeDBInstances",
        Proof::All,
        |facts| no_database(facts, "rds:DescribeDBInstances"),
        &[
            "BAK-001", "BAK-003", "BAK-004", "BAK-005", "BAK-006", "BAK-007", "BAK-012", "BAK-013",
            "BAK-014", "BAK-041",
        ],
    ),
    (
        "rds:DescribeDBClusterSnapshots",
        Proof::All,
        |facts| no_snapshots(facts, "rds:DescribeDBClusterSnapshots"),
        &["BAK-002", "BAK-005"],
    ),
    (
        "rds:DescribeDBSnapshots",
        Proof::All,
        |facts| no_snapshots(facts, "rds:DescribeDBSnapshots"),
        &["BAK-002", "BAK-005"],
    ),
    (
        "rds:DescribeDBClusterSnapshots in the other region",
        Proof::All,
        |facts| {
            facts.copies[0].copies = refused("rds:DescribeDBClusterSnapshots");
            facts.copies[0].key = None;
        },
        &["BAK-011"],
    ),
    (
        "rds:DescribeDBInstanceAutomatedBackups",
        Proof::All,
        |facts| database(facts).earliest_restorable = refused("rds:DescribeDBInstanceAutomatedBackups"),
        &["BAK-004"],
    ),
    (
        "kms:DescribeKey",
        Proof::All,
        |facts| database(facts).keys[0].1 = refused("kms:DescribeKey"),
        &["BAK-005"],
    ),
    (
        "kms:DescribeKey in the other region",
        Proof::All,
        |facts| facts.copies[0].key.as_mut().unwrap().1 = refused("kms:DescribeKey"),
        &["BAK-011"],
    ),
    (
        "backup:ListRecoveryPointsByResource",
        Proof::All,
        |facts| facts.aws_backup.as_mut().unwrap().points = refused("backup:ListRecoveryPointsByResource"),
        &["BAK-012"],
    ),
    (
        "backup:ListCopyJobs",
        Proof::All,
        |facts| facts.aws_backup.as_mut().unwrap().copy_jobs = Some(refused("backup:ListCopyJobs")),
        &["BAK-013"],
    ),
    (
        "backup:ListRestoreJobs",
        Proof::All,
        no_restore_jobs,
        &["BAK-014", "BAK-041"],
    ),
    (
        "backup:ListRestoreJobs",
        Proof::AwsBackup,
        no_restore_jobs,
        &["BAK-014", "BAK-041"],
    ),
    (
        "eks:DescribeCluster",
        Proof::All,
        |facts| {
            velero(facts).locations = refused("eks:DescribeCluster");
            velero(facts).schedules = refused("eks:DescribeCluster");
            velero(facts).backups = refused("eks:DescribeCluster");
            velero(facts).namespaces = refused("eks:DescribeCluster");
            facts.proof.as_mut().unwrap().velero = Some(refused("eks:DescribeCluster"));
        },
        &[
            "BAK-021", "BAK-022", "BAK-023", "BAK-024", "BAK-025", "BAK-026", "BAK-027", "BAK-028", "BAK-041",
        ],
    ),
    (
        "list backupstoragelocations",
        Proof::All,
        |facts| velero(facts).locations = refused("list backupstoragelocations"),
        &["BAK-021"],
    ),
    (
        "list schedules",
        Proof::All,
        |facts| velero(facts).schedules = refused("list schedules"),
        &["BAK-022", "BAK-024", "BAK-025", "BAK-028"],
    ),
    (
        "list backups",
        Proof::All,
        |facts| velero(facts).backups = refused("list backups"),
        &["BAK-022", "BAK-023", "BAK-024", "BAK-026", "BAK-027", "BAK-028"],
    ),
    (
        "list namespaces",
        Proof::All,
        |facts| velero(facts).namespaces = refused("list namespaces"),
        &["BAK-025", "BAK-026"],
    ),
    ("list restores", Proof::All, no_restores, &["BAK-041"]),
    ("list restores", Proof::Velero, no_restores, &["BAK-041"]),
    (
        "s3:ListBucket",
        Proof::All,
        |facts| facts.dumps[0] = refused("s3:ListBucket"),
        &["BAK-031", "BAK-032"],
    ),
    ("s3:GetObject", Proof::All, no_record, &["BAK-041"]),
    ("s3:GetObject", Proof::Record, no_record, &["BAK-041"]),
];

/// Rights that no line rests on, and what tells of a refusal.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "sts:AssumeRole",
        "copies of another account are unread as in the rows of the other region; a target with a role of its own is BAK-901",
    ),
    ("dynamodb:PutItem", "the journal: BAK-900 of the report"),
    ("dynamodb:Query", "the journal: BAK-900 of the report"),
    ("dynamodb:UpdateItem", "the journal: BAK-900 of the report"),
    ("s3:PutObject", "nothing is published, and the invocation fails"),
    ("sns:Publish", "nothing is published, and the invocation fails"),
];

fn refused<T>(operation: &str) -> Result<T, Unreadable> {
    denied(operation)
}

fn database(facts: &mut Facts) -> &mut DatabaseFacts {
    facts.database.as_mut().unwrap()
}

fn velero(facts: &mut Facts) -> &mut VeleroFacts {
    facts.velero.as_mut().unwrap()
}

/// As `gather` leaves it: what needs the ARN is not asked for, and has the same reason.
fn no_database(facts: &mut Facts, action: &str) {
    let why = Unreadable::new(action, "prod-a", Cause::Denied, "not authorized");
    let seen = database(facts);
    seen.database = Err(why.clone());
    seen.earliest_restorable = Err(why.clone());
    seen.keys.clear();
    let of_backup = facts.aws_backup.as_mut().unwrap();
    of_backup.points = Err(why.clone());
    of_backup.copy_jobs = Some(Err(why.clone()));
    of_backup.restore_jobs = Some(Err(why.clone()));
    facts.proof.as_mut().unwrap().restore_jobs = Some(Err(why));
}

/// The key of a snapshot that is not known is not asked for.
fn no_snapshots(facts: &mut Facts, action: &str) {
    database(facts).snapshots = refused(action);
}

/// One call answers both questions.
fn no_restore_jobs(facts: &mut Facts) {
    facts.aws_backup.as_mut().unwrap().restore_jobs = Some(refused("backup:ListRestoreJobs"));
    facts.proof.as_mut().unwrap().restore_jobs = Some(refused("backup:ListRestoreJobs"));
}

fn no_restores(facts: &mut Facts) {
    facts.proof.as_mut().unwrap().velero = Some(refused("list restores"));
}

fn no_record(facts: &mut Facts) {
    facts.proof.as_mut().unwrap().record = Some(refused("s3:GetObject"));
}

/// A platform whose restore is proven in this place, or in each of the three.
fn proven(place: Proof, spoil: fn(&mut Facts)) -> Vec<Item> {
    let record = json!({"bucket": "drills", "key": "prod-a.json"});
    let plan = match place {
        Proof::AwsBackup => json!({"aws_backup": true}),
        Proof::Velero => json!({"velero": true}),
        Proof::Record => json!({"record": record}),
        Proof::All => json!({"aws_backup": true, "velero": true, "record": record}),
    };
    let (aws_backup, velero, record) = match place {
        Proof::AwsBackup => (true, false, false),
        Proof::Velero => (false, true, false),
        Proof::Record => (false, false, true),
        Proof::All => (true, true, true),
    };
    judged_by(
        |of| of["restore_proof"] = plan,
        |facts| {
            let proof = facts.proof.as_mut().unwrap();
            proof.restore_jobs = proof.restore_jobs.take().filter(|_| aws_backup);
            proof.velero = velero.then(|| {
                let drill = restore("drill", "Completed", 24, json!({"shop": "shop-drill"}), 40);
                Ok(Some(vec![drill]))
            });
            proof.record = record.then(|| {
                Ok(DrillRecord {
                    at: hours_ago(48),
                    result: "success".to_owned(),
                    by: "dr-drill".to_owned(),
                })
            });
            spoil(facts);
        },
    )
}

fn verdicts(items: &[Item]) -> BTreeMap<&str, Verdict> {
    items
        .iter()
        .map(|item| (item.code.as_str(), item.verdict()))
        .collect()
}

#[test]
fn each_read_that_is_denied_leaves_all_other_lines_and_no_pass_of_its_own_w28() {
    for &(what, place, spoil, codes) in ROWS {
        let well = proven(place, |_| {});
        let well = verdicts(&well);
        assert!(
            well.values().all(|verdict| *verdict == Pass),
            "{place:?} {well:?}"
        );
        let mut expected = well;
        for code in codes {
            assert!(
                expected.insert(code, Unknown).is_some(),
                "{what}: there is no {code}"
            );
        }
        let items = proven(place, spoil);
        assert_eq!(verdicts(&items), expected, "{what}, {place:?}");
        assert_eq!(
            Verdict::worst(items.iter().map(Item::verdict)),
            Unknown,
            "{what}: the status of the report"
        );
        for code in codes {
            let told = item(&items, code);
            let told = format!("{} {:?}", told.seen, told.subjects);
            let operation = what.trim_end_matches(" in the other region");
            assert!(
                told.contains(operation),
                "{code} does not name {operation}: {told}"
            );
            assert!(told.contains("permission denied"), "{code}: {told}");
        }
    }
}

/// A new right without a row fails here, and so does a row for a right that is gone.
#[test]
fn every_right_of_the_function_has_a_row_or_a_reason_why_it_has_none_w28() {
    let granted = granted(
        include_str!("../../../permissions.json"),
        include_str!("../../../rbac.yaml"),
    )
    .unwrap();
    let rows = ROWS
        .iter()
        .map(|(what, ..)| what.trim_end_matches(" in the other region"));
    let known: BTreeSet<String> = rows
        .chain(ELSEWHERE.iter().map(|(action, _)| *action))
        .map(str::to_owned)
        .collect();
    assert_eq!(granted, known);
}

/// The table misses no part of the plan, and no line of the report.
#[test]
fn every_line_has_a_refusal_in_the_table_w28() {
    let judged = proven(Proof::All, |_| {});
    let told: BTreeSet<&str> = ROWS.iter().flat_map(|(_, _, _, codes)| *codes).copied().collect();
    let all: BTreeSet<&str> = judged.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(told, all);
}
