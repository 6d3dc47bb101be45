use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_instance_refreshes::DescribeInstanceRefreshesOutput;
use aws_sdk_autoscaling::operation::describe_scaling_activities::DescribeScalingActivitiesOutput;
use aws_sdk_autoscaling::operation::describe_scheduled_actions::DescribeScheduledActionsOutput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::types as ec2;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::{instance_refreshes, instances, scaling_activities, scaling_groups, scheduled_actions};

fn group(name: &str) -> asg::builders::AutoScalingGroupBuilder {
    asg::AutoScalingGroup::builder()
        .auto_scaling_group_name(name)
        .desired_capacity(3)
        .min_size(1)
        .max_size(9)
        .vpc_zone_identifier("subnet-a, subnet-b")
}

#[tokio::test]
async fn a_group_that_is_not_returned_is_not_found_and_its_neighbour_is_kept_w25() {
    let one = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        let tag = asg::TagDescription::builder().key("team").value("coder").build();
        DescribeAutoScalingGroupsOutput::builder()
            .auto_scaling_groups(group("here").tags(tag).build())
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&one]);
    let seen = scaling_groups::describe(&client, &times(), &["gone".into(), "here".into()]).await;
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::NotFound);
    let here = seen[1].1.as_ref().unwrap();
    assert_eq!(
        (here.desired, here.min, here.max, here.subnets.len()),
        (3, 1, 9, 2)
    );
    assert_eq!(here.tags, [("team".to_owned(), "coder".to_owned())]);
}

#[tokio::test]
async fn a_group_without_a_size_is_malformed_and_not_empty_w04() {
    let two = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        DescribeAutoScalingGroupsOutput::builder()
            .auto_scaling_groups(group("a").set_desired_capacity(None).build())
            .auto_scaling_groups(group("b").build())
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&two]);
    let seen = scaling_groups::describe(&client, &times(), &["a".into(), "b".into()]).await;
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::Malformed);
    assert!(seen[1].1.is_ok(), "its neighbour is kept");
}

#[tokio::test]
async fn no_names_ask_for_nothing_and_many_are_asked_in_batches() {
    let any = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        DescribeAutoScalingGroupsOutput::builder()
            .set_auto_scaling_groups(Some(Vec::new()))
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&any]);
    // Without names the API would describe every group of the account.
    assert!(scaling_groups::describe(&client, &times(), &[]).await.is_empty());
    assert_eq!(any.num_calls(), 0);
    let names: Vec<String> = (0..51).map(|index| format!("g{index}")).collect();
    let seen = scaling_groups::describe(&client, &times(), &names).await;
    assert_eq!((any.num_calls(), seen.len()), (2, 51));
    assert_eq!(seen[50].0, "g50");
}

#[tokio::test]
async fn reading_activities_stops_at_the_first_old_one_that_is_over() {
    use asg::ScalingActivityStatusCode::{Failed, InProgress};
    let activity = |id: &str, status: asg::ScalingActivityStatusCode, started: &str| {
        asg::Activity::builder()
            .activity_id(id)
            .auto_scaling_group_name("g")
            .start_time(sdk_time(at(started)))
            .status_code(status)
            .status_message(id)
            .build()
    };
    // As AWS answers: what is in progress stands first, however long ago it began.
    let page = mock!(aws_sdk_autoscaling::Client::describe_scaling_activities).then_output(move || {
        DescribeScalingActivitiesOutput::builder()
            .activities(activity("waits at a hook", InProgress, "2026-11-18T11:00:00Z"))
            .activities(activity("new", Failed, "2026-11-20T11:00:00Z"))
            .activities(activity("old", Failed, "2026-11-18T11:00:00Z"))
            .next_token("never asked for")
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
    let seen = scaling_activities::since(&client, &times(), "g", at("2026-11-19T11:30:00Z"))
        .await
        .unwrap();
    assert_eq!(
        seen.iter().map(|activity| &*activity.message).collect::<Vec<_>>(),
        ["new"]
    );
    assert_eq!(page.num_calls(), 1);
}

#[tokio::test]
async fn a_scheduled_action_keeps_what_it_sets_and_what_it_leaves() {
    let page = mock!(aws_sdk_autoscaling::Client::describe_scheduled_actions).then_output(|| {
        let action = asg::ScheduledUpdateGroupAction::builder()
            .scheduled_action_name("down")
            .recurrence("0 19 * * *")
            .end_time(sdk_time(at("2026-12-31T00:00:00Z")))
            .min_size(2)
            .max_size(6);
        DescribeScheduledActionsOutput::builder()
            .scheduled_update_group_actions(action.build())
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
    let seen = scheduled_actions::of_group(&client, &times(), "g").await.unwrap();
    let one = &seen[0];
    assert_eq!((one.min, one.max, one.desired), (Some(2), Some(6), None));
    assert_eq!(one.ends_at, Some(at("2026-12-31T00:00:00Z")));
    assert_eq!(one.group, "g");
}

#[tokio::test]
async fn a_refresh_is_under_way_until_it_is_known_to_have_ended_w16() {
    use asg::InstanceRefreshStatus as Status;
    for (status, under_way) in [
        (Status::Pending, true),
        (Status::InProgress, true),
        (Status::Baking, true),
        (Status::Cancelling, true),
        (Status::RollbackInProgress, true),
        (Status::from("SomethingNew"), true),
        (Status::Successful, false),
        (Status::Failed, false),
        (Status::Cancelled, false),
        (Status::RollbackSuccessful, false),
        (Status::RollbackFailed, false),
    ] {
        let page = mock!(aws_sdk_autoscaling::Client::describe_instance_refreshes).then_output(move || {
            let refresh = asg::InstanceRefresh::builder()
                .instance_refresh_id("r-1")
                .status(status.clone())
                .percentage_complete(40);
            DescribeInstanceRefreshesOutput::builder()
                .instance_refreshes(refresh.build())
                .build()
        });
        let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
        let seen = instance_refreshes::of_group(&client, &times(), "g")
            .await
            .unwrap();
        assert_eq!(seen[0].is_under_way(), under_way, "{}", seen[0].status);
        assert_eq!(seen[0].percent_complete, Some(40));
    }
}

#[tokio::test]
async fn managed_instances_are_asked_for_and_batches_are_joined() {
    let asked = mock!(aws_sdk_ec2::Client::describe_instances)
        .match_requests(|request| {
            request.include_managed_resources() == Some(true) && request.filters().len() == 1
        })
        .then_output(|| {
            let instance = ec2::Instance::builder()
                .instance_id("i-1")
                .instance_lifecycle(ec2::InstanceLifecycleType::Spot)
                .launch_time(sdk_time(at("2026-11-20T11:00:00Z")))
                .build();
            DescribeInstancesOutput::builder()
                .reservations(ec2::Reservation::builder().instances(instance).build())
                .build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&asked]);
    let ids: Vec<String> = (0..201).map(|index| format!("i-{index}")).collect();
    let seen = instances::by_ids(&client, &times(), "instances of the groups", &ids)
        .await
        .unwrap();
    assert_eq!(asked.num_calls(), 2, "201 ids are two requests");
    assert!(
        seen.iter()
            .all(|instance| instance.spot && instance.launched_at.is_some())
    );
}
