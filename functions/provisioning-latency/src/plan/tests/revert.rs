//! Taking back: only what is empty, only as much as was added, and nothing where somebody else decides by now.

use day2_aws::{Assessment, Inquiry};
use day2_core::action::guard::Guard;
use day2_core::action::{Lease, LeaseState, Occasion, Standing};
use day2_core::{Cause, Unreadable};
use day2_reads::scaling_activities::Activity;
use proptest::prelude::*;

use super::world::*;
use crate::change::{Change, GiveBack};
use crate::facts::Facts;

/// 75 nodes, raised from 50; the newest `empty` of them hold nothing but their agents.
fn raised(empty: usize) -> Facts {
    let mut facts = world(75);
    facts.cluster.nodes = Ok((0..75)
        .map(|number| node(number, if number < 50 { 600 } else { 100 }))
        .collect());
    let pods = pods_of(&mut facts);
    pods.retain(|pod| pod.phase != "Pending" && pod.namespace == "coder");
    for number in 0..75 {
        let name = format!("w{number}");
        pods.push(daemon(&name));
        if number < 75 - empty {
            pods.push(running(&format!("busy-{number}"), &name));
        }
    }
    facts
}

fn reverted_with(facts: &Facts, lease: &Lease, others: Vec<Lease>) -> Assessment<Change> {
    let settings = settings();
    let mut leases = others;
    leases.push(lease.clone());
    let standing = Standing {
        leases,
        ..Standing::default()
    };
    let inquiry = Inquiry {
        occasion: &Occasion::Revert,
        key: "revert:l1",
        standing: &standing,
        lease: Some(lease),
    };
    let change = serde_json::from_value(lease.change.clone()).unwrap();
    crate::plan::revert::revert(facts, &settings, &settings.targets[0], inquiry, &change, now())
}

fn reverted(facts: &Facts) -> Assessment<Change> {
    reverted_with(facts, &lease("l1", 50, 50, 75, 121), Vec::new())
}

fn back(assessment: &Assessment<Change>) -> Option<&GiveBack> {
    assessment.plan.steps.iter().find_map(|step| match &step.change {
        Change::GiveBack(back) => Some(back),
        _ => None,
    })
}

#[track_caller]
fn stays(assessment: &Assessment<Change>, why: &str) {
    assert!(assessment.plan.steps.is_empty(), "{:?}", assessment.plan.steps);
    assert!(
        assessment.plan.refusals.is_empty(),
        "{:?}",
        assessment.plan.refusals
    );
    let left = assessment.left.as_deref().expect("something is left");
    assert!(left.contains(why), "{left}");
}

#[test]
fn empty_nodes_go_the_newest_first_and_never_below_the_size_before() {
    let seen = reverted(&raised(30));
    let back = back(&seen).unwrap();
    assert_eq!(back.nodes.len(), 25);
    assert_eq!((back.from, back.floor), (75, 50));
    // All nodes of the raise are newer than those before; none of the older ones is touched.
    assert!(
        back.nodes
            .iter()
            .all(|leaving| leaving.node.trim_start_matches('w').parse::<usize>().unwrap() >= 50)
    );
    assert_eq!(seen.left, None);
    assert_eq!(
        (
            seen.plan.steps[0].before.as_str(),
            seen.plan.steps[0].after.as_str()
        ),
        ("75 nodes", "50 nodes")
    );
}

#[test]
fn nodes_with_work_stay_and_who_holds_them_is_said() {
    let seen = reverted(&raised(10));
    assert_eq!(back(&seen).unwrap().nodes.len(), 10);
    let left = seen.left.unwrap();
    assert!(
        left.contains("15 added nodes stay") && left.contains("holds pod coder-workspaces/busy-"),
        "{left}"
    );
}

#[test]
fn where_no_node_is_empty_nothing_goes() {
    stays(&reverted(&raised(0)), "25 added nodes stay");
}

