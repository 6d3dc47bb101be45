//! What is asked of AWS, and what a failure becomes. Taking nodes back needs a cluster and is proven on the local platform.

use std::sync::Arc;

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::set_desired_capacity::{
    SetDesiredCapacityError, SetDesiredCapacityOutput,
};
use aws_sdk_autoscaling::types::error::{ResourceContentionFault, ScalingActivityInProgressFault};
use aws_sdk_autoscaling::types::{AutoScalingGroup, SuspendedProcess};
use aws_sdk_eks::operation::describe_nodegroup::DescribeNodegroupOutput;
use aws_sdk_eks::operation::update_nodegroup_config::UpdateNodegroupConfigOutput;
use aws_sdk_eks::types::{Nodegroup, NodegroupScalingConfig, NodegroupStatus, Update, UpdateStatus};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::Applied;
use day2_core::target::Target;
use day2_reads::times::Times;

use super::give_back::{came_of, ends, settled, stays};
use super::raise::{Look, look, raise};
use crate::change::{GiveBack, Leaving, Raise, Through};
use crate::gather::Clients;
use crate::plan::tests::world;

fn times() -> Times {
    let now = world::now();
    Times {
        now,
        deadline: now + jiff::SignedDuration::from_secs(60),
        clock: Arc::new(move || now),
    }
}

fn target() -> Target {
    world::settings().targets.remove(0)
}

fn clients(scaling: &[&Rule], eks: &[&Rule]) -> Clients {
    Clients {
        autoscaling: mock_client!(aws_sdk_autoscaling, RuleMode::Sequential, scaling),
        cloudwatch: mock_client!(aws_sdk_cloudwatch, RuleMode::Sequential, [] as [&Rule; 0]),
        ec2: mock_client!(aws_sdk_ec2, RuleMode::Sequential, [] as [&Rule; 0]),
        eks: mock_client!(aws_sdk_eks, RuleMode::Sequential, eks),
        quotas: mock_client!(aws_sdk_servicequotas, RuleMode::Sequential, [] as [&Rule; 0]),
        credentials: None,
    }
}

fn change(through: Through) -> Raise {
    Raise {
        group: world::ASG.to_owned(),
        through,
        baseline: 50,
        from: 50,
        to: 75,
    }
}

fn eks() -> Through {
    Through::Eks {
        cluster: "prod-a".to_owned(),
        node_group: "workspace-mng".to_owned(),
    }
}

fn described(desired: i32, max: i32) -> Rule {
    mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups)
        .match_requests(|request| request.auto_scaling_group_names() == [world::ASG.to_owned()])
        .then_output(move || {
            let group = AutoScalingGroup::builder()
                .auto_scaling_group_name(world::ASG)
                .desired_capacity(desired)
                .min_size(2)
                .max_size(max)
                .build();
            DescribeAutoScalingGroupsOutput::builder()
                .auto_scaling_groups(group)
                .build()
        })
}

fn gone() -> Rule {
    mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        DescribeAutoScalingGroupsOutput::builder()
            .set_auto_scaling_groups(Some(Vec::new()))
            .build()
    })
}

fn set(size: i32) -> Rule {
    mock!(aws_sdk_autoscaling::Client::set_desired_capacity)
        .match_requests(move |request| {
            request.auto_scaling_group_name() == Some(world::ASG)
                && request.desired_capacity() == Some(size)
                && request.honor_cooldown() == Some(false)
        })
        .then_output(|| SetDesiredCapacityOutput::builder().build())
}

fn fails(error: fn() -> SetDesiredCapacityError) -> Rule {
    mock!(aws_sdk_autoscaling::Client::set_desired_capacity).then_error(error)
}

fn coded(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).message("later").build()
}

fn in_progress() -> SetDesiredCapacityError {
    SetDesiredCapacityError::ScalingActivityInProgressFault(
        ScalingActivityInProgressFault::builder()
            .meta(coded("ScalingActivityInProgress"))
            .build(),
    )
}

fn contention() -> SetDesiredCapacityError {
    SetDesiredCapacityError::ResourceContentionFault(
        ResourceContentionFault::builder()
            .meta(coded("ResourceContention"))
            .build(),
    )
}

fn lost() -> SetDesiredCapacityError {
    SetDesiredCapacityError::generic(coded("InternalFailure"))
}

async fn raised(clients: &Clients, through: Through) -> Applied {
    raise(clients, &target(), world::KEY, &change(through), &times()).await
}

