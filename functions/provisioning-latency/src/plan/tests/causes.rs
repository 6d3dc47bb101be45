//! Why is it slow? Each cause with its evidence, several together, and none.

use day2_core::Verdict;
use day2_kube::objects::Waiting;
use serde_json::json;

use super::world::*;
use crate::facts::Facts;

/// Slow, and everything else is well.
fn unexplained() -> Facts {
    let mut facts = world(50);
    pods_of(&mut facts).retain(|pod| pod.phase != "Pending");
    facts
}

fn pull_failure(facts: &mut Facts, image: &str) {
    let mut pod = running("pulling", "w1");
    pod.phase = "Pending".to_owned();
    pod.waiting = vec![Waiting {
        container: "main".to_owned(),
        init: false,
        image: image.to_owned(),
        reason: "ImagePullBackOff".to_owned(),
        message: Some("toomanyrequests".to_owned()),
    }];
    pods_of(facts).push(pod);
}

fn causes(facts: &Facts) -> Vec<String> {
    let seen = planned(facts);
    item(&seen, "PRV-002")
        .subjects
        .iter()
        .map(|subject| subject.name.clone())
        .collect()
}

#[test]
fn each_cause_is_seen_by_itself_with_its_evidence_and_only_capacity_scales() {
    type Break = fn(&mut Facts);
    let table: [(&str, &str, Break); 9] = [
        ("capacity", "2 workspace pods without a node", |facts| {
            pods_of(facts).extend((0..2).map(|number| waiting(number, NO_CPU)));
        }),
        ("registry", "1 from ghcr.io", |facts| {
            pull_failure(facts, "ghcr.io/coder/envbuilder:1");
        }),
        ("provisioner", "1 of 3 pods are available", |facts| {
            facts.cluster.deployments = Ok(vec![deployment(&provisioner(1))]);
        }),
        ("provisioner", "scaled to zero", |facts| {
            let mut none = provisioner(0);
            none["spec"]["replicas"] = json!(0);
            facts.cluster.deployments = Ok(vec![deployment(&none)]);
        }),
        ("provisioner", "does not exist", |facts| {
            facts.cluster.deployments = Ok(Vec::new());
        }),
        ("control plane", "etcd", |facts| {
            let readyz = facts.cluster.readyz.as_mut().unwrap();
            (readyz.ready, readyz.failed) = (false, vec!["etcd".to_owned()]);
        }),
        ("control plane", "2500 ms", |facts| {
            facts.cluster.readyz.as_mut().unwrap().latency = std::time::Duration::from_millis(2_500);
        }),
        ("control plane", "6 of 50 nodes are not Ready", |facts| {
            for node in facts.cluster.nodes.as_mut().unwrap().iter_mut().take(6) {
                *node = sick(node.clone());
            }
        }),
        ("control plane", "has not looked at 1 waiting pod", |facts| {
            let mut pod = waiting(1, NO_CPU);
            pod.conditions.clear();
            pods_of(facts).push(pod);
        }),
    ];
    for (cause, evidence, break_it) in table {
        let mut facts = unexplained();
        break_it(&mut facts);
        let seen = planned(&facts);
        let judged = item(&seen, "PRV-002");
        assert_eq!(judged.verdict(), Verdict::Fail, "{cause}");
        assert_eq!(judged.subjects.len(), 1, "{cause}: {:?}", judged.subjects);
        assert_eq!(judged.subjects[0].name, cause);
        assert!(
            judged.subjects[0].says.contains(evidence),
            "{}",
            judged.subjects[0].says
        );
        assert!(seen.says.starts_with(cause), "{}", seen.says);
        assert_eq!(
            raise(&seen.plan).is_some(),
            cause == "capacity",
            "{cause} {evidence}"
        );
    }
}

#[test]
fn several_causes_are_all_said_the_furthest_reaching_first_and_capacity_still_scales() {
    let mut facts = world(50);
    pull_failure(&mut facts, "ghcr.io/coder/envbuilder:1");
    facts.cluster.readyz.as_mut().unwrap().latency = std::time::Duration::from_secs(3);
    assert_eq!(causes(&facts), ["control plane", "registry", "capacity"]);
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), Some((50, 75)));
    assert_eq!(
        seen.says,
        "control plane and registry and capacity: 50 -> 75 nodes"
    );
}