#[test]
fn daemon_mirror_and_finished_pods_do_not_hold_a_node_and_bare_and_terminating_pods_do_k14() {
    let mut facts = raised(25);
    let mut finished = running("job", "w74");
    finished.phase = "Succeeded".to_owned();
    let mut mirror = running("kube-proxy", "w73");
    mirror
        .annotations
        .insert("kubernetes.io/config.mirror".to_owned(), "abc".to_owned());
    let mut leaving = running("leaving", "w72");
    leaving.deleting_since = Some(now());
    let mut bare = running("bare", "w71");
    bare.owner = None;
    pods_of(&mut facts).extend([finished, mirror, leaving, bare]);
    let seen = reverted(&facts);
    let names: Vec<_> = back(&seen)
        .unwrap()
        .nodes
        .iter()
        .map(|one| one.node.as_str())
        .collect();
    for (name, goes) in [("w74", true), ("w73", true), ("w72", false), ("w71", false)] {
        assert_eq!(names.contains(&name), goes, "{name}");
    }
    assert_eq!(names.len(), 23);
}

#[test]
fn protected_instances_and_those_that_never_joined_or_are_not_in_service_stay() {
    let mut facts = raised(25);
    group_of(&mut facts).instances[74].protected = true;
    group_of(&mut facts).instances[73].lifecycle_state = "Pending:Wait".to_owned();
    facts
        .cluster
        .nodes
        .as_mut()
        .unwrap()
        .retain(|node| node.name != "w72");
    let seen = reverted(&facts);
    let names: Vec<_> = back(&seen)
        .unwrap()
        .nodes
        .iter()
        .map(|one| one.node.as_str())
        .collect();
    assert_eq!(names.len(), 22, "{names:?}");
    for name in ["w74", "w73", "w72"] {
        assert!(!names.contains(&name), "{name}");
    }
    let left = seen.left.unwrap();
    assert!(
        left.contains("protected") && left.contains("not joined"),
        "{left}"
    );
}

#[test]
fn while_workspaces_wait_for_nodes_it_is_asked_again_for_three_hours_and_then_left() {
    const WHY: &str = "1 workspace pod without a node, so that all 75 nodes are still needed";
    let mut facts = raised(25);
    pods_of(&mut facts).push(waiting(1, NO_CPU));
    // The lease ended `over` minutes ago.
    for over in [-30, 1, 179] {
        let seen = reverted_with(&facts, &lease("l1", 50, 50, 75, 120 + over), Vec::new());
        assert!(seen.plan.steps.is_empty());
        assert_eq!(seen.left, None, "{over}");
        assert_eq!(seen.plan.refusals[0].guard, Guard::Degraded);
        assert!(seen.plan.refusals[0].says.contains(WHY));
    }
    let late = reverted_with(&facts, &lease("l1", 50, 50, 75, 120 + 180), Vec::new());
    stays(&late, WHY);
    // Once they are placed, the nodes go.
    pods_of(&mut facts).retain(|pod| pod.phase != "Pending");
    assert!(back(&reverted(&facts)).is_some());
}

/// Nodes that a killed attempt at this lease has left cordoned.
fn left_cordoned(facts: &mut Facts, lease: &str, numbers: &[usize]) {
    for number in numbers {
        let node = &mut facts.cluster.nodes.as_mut().unwrap()[*number];
        node.cordon_owner = Some(format!("provisioning-latency:{lease}"));
        node.unschedulable = true;
    }
}

fn lifted(seen: &Assessment<Change>) -> Vec<(&str, &str)> {
    seen.plan
        .steps
        .iter()
        .filter_map(|step| match &step.change {
            Change::Uncordon(lift) => Some(&lift.nodes),
            _ => None,
        })
        .flatten()
        .map(|held| (held.node.as_str(), held.uid.as_str()))
        .collect()
}

