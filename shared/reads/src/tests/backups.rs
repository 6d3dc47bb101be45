use aws_sdk_backup::operation::list_copy_jobs::ListCopyJobsOutput;
use aws_sdk_backup::operation::list_recovery_points_by_resource::ListRecoveryPointsByResourceOutput;
use aws_sdk_backup::operation::list_restore_jobs::ListRestoreJobsOutput;
use aws_sdk_backup::types as backup;
use aws_sdk_kms::operation::describe_key::DescribeKeyOutput;
use aws_sdk_rds::operation::describe_db_cluster_snapshots::DescribeDbClusterSnapshotsOutput;
use aws_sdk_rds::operation::describe_db_instance_automated_backups::DescribeDbInstanceAutomatedBackupsOutput;
use aws_sdk_rds::operation::describe_db_snapshots::DescribeDbSnapshotsOutput;
use aws_sdk_rds::types as rds;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types as s3;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::objects::Object;
use crate::{
    copy_jobs, db_automated_backups, db_cluster_snapshots, db_snapshots, keys, objects, recovery_points,
    restore_jobs,
};

const NIGHT: &str = "2026-11-20T02:11:00Z";

fn of_cluster(id: &str, cluster: &str) -> rds::DbClusterSnapshot {
    rds::DbClusterSnapshot::builder()
        .db_cluster_snapshot_identifier(id)
        .db_cluster_identifier(cluster)
        .status("available")
        .snapshot_type("manual")
        .snapshot_create_time(sdk_time(at(NIGHT)))
        .build()
}

#[tokio::test]
async fn snapshots_are_read_over_all_pages_w26() {
    let page = |from: Option<&'static str>, id: &'static str, next: Option<&'static str>| {
        mock!(aws_sdk_rds::Client::describe_db_cluster_snapshots)
            .match_requests(move |request| {
                request.marker() == from
                    && request.db_cluster_identifier() == Some("prod-a")
                    && request.max_records() == Some(100)
                    && request.snapshot_type().is_none()
            })
            .then_output(move || {
                DescribeDbClusterSnapshotsOutput::builder()
                    .db_cluster_snapshots(of_cluster(id, "prod-a"))
                    .set_marker(next.map(str::to_owned))
                    .build()
            })
    };
    let (first, second) = (page(None, "a", Some("2")), page(Some("2"), "b", None));
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&first, &second]);
    let all = db_cluster_snapshots::of_cluster(&client, &times(), "prod-a")
        .await
        .unwrap();
    let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(all[0].taken_at, Some(at(NIGHT)));
    assert!(all[0].is_available());
}

#[tokio::test]
async fn a_marker_that_comes_again_is_an_error_and_a_lost_list_is_not_an_empty_one_w05_w04() {
    let looping = mock!(aws_sdk_rds::Client::describe_db_cluster_snapshots).then_output(|| {
        DescribeDbClusterSnapshotsOutput::builder()
            .set_db_cluster_snapshots(Some(Vec::new()))
            .marker("again")
            .build()
    });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&looping]);
    let why = db_cluster_snapshots::of_cluster(&client, &times(), "prod-a")
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Partial);
    let lost = mock!(aws_sdk_rds::Client::describe_db_snapshots)
        .then_output(|| DescribeDbSnapshotsOutput::builder().build());
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&lost]);
    let why = db_snapshots::of_instance(&client, &times(), "prod-a")
        .await
        .unwrap_err();
    assert_eq!(
        (why.cause, why.operation.as_str()),
        (Cause::Malformed, "rds:DescribeDBSnapshots")
    );
}

#[tokio::test]
async fn copies_elsewhere_are_told_by_the_database_they_are_of_because_it_is_not_there() {
    let all = mock!(aws_sdk_rds::Client::describe_db_cluster_snapshots)
        .match_requests(|request| {
            request.db_cluster_identifier().is_none() && request.snapshot_type() == Some("manual")
        })
        .then_output(|| {
            DescribeDbClusterSnapshotsOutput::builder()
                .db_cluster_snapshots(of_cluster("ours", "prod-a"))
                .db_cluster_snapshots(of_cluster("theirs", "prod-b"))
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&all]);
    let copies = db_cluster_snapshots::copies_of_cluster(&client, &times(), "prod-a")
        .await
        .unwrap();
    assert_eq!(
        copies.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["ours"]
    );
}

