//! What is read for which task, and that memory is bounded. The reads themselves are tested in `day2-reads`.

use std::sync::Arc;

use aws_sdk_backup::operation::list_copy_jobs::ListCopyJobsOutput;
use aws_sdk_backup::types as backup;
use aws_sdk_kms::operation::describe_key::DescribeKeyOutput;
use aws_sdk_rds::operation::describe_db_cluster_snapshots::DescribeDbClusterSnapshotsOutput;
use aws_sdk_rds::operation::describe_db_clusters::{DescribeDBClustersError, DescribeDbClustersOutput};
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::check::{Check as _, Moment};
use day2_core::{Cause, Verdict};
use day2_reads::objects::Object;
use day2_reads::times::Times;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::database::of_point;
use super::dumps::newest;
use super::{Clients, gather};
use crate::assess::tests::world::{continuous, item, now, point, settings};
use crate::assess::{Scene, assess};
use crate::facts::Dumps;
use crate::{BackupVerification, Task};

fn times() -> Times {
    let (now, deadline) = (now(), now().checked_add(SignedDuration::from_mins(1)).unwrap());
    Times {
        now,
        deadline,
        clock: Arc::new(move || now),
    }
}

/// A configuration that reaches nothing.
fn nowhere() -> aws_config::SdkConfig {
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .build()
}

fn at(hours_ago: i64) -> aws_smithy_types::DateTime {
    let at = now().checked_sub(SignedDuration::from_hours(hours_ago)).unwrap();
    day2_aws::time::sdk_time(at)
}

#[test]
fn of_a_million_objects_only_the_newest_are_kept_in_their_order() {
    let mut found = Dumps::default();
    let begin: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    // By key, which is no order of time.
    for number in 0..1_000_000_i64 {
        let second = (number * 7_919) % 1_000_000;
        let object = Object {
            key: format!("pg/{number}.dump"),
            bytes: 1,
            modified_at: begin.checked_add(SignedDuration::from_secs(second)).unwrap(),
        };
        newest(&mut found, object, 3);
    }
    assert_eq!(found.count, 1_000_000);
    let seconds: Vec<i64> = found
        .newest
        .iter()
        .map(|dump| dump.at.duration_since(begin).as_secs())
        .collect();
    assert_eq!(seconds, [999_999, 999_998, 999_997]);
}

