//! How far: steps, clamps, what is in force already.

use day2_core::Verdict;
use day2_core::action::{LeaseState, Undo};
use day2_reads::quotas::Quota;
use proptest::prelude::*;
use serde_json::json;

use super::world::*;

#[test]
fn the_step_says_before_after_undo_and_how_much_is_touched() {
    let seen = planned(&world(50));
    let step = &seen.plan.steps[0];
    assert_eq!(
        (step.before.as_str(), step.after.as_str()),
        ("50 nodes", "75 nodes")
    );
    assert_eq!(step.resource, "Auto Scaling group prod-a-workspace");
    assert!(matches!(&step.undo, Undo::Lease { minutes: 120, words } if words.contains("never below 50")));
    assert!(!step.disruptive);
    assert_eq!(seen.says, "capacity: 50 -> 75 nodes");
    assert!(seen.says.len() <= 60);
}

#[test]
fn the_raise_is_clamped_to_the_maximum_and_says_so_w13() {
    let mut facts = world(50);
    group_of(&mut facts).max = 60;
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), Some((50, 60)));
    assert!(
        skips(&seen.plan).contains("the maximum size is 60"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn at_the_maximum_nothing_is_raised_and_people_are_called_w12() {
    let mut facts = world(50);
    group_of(&mut facts).max = 50;
    let seen = planned(&facts);
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("at maximum: desired 50, maximum 50"),
        "{}",
        skips(&seen.plan)
    );
    let judged = item(&seen, "PRV-014");
    assert_eq!(judged.verdict(), Verdict::Fail);
    assert!(judged.seen.contains("maximum 50"), "{}", judged.seen);
}

#[test]
fn below_the_maximum_nobody_is_called() {
    assert!(
        planned(&world(50))
            .items
            .iter()
            .all(|item| item.code != "PRV-014")
    );
}

#[test]
fn only_what_the_waiting_pods_need_is_asked_for_where_that_can_be_computed() {
    let facts = world(50);
    for (per_node, to) in [(4, 60), (14, 53), (40, 51), (2, 70), (1, 75)] {
        let settings = settings_with(&json!({"workspaces_per_node": per_node}));
        let seen = planned_with(&facts, &settings, Vec::new());
        assert_eq!(raise(&seen.plan), Some((50, to)), "{per_node}");
    }
}

#[test]
fn without_a_number_per_node_each_waiting_pod_needs_one_node_at_most() {
    for (pods, to) in [(1, 51), (3, 53), (25, 75), (40, 75)] {
        let mut facts = world(50);
        pods_of(&mut facts).retain(|pod| pod.phase != "Pending");
        pods_of(&mut facts).extend((0..pods).map(|number| waiting(number, NO_CPU)));
        assert_eq!(raise(&planned(&facts).plan), Some((50, to)), "{pods}");
    }
}

#[test]
fn nodes_that_are_on_their_way_are_not_asked_for_again() {
    let mut facts = world(50);
    facts.cluster.nodes.as_mut().unwrap().truncate(47);
    let settings = settings_with(&json!({"workspaces_per_node": 14}));
    let seen = planned_with(&facts, &settings, Vec::new());
    assert_eq!(raise(&seen.plan), None);
    assert!(
        skips(&seen.plan).contains("3 nodes were asked for and are not Ready yet"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn a_node_that_has_been_sick_for_long_is_not_on_its_way() {
    let mut facts = world(50);
    for node in facts.cluster.nodes.as_mut().unwrap().iter_mut().take(3) {
        *node = sick(node.clone());
    }
    let settings = settings_with(&json!({"workspaces_per_node": 14}));
    let seen = planned_with(&facts, &settings, Vec::new());
    assert_eq!(raise(&seen.plan), Some((50, 53)));
}

#[test]
fn free_addresses_bound_the_raise_and_none_stops_it() {
    let mut facts = world(50);
    for subnet in facts.group.subnets.as_mut().unwrap() {
        subnet.free_addresses = 40;
    }
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), Some((50, 54)));
    for subnet in facts.group.subnets.as_mut().unwrap() {
        subnet.free_addresses = 15;
    }
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), None);
    assert_eq!(item(&seen, "PRV-010").verdict(), Verdict::Fail);
    assert!(skips(&seen.plan).contains("addresses"), "{}", skips(&seen.plan));
}

