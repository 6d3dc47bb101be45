//! A read that is denied makes its own lines UNKNOWN and hides no other.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Verdict::{self, Fail, Pass, Unknown};
use day2_core::testing::granted;
use day2_core::{Cause, Item, Observed, Unreadable};

use super::whole::{TASKS, broken, settings, well};
use super::world::judge;
use crate::facts::{Cluster, DatabaseFacts, Facts, Launching, Surroundings};

/// What is denied, how the facts look without the right, and the lines of all tasks that rest on it.
type Row = (&'static str, fn(&mut Facts), &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "autoscaling:DescribeAutoScalingGroups",
        // Instances and templates are asked for by what the groups name.
        |facts| {
            facts.groups[0].group = refused("autoscaling:DescribeAutoScalingGroups");
            facts.instances = Ok(Vec::new());
            launching(facts).templates.clear();
            launching(facts).images.clear();
        },
        &[
            "SCW-011", "SCW-012", "SCW-014", "SCW-015", "SCW-018", "SCW-019", "SCW-102", "SCW-103",
            "SCW-104", "SCW-108", "SCW-201", "SCW-202",
        ],
    ),
    (
        "autoscaling:DescribeScheduledActions",
        |facts| facts.groups[0].actions = refused("autoscaling:DescribeScheduledActions"),
        &["SCW-013"],
    ),
    (
        "autoscaling:DescribeScalingActivities",
        |facts| facts.groups[0].activities = refused("autoscaling:DescribeScalingActivities"),
        &["SCW-016"],
    ),
    (
        // Of the days before, which is a second call.
        "autoscaling:DescribeScalingActivities",
        |facts| facts.groups[0].earlier = Some(refused("autoscaling:DescribeScalingActivities")),
        &["SCW-020"],
    ),
    (
        "ec2:DescribeInstances",
        |facts| facts.instances = refused("ec2:DescribeInstances"),
        &["SCW-103", "SCW-104", "SCW-108"],
    ),
    (
        "ec2:DescribeSubnets",
        |facts| facts.subnets = refused("ec2:DescribeSubnets"),
        &["SCW-009", "SCW-014", "SCW-102"],
    ),
    (
        "ec2:DescribeNatGateways",
        // The metrics are asked for by the gateways' ids.
        |facts| {
            around(facts).gateways = refused("ec2:DescribeNatGateways");
            around(facts).port_errors = refused("ec2:DescribeNatGateways");
        },
        &["SCW-009", "SCW-010"],
    ),
    (
        "ec2:DescribeLaunchTemplateVersions",
        // Images are asked for by what the templates name.
        |facts| {
            for (_, version) in &mut launching(facts).templates {
                *version = refused("ec2:DescribeLaunchTemplateVersions");
            }
            launching(facts).images.clear();
        },
        &["SCW-018", "SCW-019"],
    ),
    (
        "ec2:DescribeImages",
        |facts| launching(facts).images[0].1 = refused("ec2:DescribeImages"),
        &["SCW-019"],
    ),
    (
        "ec2:DescribeInstanceTypes",
        |facts| launching(facts).instance_types = refused("ec2:DescribeInstanceTypes"),
        &["SCW-019"],
    ),
    (
        "rds:DescribeDBClusters",
        // The metrics are asked for by the members' ids.
        |facts| {
            database(facts).database = refused("rds:DescribeDBClusters");
            database(facts).connections = refused("rds:DescribeDBClusters");
            database(facts).lag = refused("rds:DescribeDBClusters");
        },
        &["SCW-004", "SCW-005", "SCW-006"],
    ),
    (
        "rds:DescribeDBInstances",
        |facts| {
            for instance in &mut database(facts).database.as_mut().unwrap().instances {
                instance.status = refused("rds:DescribeDBInstances");
            }
        },
        &["SCW-004"],
    ),
    (
        "cloudwatch:DescribeAlarms",
        |facts| around(facts).alarms = refused("cloudwatch:DescribeAlarms"),
        &["SCW-007", "SCW-008"],
    ),
    (
        "cloudwatch:GetMetricData",
        |facts| {
            around(facts).port_errors = refused("cloudwatch:GetMetricData");
            database(facts).connections = refused("cloudwatch:GetMetricData");
            database(facts).lag = refused("cloudwatch:GetMetricData");
        },
        &["SCW-005", "SCW-006", "SCW-010"],
    ),
    (
        "servicequotas:GetServiceQuota",
        |facts| around(facts).quotas[0] = refused("servicequotas:GetServiceQuota"),
        &["SCW-017"],
    ),
    (
        "eks:DescribeCluster",
        // Its answer is what the API server is found by.
        |facts| facts.cluster = Cluster::unreadable(&denied("eks:DescribeCluster")),
        &[
            "SCW-001", "SCW-002", "SCW-101", "SCW-102", "SCW-104", "SCW-105", "SCW-106", "SCW-107",
            "SCW-201", "SCW-202",
        ],
    ),
    (
        "list nodes",
        |facts| facts.cluster.nodes = refused("list nodes"),
        &[
            "SCW-001", "SCW-002", "SCW-101", "SCW-102", "SCW-104", "SCW-105", "SCW-106", "SCW-201", "SCW-202",
        ],
    ),
    (
        "list pods",
        |facts| facts.cluster.pods = refused("list pods"),
        &["SCW-002", "SCW-106", "SCW-107", "SCW-202"],
    ),
    (
        "list deployments",
        |facts| facts.cluster.deployments = refused("list deployments"),
        &["SCW-002"],
    ),
    (
        "list daemonsets",
        |facts| facts.cluster.daemon_sets = refused("list daemonsets"),
        &["SCW-106"],
    ),
    (
        "list poddisruptionbudgets",
        |facts| facts.cluster.budgets = refused("list poddisruptionbudgets"),
        &["SCW-202"],
    ),
];

