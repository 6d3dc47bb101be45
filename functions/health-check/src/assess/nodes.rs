//! `HLT-111` to `HLT-116`: nodes, their room, and the claims and pools behind them.

mod making;
mod room;

use std::collections::BTreeMap;

use day2_kube::objects::Readiness;

use super::line::{Finding, Line};
use super::read::reduced;
use super::words::{age, count, minutes_since, number};
use super::{Scene, words};
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::nodes::NodeFact;

pub(super) use making::being_made;
pub(super) use room::{makes_nodes, percent};

pub(super) fn lines(inside: &Inside, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = [
        ready(inside, scene),
        conditions(inside, scene),
        cordons(inside, scene),
    ]
    .into_iter()
    .flatten()
    .collect();
    lines.extend(room::headroom(inside, scene));
    lines.extend(making::claims(inside, scene));
    lines.extend(making::pools(inside, scene));
    lines
}

/// Joined so lately that it may still be starting.
fn is_new(node: &NodeFact, scene: &Scene<'_>) -> bool {
    node.created_at
        .is_some_and(|at| minutes_since(at, scene.now) < i64::from(scene.plan.nodes.join_minutes))
}

/// Whether it may be not Ready because a taint says that something takes it out, for as long as a cordon may last: a taint may
/// outlive whoever added it. The time runs from when the node bore it and was not Ready, because a drain may be long before that.
/// When it was added is text of the cluster, and counts for nothing where it lies ahead.
fn may_leave(node: &NodeFact, scene: &Scene<'_>) -> bool {
    let tainted = node.leaving_since.filter(|at| *at <= scene.now);
    let since = tainted.max(node.readiness.since());
    let limit = scene.plan.nodes.cordon_minutes;
    node.leaving && since.is_some_and(|since| !words::longer_than(limit, since, scene.now))
}

/// Nodes that should be Ready and are not. One that has just joined is not judged, nor one that is being taken out; one whose
/// deletion hangs is told by `HLT-113`.
pub(super) fn down<'f>(inside: &'f Inside, scene: &Scene<'_>) -> Vec<&'f NodeFact> {
    let nodes = inside.nodes.as_ref().and_then(|nodes| nodes.as_ref().ok());
    nodes
        .into_iter()
        .flat_map(|nodes| &nodes.sum)
        .filter(|node| !node.readiness.is_ready())
        .filter(|node| !is_new(node, scene) && !may_leave(node, scene) && node.deleting_since.is_none())
        .collect()
}

/// `NotReady` holds the word `Ready`: what is compared here is the condition.
fn ready(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-111";
    const TITLE: &str = "every node is Ready";
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let up = nodes.sum.iter().filter(|node| node.readiness.is_ready()).count();
    let stranded = stranded(inside);
    let wrong = down(inside, scene).into_iter().filter_map(|node| {
        let state = match node.readiness {
            Readiness::Ready { .. } => return None,
            Readiness::NotReady { .. } => "its kubelet says that it is not Ready",
            Readiness::Silent { .. } => "its kubelet is silent",
        };
        let since = node
            .readiness
            .since()
            .map_or_else(String::new, |since| format!(" for {}", age(since, scene.now)));
        let pods = stranded.get(node.name.as_str()).map_or_else(String::new, |pods| {
            format!("; {} bound to it", count(*pods, "pod"))
        });
        let why = node
            .not_ready_because
            .as_ref()
            .map_or_else(String::new, |why| format!(": {why}"));
        let leaving = if node.leaving {
            "; a taint says that it is being taken out"
        } else {
            ""
        };
        Some(Finding::of(
            &node.name,
            format!("{state}{since}{why}{leaving}{pods}"),
        ))
    });
    let limits = &scene.plan.nodes;
    Some(
        Line::new(CODE, TITLE, nodes.sum.len())
            .expected(u64::from(limits.min_ready))
            .seen(format!("{up} of {} Ready", count(nodes.sum.len(), "node")))
            .threshold(
                format!("all, {} min after joining; at least {}", limits.join_minutes, limits.min_ready),
                "nodes.join_minutes, nodes.min_ready",
            )
            .remedy(
                "kubectl describe node; EKS repairs a node of Auto Mode or with automatic repair after 30 min, \
                 and stops when too many are broken",
            )
            .wrong(wrong)
            .wrong((number(up) < u64::from(limits.min_ready)).then(|| {
                Finding::of("Ready nodes", format!("{up}, fewer than {}", limits.min_ready))
            }))
            .short_of(nodes.shortfall.as_ref()),
    )
}