#[test]
fn the_quota_bounds_the_raise_with_what_others_use_set_aside() {
    let settings = settings_with(&json!({"not_checked": [],
        "quota": {"code": "L-1216C47A", "vcpus_per_node": 4, "vcpus_of_others": 40}}));
    for (value, to) in [(1_000.0, Some((50, 75))), (272.0, Some((50, 58))), (240.0, None)] {
        let mut facts = world(50);
        facts.group.quota = Some(Ok(Quota {
            name: "Running On-Demand Standard".to_owned(),
            value,
        }));
        let seen = planned_with(&facts, &settings, Vec::new());
        assert_eq!(raise(&seen.plan), to, "{value}");
        let fails = item(&seen, "PRV-011").verdict() == Verdict::Fail;
        assert_eq!(fails, to.is_none(), "{value}");
    }
}

#[test]
fn a_second_alarm_while_our_raise_is_in_force_adds_nothing_d08_d11() {
    let mut facts = world(75);
    facts.group.group.as_mut().unwrap().max = 200;
    let seen = planned_with(&facts, &settings(), vec![lease("l1", 50, 50, 75, 20)]);
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("already raised"),
        "{}",
        skips(&seen.plan)
    );
    // The same without the memory of the first would compound: the guard is what keeps it from that.
    assert_eq!(raise(&planned(&facts).plan), Some((75, 100)));
}