#[tokio::test]
async fn the_copy_of_an_instances_snapshot_is_as_old_as_its_original() {
    let copied = mock!(aws_sdk_rds::Client::describe_db_snapshots).then_output(|| {
        let copy = rds::DbSnapshot::builder()
            .db_snapshot_identifier("copy")
            .db_instance_identifier("prod-a")
            .status("available")
            .snapshot_create_time(sdk_time(at("2026-11-20T11:00:00Z")))
            .original_snapshot_create_time(sdk_time(at("2026-10-01T02:00:00Z")))
            .build();
        DescribeDbSnapshotsOutput::builder().db_snapshots(copy).build()
    });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&copied]);
    let all = db_snapshots::of_instance(&client, &times(), "prod-a")
        .await
        .unwrap();
    assert_eq!(all[0].taken_at, Some(at("2026-10-01T02:00:00Z")));
}

#[tokio::test]
async fn an_instance_says_by_its_automated_backup_from_when_on_it_can_be_restored() {
    let backups = mock!(aws_sdk_rds::Client::describe_db_instance_automated_backups).then_output(|| {
        let window = rds::RestoreWindow::builder()
            .earliest_time(sdk_time(at(NIGHT)))
            .build();
        let one = rds::DbInstanceAutomatedBackup::builder()
            .status("active")
            .restore_window(window)
            .build();
        DescribeDbInstanceAutomatedBackupsOutput::builder()
            .db_instance_automated_backups(one)
            .build()
    });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&backups]);
    let all = db_automated_backups::of_instance(&client, &times(), "prod-a")
        .await
        .unwrap();
    assert_eq!(
        (all[0].status.as_str(), all[0].earliest),
        ("active", Some(at(NIGHT)))
    );
}

#[tokio::test]
async fn a_key_without_a_state_is_an_answer_that_was_lost_w04() {
    let empty = mock!(aws_sdk_kms::Client::describe_key).then_output(|| DescribeKeyOutput::builder().build());
    let client = mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&empty]);
    assert_eq!(
        keys::describe(&client, &times(), "k").await.unwrap_err().cause,
        Cause::Malformed
    );
    let pending = mock!(aws_sdk_kms::Client::describe_key).then_output(|| {
        let key = aws_sdk_kms::types::KeyMetadata::builder()
            .key_id("k")
            .key_state(aws_sdk_kms::types::KeyState::PendingDeletion)
            .deletion_date(sdk_time(at(NIGHT)))
            .build();
        DescribeKeyOutput::builder().key_metadata(key.unwrap()).build()
    });
    let client = mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&pending]);
    let key = keys::describe(&client, &times(), "k").await.unwrap();
    assert_eq!(
        (key.state.as_str(), key.deleted_at),
        ("PendingDeletion", Some(at(NIGHT)))
    );
}

