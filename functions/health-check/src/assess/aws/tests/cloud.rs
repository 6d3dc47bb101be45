//! What EKS says of the cluster, and what changed.

use day2_core::Verdict::{Fail, Unknown};
use day2_reads::insights::Details;
use day2_reads::node_groups::NodeGroup;
use serde_json::json;

use super::world::{World, addon, ago, cluster, denied, insight};
use crate::facts::aws_changes::{About, Change, Source};

fn group(status: &str, issues: &[(&str, &str)]) -> NodeGroup {
    NodeGroup {
        name: "workers".into(),
        cluster: "prod-a".into(),
        status: status.into(),
        min: 2,
        max: 6,
        desired: 3,
        capacity_type: None,
        issues: issues
            .iter()
            .map(|(code, message)| ((*code).to_owned(), (*message).to_owned()))
            .collect(),
        scaling_groups: Vec::new(),
        subnets: Vec::new(),
    }
}

#[test]
fn an_active_cluster_with_an_issue_fails() {
    let mut world = World::healthy();
    world.eks().cluster = Ok(day2_reads::clusters::Cluster {
        issues: vec![("Ec2SubnetNotFound".into(), "a subnet is gone (subnet-1)".into())],
        ..cluster()
    });
    world.assert_only(&[("HLT-221", Fail)]);
    let expected = ("Ec2SubnetNotFound", "a subnet is gone (subnet-1)");
    assert_eq!(
        world.named("HLT-221"),
        [(expected.0.to_owned(), expected.1.to_owned())]
    );
}

#[test]
fn an_addon_or_a_group_in_trouble_is_named_and_its_neighbours_are_not() {
    let mut world = World::healthy();
    let mut degraded = addon("coredns");
    degraded.status = "DEGRADED".into();
    degraded.issues = vec![("InsufficientNumberOfReplicas".into(), "0 of 2".into())];
    let mut updating = addon("kube-proxy");
    updating.status = "UPDATING".into();
    world.eks().addons = Ok(vec![
        ("vpc-cni".into(), Ok(addon("vpc-cni"))),
        ("coredns".into(), Ok(degraded)),
        ("kube-proxy".into(), Ok(updating)),
    ]);
    let bad = group("DEGRADED", &[("AsgInstanceLaunchFailures", "no capacity")]);
    world.eks().node_groups = Ok(vec![
        ("workers".into(), Ok(bad)),
        ("control".into(), Ok(group("ACTIVE", &[]))),
    ]);
    world.assert_only(&[("HLT-222", Fail), ("HLT-223", Fail)]);
    let says = "is DEGRADED: InsufficientNumberOfReplicas: 0 of 2";
    assert_eq!(world.named("HLT-222"), [("coredns".to_owned(), says.to_owned())]);
    assert_eq!(world.named("HLT-223").len(), 1);
}

#[test]
fn an_auto_mode_cluster_without_addons_and_groups_has_no_such_lines() {
    let mut world = World::healthy();
    world.eks().cluster = Ok(day2_reads::clusters::Cluster {
        auto_mode: true,
        ..cluster()
    });
    world.eks().addons = Ok(Vec::new());
    world.assert_only(&[]);
    let codes: Vec<String> = world.items().into_iter().map(|item| item.code).collect();
    assert!(!codes.contains(&"HLT-222".to_owned()) && !codes.contains(&"HLT-223".to_owned()));
    // Without Auto Mode, a cluster without any add-on has not been looked at.
    world.eks().cluster = Ok(cluster());
    world.assert_only(&[("HLT-222", Unknown)]);
}

#[test]
fn an_insight_that_fails_is_told_with_its_age_and_what_it_complains_about() {
    let mut world = World::healthy();
    let details = Details {
        recommendation: "move to the newer API".into(),
        resources: (1..=5).map(|number| format!("/apis/x/{number}")).collect(),
    };
    world.eks().insights = Ok(vec![
        (insight("Deprecated APIs", "ERROR"), Some(Ok(details))),
        (
            insight("Add-ons", "WARNING"),
            Some(Err(denied("eks:DescribeInsight"))),
        ),
        (insight("Kubelet version skew", "PASSING"), None),
    ]);
    world.assert_only(&[("HLT-224", Fail)]);
    let named = world.named("HLT-224");
    assert_eq!(
        named[0].1,
        "ERROR for 12 d, about version 1.35: a reason [/apis/x/1, /apis/x/2, /apis/x/3 and 2 more]; move to the newer API"
    );
    assert!(named[1].1.contains("details could not be read"), "{named:?}");
}

#[test]
fn warnings_and_named_insights_can_be_left_out_in_writing() {
    let mut world =
        World::with(&json!({"eks": {"insight_warnings": false, "ignore_insights": ["Deprecated APIs"]}}));
    world.eks().insights = Ok(vec![
        (insight("Deprecated APIs", "ERROR"), None),
        (insight("Add-ons", "WARNING"), None),
        (insight("Kubelet version skew", "PASSING"), None),
    ]);
    world.assert_only(&[]);
}

#[test]
fn an_insight_that_eks_does_not_know_or_has_not_refreshed_is_unknown() {
    let mut world = World::healthy();
    let mut stale = insight("Kubelet version skew", "PASSING");
    stale.refreshed_at = Some(ago(60 * 49));
    for one in [stale, insight("Add-ons", "UNKNOWN")] {
        world.eks().insights = Ok(vec![(one, None)]);
        world.assert_only(&[("HLT-224", Unknown)]);
    }
    world.eks().insights = Ok(Vec::new());
    world.assert_only(&[("HLT-224", Unknown)]);
}

#[test]
fn what_aws_changed_is_counted_by_source_and_a_source_that_is_denied_is_unknown_w28() {
    let change = |what: &str, minutes: i64, failed| Change {
        at: ago(minutes),
        what: what.into(),
        says: "ConfigUpdate".into(),
        failed,
    };
    let mut world = World::healthy();
    world.facts.changes.as_mut().unwrap().sources.push(Source {
        name: "scaling".into(),
        about: About::NodeGroup("workers".into()),
        changes: Ok(vec![change("broken", 40, true), change("new", 5, false)]),
    });
    world.assert_only(&[]);
    assert_eq!(
        world.item("HLT-261").seen,
        "2 changes in 2 sources; HLT-191 ranks them"
    );
    world.facts.changes.as_mut().unwrap().sources[0].changes = Err(denied("eks:ListUpdates"));
    world.assert_only(&[("HLT-261", Unknown)]);
    // Where the plan leaves every source out there is nothing to read.
    world.facts.changes.as_mut().unwrap().sources.clear();
    world.assert_only(&[]);
    assert!(world.items().iter().all(|item| item.code != "HLT-261"));
}