/// Rights that no line rests on, and what tells of a refusal.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "sts:AssumeRole",
        "nothing of a target with a role of its own can be read: all rows at once",
    ),
    ("dynamodb:PutItem", "the journal: SCW-900 of the report"),
    ("dynamodb:Query", "the journal: SCW-900 of the report"),
    ("dynamodb:UpdateItem", "the journal: SCW-900 of the report"),
    ("s3:PutObject", "nothing is published, and the invocation fails"),
    ("sns:Publish", "nothing is published, and the invocation fails"),
    ("s3:GetObject", "without settings the function refuses to start"),
];

fn denied(operation: &str) -> Unreadable {
    Unreadable::new(operation, "of prod-a", Cause::Denied, "not authorized")
}

fn refused<T>(operation: &str) -> Observed<T> {
    Err(denied(operation))
}

fn launching(facts: &mut Facts) -> &mut Launching {
    facts.launching.as_mut().unwrap()
}

fn around(facts: &mut Facts) -> &mut Surroundings {
    facts.surroundings.as_mut().unwrap()
}

fn database(facts: &mut Facts) -> &mut DatabaseFacts {
    around(facts).database.as_mut().unwrap()
}

fn by_code(items: Vec<Item>) -> BTreeMap<String, Item> {
    items.into_iter().map(|item| (item.code.clone(), item)).collect()
}

#[test]
fn each_read_that_is_denied_makes_its_own_lines_unknown_and_leaves_all_others_as_they_were_w28() {
    let settings = settings();
    for &(what, spoil, codes) in ROWS {
        let mut unknown = BTreeSet::new();
        for task in TASKS {
            let whole = by_code(judge(&well(task), &settings, task));
            for item in whole.values() {
                assert_eq!(item.verdict(), Pass, "{task:?}: {item:#?}");
            }
            let mut facts = well(task);
            spoil(&mut facts);
            let items = by_code(judge(&facts, &settings, task));
            assert!(items.keys().eq(whole.keys()), "{what}, {task:?}: other lines");
            for (code, item) in &items {
                if !codes.contains(&code.as_str()) {
                    assert_eq!(Some(item), whole.get(code), "{what}, {task:?}");
                    continue;
                }
                assert_eq!(item.verdict(), Unknown, "{what}, {task:?}: {item:#?}");
                let words = format!("{} {:?}", item.seen, item.subjects);
                let named = words.contains(what) && words.contains("permission denied");
                // Without its template no image is known, and the line of the template names the right.
                let by_another = code == "SCW-019" && codes.contains(&"SCW-018");
                assert!(named || by_another, "{task:?}, {what} is not named: {words}");
                unknown.insert(code.clone());
            }
            if items != whole {
                let status = Verdict::worst(items.values().map(Item::verdict));
                assert_eq!(status, Unknown, "{what}, {task:?}: the status of the report");
            }
        }
        let expected: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(unknown, expected, "{what}");
    }
}

#[test]
fn what_fails_never_passes_because_a_read_is_denied_and_what_does_not_rest_on_it_fails_still_w28() {
    let settings = settings();
    for task in TASKS {
        let before = judge(&broken(task), &settings, task);
        for item in &before {
            assert_eq!(item.verdict(), Fail, "{task:?}: {item:#?}");
        }
        for &(what, spoil, codes) in ROWS {
            let mut facts = broken(task);
            spoil(&mut facts);
            let items = judge(&facts, &settings, task);
            assert_eq!(items.len(), before.len(), "{what}, {task:?}");
            for item in items {
                assert_ne!(item.verdict(), Pass, "{what}, {task:?}: {item:#?}");
                if !codes.contains(&item.code.as_str()) {
                    assert_eq!(item.verdict(), Fail, "{what}, {task:?}: {item:#?}");
                }
            }
        }
    }
}

/// A new line without a row fails here. The endpoints of SCW-003 are asked by the function itself: no answer is a failure.
#[test]
fn every_line_rests_on_a_read_of_the_table_w28() {
    let settings = settings();
    let lines: BTreeSet<String> = TASKS
        .into_iter()
        .flat_map(|task| judge(&well(task), &settings, task))
        .map(|item| item.code)
        .filter(|code| code != "SCW-003")
        .collect();
    let known: BTreeSet<String> = ROWS
        .iter()
        .flat_map(|(_, _, codes)| codes.iter())
        .map(|code| (*code).to_owned())
        .collect();
    assert_eq!(lines, known);
}

/// A new right without a row fails here, and so does a row for a right that is gone.
#[test]
fn every_right_of_the_function_has_a_row_or_a_reason_why_it_has_none_w28() {
    let granted = granted(
        include_str!("../../../permissions.json"),
        include_str!("../../../rbac.yaml"),
    )
    .unwrap();
    let rows = ROWS.iter().map(|(what, ..)| *what);
    let known: BTreeSet<String> = rows
        .chain(ELSEWHERE.iter().map(|(action, _)| *action))
        .map(str::to_owned)
        .collect();
    assert_eq!(granted, known);
}
