//! A permission that is missing on one side makes its own lines UNKNOWN and hides no other.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Verdict::{self, Fail, Pass, Unknown};
use day2_core::testing::granted;
use day2_core::{Cause, Item, Observed, Unreadable};

use super::world::*;
use crate::facts::{Facts, SideFacts};

/// What is denied, how a side looks without the right, and the lines that rest on it.
type Row = (&'static str, fn(&mut SideFacts), &'static [&'static str]);

/// Without a look at a control plane the state of the pair is not known, and one side's nodes are compared with the other's.
const ROWS: &[Row] = &[
    (
        "eks:DescribeCluster",
        // Its answer is what the API server is found by.
        |side| {
            side.cluster = refused("eks:DescribeCluster");
            side.readyz = refused("eks:DescribeCluster");
            side.nodes = refused("eks:DescribeCluster");
            side.demand = refused("eks:DescribeCluster");
        },
        &["HAS-001", "HAS-002", "HAS-003", "HAS-004", "HAS-005", "HAS-006"],
    ),
    (
        // The second call fails and the one that connects did not.
        "eks:DescribeCluster",
        |side| side.cluster = refused("eks:DescribeCluster"),
        &["HAS-001", "HAS-002"],
    ),
    (
        "get /readyz",
        |side| side.readyz = refused("get /readyz"),
        &["HAS-001", "HAS-002"],
    ),
    (
        "list nodes",
        |side| side.nodes = refused("list nodes"),
        &["HAS-001", "HAS-002", "HAS-003", "HAS-004", "HAS-005", "HAS-006"],
    ),
    (
        "list pods",
        |side| side.demand = refused("list pods"),
        &["HAS-004", "HAS-005"],
    ),
    (
        "autoscaling:DescribeAutoScalingGroups",
        |side| side.groups[0].group = refused("autoscaling:DescribeAutoScalingGroups"),
        &["HAS-006"],
    ),
    (
        "cloudwatch:GetMetricData",
        |side| side.queue = Some(refused("cloudwatch:GetMetricData")),
        &["HAS-007"],
    ),
];

/// Rights that no line rests on, and what tells of a refusal.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "autoscaling:DescribeScalingActivities",
        "adds a reason to a group that is short already; the test below",
    ),
    (
        "sts:AssumeRole",
        "nothing of a side with a role of its own can be read: the first row",
    ),
    ("dynamodb:PutItem", "the journal: HAS-900 of the report"),
    ("dynamodb:Query", "the journal: HAS-900 of the report"),
    ("dynamodb:UpdateItem", "the journal: HAS-900 of the report"),
    ("s3:PutObject", "nothing is published, and the invocation fails"),
    ("sns:Publish", "nothing is published, and the invocation fails"),
    ("s3:GetObject", "without settings the function refuses to start"),
];

fn refused<T>(operation: &str) -> Observed<T> {
    Err(Unreadable::new(
        operation,
        "of a side",
        Cause::Denied,
        "not authorized",
    ))
}

/// The sides by name.
const SIDES: [(&str, &str); 2] = [("east", "west"), ("west", "east")];

fn side_of<'f>(facts: &'f mut Facts, name: &str) -> &'f mut SideFacts {
    if name == "east" {
        &mut facts.primary
    } else {
        &mut facts.secondary
    }
}

fn verdicts(items: &[Item]) -> BTreeMap<String, Verdict> {
    items
        .iter()
        .map(|item| (item.code.clone(), item.verdict()))
        .collect()
}

/// Lost after three good looks, seen at once and after an hour; and never had, seen at the very first look.
fn watches(spoil: fn(&mut SideFacts), name: &str) -> [(&'static str, Watch); 3] {
    [
        ("at once", 3, 1),
        ("after an hour", 3, 12),
        ("at the first look", 0, 1),
    ]
    .map(|(when, good, denied)| {
        let mut watch = Watch::new(|_| {});
        watch.looks(good, |_| {});
        watch.looks(denied, |facts| spoil(side_of(facts, name)));
        (when, watch)
    })
}

#[test]
fn each_read_that_is_denied_on_a_side_leaves_all_other_lines_and_no_pass_of_its_own_w28() {
    let well = verdicts(&Watch::healthy(3).items);
    assert!(well.values().all(|verdict| *verdict == Pass), "{well:?}");
    for &(what, spoil, codes) in ROWS {
        let mut expected = well.clone();
        for code in codes {
            let known = expected.insert((*code).to_owned(), Unknown);
            assert!(known.is_some(), "{what}: there is no {code}");
        }
        for (name, other) in SIDES {
            for (when, watch) in watches(spoil, name) {
                assert_eq!(verdicts(&watch.items), expected, "{what} of {name}, {when}");
                let status = Verdict::worst(watch.items.iter().map(Item::verdict));
                assert_eq!(status, Unknown, "{what}: the status of the report");
                let told = format!("{:?}", watch.items);
                assert!(
                    told.contains(what) && told.contains("permission denied"),
                    "{when}, no line names {what}: {told}"
                );
                let accused: Vec<_> = watch
                    .complaints()
                    .into_iter()
                    .flat_map(|(_, _, names)| names)
                    .collect();
                assert!(
                    !accused.iter().any(|named| named.starts_with(other)),
                    "{what} of {name}, {when}: {accused:?}"
                );
            }
        }
    }
}

/// A new right without a row fails here, and so does a row for a right that is gone.
#[test]
fn every_right_of_the_function_has_a_row_or_a_reason_why_it_has_none_w28() {
    let mut granted = granted(
        include_str!("../../../permissions.json"),
        include_str!("../../../rbac.yaml"),
    )
    .unwrap();
    // Whoever may talk to an API server may ask whether it is ready (ClusterRole `system:public-info-viewer`).
    granted.insert("get /readyz".to_owned());
    let rows = ROWS.iter().map(|(what, ..)| *what);
    let known: BTreeSet<String> = rows
        .chain(ELSEWHERE.iter().map(|(action, _)| *action))
        .map(str::to_owned)
        .collect();
    assert_eq!(granted, known);
}

#[test]
fn a_short_group_whose_activities_are_denied_stays_failed_and_says_what_is_missing_w28() {
    let short = |facts: &mut Facts| {
        let group = &mut facts.primary.groups[0];
        group.group.as_mut().unwrap().instances.truncate(1);
        group.activities = refused("autoscaling:DescribeScalingActivities");
    };
    let mut watch = Watch::healthy(3);
    watch.looks(3, short);
    let item = watch.item("HAS-006");
    assert_eq!(item.verdict(), Fail);
    let says = &item.subjects[0].says;
    assert!(
        says.contains("autoscaling:DescribeScalingActivities") && says.contains("permission denied"),
        "{says}"
    );
    assert_eq!(watch.complaints().len(), 1, "{:?}", watch.complaints());
}
