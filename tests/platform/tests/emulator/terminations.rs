//! Taking one instance out of a group, and instance refreshes.

use aws_sdk_autoscaling::error::ProvideErrorMetadata as _;
use aws_sdk_autoscaling::types::{InstanceRefreshStatus, ScalingActivityStatusCode};
use day2_platform::aws::control::InstanceRefresh;

use crate::emulator::compute::{described, group};
use crate::emulator::emulator;

#[tokio::test]
async fn an_instance_taken_out_with_decrement_is_not_replaced_and_its_neighbours_stay() {
    let (scaling, ec2) = group("shrinking").await;
    let before = described(&scaling, "shrinking").await;
    let victim = before.instances()[1].instance_id().unwrap();
    let answer = scaling
        .terminate_instance_in_auto_scaling_group()
        .instance_id(victim)
        .should_decrement_desired_capacity(true)
        .send()
        .await
        .unwrap();
    let activity = answer.activity().unwrap();
    assert_eq!(activity.auto_scaling_group_name(), Some("shrinking"));
    assert_eq!(
        activity.status_code(),
        Some(&ScalingActivityStatusCode::InProgress)
    );
    assert!(
        activity
            .cause()
            .unwrap()
            .contains("shrinking the capacity from 3 to 2"),
        "{activity:?}"
    );

    let after = described(&scaling, "shrinking").await;
    assert_eq!(after.desired_capacity(), Some(2));
    let expected: Vec<_> = before
        .instances()
        .iter()
        .filter_map(|one| one.instance_id())
        .filter(|id| *id != victim)
        .collect();
    let left: Vec<_> = after
        .instances()
        .iter()
        .filter_map(|one| one.instance_id())
        .collect();
    assert_eq!(left, expected);
    let seen = ec2
        .describe_instances()
        .instance_ids(victim)
        .send()
        .await
        .unwrap();
    let instance = &seen.reservations()[0].instances()[0];
    assert_eq!(instance.state().unwrap().name().unwrap().as_str(), "terminated");
}

#[tokio::test]
async fn an_instance_taken_out_without_decrement_is_replaced() {
    let (scaling, _) = group("replacing").await;
    let before = described(&scaling, "replacing").await;
    let victim = before.instances()[0].instance_id().unwrap();
    scaling
        .terminate_instance_in_auto_scaling_group()
        .instance_id(victim)
        .should_decrement_desired_capacity(false)
        .send()
        .await
        .unwrap();
    let after = described(&scaling, "replacing").await;
    assert_eq!((after.desired_capacity(), after.instances().len()), (Some(3), 3));
    assert!(
        after
            .instances()
            .iter()
            .all(|one| one.instance_id() != Some(victim))
    );
}

#[tokio::test]
async fn no_instance_is_taken_below_the_minimum_and_an_unknown_one_is_an_error() {
    let (scaling, _) = group("at-minimum").await;
    scaling
        .update_auto_scaling_group()
        .auto_scaling_group_name("at-minimum")
        .min_size(3)
        .send()
        .await
        .unwrap();
    let before = described(&scaling, "at-minimum").await;
    let member = before.instances()[0].instance_id().unwrap();
    for (instance, expected) in [
        (member, "desiredSize equals minSize (3)"),
        ("i-00000000000000000", "Instance Id not found"),
    ] {
        let error = scaling
            .terminate_instance_in_auto_scaling_group()
            .instance_id(instance)
            .should_decrement_desired_capacity(true)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("ValidationError"));
        assert!(error.message().unwrap().contains(expected), "{error:?}");
    }
    assert_eq!(
        described(&scaling, "at-minimum").await.instances(),
        before.instances()
    );
}

#[tokio::test]
async fn an_instance_refresh_is_what_a_test_placed() {
    let (scaling, _) = group("refreshing").await;
    let control = emulator().await.control();
    let refreshes = async || {
        let seen = scaling
            .describe_instance_refreshes()
            .auto_scaling_group_name("refreshing")
            .send()
            .await
            .unwrap();
        seen.instance_refreshes()
            .iter()
            .map(|one| {
                (
                    one.status().unwrap().clone(),
                    one.percentage_complete(),
                    one.end_time().is_some(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert!(refreshes().await.is_empty());
    let under_way = InstanceRefresh {
        auto_scaling_group: "refreshing".to_owned(),
        status: "InProgress".to_owned(),
        percentage_complete: Some(40),
        ..InstanceRefresh::default()
    };
    control.place_instance_refresh(&under_way).await.unwrap();
    assert_eq!(
        refreshes().await,
        [(InstanceRefreshStatus::InProgress, Some(40), false)]
    );
    let done = InstanceRefresh {
        status: "Successful".to_owned(),
        percentage_complete: Some(100),
        ..under_way
    };
    control.place_instance_refresh(&done).await.unwrap();
    assert_eq!(
        refreshes().await,
        [(InstanceRefreshStatus::Successful, Some(100), true)]
    );
}

#[tokio::test]
async fn a_protected_instance_stays_when_the_group_shrinks_and_leaves_once_it_is_not_protected() {
    let (scaling, _) = group("protected").await;
    let before = described(&scaling, "protected").await;
    let ids: Vec<&str> = before
        .instances()
        .iter()
        .filter_map(|one| one.instance_id())
        .collect();
    let protect = |instance: &str, yes: bool| {
        scaling
            .set_instance_protection()
            .auto_scaling_group_name("protected")
            .instance_ids(instance)
            .protected_from_scale_in(yes)
            .send()
    };
    let shrink = |to: i32| {
        scaling
            .set_desired_capacity()
            .auto_scaling_group_name("protected")
            .desired_capacity(to)
            .send()
    };
    let youngest = ids[2];
    protect(youngest, true).await.unwrap();
    let seen = described(&scaling, "protected").await;
    let protected: Vec<_> = seen
        .instances()
        .iter()
        .filter(|one| one.protected_from_scale_in() == Some(true))
        .filter_map(|one| one.instance_id())
        .collect();
    assert_eq!(protected, [youngest], "and no neighbour");
    shrink(2).await.unwrap();
    let left = described(&scaling, "protected").await;
    let left: Vec<_> = left
        .instances()
        .iter()
        .filter_map(|one| one.instance_id())
        .collect();
    assert_eq!(left, [ids[0], youngest]);
    protect(youngest, false).await.unwrap();
    shrink(1).await.unwrap();
    let left = described(&scaling, "protected").await;
    assert_eq!(left.instances()[0].instance_id(), Some(ids[0]));

    let error = protect("i-0000000000000000f", true).await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationError"));
}
