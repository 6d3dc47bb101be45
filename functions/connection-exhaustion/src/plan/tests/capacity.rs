//! The raise of the maximum ACU: when, how far, and when not.

use day2_core::action::{LeaseState, Occasion, Undo};
use day2_core::database::Parameter;
use day2_core::{Cause, Unreadable};
use day2_reads::global_clusters::Membership;
use serde_json::json;

use super::world::{KEY, World, acu};
use crate::Change;

const CLUSTER: &str = "Aurora cluster prod-a-aurora";

fn raised(world: &World) -> (String, String) {
    let step = world.step();
    assert_eq!(step.resource, CLUSTER);
    let (before, after) = step.change.raised().expect("no raise");
    (before.to_string(), after.to_string())
}

#[test]
fn a_full_writer_gets_the_smallest_half_step_that_brings_it_to_the_target_share_w09() {
    // 780 connections at 60 % want 1300; 6.5 ACU accept 1351, 6 accept 1246.
    let world = World::new();
    assert_eq!(raised(&world), ("1 to 4 ACU".to_owned(), "6.5".to_owned()));
    let step = world.step();
    assert_eq!((step.before.as_str(), step.after.as_str()), ("4", "6.5 ACU"));
    assert!(step.title.ends_with("4 -> 6.5 ACU"), "{}", step.title);
    assert!(
        step.blast_radius
            .contains("stay at 823 until each instance is rebooted"),
        "{}",
        step.blast_radius
    );
    assert!(
        step.precondition.contains("minimum (1 ACU when planned) stays"),
        "{}",
        step.precondition
    );
    assert!(matches!(step.undo, Undo::Lease { minutes: 240, .. }));
    assert!(!step.disruptive);
}

#[test]
fn the_minimum_is_written_back_as_it_was_read_w09() {
    let mut world = World::new();
    world.range(2.5, 4.0);
    let Change::RaiseAcu { min_halves, .. } = world.step().change else {
        panic!("no raise");
    };
    assert_eq!(min_halves, 5);
}

#[test]
fn it_is_clamped_by_the_step_the_budget_and_the_engine_and_says_both_numbers_w08() {
    for (change, after, says) in [
        (
            json!({"may_raise": true, "max_ceiling": 64, "max_step": 1}),
            "5",
            "acu.max_step of 1 ACU clamps it to 5",
        ),
        (
            json!({"may_raise": true, "max_ceiling": 5.5}),
            "5.5",
            "acu.max_ceiling of 5.5 ACU clamps it to 5.5",
        ),
        (
            json!({"may_raise": true, "max_ceiling": 64}),
            "6.5",
            "costs as it is used. Connections",
        ),
    ] {
        let mut world = World::new();
        world.policy()["acu"] = change;
        assert_eq!(raised(&world).1, after);
        let words = world.step().blast_radius;
        assert!(words.contains(says), "{words}");
    }
    let mut world = World::new();
    world.policy()["acu"] = json!({"may_raise": true, "max_ceiling": 256, "max_step": 256});
    world.range(1.0, 4.0);
    world.cluster().engine_limit = Ok(Some(acu(5.0)));
    assert_eq!(raised(&world).1, "5", "the engine's limit");
}

#[test]
fn an_engine_limit_that_is_not_known_is_the_smaller_of_the_two_w08() {
    let mut world = World::new();
    world.policy()["acu"] = json!({"may_raise": true, "max_ceiling": 256});
    let unread = Unreadable::new("rds:DescribeDBEngineVersions", "16.6", Cause::Denied, "");
    for limit in [Ok(None), Err(unread)] {
        world.cluster().engine_limit = limit;
        world.range(2.0, 128.0);
        world.writer().connections = Ok(super::world::flat(4_900.0));
        let why = world.why_not(CLUSTER);
        assert!(why.contains("128 ACU"), "{why}");
    }
}

