//! AWS Backup: what was backed up, copied, restored and validated.

use aws_sdk_backup::Client;
use aws_sdk_backup::error::ProvideErrorMetadata as _;
use aws_sdk_backup::types::{CopyJobState, RecoveryPointStatus, RestoreJobStatus, RestoreValidationStatus};
use day2_platform::aws::control::{CopyJob, RecoveryPoint, RestoreJob};
use jiff::Timestamp;
use serde_json::json;

use crate::emulator::identity::session_of;
use crate::emulator::{allow, emulator, role};

fn database(name: &str) -> String {
    format!("arn:aws:rds:us-east-1:123456789012:cluster:{name}")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn recovery_points_belong_to_their_resource_and_come_in_pages() {
    let emulator = emulator().await;
    let control = emulator.control();
    for (name, day, status) in [
        ("kept", 18, "COMPLETED"),
        ("kept", 20, "PARTIAL"),
        ("kept", 19, "COMPLETED"),
        ("other", 21, "COMPLETED"),
    ] {
        let point = RecoveryPoint {
            resource: database(name),
            created: at(&format!("2026-11-{day}T03:00:00Z")),
            status: status.to_owned(),
            vault: "daily".to_owned(),
            bytes: 7,
        };
        control.place_recovery_point(&point).await.unwrap();
    }
    let mut pages = Client::new(&emulator.sdk_config())
        .list_recovery_points_by_resource()
        .resource_arn(database("kept"))
        .max_results(2)
        .into_paginator()
        .send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.recovery_points().len() <= 2);
        for one in page.recovery_points() {
            let created = one.creation_date().unwrap().secs();
            seen.push((
                created,
                one.status().unwrap().clone(),
                one.backup_vault_name().unwrap().to_owned(),
            ));
        }
    }
    let expected = [
        (20, RecoveryPointStatus::Partial),
        (19, RecoveryPointStatus::Completed),
        (18, RecoveryPointStatus::Completed),
    ]
    .map(|(day, status)| {
        (
            at(&format!("2026-11-{day}T03:00:00Z")).as_second(),
            status,
            "daily".to_owned(),
        )
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn restore_jobs_tell_whether_the_restore_was_validated_and_by_which_plan() {
    let emulator = emulator().await;
    let (backup, control) = (Client::new(&emulator.sdk_config()), emulator.control());
    let plan = control
        .place_restore_testing_plan("weekly", Some(at("2026-11-15T03:00:00Z")))
        .await
        .unwrap();
    let job = RestoreJob {
        resource: database("restored"),
        created: at("2026-11-15T03:10:00Z"),
        completed: Some(at("2026-11-15T03:40:00Z")),
        status: "COMPLETED".to_owned(),
        status_message: None,
        validation: Some("FAILED".to_owned()),
        plan: Some(plan.clone()),
    };
    control.place_restore_job(&job).await.unwrap();
    let by_hand = RestoreJob {
        created: at("2026-11-16T03:10:00Z"),
        completed: None,
        status: "RUNNING".to_owned(),
        validation: None,
        plan: None,
        ..job
    };
    control.place_restore_job(&by_hand).await.unwrap();

    let of_plan = backup
        .list_restore_jobs()
        .by_restore_testing_plan_arn(&plan)
        .send()
        .await
        .unwrap();
    let [one] = of_plan.restore_jobs() else {
        panic!("{of_plan:?}")
    };
    assert_eq!(one.validation_status(), Some(&RestoreValidationStatus::Failed));
    assert_eq!(
        one.created_by().unwrap().restore_testing_plan_arn(),
        Some(plan.as_str())
    );
    let since = aws_sdk_backup::primitives::DateTime::from_secs(at("2026-11-16T00:00:00Z").as_second());
    let late = backup
        .list_restore_jobs()
        .by_created_after(since)
        .send()
        .await
        .unwrap();
    let late: Vec<_> = late
        .restore_jobs()
        .iter()
        .filter(|one| one.source_resource_arn() == Some(database("restored").as_str()))
        .map(|one| one.status().unwrap().clone())
        .collect();
    assert_eq!(late, [RestoreJobStatus::Running]);
    let of_resource = backup
        .list_restore_jobs_by_protected_resource()
        .resource_arn(database("restored"))
        .send()
        .await
        .unwrap();
    assert_eq!(of_resource.restore_jobs().len(), 2);
    let plans = backup.list_restore_testing_plans().send().await.unwrap();
    assert_eq!(plans.restore_testing_plans()[0].restore_testing_plan_arn(), plan);
}

#[tokio::test]
async fn copy_jobs_tell_where_the_copy_went_and_only_to_who_may_ask() {
    let emulator = emulator().await;
    let control = emulator.control();
    let elsewhere = "arn:aws:backup:eu-west-1:210987654321:backup-vault:safe";
    for (state, day) in [("COMPLETED", 18), ("FAILED", 19)] {
        let job = CopyJob {
            resource: database("copied"),
            destination_vault: elsewhere.to_owned(),
            created: at(&format!("2026-11-{day}T04:00:00Z")),
            completed: Some(at(&format!("2026-11-{day}T04:20:00Z"))),
            state: state.to_owned(),
            status_message: (state == "FAILED").then(|| "Access denied by the vault policy".to_owned()),
        };
        control.place_copy_job(&job).await.unwrap();
    }
    let arn = role("copier", "ec2.amazonaws.com", &json!([])).await;
    let backup = Client::new(&emulator.sdk_config_as(session_of(&arn).await));
    let error = backup.list_copy_jobs().send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    let allowed = json!([{"Effect": "Allow", "Action": "backup:ListCopyJobs", "Resource": "*"}]);
    allow("copier", &allowed).await;
    let failed = backup
        .list_copy_jobs()
        .by_resource_arn(database("copied"))
        .by_state(CopyJobState::Failed)
        .send()
        .await
        .unwrap();
    let [one] = failed.copy_jobs() else {
        panic!("{failed:?}")
    };
    assert_eq!(one.destination_backup_vault_arn(), Some(elsewhere));
    assert_eq!(one.status_message(), Some("Access denied by the vault policy"));
    backup.list_restore_jobs().send().await.unwrap_err();
}