#[test]
fn a_cordon_that_a_killed_attempt_left_is_lifted_before_the_lease_ends_d12() {
    type Break = fn(&mut Facts);
    // Left for work that came, for a size of somebody else, for a size that is reached, for a group that is gone.
    let table: [(Break, bool); 4] = [
        (|_| {}, true),
        (|facts| group_of(facts).desired = 80, true),
        (|facts| group_of(facts).desired = 50, false),
        (
            |facts| {
                facts.group.group = Err(Unreadable::new("describe", ASG, Cause::NotFound, ""));
            },
            false,
        ),
    ];
    for (break_it, left) in table {
        let mut facts = raised(0);
        left_cordoned(&mut facts, "l1", &[70]);
        left_cordoned(&mut facts, "another", &[71]);
        break_it(&mut facts);
        let seen = reverted(&facts);
        assert_eq!(lifted(&seen), [("w70", "uid-w70")]);
        assert_eq!(seen.plan.steps.len(), 1);
        assert_eq!(seen.left.is_some(), left);
    }
}

#[test]
fn of_nodes_that_go_none_is_uncordoned_first_and_the_others_are() {
    let mut facts = raised(10);
    left_cordoned(&mut facts, "l1", &[74, 52]);
    let seen = reverted(&facts);
    assert_eq!(lifted(&seen), [("w52", "uid-w52")]);
    assert_eq!(seen.plan.steps.len(), 2);
    let leaving = &back(&seen).unwrap().nodes;
    let goes = leaving.iter().find(|one| one.node == "w74").unwrap();
    assert_eq!((leaving.len(), goes.uid.as_str()), (10, "uid-w74"));
}

#[test]
fn while_pods_wait_a_cordon_of_ours_is_lifted_at_once() {
    let mut facts = raised(25);
    pods_of(&mut facts).push(waiting(1, NO_CPU));
    left_cordoned(&mut facts, "l1", &[74]);
    let seen = reverted(&facts);
    assert_eq!(lifted(&seen), [("w74", "uid-w74")]);
    assert!(back(&seen).is_none() && seen.left.is_some());
}

#[test]
fn a_lease_does_not_end_while_nobody_can_see_whether_a_cordon_is_left() {
    let mut facts = raised(25);
    group_of(&mut facts).desired = 50;
    facts.cluster.nodes = Err(unreadable("list nodes"));
    assert_eq!(reverted(&facts).plan.refusals[0].guard, Guard::Unreadable);
    // A cluster that is gone has no cordons.
    facts.cluster.nodes = Err(Unreadable::new("list nodes", "c", Cause::NotFound, ""));
    let seen = reverted(&facts);
    assert!(seen.plan.refusals.is_empty() && seen.plan.steps.is_empty());
}

#[test]
fn a_size_that_somebody_else_has_set_since_is_left_alone() {
    for (desired, says) in [(80, "somebody raised"), (70, "lowered")] {
        let mut facts = raised(25);
        group_of(&mut facts).desired = desired;
        stays(&reverted(&facts), says);
    }
}

fn termination(minutes_ago: i64, cause: &str) -> Activity {
    Activity {
        group: ASG.to_owned(),
        status: "Successful".to_owned(),
        description: "Terminating EC2 instance: i-74".to_owned(),
        message: cause.to_owned(),
        started_at: ago(minutes_ago),
        zone: None,
    }
}

#[test]
fn an_attempt_that_was_cut_short_goes_on_where_it_ended_d12() {
    const OURS: &str = "At 2026-11-20T13:59:00Z instance i-74 was taken out of service in response to a user request, shrinking \
        the capacity from 75 to 74.";
    let mut facts = raised(25);
    facts.cluster.nodes.as_mut().unwrap().truncate(73);
    group_of(&mut facts).instances.truncate(73);
    group_of(&mut facts).desired = 73;
    facts.group.activities = Ok(vec![termination(1, OURS), termination(1, OURS)]);
    let seen = reverted(&facts);
    assert_eq!(back(&seen).unwrap().nodes.len(), 23);
    // A person's change of the size is another cause, and what was before the raise does not explain it.
    for activities in [
        vec![
            termination(
                1,
                "At … a user request update of AutoScalingGroup constraints to min: 2, max: 100, desired: 73"
            );
            2
        ],
        vec![termination(1, OURS)],
        vec![termination(200, OURS), termination(200, OURS)],
    ] {
        facts.group.activities = Ok(activities);
        stays(&reverted(&facts), "lowered");
    }
}

