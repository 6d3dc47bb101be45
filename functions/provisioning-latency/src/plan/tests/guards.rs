//! What objects to a raise, each by itself: taken away, the raise is planned.

use day2_core::action::guard::Guard;
use day2_core::{Cause, Unreadable, Verdict};
use day2_reads::instance_refreshes::Refresh;

use super::world::*;
use crate::facts::Facts;

const ICE: &str = "We currently do not have sufficient m7i.xlarge capacity (InsufficientInstanceCapacity).";

#[track_caller]
fn refused(facts: &Facts, guard: Guard, says: &str) {
    let seen = planned(facts);
    assert!(seen.plan.steps.is_empty(), "{:?}", seen.plan.steps);
    let refusal = seen
        .plan
        .refusals
        .iter()
        .find(|refusal| refusal.guard == guard)
        .unwrap_or_else(|| panic!("no {guard:?} in {:?}", seen.plan.refusals));
    assert!(refusal.says.contains(says), "{}", refusal.says);
    assert!(!refusal.allowed_by.is_empty());
    assert!(seen.says.contains("refused by"), "{}", seen.says);
}

fn refresh(status: &str) -> Refresh {
    Refresh {
        id: "r-1".to_owned(),
        group: ASG.to_owned(),
        status: status.to_owned(),
        reason: String::new(),
        percent_complete: Some(40),
        started_at: Some(ago(10)),
        ended_at: None,
    }
}

#[test]
fn nothing_is_raised_shortly_before_a_scheduled_scale_down_w16() {
    let mut facts = world(50);
    facts.group.scheduled = Ok(vec![scheduled("evening", 20, 10)]);
    refused(
        &facts,
        Guard::Window,
        "evening, which lowers the group to 10, is due in 20 minutes",
    );
}

#[test]
fn a_scale_down_later_or_a_scale_up_soon_does_not_object() {
    let mut facts = world(50);
    facts.group.scheduled = Ok(vec![scheduled("evening", 31, 10), scheduled("noon", 10, 80)]);
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), Some((50, 75)));
    assert!(
        item(&seen, "PRV-012").seen.contains("noon"),
        "{}",
        item(&seen, "PRV-012").seen
    );
}

#[test]
fn a_scheduled_action_between_the_size_now_and_the_size_wanted_lowers_too_w16() {
    let mut facts = world(50);
    facts.group.scheduled = Ok(vec![scheduled("trim", 20, 60)]);
    refused(&facts, Guard::Window, "lowers the group to 60");
}

#[test]
fn a_suspended_launch_is_reported_and_nothing_is_raised_w16() {
    let mut facts = world(50);
    group_of(&mut facts).suspended = vec![("Launch".to_owned(), "User suspended at …".to_owned())];
    refused(&facts, Guard::Degraded, "Launch is suspended");
    assert_eq!(item(&planned(&facts), "PRV-008").verdict(), Verdict::Fail);
}

#[test]
fn another_suspended_process_is_reported_and_does_not_object() {
    let mut facts = world(50);
    group_of(&mut facts).suspended = vec![("AZRebalance".to_owned(), String::new())];
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), Some((50, 75)));
    assert_eq!(item(&seen, "PRV-008").subjects[0].name, "AZRebalance");
}

#[test]
fn an_instance_refresh_under_way_objects_and_one_that_ended_does_not_w16() {
    let mut facts = world(50);
    facts.group.refreshes = Ok(vec![refresh("InProgress")]);
    refused(&facts, Guard::Degraded, "40 % done");
    facts.group.refreshes = Ok(vec![refresh("Successful")]);
    assert_eq!(raise(&planned(&facts).plan), Some((50, 75)));
}