#[test]
fn at_the_ceiling_nothing_is_written_and_people_decide_w08() {
    let mut world = World::new();
    world.policy()["acu"] = json!({"may_raise": true, "max_ceiling": 4});
    let why = world.why_not(CLUSTER);
    assert!(
        why.contains("at the ceiling") && why.contains("acu.max_ceiling of 4 ACU"),
        "{why}"
    );
    world.policy()["acu"] = json!({"may_raise": true, "max_ceiling": 2});
    assert!(
        world.why_not(CLUSTER).contains("at the ceiling"),
        "a budget below what is there never lowers"
    );
}

#[test]
fn a_maximum_that_is_enough_is_left_w07() {
    let mut world = World::new();
    // Hot by the forecast only: 480 of 823 now, rising by 30 a minute.
    world.writer().connections = Ok(super::world::rising(30.0, 480.0));
    let why = world.why_not(CLUSTER);
    assert!(why.starts_with("already_sufficient"), "{why}");
}

#[test]
fn what_is_not_serverless_is_explained_and_not_written_w11() {
    let mut provisioned = World::new();
    provisioned.cluster().range = None;
    provisioned.writer().described.as_mut().unwrap().class = Some("db.r7g.large".to_owned());
    provisioned.writer().connections = Ok(super::world::flat(1_790.0));
    provisioned.database().instances.truncate(1);
    assert!(
        provisioned
            .why_not(CLUSTER)
            .contains("provisioned and has no ACU range")
    );

    let mut mixed = World::new();
    mixed.writer().described.as_mut().unwrap().class = Some("db.r7g.large".to_owned());
    mixed.writer().connections = Ok(super::world::flat(1_790.0));
    assert!(
        mixed
            .why_not(CLUSTER)
            .contains("prod-a-1 is provisioned (db.r7g.large)")
    );

    let mut old = World::new();
    old.cluster().engine_mode = Some("serverless".to_owned());
    assert!(old.why_not(CLUSTER).contains("Serverless v1"));

    let mut rds = World::new();
    rds.database().cluster = None;
    rds.writer().described.as_mut().unwrap().class = Some("db.m6g.large".to_owned());
    rds.database().engine = "postgres".to_owned();
    rds.writer().connections = Ok(super::world::flat(880.0));
    rds.database().instances.truncate(1);
    assert!(rds.why_not(CLUSTER).contains("an RDS instance has no ACU"));
}

#[test]
fn a_secondary_of_a_global_database_is_left_to_its_primary_w11() {
    let membership = |primary, status: &str| {
        Ok(Some(Membership {
            global_cluster: "world".to_owned(),
            status: status.to_owned(),
            primary,
        }))
    };
    let mut world = World::new();
    world.cluster().membership = membership(false, "available");
    assert!(
        world
            .why_not(CLUSTER)
            .contains("secondary of the global database world")
    );
    world.cluster().membership = membership(true, "failing-over");
    assert!(world.why_not(CLUSTER).contains("is failing-over"));
    world.cluster().membership = membership(true, "available");
    assert_eq!(raised(&world).1, "6.5");
    world.cluster().membership = Err(Unreadable::new(
        "rds:DescribeGlobalClusters",
        "x",
        Cause::Denied,
        "",
    ));
    assert!(
        world.why_not(CLUSTER).contains("is not known"),
        "not readable is not no"
    );
}

#[test]
fn a_stopped_or_deleted_cluster_is_left_w11() {
    for status in [
        "deleting",
        "stopped",
        "failed",
        "inaccessible-encryption-credentials",
        "a-new-word",
    ] {
        let mut world = World::new();
        world.database().status = status.to_owned();
        let why = world.why_not(CLUSTER);
        assert!(why.contains(status), "{why}");
    }
    let mut gone = World::new();
    gone.facts.database = Err(Unreadable::new(
        "rds:DescribeDBClusters",
        "prod-a-aurora",
        Cause::NotFound,
        "no DB cluster has this identifier",
    ));
    assert!(gone.refusal().contains("not found"));
}