/// Newest last, over two pages, with the key of the newest available one looked up.
#[tokio::test]
async fn a_database_is_judged_by_what_rds_and_kms_say_w26() {
    let cluster = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        let cluster = rds::DbCluster::builder()
            .db_cluster_identifier("prod-a")
            .db_cluster_arn("arn:aws:rds:us-east-1:123456789012:cluster:prod-a")
            .status("available")
            .engine("aurora-postgresql")
            .set_db_cluster_members(Some(Vec::new()))
            .backup_retention_period(14)
            .preferred_backup_window("02:00-02:30")
            .earliest_restorable_time(at(14 * 24))
            .latest_restorable_time(at(0))
            .storage_encrypted(true)
            .kms_key_id("key-of-the-database")
            .deletion_protection(true)
            .cluster_create_time(at(9_000))
            .build();
        DescribeDbClustersOutput::builder().db_clusters(cluster).build()
    });
    let snapshot = |id: &str, status: &str, hours, key: &str| {
        rds::DbClusterSnapshot::builder()
            .db_cluster_snapshot_identifier(id)
            .db_cluster_identifier("prod-a")
            .status(status)
            .snapshot_type("automated")
            .snapshot_create_time(at(hours))
            .storage_encrypted(true)
            .kms_key_id(key)
            .build()
    };
    let first = mock!(aws_sdk_rds::Client::describe_db_cluster_snapshots)
        .match_requests(|request| request.marker().is_none())
        .then_output(move || {
            DescribeDbClusterSnapshotsOutput::builder()
                .db_cluster_snapshots(snapshot("rds:now", "creating", 0, "key-of-the-new-one"))
                .db_cluster_snapshots(snapshot("rds:old", "available", 60, "key-of-an-old-one"))
                .marker("2")
                .build()
        });
    let second = mock!(aws_sdk_rds::Client::describe_db_cluster_snapshots)
        .match_requests(|request| request.marker() == Some("2"))
        .then_output(move || {
            DescribeDbClusterSnapshotsOutput::builder()
                .db_cluster_snapshots(snapshot("rds:good", "available", 9, "key-of-the-good-one"))
                .build()
        });
    let key = mock!(aws_sdk_kms::Client::describe_key).then_compute_output(|request| {
        let id = request.key_id().unwrap_or_default();
        let state = if id == "key-of-the-good-one" {
            "PendingDeletion"
        } else {
            "Enabled"
        };
        let key = aws_sdk_kms::types::KeyMetadata::builder()
            .key_id(id)
            .arn(id)
            .key_state(state.into())
            .build();
        DescribeKeyOutput::builder().key_metadata(key.unwrap()).build()
    });
    let nowhere = nowhere();
    let clients = Clients {
        rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&cluster, &first, &second]),
        kms: mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&key]),
        ..Clients::new(&nowhere, &nowhere)
    };
    let left_out =
        json!({"database": {}, "not_checked": ["copies", "aws_backup", "velero", "dumps", "restore_proof"]});
    let settings = settings(|plan| *plan = left_out);
    let plan = &settings.function.targets["prod-a"];
    let facts = Box::pin(gather(
        &clients,
        &settings.targets[0],
        plan,
        Task::Weekly,
        &times(),
    ))
    .await;
    let before = Ok(None);
    let scene = Scene {
        facts: &facts,
        plan,
        task: Task::Weekly,
        before: &before,
        zone: settings.deployment.zone.rules(),
        now: now(),
    };
    let (items, charts, _) = assess(&scene);
    assert!(
        item(&items, "BAK-002")
            .seen
            .contains("rds:good of 3 snapshots is 9 h old")
    );
    let broken = item(&items, "BAK-005");
    assert_eq!(
        (broken.verdict(), broken.subjects[0].name.as_str()),
        (Verdict::Fail, "key-of-the-good-one")
    );
    assert_eq!(items.len(), 7, "what is left out is not judged");
    assert!(charts.is_empty());
}

#[tokio::test]
async fn a_plan_for_a_database_that_the_target_does_not_declare_is_unknown_and_asks_nobody() {
    let mut settings = settings(|plan| {
        *plan = json!({"database": {}, "not_checked": ["copies", "aws_backup", "velero", "dumps", "restore_proof"]});
    });
    settings.targets[0].database = None;
    let nowhere = nowhere();
    let clients = Clients {
        rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, []),
        kms: mock_client!(aws_sdk_kms, RuleMode::MatchAny, []),
        ..Clients::new(&nowhere, &nowhere)
    };
    let plan = &settings.function.targets["prod-a"];
    let facts = Box::pin(gather(
        &clients,
        &settings.targets[0],
        plan,
        Task::Daily,
        &times(),
    ))
    .await;
    let seen = facts.database.unwrap().database;
    assert_eq!(seen.unwrap_err().cause, Cause::NotFound);
}

