//! A permission that is missing makes its own line UNKNOWN and hides no other.

use std::collections::BTreeSet;

use day2_core::Item;
use day2_core::Verdict::{Fail, Pass, Unknown};
use serde_json::{Value, json};

use super::world::{World, alarm, denied, insight};
use crate::assess::tests::world::World as Inside;
use crate::settings::Group;

type Spoil = fn(&mut World);

/// The line about the cluster's own workloads, which looks at add-ons too.
const OWN: &str = "HLT-103";

/// The action, how the facts look without it, and the lines that rest on it.
const ROWS: [(&str, Spoil, &[&str]); 26] = [
    (
        "cloudwatch:DescribeAlarms",
        |world| world.alarms().alarms = Err(denied("cloudwatch:DescribeAlarms")),
        &["HLT-201", "HLT-202", "HLT-203"],
    ),
    (
        "cloudwatch:DescribeAlarmHistory",
        |world| world.alarms().history = Err(denied("cloudwatch:DescribeAlarmHistory")),
        &["HLT-203"],
    ),
    (
        "cloudwatch:GetMetricData",
        |world| {
            let why = denied("cloudwatch:GetMetricData");
            world.database().connections = Err(why.clone());
            world.database().lag = Err(why.clone());
            world.database().storage = Err(why.clone());
            world.facts.volumes = Some(Err(why));
        },
        &["HLT-232", "HLT-233", "HLT-234", "HLT-251"],
    ),
    (
        "guardduty:ListDetectors",
        |world| no_detector(world, "guardduty:ListDetectors"),
        &["HLT-211", "HLT-212"],
    ),
    (
        "guardduty:GetDetector",
        |world| no_detector(world, "guardduty:GetDetector"),
        &["HLT-211", "HLT-212"],
    ),
    (
        "guardduty:ListFindings",
        |world| world.security().findings = Err(denied("guardduty:ListFindings")),
        &["HLT-211"],
    ),
    (
        "guardduty:GetFindings",
        |world| world.security().findings = Err(denied("guardduty:GetFindings")),
        &["HLT-211"],
    ),
    (
        "guardduty:ListCoverage",
        |world| {
            world.security().runtime.as_mut().unwrap().cluster = Err(denied("guardduty:ListCoverage"));
        },
        &["HLT-212"],
    ),
    (
        "guardduty:GetCoverageStatistics",
        |world| {
            world.security().runtime.as_mut().unwrap().all = Err(denied("guardduty:GetCoverageStatistics"));
        },
        &["HLT-212"],
    ),
    (
        "securityhub:GetFindings",
        |world| world.hub().open = Err(denied("securityhub:GetFindings")),
        &["HLT-213"],
    ),
    (
        "eks:DescribeCluster",
        |world| world.eks().cluster = Err(denied("eks:DescribeCluster")),
        &["HLT-221"],
    ),
    (
        "eks:ListAddons",
        |world| world.eks().addons = Err(denied("eks:ListAddons")),
        &[OWN, "HLT-222"],
    ),
    (
        "eks:DescribeAddon",
        |world| {
            world.eks().addons = Ok(vec![("vpc-cni".into(), Err(denied("eks:DescribeAddon")))]);
        },
        &["HLT-222"],
    ),
    (
        "eks:ListNodegroups",
        |world| world.eks().node_groups = Err(denied("eks:ListNodegroups")),
        &["HLT-223"],
    ),
    (
        "eks:DescribeNodegroup",
        |world| {
            world.eks().node_groups = Ok(vec![("workers".into(), Err(denied("eks:DescribeNodegroup")))]);
        },
        &["HLT-223"],
    ),
    (
        "eks:ListInsights",
        |world| world.eks().insights = Err(denied("eks:ListInsights")),
        &["HLT-224"],
    ),
    (
        "rds:DescribePendingMaintenanceActions",
        |world| {
            world.database().maintenance = Err(denied("rds:DescribePendingMaintenanceActions"));
        },
        &["HLT-235"],
    ),
    (
        "rds:DescribeEvents",
        |world| world.database().events[1].1 = Err(denied("rds:DescribeEvents")),
        &["HLT-236"],
    ),
    (
        "cloudwatch:ListMetrics",
        |world| world.facts.volumes = Some(Err(denied("cloudwatch:ListMetrics"))),
        &["HLT-251"],
    ),
    (
        "rds:DescribeDBClusters",
        |world| {
            let why = denied("rds:DescribeDBClusters");
            let facts = world.database();
            facts.database = Err(why.clone());
            facts.connections = Err(why.clone());
            facts.lag = Err(why.clone());
            facts.storage = Err(why.clone());
            facts.maintenance = Err(why.clone());
            facts.events = vec![("prod-a-aurora".into(), Err(why))];
        },
        &["HLT-231", "HLT-232", "HLT-233", "HLT-234", "HLT-235", "HLT-236"],
    ),
    (
        "rds:DescribeDBInstances",
        |world| {
            for instance in &mut world.database().database.as_mut().unwrap().instances {
                let why = denied("rds:DescribeDBInstances");
                instance.described = Err(why.clone());
                instance.parameter = Err(why);
            }
        },
        // Without its class nobody knows how many connections an instance takes.
        &["HLT-231", "HLT-232"],
    ),
    (
        "rds:DescribeDBParameters",
        |world| {
            for instance in &mut world.database().database.as_mut().unwrap().instances {
                instance.parameter = Err(denied("rds:DescribeDBParameters"));
            }
        },
        &["HLT-232"],
    ),
    (
        "rds:DescribeDBClusterParameters",
        |world| {
            let database = world.database().database.as_mut().unwrap();
            database.parameter = Err(denied("rds:DescribeDBClusterParameters"));
        },
        &["HLT-232"],
    ),
    (
        "eks:ListUpdates",
        |world| no_changes(world, "eks:ListUpdates"),
        &["HLT-261"],
    ),
    (
        "eks:DescribeUpdate",
        |world| no_changes(world, "eks:DescribeUpdate"),
        &["HLT-261"],
    ),
    (
        "autoscaling:DescribeScalingActivities",
        |world| no_changes(world, "autoscaling:DescribeScalingActivities"),
        &["HLT-261"],
    ),
];