#[tokio::test]
async fn the_planned_size_is_set_whatever_the_cool_down_of_the_group() {
    let (before, set) = (described(50, 100), set(75));
    let clients = clients(&[&before, &set], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(
        matches!(&applied, Applied::Done(says) if says.starts_with("50 -> 75 nodes")),
        "{applied:?}"
    );
    assert_eq!(set.num_calls(), 1);
}

#[tokio::test]
async fn a_size_that_is_there_already_is_not_set_again_d12() {
    let (before, set) = (described(80, 100), set(75));
    let clients = clients(&[&before, &set], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(matches!(applied, Applied::AlreadyDone(_)), "{applied:?}");
    assert_eq!(set.num_calls(), 0);
}

#[tokio::test]
async fn a_group_that_vanished_between_plan_and_raise_is_an_explained_no_op_w17() {
    let (before, set) = (gone(), set(75));
    let clients = clients(&[&before, &set], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("gone")),
        "{applied:?}"
    );
    assert_eq!(set.num_calls(), 0);
}

#[tokio::test]
async fn a_busy_group_is_asked_again_a_few_times_w15() {
    let (before, first, second, third) = (described(50, 100), fails(in_progress), fails(contention), set(75));
    let clients = clients(&[&before, &first, &second, &third], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
    assert_eq!(third.num_calls(), 1);
}

#[tokio::test]
async fn a_group_that_stays_busy_is_given_up_and_said_to_be_unchanged_w15() {
    let before = described(50, 100);
    let busy: Vec<Rule> = (0..3).map(|_| fails(in_progress)).collect();
    let (after, never) = (described(50, 100), set(75));
    let rules: Vec<&Rule> = [&before]
        .into_iter()
        .chain(&busy)
        .chain([&after, &never])
        .collect();
    let clients = clients(&rules, &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(
        matches!(&applied, Applied::Failed { says, .. } if says.contains("nothing was changed")),
        "{applied:?}"
    );
    assert_eq!(never.num_calls(), 0);
}

#[tokio::test]
async fn a_lost_answer_is_met_by_a_look_and_not_by_sending_again() {
    let (before, lost, after) = (described(50, 100), fails(lost), described(75, 100));
    let clients = clients(&[&before, &lost, &after], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(
        matches!(&applied, Applied::Done(says) if says.contains("all the same")),
        "{applied:?}"
    );
    assert_eq!(lost.num_calls(), 1);
}

fn node_group(status: NodegroupStatus) -> Rule {
    mock!(aws_sdk_eks::Client::describe_nodegroup).then_output(move || {
        let sizes = NodegroupScalingConfig::builder()
            .min_size(2)
            .max_size(100)
            .desired_size(50)
            .build();
        let group = Nodegroup::builder()
            .nodegroup_name("workspace-mng")
            .status(status.clone())
            .scaling_config(sizes)
            .build();
        DescribeNodegroupOutput::builder().nodegroup(group).build()
    })
}

fn update(status: UpdateStatus) -> Rule {
    mock!(aws_sdk_eks::Client::update_nodegroup_config)
        .match_requests(|request| {
            let sizes = request.scaling_config().unwrap();
            let token = request.client_request_token().unwrap_or_default();
            request.nodegroup_name() == Some("workspace-mng")
                && sizes.desired_size() == Some(75)
                && sizes.min_size().is_none()
                && sizes.max_size().is_none()
                && (1..=64).contains(&token.len())
        })
        .then_output(move || {
            let update = Update::builder().id("u-1").status(status.clone()).build();
            UpdateNodegroupConfigOutput::builder().update(update).build()
        })
}

#[tokio::test]
async fn a_managed_node_group_is_raised_through_eks_and_its_bounds_are_not_sent() {
    let (before, group) = (described(50, 100), node_group(NodegroupStatus::Active));
    let update = update(UpdateStatus::InProgress);
    let clients = clients(&[&before], &[&group, &update]);
    let applied = raised(&clients, eks()).await;
    assert!(
        matches!(&applied, Applied::Done(says) if says.contains("EKS update u-1 is InProgress")),
        "{applied:?}"
    );
    assert_eq!(update.num_calls(), 1);
}

#[tokio::test]
async fn a_managed_node_group_that_eks_is_changing_is_left_alone() {
    let (before, group) = (described(50, 100), node_group(NodegroupStatus::Updating));
    let update = update(UpdateStatus::InProgress);
    let clients = clients(&[&before], &[&group, &update]);
    let applied = raised(&clients, eks()).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("UPDATING")),
        "{applied:?}"
    );
    assert_eq!(update.num_calls(), 0);
}

#[tokio::test]
async fn an_update_that_eks_fails_at_once_is_no_success() {
    let (before, group) = (described(50, 100), node_group(NodegroupStatus::Active));
    let update = update(UpdateStatus::Failed);
    let clients = clients(&[&before], &[&group, &update]);
    let applied = raised(&clients, eks()).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("Failed")),
        "{applied:?}"
    );
}

