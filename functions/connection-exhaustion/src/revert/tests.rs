use day2_core::action::guard::Guard;
use day2_core::action::{LeaseState, Occasion};
use day2_core::{Cause, Unreadable};
use day2_reads::metric::Points;

use super::*;
use crate::plan::tests::world::{World, acu, flat, moment};

/// A raise from 4 to 6.5 ACU whose shortage has passed.
fn quiet() -> (World, Change) {
    let mut world = World::new();
    let change = world.step().change;
    world.raised_by("an alarm");
    world.writer().connections = Ok(flat(200.0));
    (world, change)
}

fn taken_back(world: &World, change: &Change) -> Assessment<Change> {
    let settings = world.settings();
    // The raise that is taken back is the oldest.
    let inquiry = Inquiry {
        occasion: &Occasion::Revert,
        key: "revert",
        standing: &world.standing,
        lease: world.standing.leases.first(),
    };
    revert(
        &world.facts,
        settings.function.targets.get("prod-a"),
        inquiry,
        change,
        moment(),
    )
}

fn left(world: &World, change: &Change) -> String {
    let assessment = taken_back(world, change);
    assert!(
        assessment.plan.steps.is_empty() && assessment.plan.refusals.is_empty(),
        "{:?}",
        assessment.plan
    );
    assessment.left.expect("not left")
}

#[test]
fn a_raise_that_is_no_longer_used_goes_back_to_the_maximum_before() {
    let (world, change) = quiet();
    let assessment = taken_back(&world, &change);
    assert_eq!(assessment.left, None);
    let step = &assessment.plan.steps[0];
    assert_eq!((step.before.as_str(), step.after.as_str()), ("6.5", "4 ACU"));
    assert_eq!(
        step.change,
        Change::RestoreAcu {
            cluster: "prod-a-aurora".to_owned(),
            raised_halves: 13,
            before_halves: 8
        }
    );
}

#[test]
fn capacity_in_use_is_never_taken_away() {
    let (mut world, change) = quiet();
    world.writer().capacity = Ok(flat(3.7));
    assert!(
        left(&world, &change).contains("used up to 3.7 ACU"),
        "more than 90 % of 4"
    );
    world.writer().capacity = Ok(flat(3.6));
    assert_eq!(taken_back(&world, &change).plan.steps.len(), 1);
    // One short peak in the hour is use too, on a reader as on the writer.
    let mut peak: Points = flat(1.0);
    peak[5].1 = 6.0;
    world.database().instances[1].capacity = Ok(peak);
    assert!(left(&world, &change).contains("prod-a-2 used up to 6 ACU"));
}

#[test]
fn connections_that_the_old_maximum_does_not_accept_keep_it() {
    let (mut world, change) = quiet();
    world.writer().connections = Ok(flat(700.0));
    let why = left(&world, &change);
    assert!(
        why.contains("700 connections") && why.contains("80 % of the 823"),
        "{why}"
    );
}

#[test]
fn what_somebody_changed_since_stays_and_is_told() {
    let (mut world, change) = quiet();
    world.range(1.0, 16.0);
    assert!(left(&world, &change).contains("16 ACU and no longer the 6.5"));
    world.range(5.0, 6.5);
    assert!(left(&world, &change).contains("minimum is 5 ACU by now"));
    world.cluster().range = None;
    assert!(left(&world, &change).contains("no capacity range any more"));
}

#[test]
fn what_is_back_already_is_no_failure_and_its_lease_ends() {
    let (mut world, change) = quiet();
    world.range(1.0, 4.0);
    let assessment = taken_back(&world, &change);
    assert_eq!(assessment.left, None, "the lease ends as reverted");
    assert!(assessment.plan.steps.is_empty() && assessment.plan.refusals.is_empty());
    assert_eq!(assessment.items[0].verdict(), Verdict::Pass);
    assert!(assessment.says.contains("4 ACU already"), "{}", assessment.says);
    // Also where another raise would include it: there is nothing left to include.
    also_raised(&mut world, 4.0, 6.5);
    assert_eq!(taken_back(&world, &change).left, None);
}

/// Another open raise on the same cluster.
fn also_raised(world: &mut World, from: f64, to: f64) {
    let mut other = world.standing.leases[0].clone();
    other.id = "lease-of-another".to_owned();
    other.occasion = "another occasion".to_owned();
    other.change["before_halves"] = serde_json::json!(acu(from).halves());
    other.change["after_halves"] = serde_json::json!(acu(to).halves());
    world.standing.leases.push(other);
}