#[test]
fn a_maximum_that_was_lowered_explains_a_smaller_size() {
    let mut facts = raised(25);
    let group = group_of(&mut facts);
    (group.desired, group.max) = (70, 70);
    assert_eq!(back(&reverted(&facts)).unwrap().nodes.len(), 20);
}

#[test]
fn the_minimum_of_the_group_is_kept() {
    let mut facts = raised(25);
    group_of(&mut facts).min = 60;
    assert_eq!(back(&reverted(&facts)).unwrap().nodes.len(), 15);
}

#[test]
fn a_raise_that_was_never_made_or_was_undone_leaves_nothing_to_take_back() {
    for desired in [50, 40] {
        let mut facts = raised(25);
        group_of(&mut facts).desired = desired;
        let seen = reverted(&facts);
        assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
        assert_eq!(seen.left, None, "{desired}");
    }
}

#[test]
fn an_earlier_raise_is_taken_back_with_the_later_one_that_includes_it() {
    let first = lease("l1", 50, 50, 60, 121);
    let second = lease("l2", 50, 60, 75, 30);
    stays(
        &reverted_with(&raised(25), &first, vec![second.clone()]),
        "a later raise to 75 nodes includes this one",
    );
    // The later one ends first: what the earlier still holds stays.
    let seen = reverted_with(&raised(25), &second, vec![first]);
    assert_eq!(back(&seen).unwrap().floor, 60);
    // Alone, it goes back to where the first began.
    let seen = reverted_with(&raised(25), &second, Vec::new());
    assert_eq!(back(&seen).unwrap().floor, 50);
}

#[test]
fn a_later_raise_that_was_never_made_does_not_hold_the_first_d12() {
    let first = lease("l1", 50, 50, 75, 121);
    let mut never = lease("l2", 50, 75, 90, 30);
    never.state = LeaseState::Pending;
    let seen = reverted_with(&raised(25), &first, vec![never.clone()]);
    assert_eq!(back(&seen).unwrap().floor, 50);
    assert_eq!(back(&seen).unwrap().nodes.len(), 25);
    // The same one in force does.
    never.state = LeaseState::Active;
    stays(
        &reverted_with(&raised(25), &first, vec![never]),
        "a later raise to 90 nodes",
    );
}

#[test]
fn what_could_not_be_read_refuses_and_is_tried_again() {
    type Break = fn(&mut Facts);
    let table: [Break; 3] = [
        |facts| facts.group.group = Err(unreadable("autoscaling:DescribeAutoScalingGroups")),
        |facts| facts.cluster.nodes = Err(unreadable("list nodes")),
        |facts| facts.cluster.pods = Err(unreadable("list pods")),
    ];
    for break_it in table {
        let mut facts = raised(25);
        break_it(&mut facts);
        let seen = reverted(&facts);
        assert_eq!(seen.plan.refusals[0].guard, Guard::Unreadable);
        assert!(seen.plan.steps.is_empty());
    }
}

#[test]
fn a_group_that_is_gone_has_nothing_to_take_back_w17() {
    let mut facts = raised(25);
    facts.group.group = Err(Unreadable::new(
        "autoscaling:DescribeAutoScalingGroups",
        ASG,
        Cause::NotFound,
        "",
    ));
    let seen = reverted(&facts);
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert_eq!(seen.left, None);
}

proptest! {
    // A world of 75 nodes takes a while to make.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_more_than_was_added_never_below_the_floor_and_never_a_node_with_work(
        empty in 0_usize..75, min in 0_i64..75, desired in 40_i64..90,
    ) {
        let mut facts = raised(empty);
        let group = group_of(&mut facts);
        (group.min, group.desired) = (min, desired);
        let seen = reverted(&facts);
        if let Some(back) = back(&seen) {
            let taken = i64::try_from(back.nodes.len()).unwrap();
            prop_assert!(taken <= 25);
            prop_assert!(desired - taken >= 50.max(min));
            prop_assert_eq!(desired, 75);
            for leaving in &back.nodes {
                let number: usize = leaving.node.trim_start_matches('w').parse().unwrap();
                prop_assert!(number >= 75 - empty);
            }
        }
    }
}
