use day2_core::{Cause, Unreadable, Verdict};
use serde_json::json;

use super::world::{complaint, complaints, item, judge, node, nodes, settings, world};
use crate::Task;

/// Without surroundings the prescale run has no alarms to judge; the cluster lines are what these tests look at.
fn codes(facts: &crate::facts::Facts) -> Vec<(String, Vec<String>)> {
    complaints(&judge(facts, &settings(), Task::Prescale))
}

#[test]
fn a_healthy_platform_has_no_complaint() {
    assert_eq!(codes(&world(2)), []);
}

#[test]
fn a_not_ready_control_node_is_named_and_its_neighbour_is_not() {
    let mut facts = world(2);
    let mut sick = node("c2", "control", "us-east-1b");
    sick["status"]["conditions"][0]["status"] = json!("False");
    let rest = [
        node("c1", "control", "us-east-1a"),
        node("w1", "workspace", "us-east-1a"),
        node("w2", "workspace", "us-east-1b"),
    ];
    facts.cluster.nodes = Ok(nodes(&[&rest[..], &[sick]].concat()));
    assert_eq!(codes(&facts), [complaint("SCW-001", &["control", "c2"])]);
}

#[test]
fn zero_nodes_fail_the_control_line_w25() {
    let mut facts = world(2);
    facts.cluster.nodes = Ok(Vec::new());
    assert_eq!(
        item(&judge(&facts, &settings(), Task::Prescale), "SCW-001").verdict(),
        Verdict::Fail
    );
}

#[test]
fn a_denied_node_list_is_unknown_and_hides_no_neighbour_w28() {
    let mut facts = world(2);
    facts.cluster.nodes = Err(Unreadable::new(
        "list nodes",
        "prod-a",
        Cause::Denied,
        "nodes is forbidden",
    ));
    let items = judge(&facts, &settings(), Task::Prescale);
    assert_eq!(item(&items, "SCW-001").verdict(), Verdict::Unknown);
    assert_eq!(
        item(&items, "SCW-011").verdict(),
        Verdict::Pass,
        "the groups are read from Auto Scaling and still judged"
    );
    assert!(items.iter().all(|item| item.verdict() != Verdict::Fail));
}

#[test]
fn replicas_on_one_node_and_zone_are_not_spread() {
    let mut facts = world(2);
    for pod in facts.cluster.pods.as_mut().unwrap() {
        pod.node = Some("c1".to_owned());
    }
    let items = judge(&facts, &settings(), Task::Prescale);
    let line = item(&items, "SCW-002");
    assert_eq!(line.verdict(), Verdict::Fail);
    assert!(
        line.subjects[0].says.contains("1 of at least 2 nodes")
            && line.subjects[0].says.contains("1 of at least 2 zones")
    );
}

#[test]
fn a_deployment_scaled_to_zero_or_missing_fails() {
    let mut zero = world(2);
    zero.cluster.deployments.as_mut().unwrap()[0].replicas = 0;
    let mut missing = world(2);
    missing.cluster.deployments = Ok(Vec::new());
    for facts in [zero, missing] {
        assert_eq!(codes(&facts), [complaint("SCW-002", &["coder/coder-server"])]);
    }
}

#[test]
fn counts_about_an_older_spec_are_not_believed() {
    let mut facts = world(2);
    facts.cluster.deployments.as_mut().unwrap()[0].generation = 2;
    assert_eq!(codes(&facts), [complaint("SCW-002", &["coder/coder-server"])]);
}

#[test]
fn a_group_that_begins_at_zero_is_no_reason_for_doubt_and_a_missing_node_is_one() {
    let zero = super::world::settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 0, "peak": 4, "after": 0, "min": 0, "max": 6}]
    }));
    let mut facts = world(0);
    facts.groups[0].group.as_mut().unwrap().min = 0;
    assert_eq!(complaints(&judge(&facts, &zero, Task::Prescale)), []);
    let line = item(&judge(&world(1), &settings(), Task::Prescale), "SCW-105");
    assert_eq!(line.verdict(), Verdict::Fail);
    assert!(line.subjects[0].says.contains("1 of 2 planned nodes"));
}
