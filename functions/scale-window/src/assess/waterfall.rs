//! The two figures of the morning after the scale-up: where nodes were lost on their way, and how long joining took.

use std::collections::BTreeMap;

use day2_core::chart::{Bars, Chart, Loss, Stage, Waterfall};
use day2_core::{Observed, Unreadable};
use day2_kube::objects::{Node, Pod};
use jiff::Timestamp;

use super::joining::joins;
use super::scene::PlannedGroup;
use super::{minutes_since, taints};
use crate::facts::Cluster;
use day2_reads::instances::Instance;

/// Planned → desired → launched → joined → Ready → takes pods, with the loss at each stage and its reasons. A stage that
/// could not be read is a gap, never a zero.
pub(crate) fn nodes(
    groups: &[PlannedGroup<'_>],
    cluster: &Cluster,
    instances: &Observed<Vec<Instance>>,
) -> Chart {
    let planned: u64 = groups.iter().map(|group| u64::from(group.plan.peak)).sum();
    let read: Result<Vec<_>, &Unreadable> = groups.iter().map(|group| group.group.as_ref()).collect();
    let desired = read.as_ref().ok().map(|all| {
        all.iter()
            .map(|group| u64::try_from(group.desired).unwrap_or(0))
            .sum()
    });
    let launched = read.as_ref().ok().map(|all| {
        all.iter()
            .flat_map(|group| &group.instances)
            .filter(|one| !one.lifecycle_state.starts_with("Terminat"))
            .count() as u64
    });
    let all_nodes = cluster.nodes.as_ref().ok();
    let joined: Option<Vec<&Node>> = match (all_nodes, instances) {
        (Some(nodes), Ok(instances)) => {
            let known = joins(groups, nodes, instances);
            Some(
                nodes
                    .iter()
                    .filter(|node| {
                        node.instance_id()
                            .is_some_and(|id| known.iter().any(|join| join.instance == id))
                    })
                    .collect(),
            )
        }
        _ => None,
    };
    let ready: Option<Vec<&Node>> = joined.as_ref().map(|joined| {
        joined
            .iter()
            .filter(|node| node.readiness().is_ready())
            .copied()
            .collect()
    });
    let tainted = all_nodes.map_or_else(BTreeMap::new, |all| taints::foreign(groups, all));
    let closed: Option<Vec<String>> = ready.as_ref().map(|ready| {
        ready
            .iter()
            .filter_map(|node| why_closed(node, &tainted))
            .collect()
    });
    let able = match (&ready, &closed) {
        (Some(ready), Some(closed)) => Some((ready.len() - closed.len()) as u64),
        _ => None,
    };

    let (desired_losses, launch_losses) = (not_requested(groups), not_launched(groups));
    let join_losses = match (launched, joined.as_ref()) {
        (Some(launched), Some(joined)) => gap(
            launched,
            joined.len() as u64,
            "no Node object has the instance's id",
        ),
        _ => Vec::new(),
    };
    let not_ready = joined.as_ref().map_or_else(Vec::new, |joined| not_ready(joined));
    let not_able = closed.map_or_else(Vec::new, |closed| tally(closed.into_iter()));
    let stage = |label: &str, count: Option<u64>, losses: Vec<Loss>| Stage {
        label: label.to_owned(),
        count,
        losses,
    };
    Chart::Waterfall(Waterfall {
        title: "From plan to usable node".to_owned(),
        unit: "nodes".to_owned(),
        stages: vec![
            stage("planned", Some(planned), Vec::new()),
            stage("requested", desired, desired_losses),
            stage("launched", launched, launch_losses),
            stage(
                "joined",
                joined.as_ref().map(|joined| joined.len() as u64),
                join_losses,
            ),
            stage("Ready", ready.as_ref().map(|ready| ready.len() as u64), not_ready),
            stage("takes pods", able, not_able),
        ],
    })
}

/// Why a node takes no pods, or nothing when it does.
fn why_closed(node: &Node, tainted: &BTreeMap<&str, Vec<&str>>) -> Option<String> {
    if node.unschedulable {
        return Some("cordoned".to_owned());
    }
    let keys = tainted.get(node.name.as_str())?;
    Some(format!("tainted: {}", keys.join(", ")))
}

/// Groups whose desired capacity is below the peak.
fn not_requested(groups: &[PlannedGroup<'_>]) -> Vec<Loss> {
    losses(groups, |group| {
        let desired = group.group.as_ref().ok()?.desired;
        let missing = u64::try_from(i64::from(group.plan.peak) - desired)
            .ok()
            .filter(|missing| *missing > 0)?;
        Some((
            missing,
            format!("{}: desired capacity was not raised", group.plan.node_group),
        ))
    })
}

/// Groups with fewer instances than desired, with the newest failure that Auto Scaling recorded.
fn not_launched(groups: &[PlannedGroup<'_>]) -> Vec<Loss> {
    losses(groups, |group| {
        let seen = group.group.as_ref().ok()?;
        let alive = seen
            .instances
            .iter()
            .filter(|one| !one.lifecycle_state.starts_with("Terminat"))
            .count();
        let missing = u64::try_from(seen.desired)
            .ok()?
            .checked_sub(alive as u64)
            .filter(|missing| *missing > 0)?;
        let last = group.activities.as_ref().ok().and_then(|all| {
            all.iter()
                .find(|one| one.is_failed_launch())
                .map(|one| one.message.clone())
        });
        let reason = last.unwrap_or_else(|| "not launched, no failed activity recorded".to_owned());
        Some((missing, format!("{}: {reason}", group.plan.node_group)))
    })
}

/// Nodes that are not Ready, by the reason of the condition.
fn not_ready(joined: &[&Node]) -> Vec<Loss> {
    tally(
        joined
            .iter()
            .filter(|node| !node.readiness().is_ready())
            .map(|node| {
                let reason = node.condition("Ready").and_then(|ready| ready.reason.clone());
                reason.unwrap_or_else(|| "kubelet has not reported".to_owned())
            }),
    )
}

/// Pods of the whole cluster that should run → bound to a node → Ready: one that waits is on no node, new or old. Finished and
/// daemon pods are left out.
pub(crate) fn pods(seen: &Observed<Vec<Pod>>) -> Option<Chart> {
    let pods: Vec<&Pod> = seen
        .as_ref()
        .ok()?
        .iter()
        .filter(|pod| !pod.finished() && !pod.is_daemon())
        .collect();
    let bound: Vec<&Pod> = pods.iter().filter(|pod| pod.node.is_some()).copied().collect();
    let ready = bound.iter().filter(|pod| pod.ready()).count() as u64;
    let unbound = tally(pods.iter().filter(|pod| pod.node.is_none()).map(|pod| {
        pod.unscheduled().map_or_else(
            || "not looked at by the scheduler".to_owned(),
            |(reason, message)| {
                if message.is_empty() {
                    reason.to_owned()
                } else {
                    message.to_owned()
                }
            },
        )
    }));
    let unready = tally(bound.iter().filter(|pod| !pod.ready()).map(|pod| {
        pod.waiting.first().map_or_else(
            || "running but not Ready".to_owned(),
            |waiting| waiting.reason.clone(),
        )
    }));
    Some(Chart::Waterfall(Waterfall {
        title: "Pods of the cluster".to_owned(),
        unit: "pods".to_owned(),
        stages: vec![
            Stage {
                label: "wanted".to_owned(),
                count: Some(pods.len() as u64),
                losses: Vec::new(),
            },
            Stage {
                label: "scheduled".to_owned(),
                count: Some(bound.len() as u64),
                losses: unbound,
            },
            Stage {
                label: "Ready".to_owned(),
                count: Some(ready),
                losses: unready,
            },
        ],
    }))
}

/// How long nodes took from launch to Ready, in classes of two minutes; nothing when no node was measured.
pub(crate) fn latency(
    groups: &[PlannedGroup<'_>],
    cluster: &Cluster,
    instances: &Observed<Vec<Instance>>,
    since: Timestamp,
) -> Option<Chart> {
    const CLASS_MINUTES: i64 = 2;
    const CLASSES: i64 = 8;
    let (nodes, instances) = (cluster.nodes.as_ref().ok()?, instances.as_ref().ok()?);
    let mut classes: BTreeMap<i64, u32> = BTreeMap::new();
    for join in joins(groups, nodes, instances)
        .iter()
        .filter(|join| join.launched_at >= since)
    {
        let Some(ready_at) = join.ready_at else { continue };
        *classes
            .entry((minutes_since(join.launched_at, ready_at) / CLASS_MINUTES).min(CLASSES))
            .or_default() += 1;
    }
    let last = *classes.keys().next_back()?;
    let bars = (0..=last)
        .map(|class| {
            let label = if class == CLASSES {
                format!("≥ {} min", CLASSES * CLASS_MINUTES)
            } else {
                format!("{}–{} min", class * CLASS_MINUTES, (class + 1) * CLASS_MINUTES)
            };
            (label, f64::from(classes.get(&class).copied().unwrap_or(0)))
        })
        .collect();
    Some(Chart::Bars(Bars {
        title: "Launch to Ready".to_owned(),
        unit: "nodes".to_owned(),
        bars,
    }))
}

fn losses(
    groups: &[PlannedGroup<'_>],
    loss: impl Fn(&PlannedGroup<'_>) -> Option<(u64, String)>,
) -> Vec<Loss> {
    let mut all: Vec<Loss> = groups
        .iter()
        .filter_map(|group| loss(group).map(|(count, reason)| Loss { count, reason }))
        .collect();
    all.sort_by_key(|loss| std::cmp::Reverse(loss.count));
    all
}

fn gap(before: u64, after: u64, reason: &str) -> Vec<Loss> {
    let count = before.saturating_sub(after);
    if count == 0 {
        Vec::new()
    } else {
        vec![Loss {
            count,
            reason: reason.to_owned(),
        }]
    }
}

fn tally(reasons: impl Iterator<Item = String>) -> Vec<Loss> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut all: Vec<Loss> = counts
        .into_iter()
        .map(|(reason, count)| Loss { count, reason })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    all
}