#[tokio::test]
async fn aws_backup_is_read_over_all_pages_and_an_empty_answer_is_not_an_empty_list_w04() {
    let page = |from: Option<&'static str>, next: Option<&'static str>| {
        mock!(aws_sdk_backup::Client::list_recovery_points_by_resource)
            .match_requests(move |request| {
                request.next_token() == from
                    && request.resource_arn() == Some("arn")
                    && request.managed_by_aws_backup_only() == Some(true)
            })
            .then_output(move || {
                let point = backup::RecoveryPointByResource::builder()
                    .recovery_point_arn("p")
                    .status(backup::RecoveryPointStatus::Completed)
                    .build();
                ListRecoveryPointsByResourceOutput::builder()
                    .recovery_points(point)
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
    };
    let (first, second) = (page(None, Some("2")), page(Some("2"), None));
    let client = mock_client!(aws_sdk_backup, RuleMode::MatchAny, [&first, &second]);
    assert_eq!(
        recovery_points::of_resource(&client, &times(), "arn")
            .await
            .unwrap()
            .len(),
        2
    );

    let points = mock!(aws_sdk_backup::Client::list_recovery_points_by_resource)
        .then_output(|| ListRecoveryPointsByResourceOutput::builder().build());
    let copies =
        mock!(aws_sdk_backup::Client::list_copy_jobs).then_output(|| ListCopyJobsOutput::builder().build());
    let restores = mock!(aws_sdk_backup::Client::list_restore_jobs)
        .then_output(|| ListRestoreJobsOutput::builder().build());
    let client = mock_client!(aws_sdk_backup, RuleMode::MatchAny, [&points, &copies, &restores]);
    let since = at("2026-11-01T00:00:00Z");
    let causes = [
        recovery_points::of_resource(&client, &times(), "arn")
            .await
            .unwrap_err()
            .cause,
        copy_jobs::of_resource_since(&client, &times(), "arn", since)
            .await
            .unwrap_err()
            .cause,
        restore_jobs::since(&client, &times(), "arn", since)
            .await
            .unwrap_err()
            .cause,
    ];
    assert_eq!(causes, [Cause::Malformed; 3]);
}

#[tokio::test]
async fn a_restore_job_tells_its_test_and_what_the_validation_said() {
    let jobs = mock!(aws_sdk_backup::Client::list_restore_jobs)
        .match_requests(|request| request.by_created_after().is_some())
        .then_output(|| {
            let by = backup::RestoreJobCreator::builder()
                .restore_testing_plan_arn("plan")
                .build();
            let job = backup::RestoreJobsListMember::builder()
                .restore_job_id("r")
                .status(backup::RestoreJobStatus::Completed)
                .source_resource_arn("arn")
                .validation_status(backup::RestoreValidationStatus::Failed)
                .validation_status_message("3 tables are missing")
                .created_by(by)
                .build();
            ListRestoreJobsOutput::builder().restore_jobs(job).build()
        });
    let client = mock_client!(aws_sdk_backup, RuleMode::MatchAny, [&jobs]);
    let all = restore_jobs::since(&client, &times(), "arn", at(NIGHT))
        .await
        .unwrap();
    assert_eq!(all[0].validation.as_deref(), Some("FAILED"));
    assert_eq!(all[0].validation_message.as_deref(), Some("3 tables are missing"));
    assert_eq!(all[0].testing_plan.as_deref(), Some("plan"));
}

fn object(key: &str) -> s3::Object {
    s3::Object::builder()
        .key(key)
        .size(7)
        .last_modified(sdk_time(at(NIGHT)))
        .build()
}

#[tokio::test]
async fn objects_are_read_over_all_pages_and_counted_w05_w04() {
    let page = |from: Option<&'static str>, key: &'static str, next: Option<&'static str>| {
        mock!(aws_sdk_s3::Client::list_objects_v2)
            .match_requests(move |request| {
                request.continuation_token() == from && request.prefix() == Some("pg/")
            })
            .then_output(move || {
                ListObjectsV2Output::builder()
                    .contents(object(key))
                    .key_count(1)
                    .set_next_continuation_token(next.map(str::to_owned))
                    .build()
            })
    };
    let (first, second) = (page(None, "pg/a", Some("2")), page(Some("2"), "pg/b", None));
    let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&first, &second]);
    let mut seen: Vec<Object> = Vec::new();
    objects::below(&client, &times(), "dumps", "pg/", |object| seen.push(object))
        .await
        .unwrap();
    assert_eq!(
        seen.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["pg/a", "pg/b"]
    );

    for (count, fine) in [(Some(0), true), (None, false), (Some(3), false)] {
        let answer = mock!(aws_sdk_s3::Client::list_objects_v2)
            .then_output(move || ListObjectsV2Output::builder().set_key_count(count).build());
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&answer]);
        let read = objects::below(&client, &times(), "dumps", "pg/", |_| {}).await;
        assert_eq!(read.is_ok(), fine, "{count:?}");
    }
}
