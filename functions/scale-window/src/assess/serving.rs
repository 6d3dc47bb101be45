//! `SCW-105` and `SCW-106`: can the nodes that came run pods?

use std::collections::BTreeSet;

use day2_core::Item;
use day2_kube::objects::{Node, Pod};
use jiff::Timestamp;

use super::blockers::Blockers;
use super::capacity::Moment;
use super::scene::PlannedGroup;
use super::{count, minutes_since, population, worse_of};
use crate::facts::Cluster;
use crate::settings::Limits;

/// Taints that Kubernetes and autoscalers put on a node they are taking out, or that keep pods off a new node.
fn foreign_taints(node: &Node) -> Vec<&str> {
    node.taints
        .iter()
        .filter(|taint| taint.effect != "PreferNoSchedule")
        .map(|taint| taint.key.as_str())
        .filter(|key| {
            key.starts_with("node.kubernetes.io/")
                || key.starts_with("node.cloudprovider.kubernetes.io/")
                || key.starts_with("node.cilium.io/")
                || key.starts_with("ebs.csi.aws.com/")
                || matches!(
                    *key,
                    "ToBeDeletedByClusterAutoscaler" | "karpenter.sh/disrupted" | "karpenter.sh/disruption"
                )
        })
        .collect()
}

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

/// No node of a group is cordoned or carries a taint that keeps pods off; for a cordoned node the line says what keeps it
/// from being drained.
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
    let (mut wrong, mut examined, mut closed) = (Vec::new(), 0_usize, 0_usize);
    for group in groups {
        let nodes = group.nodes(all);
        if u64::try_from(nodes.len()).unwrap_or(u64::MAX) < u64::from(planned(group)) {
            let says = format!("{} of {} planned nodes are there", nodes.len(), planned(group));
            wrong.push((group.plan.node_group.clone(), says));
        }
        for node in nodes {
            examined += 1;
            let taints = foreign_taints(node);
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
            } else if !taints.is_empty() && ready_for(node, now) >= i64::from(limits.pending_minutes) {
                closed += 1;
                wrong.push((node.name.clone(), format!("tainted: {}", taints.join(", "))));
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
    .remedy("uncordon the node if nobody is working on it (kubectl uncordon), or finish the drain")
    .subjects(wrong)
}

/// Daemon pods on the nodes of the groups are Ready.
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
    let late = |pod: &Pod| {
        pod.created_at
            .is_some_and(|at| minutes_since(at, now) >= i64::from(limits.pending_minutes))
    };
    let daemons: Vec<&Pod> = pods
        .iter()
        .filter(|pod| pod.is_daemon() && pod.node.as_deref().is_some_and(|node| own.contains(node)))
        .collect();
    let mut wrong: Vec<_> = daemons
        .iter()
        .filter(|pod| !pod.ready() && late(pod))
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
    // A daemon pod that was never made has no Pod to complain about; only the set's own counts show it.
    let scheduled = |name: &str, namespace: &str| {
        pods.iter()
            .filter(|pod| {
                pod.namespace == namespace
                    && !pod.finished()
                    && pod.deleting_since.is_none()
                    && pod
                        .owner
                        .as_ref()
                        .is_some_and(|owner| owner.kind == "DaemonSet" && owner.name == name)
            })
            .count()
    };
    // The two lists are not of one instant: while nodes join, a set may already count one whose pod is not listed yet.
    let settled = nodes.iter().all(|node| {
        node.created_at
            .is_none_or(|at| minutes_since(at, now) >= i64::from(limits.pending_minutes))
    });
    for set in sets.iter().filter(|set| settled && set.is_observed()) {
        let have = i64::try_from(scheduled(&set.name, &set.namespace)).unwrap_or(i64::MAX);
        if set.desired > have {
            wrong.push((
                format!("{}/{}", set.namespace, set.name),
                format!("{have} pods exist, {} nodes should run one", set.desired),
            ));
        }
    }
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
