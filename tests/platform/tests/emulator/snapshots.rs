//! RDS: snapshots of any age, over pages; what can be restored; events; and the keys that encrypt it all.

use std::sync::LazyLock;

use aws_sdk_kms::types::KeyState;
use aws_sdk_rds::Client;
use aws_sdk_rds::error::ProvideErrorMetadata as _;
use day2_platform::aws::control::{BackupPolicy, Database, DatabaseEvent, Snapshot};
use day2_platform::clock;
use jiff::{SignedDuration, Timestamp};

use crate::emulator::emulator;

async fn cluster(name: &str) -> Client {
    let rds = Client::new(&emulator().await.sdk_config());
    rds.create_db_cluster()
        .db_cluster_identifier(name)
        .engine("aurora-postgresql")
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .send()
        .await
        .unwrap();
    rds
}

/// Counted from one moment, however long a test takes.
fn days_ago(days: i64) -> Timestamp {
    static NOW: LazyLock<Timestamp> = LazyLock::new(clock::now);
    NOW.checked_sub(SignedDuration::from_hours(24 * days)).unwrap()
}

#[tokio::test]
async fn automated_snapshots_have_the_age_that_was_seeded_and_come_in_pages_that_are_not_in_their_order() {
    let rds = cluster("aged").await;
    let control = emulator().await.control();
    let of = Database::Cluster("aged");
    for day in 1..=25 {
        let snapshot = Snapshot {
            // The newest has the name that sorts last, so that it stands on the last page.
            id: format!("rds:aged-{:02}", 40 - day),
            created: Some(days_ago(day)),
            ..Snapshot::default()
        };
        control.place_snapshot(of, &snapshot).await.unwrap();
    }
    let unfinished = Snapshot {
        id: "rds:aged-00".to_owned(),
        status: Some("creating".to_owned()),
        percent: Some(40),
        ..Snapshot::default()
    };
    control.place_snapshot(of, &unfinished).await.unwrap();
    let manual = Snapshot {
        id: "by-hand".to_owned(),
        created: Some(days_ago(0)),
        kind: Some("manual".to_owned()),
        ..Snapshot::default()
    };
    control.place_snapshot(of, &manual).await.unwrap();
    let mut pages = rds
        .describe_db_cluster_snapshots()
        .db_cluster_identifier("aged")
        .snapshot_type("automated")
        .max_records(20)
        .into_paginator()
        .send();
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.db_cluster_snapshots().len());
        seen.extend(page.db_cluster_snapshots().to_vec());
    }
    assert_eq!(sizes, [20, 6]);
    let newest = seen.iter().max_by_key(|one| one.snapshot_create_time()).unwrap();
    assert_eq!(newest.db_cluster_snapshot_identifier(), Some("rds:aged-39"));
    assert_eq!(
        newest.snapshot_create_time().unwrap().secs(),
        days_ago(1).as_second()
    );
    let creating = &seen[0];
    assert_eq!(
        (
            creating.status(),
            creating.percent_progress(),
            creating.snapshot_create_time()
        ),
        (Some("creating"), Some(40), None)
    );
    let all = rds
        .describe_db_cluster_snapshots()
        .db_cluster_identifier("aged")
        .send()
        .await
        .unwrap();
    assert_eq!(
        all.db_cluster_snapshots().len(),
        27,
        "the manual one is among them"
    );
    let too_small = rds
        .describe_db_cluster_snapshots()
        .max_records(5)
        .send()
        .await
        .unwrap_err();
    assert_eq!(too_small.code(), Some("InvalidParameterValue"));

    control.forget_snapshots(of, Some("by-hand")).await.unwrap();
    let gone = rds
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier("by-hand")
        .send()
        .await;
    assert!(
        gone.unwrap_err()
            .into_service_error()
            .is_db_cluster_snapshot_not_found_fault()
    );
}

#[tokio::test]
async fn an_instance_has_snapshots_of_its_own() {
    let rds = Client::new(&emulator().await.sdk_config());
    for name in ["alone", "beside"] {
        rds.create_db_instance()
            .db_instance_identifier(name)
            .engine("postgres")
            .db_instance_class("db.r6g.large")
            .allocated_storage(100)
            .master_username("owner")
            .master_user_password("not-a-secret-1")
            .send()
            .await
            .unwrap();
        let snapshot = Snapshot {
            id: format!("rds:{name}-1"),
            created: Some(days_ago(2)),
            ..Snapshot::default()
        };
        let control = emulator().await.control();
        control
            .place_snapshot(Database::Instance(name), &snapshot)
            .await
            .unwrap();
    }
    let seen = rds
        .describe_db_snapshots()
        .db_instance_identifier("alone")
        .send()
        .await
        .unwrap();
    let [one] = seen.db_snapshots() else {
        panic!("{seen:?}")
    };
    assert_eq!(one.snapshot_type(), Some("automated"));
    assert_eq!(
        one.snapshot_create_time().unwrap().secs(),
        days_ago(2).as_second()
    );
    assert_eq!(one.encrypted(), Some(false));
}

