//! Why an Auto Scaling group falls short of its target: its limits, its history, its suspended processes, its plan.

use aws_sdk_autoscaling::error::ProvideErrorMetadata as _;
use day2_platform::aws::control::Activity;
use jiff::Timestamp;

use crate::emulator::compute::{described, group};
use crate::emulator::emulator;

#[tokio::test]
async fn a_group_above_its_maximum_is_refused() {
    let (scaling, _) = group("limits").await;
    let error = scaling
        .set_desired_capacity()
        .auto_scaling_group_name("limits")
        .desired_capacity(50)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("ValidationError"));
    assert_eq!(described(&scaling, "limits").await.desired_capacity(), Some(3));
}

#[tokio::test]
async fn a_shortage_leaves_failed_activities_and_no_instances_until_it_is_mended() {
    let (scaling, _) = group("short").await;
    let control = emulator().await.control();
    control
        .fail_launches("short", "InsufficientInstanceCapacity")
        .await
        .unwrap();
    scaling
        .set_desired_capacity()
        .auto_scaling_group_name("short")
        .desired_capacity(5)
        .send()
        .await
        .unwrap();
    assert_eq!(described(&scaling, "short").await.instances().len(), 3);

    let seen = scaling
        .describe_scaling_activities()
        .auto_scaling_group_name("short")
        .send()
        .await
        .unwrap();
    let newest = &seen.activities()[0];
    assert_eq!(newest.status_code().unwrap().as_str(), "Failed");
    assert_eq!(newest.status_message(), Some("InsufficientInstanceCapacity"));

    control.mend_launches("short").await.unwrap();
    assert_eq!(described(&scaling, "short").await.instances().len(), 5);
}

#[tokio::test]
async fn posted_activities_come_in_progress_first_then_newest_first_and_in_pages() {
    let (scaling, _) = group("history").await;
    let control = emulator().await.control();
    let at: Timestamp = "2026-01-05T06:10:00Z".parse().unwrap();
    for (status, minute) in [("WaitingForInstanceWarmup", 0), ("Failed", 1), ("Cancelled", 2)] {
        let activity = Activity {
            auto_scaling_group: "history".to_owned(),
            status_code: status.to_owned(),
            status_message: Some("a reason with <marks> & signs".to_owned()),
            start_time: Some(at + jiff::SignedDuration::from_mins(minute)),
            ..Activity::default()
        };
        control.post_scaling_activity(&activity).await.unwrap();
    }
    let mut pages = scaling
        .describe_scaling_activities()
        .auto_scaling_group_name("history")
        .into_paginator()
        .page_size(2)
        .send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.activities().len() <= 2);
        seen.extend(
            page.activities()
                .iter()
                .map(|one| one.status_code().unwrap().as_str().to_owned()),
        );
    }
    let launches = ["Successful"; 3];
    let expected = [
        &["WaitingForInstanceWarmup"],
        launches.as_slice(),
        &["Cancelled", "Failed"],
    ];
    assert_eq!(seen, expected.concat());
}

#[tokio::test]
async fn suspended_processes_are_shown_and_hold_launches_back() {
    let (scaling, _) = group("suspended").await;
    scaling
        .suspend_processes()
        .auto_scaling_group_name("suspended")
        .scaling_processes("Launch")
        .send()
        .await
        .unwrap();
    scaling
        .set_desired_capacity()
        .auto_scaling_group_name("suspended")
        .desired_capacity(4)
        .send()
        .await
        .unwrap();
    let seen = described(&scaling, "suspended").await;
    let names: Vec<_> = seen
        .suspended_processes()
        .iter()
        .map(|one| one.process_name().unwrap())
        .collect();
    assert_eq!((names, seen.instances().len()), (vec!["Launch"], 3));

    scaling
        .resume_processes()
        .auto_scaling_group_name("suspended")
        .send()
        .await
        .unwrap();
    let seen = described(&scaling, "suspended").await;
    assert_eq!((seen.suspended_processes().len(), seen.instances().len()), (0, 4));
}

#[tokio::test]
async fn a_recurring_action_is_answered_with_its_next_start_in_utc() {
    let (scaling, _) = group("planned").await;
    scaling
        .put_scheduled_update_group_action()
        .auto_scaling_group_name("planned")
        .scheduled_action_name("morning")
        .recurrence("15 6 * * MON-FRI")
        .time_zone("America/New_York")
        .desired_capacity(6)
        .send()
        .await
        .unwrap();
    let seen = scaling
        .describe_scheduled_actions()
        .auto_scaling_group_name("planned")
        .send()
        .await
        .unwrap();
    let action = &seen.scheduled_update_group_actions()[0];
    assert_eq!(
        (action.time_zone(), action.desired_capacity()),
        (Some("America/New_York"), Some(6))
    );
    let start = Timestamp::from_second(action.start_time().unwrap().secs())
        .unwrap()
        .in_tz("America/New_York")
        .unwrap();
    assert_eq!((start.hour(), start.minute()), (6, 15));
}