#[tokio::test]
async fn a_group_that_was_suspended_meanwhile_is_left_alone_w16() {
    let suspended = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        let group = AutoScalingGroup::builder()
            .auto_scaling_group_name(world::ASG)
            .desired_capacity(50)
            .min_size(2)
            .max_size(100)
            .suspended_processes(SuspendedProcess::builder().process_name("Launch").build())
            .build();
        DescribeAutoScalingGroupsOutput::builder()
            .auto_scaling_groups(group)
            .build()
    });
    let set = set(75);
    let clients = clients(&[&suspended, &set], &[]);
    let applied = raised(&clients, Through::AutoScaling).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("suspended")),
        "{applied:?}"
    );
    assert_eq!(set.num_calls(), 0);
}

#[test]
fn a_fresh_look_never_lowers_never_passes_the_maximum_and_never_makes_the_step_larger_w12_w13_w14() {
    let plan = change(Through::AutoScaling);
    for (desired, max, expected) in [
        (50, 100, Some(75)),
        (60, 100, Some(75)),
        (50, 60, Some(60)),
        (50, 75, Some(75)),
        (75, 100, None),
        (90, 100, None),
        (49, 100, None),
        (10, 100, None),
        (50, 50, None),
        (60, 55, None),
    ] {
        let mut group = world::group(desired);
        group.max = max;
        let to = match look(&group, &plan) {
            Look::Set(to) => Some(to),
            Look::Done(_) | Look::Refuse(_) => None,
        };
        assert_eq!(to, expected, "{desired} of {max}");
    }
}

#[test]
fn taking_back_ends_where_somebody_else_sets_the_size_and_at_the_floor_and_the_minimum_w14() {
    let back = GiveBack {
        group: world::ASG.to_owned(),
        from: 75,
        floor: 50,
        nodes: Vec::new(),
    };
    for (desired, taken, min, goes_on) in [
        (75, 0, 2, true),
        (74, 1, 2, true),
        (51, 24, 2, true),
        (50, 25, 2, false),
        (76, 0, 2, false),
        (74, 0, 2, false),
        (60, 15, 60, false),
        (61, 14, 60, true),
    ] {
        let mut group = world::group(desired);
        group.min = min;
        let end = ends(&group, &back, taken);
        assert_eq!(end.is_none(), goes_on, "{desired} {taken} {min}: {end:?}");
    }
}

#[test]
fn fewer_nodes_than_were_planned_is_a_part_and_says_what_stays() {
    let kept = ["w74: pod a/b came in the meantime".to_owned()];
    assert!(matches!(came_of(2, 2, &[]), Applied::Done(says) if says == "2 nodes were taken back"));
    assert!(matches!(came_of(2, 0, &kept), Applied::Refused(says) if says.contains("pod a/b")));
    let Applied::Partly { says, left } = came_of(10, 9, &kept) else {
        panic!("not a part")
    };
    assert_eq!(says, "9 nodes were taken back");
    assert_eq!(left, "1 node stays: w74: pod a/b came in the meantime");
}

#[test]
fn an_instance_that_was_protected_or_left_the_group_meanwhile_is_not_terminated() {
    let leaving = Leaving {
        instance: "i-3".to_owned(),
        node: "w3".to_owned(),
        uid: "uid-w3".to_owned(),
    };
    let mut group = world::group(5);
    assert_eq!(stays(&group, &leaving), None);
    group.instances[3].protected = true;
    assert!(stays(&group, &leaving).unwrap().contains("protected"));
    group.instances[3].protected = false;
    group.instances[3].lifecycle_state = "Standby".to_owned();
    assert!(stays(&group, &leaving).unwrap().contains("Standby"));
    group.instances.remove(3);
    assert!(stays(&group, &leaving).unwrap().contains("not in the group"));
}

#[tokio::test]
async fn a_pod_that_the_scheduler_had_already_sent_is_seen_after_the_cordon() {
    let landed = std::cell::Cell::new(false);
    let (seen, ()) = tokio::join!(settled(async || landed.get()), async { landed.set(true) });
    assert!(seen);
}