/// Rights that no line rests on, and what tells of a refusal.
const ELSEWHERE: [(&str, &str); 8] = [
    (
        "eks:DescribeInsight",
        "adds words to an insight that has failed already; the test below",
    ),
    (
        "sts:AssumeRole",
        "nothing of a target with a role of its own can be read: HLT-901 of the report",
    ),
    ("dynamodb:PutItem", "the journal: HLT-900 of the report"),
    ("dynamodb:Query", "the journal: HLT-900 of the report"),
    ("dynamodb:UpdateItem", "the journal: HLT-900 of the report"),
    ("s3:PutObject", "nothing is published, and the invocation fails"),
    ("sns:Publish", "nothing is published, and the invocation fails"),
    ("s3:GetObject", "without settings the function refuses to start"),
];

/// Without every detector and its state nobody knows what "no findings" means.
fn no_detector(world: &mut World, action: &str) {
    world.security().detectors = Err(denied(action));
    world.security().findings = Err(denied(action));
}

/// A cluster with what the add-on makes, of which EKS says the same.
fn with_the_addon(world: &World) -> Inside {
    let made = json!({"metadata": {"name": "aws-node", "namespace": "kube-system"}});
    let inside = Inside::well().with("daemonsets", made);
    inside.eks(world.facts.eks.clone().unwrap())
}

fn no_changes(world: &mut World, action: &str) {
    world.facts.changes.as_mut().unwrap().sources[0].changes = Err(denied(action));
}

#[test]
fn each_read_that_is_denied_leaves_all_other_lines_and_no_pass_of_its_own_w28() {
    for (action, spoil, codes) in ROWS {
        let mut world = World::healthy();
        spoil(&mut world);
        let (own, of_aws): (Vec<&str>, Vec<&str>) = codes.iter().copied().partition(|code| *code == OWN);
        let expected: Vec<_> = of_aws.iter().map(|code| (*code, Unknown)).collect();
        world.assert_only(&expected);
        let inside = with_the_addon(&world).item(OWN);
        let verdict = if own.is_empty() { Pass } else { Unknown };
        assert_eq!(inside.verdict(), verdict, "{OWN} without {action}");
        let mut items: Vec<Item> = of_aws.iter().map(|code| world.item(code)).collect();
        items.extend((!own.is_empty()).then_some(inside));
        for item in items {
            let code = &item.code;
            let told = format!("{} {:?}", item.seen, item.subjects);
            assert!(told.contains(action), "{code} does not name {action}: {told}");
            assert!(told.contains("permission denied"), "{code}: {told}");
        }
    }
}

/// A new right without a row fails here, and so does a row for a right that is gone.
#[test]
fn every_right_of_the_function_has_a_row_or_a_reason_why_it_has_none_w28() {
    let document: Value = serde_json::from_str(include_str!("../../../../permissions.json")).unwrap();
    let granted: Vec<&str> = document["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    let rows = ROWS.iter().map(|(action, _, _)| *action);
    let known: Vec<&str> = rows.chain(ELSEWHERE.iter().map(|(action, _)| *action)).collect();
    let once: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!(once.len(), known.len(), "an action stands twice");
    assert_eq!(granted.into_iter().collect::<BTreeSet<_>>(), once);
}

#[test]
fn an_insight_whose_details_are_denied_stays_failed_and_says_what_is_missing_w28() {
    let mut world = World::healthy();
    world.eks().insights = Ok(vec![(
        insight("Deprecated APIs", "ERROR"),
        Some(Err(denied("eks:DescribeInsight"))),
    )]);
    world.assert_only(&[("HLT-224", Fail)]);
    let (_, says) = world.named("HLT-224").remove(0);
    assert!(
        says.contains("eks:DescribeInsight") && says.contains("permission denied"),
        "{says}"
    );
}

/// The table above misses no group of AWS. An endpoint needs no permission: one that gives no answer has failed.
#[test]
fn every_group_of_aws_has_a_refusal_in_the_table_w28() {
    for (group, decade) in [
        (Group::Alarms, "HLT-20"),
        (Group::Security, "HLT-21"),
        (Group::Eks, "HLT-22"),
        (Group::Database, "HLT-23"),
        (Group::Volumes, "HLT-25"),
    ] {
        let mut codes = ROWS.iter().flat_map(|(_, _, codes)| codes.iter());
        assert!(codes.any(|code| code.starts_with(decade)), "{group:?}");
        assert!(Group::OF_AWS.contains(&group));
    }
    assert_eq!(
        Group::OF_AWS.len(),
        6,
        "a group was added, and Endpoints is the only one without a row"
    );
}

#[test]
fn a_failure_beside_a_denied_read_stays_a_failure_w28() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(vec![alarm("db-cpu", "ALARM")]);
    world.alarms().history = Err(denied("cloudwatch:DescribeAlarmHistory"));
    world.facts.volumes = Some(Err(denied("cloudwatch:ListMetrics")));
    world.assert_only(&[("HLT-201", Fail), ("HLT-203", Unknown), ("HLT-251", Unknown)]);
}
