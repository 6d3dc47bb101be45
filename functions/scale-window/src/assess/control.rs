//! `SCW-001` and `SCW-002`: control nodes and control workloads.

use std::collections::BTreeSet;

use day2_core::settings::Labels;
use day2_core::{Item, Observed, Verdict};
use day2_kube::objects::{Deployment, Node, Pod, Readiness};
use jiff::Timestamp;

use super::{minutes_since, population, worse_of};
use crate::facts::Cluster;
use crate::settings::{ControlGroup, ControlWorkload};

/// A control group and the labels of its nodes.
pub(crate) type ControlNodes<'a> = (&'a ControlGroup, &'a Labels);

/// Every control group has its least number of nodes that are Ready and take pods, and none is `NotReady`.
pub(crate) fn nodes(groups: &[ControlNodes<'_>], seen: &Observed<Vec<Node>>, now: Timestamp) -> Item {
    const CODE: &str = "SCW-001";
    const TITLE: &str = "control nodes are Ready";
    let expected = groups.iter().map(|(group, _)| u64::from(group.min_ready)).sum();
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let (mut wrong, mut examined, mut serving) = (Vec::new(), 0, 0);
    for (group, selector) in groups {
        let nodes: Vec<&Node> = all.iter().filter(|node| selector.select(&node.labels)).collect();
        examined += nodes.len();
        let able = nodes
            .iter()
            .filter(|node| node.readiness().is_ready() && !node.unschedulable)
            .count();
        serving += able;
        if u64::try_from(able).unwrap_or(u64::MAX) < u64::from(group.min_ready) {
            let says = format!(
                "{able} nodes are Ready and take pods, planned at least {}",
                group.min_ready
            );
            wrong.push((group.node_group.clone(), says));
        }
        wrong.extend(
            nodes
                .iter()
                .filter_map(|node| not_ready(node, now).map(|says| (node.name.clone(), says))),
        );
    }
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(examined, expected),
        format!("{serving} of {examined} are Ready and take pods"),
    )
    .threshold(
        format!("at least {expected}, none NotReady"),
        "control.groups[].min_ready",
    )
    .remedy("describe the node and its conditions; with too few control nodes do not scale up")
    .subjects(wrong)
}

/// Why a node is not Ready, or nothing when it is.
pub(crate) fn not_ready(node: &Node, now: Timestamp) -> Option<String> {
    let age = |since: Option<Timestamp>| {
        since.map_or_else(String::new, |since| {
            format!(" for {} min", minutes_since(since, now))
        })
    };
    match node.readiness() {
        Readiness::Ready { .. } => None,
        Readiness::NotReady { since } => {
            let words = node
                .condition("Ready")
                .and_then(|ready| ready.message.as_deref().or(ready.reason.as_deref()));
            Some(format!(
                "NotReady{}: {}",
                age(since),
                words.unwrap_or("no reason given")
            ))
        }
        Readiness::Silent { since } => Some(format!("its kubelet has been silent{}", age(since))),
    }
}

/// Every control Deployment has all its replicas available, spread over enough nodes and zones.
pub(crate) fn workloads(plans: &[ControlWorkload], cluster: &Cluster) -> Item {
    const CODE: &str = "SCW-002";
    const TITLE: &str = "control workloads are available and spread";
    let expected = u64::try_from(plans.len()).unwrap_or(u64::MAX);
    let (deployments, pods, nodes) = match (&cluster.deployments, &cluster.pods, &cluster.nodes) {
        (Ok(deployments), Ok(pods), Ok(nodes)) => (deployments, pods, nodes),
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => {
            return Item::unreadable(CODE, TITLE, expected, why);
        }
    };
    let (mut wrong, mut examined, mut summary) = (Vec::new(), 0, Vec::new());
    for plan in plans {
        let name = format!("{}/{}", plan.namespace, plan.deployment);
        let found = deployments
            .iter()
            .find(|one| one.namespace == plan.namespace && one.name == plan.deployment);
        let Some(deployment) = found else {
            wrong.push((name, "there is no such Deployment".to_owned()));
            continue;
        };
        examined += 1;
        summary.push(format!("{name} {}/{}", deployment.available, deployment.replicas));
        let complaints = complaints(plan, deployment, pods, nodes);
        if !complaints.is_empty() {
            wrong.push((name, complaints.join("; ")));
        }
    }
    let words = if summary.is_empty() {
        "none found".to_owned()
    } else {
        format!("available/desired: {}", summary.join(", "))
    };
    Item::judge(CODE, TITLE, worse_of(&wrong, &[] as &[()]), population(examined, expected), words)
        .threshold("available = desired, on the planned number of nodes and zones", "control.workloads[].min_nodes, min_zones")
        .remedy("see the rollout and the pods' events; one node or zone must not be able to take the control plane down")
        .subjects(wrong)
}

fn complaints(plan: &ControlWorkload, deployment: &Deployment, pods: &[Pod], nodes: &[Node]) -> Vec<String> {
    let mut complaints = Vec::new();
    if deployment.observed_generation < deployment.generation {
        complaints.push("its controller has not seen the newest spec yet".to_owned());
    }
    if deployment.replicas == 0 {
        complaints.push("it is scaled to zero".to_owned());
    }
    if deployment.available < deployment.replicas {
        complaints.push(format!(
            "{} of {} replicas are available",
            deployment.available, deployment.replicas
        ));
    }
    let own = pods.iter().filter(|pod| {
        pod.namespace == plan.namespace
            && pod.ready()
            && deployment
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&pod.labels))
    });
    let places: BTreeSet<&str> = own.filter_map(|pod| pod.node.as_deref()).collect();
    let zones: BTreeSet<&str> = nodes
        .iter()
        .filter(|node| places.contains(node.name.as_str()))
        .filter_map(Node::zone)
        .collect();
    if places.len() < usize::try_from(plan.min_nodes).unwrap_or(usize::MAX) {
        complaints.push(format!(
            "its ready pods stand on {} of at least {} nodes",
            places.len(),
            plan.min_nodes
        ));
    }
    if zones.len() < usize::try_from(plan.min_zones).unwrap_or(usize::MAX) {
        complaints.push(format!(
            "its ready pods stand in {} of at least {} zones",
            zones.len(),
            plan.min_zones
        ));
    }
    complaints
}