/// Jobs of four vaults; only those to the declared region and account count, and of these only one that is over.
#[tokio::test]
async fn copies_in_an_account_that_lets_nobody_in_are_judged_by_the_jobs_at_home_w26() {
    let cluster = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        let cluster = rds::DbCluster::builder()
            .db_cluster_identifier("prod-a")
            .db_cluster_arn("arn:aws:rds:us-east-1:123456789012:cluster:prod-a")
            .status("available")
            .engine("aurora-postgresql")
            .set_db_cluster_members(Some(Vec::new()))
            .build();
        DescribeDbClustersOutput::builder().db_clusters(cluster).build()
    });
    let job = |id: &str, vault: &str, state: &str, hours| {
        backup::CopyJob::builder()
            .copy_job_id(id)
            .state(state.into())
            .destination_backup_vault_arn(format!("arn:aws:backup:{vault}:backup-vault:locked"))
            .creation_date(at(hours))
            .build()
    };
    let jobs = mock!(aws_sdk_backup::Client::list_copy_jobs).then_output(move || {
        ListCopyJobsOutput::builder()
            .copy_jobs(job(
                "of-another-account",
                "us-west-2:333333333333",
                "COMPLETED",
                1,
            ))
            .copy_jobs(job("of-another-region", "eu-west-1:210987654321", "COMPLETED", 1))
            .copy_jobs(job("at-home", "us-west-2:123456789012", "COMPLETED", 1))
            .copy_jobs(job("running", "us-west-2:210987654321", "RUNNING", 1))
            .copy_jobs(job("good", "us-west-2:210987654321", "COMPLETED", 25))
            .build()
    });
    let nowhere = nowhere();
    let clients = Clients {
        rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&cluster]),
        backup: mock_client!(aws_sdk_backup, RuleMode::MatchAny, [&jobs]),
        ..Clients::new(&nowhere, &nowhere)
    };
    for (account, expected) in [
        ("210987654321", Ok("25 h")),
        ("444444444444", Err("no copy that can be restored: 0")),
    ] {
        let plan = json!({
            "copies": [{"region": "us-west-2", "through": "copy_jobs", "account_id": account}],
            "not_checked": ["database", "aws_backup", "velero", "dumps", "restore_proof"],
        });
        let settings = settings(|into| *into = plan);
        let plan = &settings.function.targets["prod-a"];
        let facts = Box::pin(gather(
            &clients,
            &settings.targets[0],
            plan,
            Task::Weekly,
            &times(),
        ))
        .await;
        let before = Ok(None);
        let (items, ..) = assess(&Scene {
            facts: &facts,
            plan,
            task: Task::Weekly,
            before: &before,
            zone: settings.deployment.zone.rules(),
            now: now(),
        });
        let judged = item(&items, "BAK-011");
        match expected {
            Ok(age) => {
                assert_eq!(judged.verdict(), Verdict::Pass, "{judged:?}");
                assert!(judged.seen.contains(age), "{}", judged.seen);
            }
            Err(says) => {
                assert_eq!(judged.verdict(), Verdict::Fail);
                assert!(judged.subjects[0].says.contains(says), "{:?}", judged.subjects);
            }
        }
    }
}

#[test]
fn a_continuous_recovery_point_elsewhere_is_a_copy_without_an_age_w26() {
    for (status, available, aged) in [
        ("COMPLETED", true, true),
        ("AVAILABLE", true, true),
        ("STOPPED", false, true),
        ("PARTIAL", false, true),
        ("CREATING", false, true),
    ] {
        let copy = of_point(point(status, 9));
        assert_eq!(
            (copy.available, copy.taken_at.is_some(), copy.continuous),
            (available, aged, false),
            "{status}"
        );
    }
    let copy = of_point(continuous(9));
    assert_eq!(
        (copy.available, copy.taken_at, copy.continuous),
        (true, None, true)
    );
}

#[tokio::test]
async fn a_self_check_names_a_database_that_is_not_there_or_not_to_be_seen() {
    let gone = mock!(aws_sdk_rds::Client::describe_db_clusters).then_error(|| {
        let fault = rds::error::DbClusterNotFoundFault::builder().build();
        DescribeDBClustersError::DbClusterNotFoundFault(fault)
    });
    let nowhere = nowhere();
    let clients = Clients {
        rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&gone]),
        ..Clients::new(&nowhere, &nowhere)
    };
    let moment = Moment {
        now: now(),
        deadline: times().deadline,
    };
    let left_out =
        json!({"database": {}, "not_checked": ["copies", "aws_backup", "velero", "dumps", "restore_proof"]});
    let settings = settings(|plan| *plan = left_out);
    let items = BackupVerification::self_check(&clients, &settings, &settings.targets[0], moment).await;
    let verdicts: Vec<_> = items
        .iter()
        .map(|one| (one.code.as_str(), one.verdict()))
        .collect();
    assert_eq!(
        verdicts,
        [("BAK-801", Verdict::Pass), ("BAK-803", Verdict::Unknown)]
    );
}