#[test]
fn a_cluster_that_is_being_changed_is_waited_for_by_an_alarm_and_not_by_a_person_w06() {
    for status in ["modifying", "backing-up"] {
        let mut world = World::new();
        world.database().status = status.to_owned();
        assert_eq!(raised(&world).1, "6.5", "the step waits for the cluster");
        world.occasion = Occasion::Manual;
        let says = world.refusal();
        assert!(
            says.contains(status) && says.contains("nobody tries again by itself"),
            "{says}"
        );
    }
}

#[test]
fn a_small_minimum_caps_the_connections_and_the_minimum_is_what_helps_w10() {
    let mut world = World::new();
    world.range(0.5, 16.0);
    world.writer().connections = Ok(super::world::flat(1_950.0));
    let why = world.why_not(CLUSTER);
    assert!(
        why.contains("caps connections at 2000")
            && why.contains("minimum to at least 1 ACU")
            && why.contains("costs"),
        "{why}"
    );
}

#[test]
fn a_small_minimum_is_no_obstacle_below_its_cap() {
    let mut world = World::new();
    world.range(0.5, 4.0);
    assert_eq!(raised(&world).1, "6.5");
    // 1,000 connections want 1,667, still below the cap; 1,600 want more than any maximum gives with this minimum.
    world.range(0.5, 8.0);
    world.writer().connections = Ok(super::world::flat(1_600.0));
    assert_eq!(
        raised(&world).1,
        "10",
        "as far as the cap lets it help, and no further"
    );
}

#[test]
fn five_thousand_connections_are_the_most_whatever_the_maximum_is_w10() {
    let mut world = World::new();
    world.range(2.0, 32.0);
    world.writer().connections = Ok(super::world::flat(4_900.0));
    let why = world.why_not(CLUSTER);
    assert!(
        why.contains("gives 5000 connections, and none gives more"),
        "{why}"
    );
}

#[test]
fn a_number_in_a_parameter_group_is_named_as_what_decides_w10() {
    let number = Parameter {
        name: "max_connections".to_owned(),
        value: Some("800".to_owned()),
        source: "user".to_owned(),
        apply_type: Some("static".to_owned()),
    };
    let mut of_instance = World::new();
    of_instance.writer().parameter = Ok(Some(number.clone()));
    assert!(of_instance.why_not(CLUSTER).contains("is the number 800"));
    let mut of_cluster = World::new();
    of_cluster.cluster().parameter = Ok(Some(number));
    assert!(of_cluster.why_not(CLUSTER).contains("is the number 800"));
    let mut unread = World::new();
    unread.cluster().parameter = Err(Unreadable::new(
        "rds:DescribeDBClusterParameters",
        "g",
        Cause::Denied,
        "",
    ));
    assert!(
        unread.refusal().contains("is not known"),
        "a group that was not read may hold a number"
    );
}

#[test]
fn an_instance_that_waits_for_a_reboot_is_not_helped_by_more_w10() {
    let mut world = World::new();
    world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let why = world.why_not(CLUSTER);
    assert!(
        why.contains("already raised, connections still high") && why.contains("pending-reboot"),
        "{why}"
    );
    let mut own = World::new();
    own.writer().described.as_mut().unwrap().parameter_groups[0].status = Some("pending-reboot".to_owned());
    assert!(own.why_not(CLUSTER).contains("pending-reboot"));
}

#[test]
fn a_raise_by_a_person_that_waits_for_a_reboot_does_not_look_like_room_w10() {
    let mut world = World::new();
    world.range(1.0, 32.0);
    world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let why = world.why_not(CLUSTER);
    assert!(
        why.starts_with("already raised, connections still high: prod-a-1 has 780 connections")
            && why.contains("5000"),
        "{why}"
    );
}

