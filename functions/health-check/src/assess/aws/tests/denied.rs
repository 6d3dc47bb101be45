//! A permission that is missing makes its own line UNKNOWN and hides no other.

use day2_core::Verdict::{Fail, Unknown};

use super::world::{World, alarm, denied};
use crate::settings::Group;

type Spoil = fn(&mut World);

/// The action, how the facts look without it, and the lines that rest on it.
const ROWS: [(&str, Spoil, &[&str]); 16] = [
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
        "guardduty:ListDetectors",
        |world| {
            let why = denied("guardduty:ListDetectors");
            world.security().detectors = Err(why.clone());
            world.security().findings = Err(why.clone());
        },
        &["HLT-211", "HLT-212"],
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
        &["HLT-222"],
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
];

#[test]
fn each_read_that_is_denied_leaves_all_other_lines_and_no_pass_of_its_own_w28() {
    for (action, spoil, codes) in ROWS {
        let mut world = World::healthy();
        spoil(&mut world);
        let expected: Vec<_> = codes.iter().map(|code| (*code, Unknown)).collect();
        world.assert_only(&expected);
        for code in codes {
            let item = world.item(code);
            let told = format!("{} {:?}", item.seen, item.subjects);
            assert!(told.contains(action), "{code} does not name {action}: {told}");
            assert!(told.contains("permission denied"), "{code}: {told}");
        }
    }
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