#[test]
fn a_delivery_after_a_kill_plans_the_same_raise_or_none_d12() {
    // Killed between the lease and the call.
    let mut pending = lease("l1", 50, 50, 75, 1);
    pending.state = LeaseState::Pending;
    let seen = planned_with(&world(50), &settings(), vec![pending.clone()]);
    assert_eq!(raise(&seen.plan), Some((50, 75)));
    // Killed after the call, before a node came.
    let mut facts = world(75);
    facts.cluster.nodes.as_mut().unwrap().truncate(50);
    group_of(&mut facts).instances.truncate(50);
    let seen = planned_with(&facts, &settings(), vec![pending]);
    assert_eq!(raise(&seen.plan), None);
    assert!(
        skips(&seen.plan).contains("already raised"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn a_redelivery_plans_exactly_the_raise_that_it_began_and_never_more_d12() {
    // 10 more were remembered; by now 40 workspaces wait, and a new event would ask for 25.
    let mut begun = lease("l1", 50, 50, 60, 1);
    begun.occasion = KEY.to_owned();
    begun.state = LeaseState::Pending;
    for (desired, expected) in [
        (50, Some((50, 60))),
        (55, Some((50, 60))),
        (60, None),
        (70, None),
        (40, None),
    ] {
        for state in [LeaseState::Pending, LeaseState::Active] {
            begun.state = state;
            let seen = planned_with(&world(desired), &settings(), vec![begun.clone()]);
            assert_eq!(raise(&seen.plan), expected, "{desired} {state:?}");
            assert!(seen.plan.refusals.is_empty());
        }
    }
    // At a maximum that was lowered meanwhile the raise is made as far as it can be: its lease must stay.
    let mut facts = world(58);
    group_of(&mut facts).max = 58;
    let seen = planned_with(&facts, &settings(), vec![begun]);
    assert_eq!(raise(&seen.plan), None);
    // Another event is bound by one step above the size before, not by that lease.
    let seen = planned_with(&world(60), &settings(), vec![lease("l1", 50, 50, 60, 1)]);
    assert_eq!(raise(&seen.plan), Some((60, 75)));
}

#[test]
fn a_redelivery_is_held_by_the_same_guards_as_the_first_d12() {
    let mut begun = lease("l1", 50, 50, 60, 1);
    begun.occasion = KEY.to_owned();
    let mut facts = world(50);
    facts.group.scheduled = Ok(vec![scheduled("evening", 20, 10)]);
    let seen = planned_with(&facts, &settings(), vec![begun]);
    assert!(seen.plan.steps.is_empty());
    assert_eq!(seen.plan.refusals.len(), 1);
}

#[test]
fn a_raise_that_was_remembered_and_never_made_moves_no_baseline_d12() {
    // Killed before its call; meanwhile a person set 60.
    let mut pending = lease("l1", 50, 50, 75, 30);
    pending.state = LeaseState::Pending;
    let seen = planned_with(&world(60), &settings(), vec![pending.clone()]);
    assert_eq!(raise(&seen.plan), Some((60, 85)));
    // Where the group has its size it counts as made, also where the maximum cut it off.
    for (desired, max) in [(75, 100), (70, 70)] {
        let mut facts = world(desired);
        group_of(&mut facts).max = max;
        let seen = planned_with(&facts, &settings(), vec![pending.clone()]);
        assert_eq!(raise(&seen.plan), None, "{desired}");
    }
}

#[test]
fn a_smaller_first_raise_may_be_completed_to_one_step_and_keeps_its_baseline() {
    let settings = settings_with(&json!({"workspaces_per_node": 1, "step": {"max_nodes": 25}}));
    let seen = planned_with(&world(68), &settings, vec![lease("l1", 50, 50, 68, 40)]);
    assert_eq!(raise(&seen.plan), Some((68, 75)));
    let crate::change::Change::Raise(raise) = &seen.plan.steps[0].change else {
        panic!("no raise")
    };
    assert_eq!(raise.baseline, 50);
}

#[test]
fn a_group_that_somebody_lowered_below_our_baseline_is_counted_from_where_it_is() {
    let seen = planned_with(&world(30), &settings(), vec![lease("l1", 50, 50, 75, 40)]);
    assert_eq!(raise(&seen.plan), Some((30, 45)));
}

#[test]
fn leases_on_other_resources_and_ended_ones_do_not_count() {
    let mut other = lease("l1", 10, 10, 75, 20);
    other.resource = "Auto Scaling group prod-b-workspace".to_owned();
    let mut ended = lease("l2", 10, 10, 75, 20);
    ended.state = LeaseState::Reverted;
    let seen = planned_with(&world(50), &settings(), vec![other, ended]);
    assert_eq!(raise(&seen.plan), Some((50, 75)));
}

#[test]
fn the_plan_id_names_the_change_and_not_the_moment() {
    let id = |facts| planned(&facts).plan.id("provisioning-latency", "prod-a");
    let first = id(world(50));
    let mut later = world(50);
    pods_of(&mut later).push(waiting(99, NO_CPU));
    assert_eq!(first, id(later));
    assert_ne!(first, id(world(51)));
}

proptest! {
    // Worlds of many nodes take a while to make.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever alarms come in which order, the size stays within one step of the size before the first.
    #[test]
    fn any_number_of_alarms_never_compounds_d08_d11(
        start in 1_i64..80, joined in proptest::collection::vec(any::<bool>(), 1..6),
    ) {
        let mut desired = start;
        let mut leases = Vec::new();
        for (round, came) in joined.into_iter().enumerate() {
            let mut facts = world(desired);
            group_of(&mut facts).max = 500;
            if !came {
                facts.cluster.nodes.as_mut().unwrap().truncate(usize::try_from(start).unwrap());
            }
            let seen = planned_with(&facts, &settings(), leases.clone());
            if let Some((from, to)) = raise(&seen.plan) {
                prop_assert_eq!(from, desired);
                prop_assert!(to > desired);
                leases.push(lease(&format!("l{round}"), start, from, to, 10));
                desired = to;
            }
        }
        let most = start + (start / 2).clamp(1, 25);
        prop_assert!(desired <= most, "{} > {}", desired, most);
    }
}