#[test]
fn what_another_raise_of_ours_still_holds_is_not_taken_away_d11() {
    // Remembered and not seen as made, so that a second alarm made the very same raise: that one takes it back.
    let (mut world, change) = quiet();
    world.standing.leases[0].state = LeaseState::Pending;
    also_raised(&mut world, 4.0, 6.5);
    let why = left(&world, &change);
    assert!(
        why.contains("another raise to 6.5 ACU includes this one") && why.contains("lease-of-another"),
        "{why}"
    );
    // A smaller one is the floor.
    let (mut world, change) = quiet();
    also_raised(&mut world, 4.0, 5.0);
    let step = taken_back(&world, &change).plan.steps.remove(0);
    assert!(
        matches!(
            step.change,
            Change::RestoreAcu {
                raised_halves: 13,
                before_halves: 10,
                ..
            }
        ),
        "{:?}",
        step.change
    );
    // A neighbour's lease, or one that has ended, holds nothing.
    let (mut world, change) = quiet();
    also_raised(&mut world, 4.0, 6.5);
    world.standing.leases[1].resource = "Aurora cluster another".to_owned();
    also_raised(&mut world, 4.0, 6.5);
    world.standing.leases[2].state = LeaseState::Left;
    // Nor one that was remembered and never made.
    also_raised(&mut world, 4.0, 8.0);
    world.standing.leases[3].state = LeaseState::Pending;
    let step = taken_back(&world, &change).plan.steps.remove(0);
    assert!(matches!(step.change, Change::RestoreAcu { before_halves: 8, .. }));
    // One that is not understood may hold anything.
    let (mut world, change) = quiet();
    also_raised(&mut world, 4.0, 5.0);
    world.standing.leases[1].change = serde_json::json!({"kind": "from the future"});
    let assessment = taken_back(&world, &change);
    assert_eq!(assessment.plan.refusals[0].guard, Guard::Unreadable);
}

#[test]
fn a_provisioned_instance_beside_the_serverless_ones_keeps_no_raise() {
    let (mut world, change) = quiet();
    let reader = &mut world.database().instances[1];
    reader.described.as_mut().unwrap().class = Some("db.r7g.large".to_owned());
    // It has no capacity in ACU, and as many connections as its class accepts.
    reader.capacity = Ok(Points::new());
    reader.connections = Ok(flat(1_500.0));
    let assessment = taken_back(&world, &change);
    assert_eq!(assessment.plan.steps.len(), 1, "{}", assessment.says);
    // Which it is must be known.
    let reader = &mut world.database().instances[1];
    reader.described.as_mut().unwrap().class = None;
    let assessment = taken_back(&world, &change);
    assert_eq!(assessment.plan.refusals[0].guard, Guard::Unreadable);
}

#[test]
fn what_is_not_known_yet_is_asked_again_w06_w21() {
    let spoil: [fn(&mut World); 5] = [
        |world| world.writer().capacity = Ok(Vec::new()),
        |world| world.writer().connections = Ok(flat(f64::NAN)),
        |world| world.database().status = "backing-up".to_owned(),
        |world| {
            let why = Unreadable::new("rds:DescribeDBClusters", "prod-a-aurora", Cause::Throttled, "");
            world.facts.database = Err(why);
        },
        |world| {
            let why = Unreadable::new("rds:DescribeDBParameters", "g", Cause::Denied, "");
            world.writer().parameter = Err(why);
        },
    ];
    for (index, spoil) in spoil.into_iter().enumerate() {
        let (mut world, change) = quiet();
        spoil(&mut world);
        let assessment = taken_back(&world, &change);
        assert_eq!(assessment.left, None, "{index}");
        assert!(assessment.plan.steps.is_empty(), "{index}");
        let guard = assessment.plan.refusals[0].guard;
        assert!(
            matches!(guard, Guard::Unreadable | Guard::Degraded),
            "{index}: {guard:?}"
        );
    }
}

#[test]
fn a_restart_is_not_taken_back() {
    let change = World::leaking().step().change;
    assert!(left(&World::leaking(), &change).contains("a restart cannot be taken back"));
}

#[test]
fn another_database_than_the_one_that_was_raised_is_not_touched() {
    let (mut world, change) = quiet();
    world.database().id = "prod-a-new".to_owned();
    assert!(left(&world, &change).contains("lower prod-a-aurora by hand"));
    assert_eq!(acu(4.0).to_string(), "4");
}
