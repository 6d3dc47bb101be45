//! `SCW-105` and `SCW-106`: can the nodes that came run pods?

use std::collections::BTreeSet;

use day2_core::Item;
use day2_kube::objects::{DaemonSet, Node, Pod};
use jiff::Timestamp;

use super::blockers::Blockers;
use super::capacity::Moment;
use super::pending::scheduler_says;
use super::scene::PlannedGroup;
use super::{count, minutes_since, population, taints, worse_of};
use crate::facts::Cluster;
use crate::settings::Limits;

/// Minutes since the node became Ready; negative while it is not. New nodes carry start-up taints for some seconds more.
fn ready_for(node: &Node, now: Timestamp) -> i64 {
    let readiness = node.readiness();
    if readiness.is_ready() {
        readiness
            .since()
            .map_or(i64::MAX, |since| minutes_since(since, now))
    } else {
        -1
    }
}

/// No node of a group is cordoned or carries a taint that keeps pods off and is not the group's own; for a cordoned node the line
/// says what keeps it from being drained.
pub(crate) fn schedulable(
    groups: &[PlannedGroup<'_>],
    moment: Moment,
    cluster: &Cluster,
    blockers: &Blockers<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-105";
    const TITLE: &str = "no node is cordoned or tainted";
    let all = match &cluster.nodes {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    // At the peak SCW-101 counts the nodes; before it nobody else does.
    let planned = |group: &PlannedGroup<'_>| {
        if moment == Moment::Before {
            moment.of(group.plan)
        } else {
            0
        }
    };
    let expected: u64 = groups.iter().map(|group| u64::from(planned(group))).sum();
    let tainted = taints::foreign(groups, all);
    let (mut wrong, mut examined, mut closed) = (Vec::new(), 0_usize, 0_usize);
    for group in groups {
        let nodes = group.nodes(all);
        if u64::try_from(nodes.len()).unwrap_or(u64::MAX) < u64::from(planned(group)) {
            let says = format!("{} of {} planned nodes are there", nodes.len(), planned(group));
            wrong.push((group.plan.node_group.clone(), says));
        }
        for node in nodes {
            examined += 1;
            if node.unschedulable {
                let why = blockers.of(node).map_or_else(
                    |why| format!("; its pods could not be read: {why}"),
                    |all| {
                        if all.is_empty() {
                            "; nothing keeps it from being drained".to_owned()
                        } else {
                            format!("; {}", all.join("; "))
                        }
                    },
                );
                closed += 1;
                wrong.push((node.name.clone(), format!("cordoned{why}")));
            } else if let Some(keys) = tainted.get(node.name.as_str())
                && ready_for(node, now) >= i64::from(limits.pending_minutes)
            {
                closed += 1;
                wrong.push((node.name.clone(), format!("tainted: {}", keys.join(", "))));
            }
        }
    }
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        // Groups that begin at zero have no nodes; then the cluster as a whole was looked at.
        population(if expected == 0 { all.len() } else { examined }, expected),
        format!("{closed} of {} take no pods", count(examined, "node")),
    )
    .threshold("none", "node spec.unschedulable and spec.taints")
    .remedy(
        "uncordon the node if nobody is working on it (kubectl uncordon), take off a taint that was forgotten (kubectl taint), or \
         finish the drain",
    )
    .subjects(wrong)
}

/// Whether a pod has had the time that the scheduler and a quick start need.
fn is_late(pod: &Pod, limits: &Limits, now: Timestamp) -> bool {
    pod.created_at
        .is_some_and(|at| minutes_since(at, now) >= i64::from(limits.pending_minutes))
}

/// What a daemon set lacks, in words; nothing when each of its nodes has its pod. The two lists are not of one instant: a set may
/// already count a node of `young` whose pod is not made yet, and a pod that was made a moment ago has no node yet.
fn lacks(
    set: &DaemonSet,
    pods: &[Pod],
    young: &BTreeSet<&str>,
    limits: &Limits,
    now: Timestamp,
) -> Option<String> {
    let is_its = |pod: &&Pod| {
        let owner = pod.owner.as_ref();
        pod.namespace == set.namespace
            && !pod.finished()
            && pod.deleting_since.is_none()
            && owner.is_some_and(|owner| owner.kind == "DaemonSet" && owner.name == set.name)
    };
    let (placed, unplaced): (Vec<&Pod>, Vec<&Pod>) =
        pods.iter().filter(is_its).partition(|pod| pod.node.is_some());
    let waits: Vec<&Pod> = unplaced
        .iter()
        .copied()
        .filter(|pod| is_late(pod, limits, now))
        .collect();
    let served: BTreeSet<&str> = placed.iter().filter_map(|pod| pod.node.as_deref()).collect();
    let unserved = young.difference(&served).count();
    let excused = unserved.max(unplaced.len() - waits.len());
    let missing = usize::try_from(set.desired)
        .unwrap_or_default()
        .saturating_sub(placed.len());
    if waits.is_empty() && missing <= excused {
        return None;
    }
    let why = waits.first().map_or_else(String::new, |pod| {
        format!("; {} waits: {}", pod.full_name(), scheduler_says(pod))
    });
    Some(format!(
        "{} of {} nodes that should run it have a pod of it{why}",
        placed.len(),
        set.desired
    ))
}

/// Each daemon set has its pod on every node that should run it, and daemon pods on the nodes of the groups are Ready.
pub(crate) fn daemons(
    groups: &[PlannedGroup<'_>],
    cluster: &Cluster,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-106";
    const TITLE: &str = "daemon sets run on the nodes";
    let (nodes, pods, sets) = match (&cluster.nodes, &cluster.pods, &cluster.daemon_sets) {
        (Ok(nodes), Ok(pods), Ok(sets)) => (nodes, pods, sets),
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let own: BTreeSet<&str> = groups
        .iter()
        .flat_map(|group| group.nodes(nodes))
        .map(|node| node.name.as_str())
        .collect();
    let daemons: Vec<&Pod> = pods
        .iter()
        .filter(|pod| pod.is_daemon() && pod.node.as_deref().is_some_and(|node| own.contains(node)))
        .collect();
    let mut wrong: Vec<_> = daemons
        .iter()
        .filter(|pod| !pod.ready() && is_late(pod, limits, now))
        .map(|pod| {
            let reason = pod
                .waiting
                .first()
                .map_or("not Ready", |waiting| waiting.reason.as_str());
            (
                pod.full_name(),
                format!("{reason} on {}", pod.node.as_deref().unwrap_or("no node")),
            )
        })
        .collect();
    let young: BTreeSet<&str> = nodes
        .iter()
        .filter(|node| {
            node.created_at
                .is_some_and(|at| minutes_since(at, now) < i64::from(limits.pending_minutes))
        })
        .map(|node| node.name.as_str())
        .collect();
    // A daemon pod that was never made, or has no node, is on no node of the groups; only the set's own counts show it.
    wrong.extend(sets.iter().filter(|set| set.is_observed()).filter_map(|set| {
        let says = lacks(set, pods, &young, limits, now)?;
        Some((format!("{}/{}", set.namespace, set.name), says))
    }));
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        population(daemons.len(), u64::from(!own.is_empty())),
        format!("{} on {} of {}", count(daemons.len(), "daemon pod"), count(own.len(), "node"), count(sets.len(), "daemon set")),
    )
    .threshold(format!("all Ready after {} min", limits.pending_minutes), "limits.pending_minutes")
    .remedy("a node without its network, DNS or storage agent looks Ready and fails pods: describe the daemon pod")
    .subjects(wrong)
}