#[test]
fn launches_that_fail_for_lack_of_capacity_make_a_raise_useless() {
    let mut facts = world(50);
    facts.group.activities = Ok(vec![launch("Failed", 2, ICE), launch("Failed", 6, ICE)]);
    refused(
        &facts,
        Guard::Degraded,
        "2 launches failed and none succeeded since",
    );
    assert_eq!(item(&planned(&facts), "PRV-009").verdict(), Verdict::Fail);
    facts.group.activities = Ok(vec![launch("Successful", 1, ""), launch("Failed", 2, ICE)]);
    assert_eq!(raise(&planned(&facts).plan), Some((50, 75)));
}

#[test]
fn a_managed_node_group_that_eks_is_changing_is_left_alone() {
    let mut facts = world(50);
    let mut busy = node_group();
    busy.status = "UPDATING".to_owned();
    facts.eks.node_groups = Ok(vec![("workspace-mng".to_owned(), Ok(busy))]);
    refused(&facts, Guard::Degraded, "workspace-mng is UPDATING");
}

#[test]
fn whatever_a_raise_stands_on_and_cannot_be_read_refuses_it() {
    type Break = fn(&mut Facts);
    let table: [(&str, Break); 8] = [
        ("autoscaling:DescribeAutoScalingGroups", |facts| {
            facts.group.group = Err(unreadable("autoscaling:DescribeAutoScalingGroups"));
        }),
        ("autoscaling:DescribeScheduledActions", |facts| {
            facts.group.scheduled = Err(unreadable("autoscaling:DescribeScheduledActions"));
        }),
        ("autoscaling:DescribeScalingActivities", |facts| {
            facts.group.activities = Err(unreadable("autoscaling:DescribeScalingActivities"));
        }),
        ("autoscaling:DescribeInstanceRefreshes", |facts| {
            facts.group.refreshes = Err(unreadable("autoscaling:DescribeInstanceRefreshes"));
        }),
        ("ec2:DescribeSubnets", |facts| {
            facts.group.subnets = Err(unreadable("ec2:DescribeSubnets"));
        }),
        ("1 of the 2 subnets", |facts| {
            facts.group.subnets.as_mut().unwrap().pop();
        }),
        ("list nodes", |facts| {
            facts.cluster.nodes = Err(unreadable("list nodes"));
        }),
        ("`whenever`", |facts| {
            let mut odd = scheduled("odd", -10, 10);
            odd.recurrence = Some("whenever".to_owned());
            facts.group.scheduled = Ok(vec![odd]);
        }),
    ];
    for (says, break_it) in table {
        let mut facts = world(50);
        break_it(&mut facts);
        refused(&facts, Guard::Unreadable, says);
    }
}

#[test]
fn a_lease_that_is_not_understood_refuses_a_raise_because_the_baseline_is_not_known() {
    let mut odd = lease("l1", 50, 50, 75, 10);
    odd.change = serde_json::json!({"kind": "paint"});
    let seen = planned_with(&world(60), &settings(), vec![odd]);
    assert!(seen.plan.steps.is_empty());
    assert_eq!(seen.plan.refusals[0].guard, Guard::Unreadable);
}

#[test]
fn a_group_that_is_gone_or_going_is_an_explained_no_op_w17() {
    let mut facts = world(50);
    facts.group.group = Err(Unreadable::new(
        "autoscaling:DescribeAutoScalingGroups",
        ASG,
        Cause::NotFound,
        "",
    ));
    let seen = planned(&facts);
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("no such Auto Scaling group"),
        "{}",
        skips(&seen.plan)
    );

    let mut facts = world(50);
    group_of(&mut facts).status = Some("Delete in progress".to_owned());
    let seen = planned(&facts);
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("Delete in progress"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn a_target_without_settings_is_an_explained_no_op() {
    let mut settings = settings();
    settings.targets[0].name = "prod-b".parse().unwrap();
    let seen = planned_with(&world(50), &settings, Vec::new());
    assert!(seen.plan.steps.is_empty());
    assert!(
        skips(&seen.plan).contains("provisioning_latency.targets"),
        "{}",
        skips(&seen.plan)
    );
}