/// Pods by node: those that are bound to it, from the load of the nodes.
fn stranded(inside: &Inside) -> BTreeMap<&str, usize> {
    let pods = inside.pods.as_ref().and_then(|pods| pods.as_ref().ok());
    pods.into_iter()
        .flat_map(|pods| &pods.sum.load)
        .map(|(node, load)| (node.as_str(), usize::try_from(load.pods).unwrap_or_default()))
        .collect()
}

/// Pressure, and what Auto Mode and the node monitoring agent watch: a node may be Ready and have these.
fn conditions(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-112";
    const TITLE: &str = "no node is under pressure or has a broken part";
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let wrong = nodes
        .sum
        .iter()
        .filter(|node| node.readiness.is_ready() && !is_new(node, scene) && node.deleting_since.is_none())
        .filter(|node| !node.bad.is_empty())
        .map(|node| {
            let each: Vec<String> = node
                .bad
                .iter()
                .map(|one| {
                    let since = one
                        .since
                        .map_or_else(String::new, |since| format!(" for {}", age(since, scene.now)));
                    let reason = one
                        .reason
                        .as_ref()
                        .map_or_else(String::new, |reason| format!(" ({reason})"));
                    format!("{}={:?}{reason}{since}", one.kind, one.status)
                })
                .collect();
            Finding::of(&node.name, each.join(", "))
        });
    Some(
        Line::new(CODE, TITLE, nodes.sum.len())
            .seen(format!("{} looked at", count(nodes.sum.len(), "node")))
            .threshold("none", "node status.conditions")
            .remedy(
                "pressure is not repaired by EKS: find what fills disk, memory or process table; \
                 for the other conditions see the NodeDiagnostic and the node's events",
            )
            .wrong(wrong)
            .short_of(nodes.shortfall.as_ref()),
    )
}

/// Minutes that a node may take to go: pools of Auto Mode let it wait so long for pods that may not be evicted (EKS User Guide,
/// "Create a node pool for EKS Auto Mode", `terminationGracePeriod`).
const LEAVING_MINUTES: u32 = 24 * 60;

/// A cordon of some minutes is a drain; an old one is forgotten, and its node is paid for.
fn cordons(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-113";
    const TITLE: &str = "no node stays cordoned";
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.nodes.cordon_minutes;
    let cordoned: Vec<&NodeFact> = nodes
        .sum
        .iter()
        .filter(|node| node.unschedulable && node.deleting_since.is_none())
        .collect();
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for node in &cordoned {
        match node.cordoned_at {
            Some(at) if words::longer_than(limit, at, scene.now) => {
                wrong.push(Finding::of(
                    &node.name,
                    format!("cordoned for {}", words::age(at, scene.now)),
                ));
            }
            Some(_) => {}
            None => unread.push((
                node.name.clone(),
                "cordoned, and the cluster does not record since when".to_owned(),
            )),
        }
    }
    // Its pods are asked to leave as by a drain; one that may not be evicted, or a finalizer, keeps it.
    let going = limit.max(LEAVING_MINUTES);
    let leaving = nodes.sum.iter().filter_map(|node| {
        let at = node.deleting_since?;
        words::longer_than(going, at, scene.now).then(|| {
            let says = format!(
                "being deleted for {}, and still there: a pod that may not be evicted, or a finalizer, keeps it",
                words::age(at, scene.now)
            );
            Finding::of(&node.name, says)
        })
    });
    Some(
        Line::new(CODE, TITLE, nodes.sum.len())
            .seen(format!(
                "{} of {} cordoned",
                cordoned.len(),
                count(nodes.sum.len(), "node")
            ))
            .threshold(format!("at most {limit} min"), "nodes.cordon_minutes")
            .remedy(
                "finish the drain, or kubectl uncordon the node once it is known who closed it and why; of one that is \
                 being deleted see the events (FailedDraining) and the finalizers",
            )
            .wrong(wrong)
            .wrong(leaving)
            .unread(unread)
            .short_of(nodes.shortfall.as_ref()),
    )
}

/// Whether the cause of a broken pod is its node, which this group reports.
pub(super) const fn is_the_nodes(cause: Cause) -> bool {
    matches!(cause, Cause::NodeGone)
}