#[test]
fn slow_without_a_cause_is_unknown_and_changes_nothing() {
    let seen = planned(&unexplained());
    assert_eq!(item(&seen, "PRV-002").verdict(), Verdict::Unknown);
    assert_eq!(seen.says, "slow, cause not found");
    assert!(seen.plan.steps.is_empty() && seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("no workspace was seen that waits"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn a_cause_that_could_not_be_looked_for_hides_no_other_and_is_never_taken_for_absent() {
    let mut facts = world(50);
    facts.cluster.readyz = Err(unreadable("get /readyz"));
    assert_eq!(raise(&planned(&facts).plan), Some((50, 75)));
    let judged = planned(&facts);
    let names: Vec<_> = item(&judged, "PRV-002")
        .subjects
        .iter()
        .map(|one| one.says.clone())
        .collect();
    assert!(
        names.iter().any(|says| says.contains("could not be looked for")),
        "{names:?}"
    );

    let mut facts = unexplained();
    facts.cluster.pods = Err(unreadable("list pods"));
    let seen = planned(&facts);
    assert_eq!(item(&seen, "PRV-002").verdict(), Verdict::Unknown);
    assert_eq!(item(&seen, "PRV-004").verdict(), Verdict::Unknown);
    assert_eq!(item(&seen, "PRV-005").verdict(), Verdict::Unknown);
    assert!(
        skips(&seen.plan).contains("is not known"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn pods_that_more_nodes_would_not_help_are_said_and_do_not_scale() {
    for message in [
        "0/50 nodes are available: 50 node(s) didn't match Pod's node affinity/selector.",
        "0/50 nodes are available: 50 node(s) had untolerated taint {a: b}.",
        "0/50 nodes are available: 50 node(s) had volume node affinity conflict.",
        "0/50 nodes are available: 50 Insufficient nvidia.com/gpu.",
    ] {
        let mut facts = unexplained();
        pods_of(&mut facts).push(waiting(1, message));
        let seen = planned(&facts);
        assert_eq!(raise(&seen.plan), None, "{message}");
        let judged = item(&seen, "PRV-004");
        assert_eq!(judged.verdict(), Verdict::Fail);
        assert!(
            judged.subjects[0].says.contains("would not help"),
            "{}",
            judged.subjects[0].says
        );
    }
}

/// A workspace that waits for CPU, and asks this of its node.
fn asking(spec: &serde_json::Value) -> day2_kube::objects::Pod {
    let asked = pod(&json!({"spec": spec}));
    day2_kube::objects::Pod {
        placement: asked.placement,
        ..waiting(1, NO_CPU)
    }
}

#[test]
fn a_pod_that_the_nodes_of_the_group_may_not_take_raises_nothing_and_is_said() {
    let gpu = json!({"key": "gpu", "effect": "NoSchedule"});
    for (spec, fits) in [
        (json!({}), true),
        (json!({"nodeSelector": {"node-group": "workspace"}}), true),
        (
            json!({"nodeSelector": {"topology.kubernetes.io/zone": "us-east-1b"}}),
            true,
        ),
        (
            json!({"nodeSelector": {"topology.kubernetes.io/zone": "us-east-1c"}}),
            false,
        ),
        (json!({"nodeSelector": {"node-group": "gpu"}}), false),
    ] {
        let mut facts = unexplained();
        // A node of another group that would take it proves nothing about this one.
        let mut other = node(90, 300);
        other.labels.insert("node-group".to_owned(), "gpu".to_owned());
        facts.cluster.nodes.as_mut().unwrap().push(other);
        pods_of(&mut facts).push(asking(&spec));
        let seen = planned(&facts);
        assert_eq!(raise(&seen.plan).is_some(), fits, "{spec}");
        let says = &item(&seen, "PRV-004").subjects[0].says;
        assert_eq!(!says.contains("not allowed to take it"), fits, "{says}");
    }
    // Taints of the group's nodes.
    let mut facts = unexplained();
    let tainted: day2_kube::objects::Node =
        serde_json::from_value(json!({"spec": {"taints": [gpu]}})).unwrap();
    for node in facts.cluster.nodes.as_mut().unwrap() {
        node.taints.clone_from(&tainted.taints);
    }
    pods_of(&mut facts).push(asking(&json!({})));
    assert_eq!(raise(&planned(&facts).plan), None);
    pods_of(&mut facts).push(asking(
        &json!({"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    ));
    assert_eq!(raise(&planned(&facts).plan), Some((50, 51)));
}

#[test]
fn a_group_without_a_node_is_not_judged_and_not_raised() {
    let mut facts = world(50);
    facts.cluster.nodes = Ok(Vec::new());
    let seen = planned(&facts);
    assert_eq!(raise(&seen.plan), None);
    assert!(
        skips(&seen.plan).contains("raise it to one by hand"),
        "{}",
        skips(&seen.plan)
    );
    assert_ne!(item(&seen, "PRV-002").verdict(), Verdict::Pass);
}

#[test]
fn pods_that_wait_only_a_moment_or_elsewhere_or_on_purpose_do_not_count() {
    let mut young = waiting(1, NO_CPU);
    young.created_at = Some(now());
    let mut elsewhere = waiting(2, NO_CPU);
    elsewhere.namespace = "batch".to_owned();
    let mut gated = waiting(3, NO_CPU);
    gated.conditions[0].reason = Some("SchedulingGated".to_owned());
    let mut leaving = waiting(4, NO_CPU);
    leaving.deleting_since = Some(now());
    let mut facts = unexplained();
    pods_of(&mut facts).extend([young, elsewhere, gated, leaving]);
    let seen = planned(&facts);
    assert_eq!(item(&seen, "PRV-004").verdict(), Verdict::Pass);
    assert_eq!(raise(&seen.plan), None);
}

#[test]
fn the_page_shows_the_metric_and_the_way_of_the_nodes() {
    let seen = planned(&world(50));
    let kinds: Vec<_> = seen
        .charts
        .iter()
        .map(|chart| match chart {
            day2_core::chart::Chart::Bars(bars) => bars.bars.len(),
            day2_core::chart::Chart::Waterfall(waterfall) => waterfall.stages.len(),
        })
        .collect();
    assert_eq!(kinds, [5, 4]);
}
