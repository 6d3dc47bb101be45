//! `HAS-006` where one side has fewer nodes than the other: what limits it.

use day2_core::Cause;
use day2_core::Verdict::Fail;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::Group;

use super::world::*;
use crate::facts::{Facts, SideFacts};

/// A side of which one node is Ready, and its group.
fn one_node(side: &mut SideFacts) -> &mut Group {
    side.nodes = Ok(vec![node(true)]);
    side.groups[0].group.as_mut().unwrap()
}

/// Somebody scaled it down to one.
fn scaled_down(side: &mut SideFacts, max: i64) {
    let group = one_node(side);
    group.instances.truncate(1);
    (group.desired, group.max) = (1, max);
}

fn no_launch(side: &mut SideFacts) {
    one_node(side).instances.truncate(1);
    side.groups[0].activities = Ok(vec![Activity {
        group: "west-workers".to_owned(),
        status: "Failed".to_owned(),
        description: "Launching a new EC2 instance".to_owned(),
        message: "VcpuLimitExceeded".to_owned(),
        started_at: after(-3),
        zone: None,
    }]);
}

/// What happened, and what is said of the smaller side.
type Row = (&'static str, fn(&mut Facts), &'static str);

const ROWS: [Row; 8] = [
    (
        "scaled down by somebody",
        |facts| scaled_down(&mut facts.secondary, 6),
        "east has 3 Ready nodes, west has 1; west wants 1, and the other side 3; west-workers (at most 6) has the 1 that it wants",
    ),
    (
        "at its maximum",
        |facts| scaled_down(&mut facts.secondary, 1),
        "east has 3 Ready nodes, west has 1; west wants 1, and the other side 3; west-workers (its maximum) has the 1 that it wants",
    ),
    (
        "the primary is the smaller one",
        |facts| scaled_down(&mut facts.primary, 6),
        "east has 1 Ready nodes, west has 3; east wants 1, and the other side 3; east-workers (at most 6) has the 1 that it wants",
    ),
    (
        "short of what it wants",
        |facts| no_launch(&mut facts.secondary),
        "east has 3 Ready nodes, west has 1; west-workers (at most 6): 1 of 3 in service: a quota is reached (VcpuLimitExceeded)",
    ),
    (
        "instances that are no nodes",
        |facts| {
            one_node(&mut facts.secondary);
        },
        "east has 3 Ready nodes, west has 1; west-workers (at most 6) has the 3 that it wants",
    ),
    (
        "the group could not be read",
        |facts| {
            one_node(&mut facts.secondary);
            facts.secondary.groups[0].group = failed(Cause::Denied);
        },
        "east has 3 Ready nodes, west has 1; west-workers: get /readyz",
    ),
    (
        "the group of the larger side could not be read",
        |facts| {
            scaled_down(&mut facts.secondary, 6);
            facts.primary.groups[0].group = failed(Cause::Denied);
        },
        "east has 3 Ready nodes, west has 1; west-workers (at most 6) has the 1 that it wants",
    ),
    (
        "no groups are declared",
        |facts| {
            one_node(&mut facts.secondary);
            facts.secondary.groups.clear();
        },
        "east has 3 Ready nodes, west has 1",
    ),
];

/// S1: "node count imbalanced". Who scaled one side down and left it so finds that here, and no search for capacity.
#[test]
fn sides_that_are_unlike_are_told_with_what_limits_the_smaller_one() {
    for (what, change, says) in ROWS {
        let mut watch = Watch::healthy(3);
        watch.looks(3, change);
        let item = watch.item("HAS-006");
        assert_eq!(item.verdict(), Fail, "{what}");
        let found = item.subjects.iter().find(|one| one.name == "the sides").unwrap();
        assert!(found.says.starts_with(says), "{what}: {}", found.says);
        let whole = !says.ends_with("get /readyz");
        assert!(!whole || found.says == says, "{what}: {}", found.says);
    }
}