#[tokio::test]
async fn a_cluster_can_be_restored_until_a_moment_ago_unless_a_test_says_otherwise() {
    let rds = cluster("restorable").await;
    let control = emulator().await.control();
    let of = Database::Cluster("restorable");
    let read = async || {
        let seen = rds
            .describe_db_clusters()
            .db_cluster_identifier("restorable")
            .send()
            .await
            .unwrap();
        seen.db_clusters()[0].clone()
    };
    let lag = clock::now().as_second() - read().await.latest_restorable_time().unwrap().secs();
    assert!((60..400).contains(&lag), "{lag} s");
    control
        .set_restorable(of, Some(days_ago(7)), Some(days_ago(1)))
        .await
        .unwrap();
    let policy = BackupPolicy {
        retention_days: Some(7),
        window: Some("02:00-03:00".to_owned()),
        deletion_protection: Some(true),
        ..BackupPolicy::default()
    };
    control.set_backup_policy(of, &policy).await.unwrap();
    let seen = read().await;
    assert_eq!(
        seen.latest_restorable_time().unwrap().secs(),
        days_ago(1).as_second()
    );
    assert_eq!(
        seen.earliest_restorable_time().unwrap().secs(),
        days_ago(7).as_second()
    );
    assert_eq!(
        (
            seen.backup_retention_period(),
            seen.preferred_backup_window(),
            seen.deletion_protection()
        ),
        (Some(7), Some("02:00-03:00"), Some(true))
    );
}

#[tokio::test]
async fn events_are_told_of_the_time_that_is_asked_for() {
    let rds = cluster("eventful").await;
    let control = emulator().await.control();
    for (hours, message) in [(30, "Started failover"), (2, "Completed failover")] {
        let event = DatabaseEvent {
            source: "eventful".to_owned(),
            source_type: "db-cluster".to_owned(),
            message: message.to_owned(),
            categories: vec!["failover".to_owned()],
            at: Some(
                clock::now()
                    .checked_sub(SignedDuration::from_hours(hours))
                    .unwrap(),
            ),
        };
        control.post_database_event(&event).await.unwrap();
    }
    let last_day = rds
        .describe_events()
        .source_identifier("eventful")
        .source_type(aws_sdk_rds::types::SourceType::DbCluster)
        .duration(24 * 60)
        .send()
        .await
        .unwrap();
    let told: Vec<_> = last_day.events().iter().filter_map(|one| one.message()).collect();
    assert_eq!(told, ["Completed failover"]);
}

#[tokio::test]
async fn a_key_says_when_it_can_no_longer_decrypt() {
    let kms = aws_sdk_kms::Client::new(&emulator().await.sdk_config());
    let made = kms.create_key().send().await.unwrap();
    let arn = made.key_metadata().unwrap().arn().unwrap();
    let state = async || {
        let seen = kms.describe_key().key_id(arn).send().await.unwrap();
        seen.key_metadata().unwrap().key_state().unwrap().clone()
    };
    assert_eq!(state().await, KeyState::Enabled);
    kms.disable_key().key_id(arn).send().await.unwrap();
    assert_eq!(state().await, KeyState::Disabled);
    kms.schedule_key_deletion()
        .key_id(arn)
        .pending_window_in_days(7)
        .send()
        .await
        .unwrap();
    assert_eq!(state().await, KeyState::PendingDeletion);
    let other = arn.replace("key/", "key/0");
    let error = kms.describe_key().key_id(other).send().await.unwrap_err();
    assert!(error.into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn an_instance_can_be_restored_within_its_window_and_another_region_has_facts_of_its_own() {
    let emulator = emulator().await;
    let rds = Client::new(&emulator.sdk_config());
    rds.create_db_instance()
        .db_instance_identifier("windowed")
        .engine("postgres")
        .db_instance_class("db.r6g.large")
        .allocated_storage(100)
        .backup_retention_period(7)
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .send()
        .await
        .unwrap();
    let control = emulator.control();
    let of = Database::Instance("windowed");
    control
        .set_restorable(of, Some(days_ago(5)), Some(days_ago(1)))
        .await
        .unwrap();
    let seen = rds
        .describe_db_instance_automated_backups()
        .db_instance_identifier("windowed")
        .send()
        .await
        .unwrap();
    let [one] = seen.db_instance_automated_backups() else {
        panic!("{seen:?}")
    };
    let window = one.restore_window().unwrap();
    assert_eq!(window.earliest_time().unwrap().secs(), days_ago(5).as_second());
    assert_eq!(window.latest_time().unwrap().secs(), days_ago(1).as_second());

    let nowhere = control
        .in_region("eu-west-1")
        .set_restorable(of, None, None)
        .await
        .unwrap_err();
    assert!(nowhere.to_string().contains("no database windowed"), "{nowhere}");
    let elsewhere = aws_sdk_rds::config::Builder::from(&emulator.sdk_config())
        .region(aws_config::Region::from_static("eu-west-1"))
        .build();
    let elsewhere = Client::from_conf(elsewhere);
    elsewhere
        .create_db_cluster()
        .db_cluster_identifier("copied")
        .engine("aurora-postgresql")
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .send()
        .await
        .unwrap();
    let copy = Snapshot {
        id: "copy-1".to_owned(),
        created: Some(days_ago(1)),
        kind: Some("manual".to_owned()),
        ..Snapshot::default()
    };
    let there = control.in_region("eu-west-1");
    there
        .place_snapshot(Database::Cluster("copied"), &copy)
        .await
        .unwrap();
    let seen = elsewhere.describe_db_cluster_snapshots().send().await.unwrap();
    let [one] = seen.db_cluster_snapshots() else {
        panic!("{seen:?}")
    };
    assert!(
        one.db_cluster_snapshot_arn()
            .unwrap()
            .starts_with("arn:aws:rds:eu-west-1:")
    );
    let here = rds
        .describe_db_cluster_snapshots()
        .db_cluster_identifier("copied")
        .send()
        .await
        .unwrap();
    assert!(here.db_cluster_snapshots().is_empty());
}