#[test]
fn a_second_alarm_does_not_raise_again_d11_w10() {
    let mut world = World::new();
    world.raised_by("another alarm");
    // As on AWS: the raise waits for a reboot, and nothing has become better.
    world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let why = world.why_not(CLUSTER);
    assert!(
        why.starts_with("already raised from 4 to 6.5 ACU") && why.contains("not raised again"),
        "{why}"
    );
    // Nor after the reboot, with even more connections: the lease stands for the one raise of this shortage.
    world.writer().cluster_parameter_status = Some("in-sync".to_owned());
    world.writer().connections = Ok(super::world::flat(1_340.0));
    assert!(
        world
            .why_not(CLUSTER)
            .starts_with("already raised from 4 to 6.5 ACU")
    );
}

#[test]
fn until_the_reboot_the_maximum_before_the_raise_is_the_one_in_force_w10() {
    let mut world = World::new();
    world.raised_by("another alarm");
    world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let room = world
        .plan()
        .items
        .into_iter()
        .find(|item| item.code == "CNX-003")
        .unwrap();
    let says = &room.subjects[0].says;
    assert!(
        says.contains("780 of 823") && says.contains("1351 after a reboot"),
        "{says}"
    );
}

#[test]
fn another_delivery_of_the_occasion_goes_on_with_the_same_plan_d12() {
    let first = World::new();
    let plan = first.plan().plan;
    let mut again = World::new();
    again.raised_by(KEY);
    again.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let replayed = again.plan().plan;
    assert_eq!(
        replayed.id("connection-exhaustion", "prod-a"),
        plan.id("connection-exhaustion", "prod-a")
    );
    assert_eq!(replayed.steps[0].change, plan.steps[0].change);
    // Killed after it was remembered and before it was made: the range is the old one.
    again.range(1.0, 4.0);
    again.standing.leases[0].state = LeaseState::Pending;
    assert_eq!(again.plan().plan.steps[0].change, plan.steps[0].change);
}

#[test]
fn a_raise_that_was_remembered_and_never_made_does_not_count_as_one_d12() {
    let mut world = World::new();
    world.raised_by("another alarm");
    world.range(1.0, 4.0);
    world.standing.leases[0].state = LeaseState::Pending;
    assert_eq!(raised(&world).1, "6.5", "the same plan, from the same baseline");
    world.range(1.0, 6.5);
    world.writer().connections = Ok(super::world::flat(1_340.0));
    assert!(
        world.why_not(CLUSTER).starts_with("already raised"),
        "it was made after all"
    );
}

#[test]
fn nothing_is_raised_that_the_settings_do_not_allow_o11() {
    let mut world = World::new();
    world.policy()["acu"] = json!({"may_raise": false, "max_ceiling": 64});
    let why = world.why_not(CLUSTER);
    assert!(
        why.contains("acu.may_raise") && why.contains("4 -> 6.5 ACU would give 1351"),
        "{why}"
    );
    world.policy().as_object_mut().unwrap().remove("acu");
    assert!(world.why_not(CLUSTER).contains("acu.may_raise"));
}

#[test]
fn relief_of_cpu_and_memory_is_promised_only_near_the_maximum() {
    let mut world = World::new();
    assert!(
        world
            .step()
            .blast_radius
            .contains("nothing is relieved before the reboot")
    );
    world.writer().utilization = Ok(super::world::flat(97.0));
    assert!(
        world
            .step()
            .blast_radius
            .contains("97 % of the maximum: more ACU relieve CPU and memory at once")
    );
    world.writer().utilization = Ok(Vec::new());
    assert!(world.step().blast_radius.contains("is not known"));
}

#[test]
fn a_database_without_a_rule_is_not_guessed() {
    let mut world = World::new();
    world.database().engine = "aurora-mysql".to_owned();
    assert!(world.refusal().contains("no rule for Serverless v2"));
    world.policy()["max_connections"] = json!(800);
    let why = world.why_not(CLUSTER);
    assert!(why.contains("declared in the settings"), "{why}");
}
