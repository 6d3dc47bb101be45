//! What keeps a node from going away: pods behind a disruption budget, pods that forbid it, bare pods, pods that were deleted and
//! do not end, and the group's own protection.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::settings::Labels;
use day2_core::{Observed, Unreadable};
use day2_kube::objects::{Node, Pod, PodDisruptionBudget, Readiness};
use jiff::Timestamp;

use super::minutes_since;
use super::scene::PlannedGroup;
use crate::facts::Cluster;
use day2_reads::scaling_groups::Member;

/// How long a deleted pod may outlast its grace period, in minutes: its volumes are taken off, and its end is told.
const GONE_MINUTES: i64 = 5;

/// The pods of a node that count. Those of daemon sets and of the kubelet itself hold nothing.
#[derive(Default)]
struct OnNode<'a> {
    /// Those that nobody has deleted and that have not ended.
    staying: Vec<&'a Pod>,
    /// Those that should be gone, with for how many minutes. Also those that have ended: a drain waits until the object is gone.
    overdue: Vec<(&'a Pod, i64)>,
}

/// Pods by node, budgets, and group members by instance id, looked up once.
pub(crate) struct Blockers<'a> {
    pods: Result<BTreeMap<&'a str, OnNode<'a>>, &'a Unreadable>,
    budgets: Result<&'a [PodDisruptionBudget], &'a Unreadable>,
    members: BTreeMap<&'a str, &'a Member>,
    unread: Vec<(&'a Labels, &'a Unreadable)>,
    workspaces: BTreeSet<&'a str>,
}

impl<'a> Blockers<'a> {
    /// Sorts the cluster's pods by node.
    pub(crate) fn new(
        cluster: &'a Cluster,
        groups: &[PlannedGroup<'a>],
        workspaces: &'a [String],
        now: Timestamp,
    ) -> Self {
        let pods = cluster.pods.as_ref().map(|pods| {
            let mut by_node: BTreeMap<&str, OnNode<'_>> = BTreeMap::new();
            for pod in pods.iter().filter(|pod| !pod.is_daemon() && !pod.is_mirror()) {
                let Some(node) = pod.node.as_deref() else {
                    continue;
                };
                let here = by_node.entry(node).or_default();
                match pod.deleting_since {
                    None if pod.finished() => {}
                    None => here.staying.push(pod),
                    // The time at which it should be gone, grace period included (`deletionTimestamp`, Kubernetes API reference,
                    // ObjectMeta).
                    Some(at) => {
                        let minutes = minutes_since(at, now);
                        if minutes >= GONE_MINUTES {
                            here.overdue.push((pod, minutes));
                        }
                    }
                }
            }
            by_node
        });
        let members = groups
            .iter()
            .filter_map(|group| group.group.as_ref().ok())
            .flat_map(|group| group.instances.iter().map(|member| (member.id.as_str(), member)))
            .collect();
        Self {
            pods,
            unread: groups
                .iter()
                .filter_map(|group| Some((group.selector, group.group.as_ref().err()?)))
                .collect(),
            budgets: cluster.budgets.as_deref(),
            members,
            workspaces: workspaces.iter().map(String::as_str).collect(),
        }
    }

    /// Reasons in words, strongest first; empty when nothing holds the node.
    ///
    /// # Errors
    ///
    /// When pods or budgets could not be read, because then nothing can be said.
    pub(crate) fn of(&self, node: &Node) -> Observed<Vec<String>> {
        let by_node = self.pods.as_ref().map_err(|why| (*why).clone())?;
        let budgets = self.budgets.map_err(Clone::clone)?;
        // Protection and lifecycle hooks of a group that could not be read are not known.
        if let Some((_, why)) = self
            .unread
            .iter()
            .find(|(selector, _)| selector.select(&node.labels))
        {
            return Err((*why).clone());
        }
        let mut reasons = node
            .instance_id()
            .and_then(|id| self.members.get(id))
            .map_or_else(Vec::new, |member| of_member(member));
        let nothing = OnNode::default();
        let here = by_node.get(node.name.as_str()).unwrap_or(&nothing);
        let pods = &here.staying;
        reasons.extend(first_few(
            here.overdue.iter().map(|(pod, minutes)| {
                let why = why_it_stays(pod, node);
                format!(
                    "pod {} was deleted and should have been gone for {minutes} min: {why}",
                    pod.full_name()
                )
            }),
            "deleted pods do not go",
        ));
        reasons.extend(first_few(
            pods.iter().flat_map(|pod| {
                budgets
                    .iter()
                    .filter(|budget| budget.protects(&pod.namespace, &pod.labels))
                    .filter_map(|budget| held(pod, budget))
            }),
            "pods are held by a budget",
        ));
        reasons.extend(first_few(
            pods.iter().filter_map(|pod| {
                let (key, value) = pod.may_not_be_moved()?;
                let until = "it goes when its work is done or the annotation is removed";
                Some(format!("pod {} says {key}={value}; {until}", pod.full_name()))
            }),
            "pods may not be moved",
        ));
        reasons.extend(first_few(
            pods.iter().filter(|pod| pod.owner.is_none()).map(|pod| {
                format!(
                    "pod {} has no controller, an eviction would lose it",
                    pod.full_name()
                )
            }),
            "pods have no controller",
        ));
        let active: Vec<_> = pods
            .iter()
            .filter(|pod| self.workspaces.contains(pod.namespace.as_str()) && pod.phase == "Running")
            .collect();
        if let Some(first) = active.first() {
            let more = if active.len() > 1 {
                format!(" and {} more", active.len() - 1)
            } else {
                String::new()
            };
            reasons.push(format!("active workspace {}{more}", first.full_name()));
        }
        Ok(reasons)
    }
}

/// What keeps an instance in its group, in words; empty when only the group's size does.
pub(crate) fn of_member(member: &Member) -> Vec<String> {
    let mut reasons = Vec::new();
    if member.lifecycle_state.contains(":Wait") || member.lifecycle_state.contains(":Proceed") {
        reasons.push(format!(
            "a lifecycle hook holds the instance in {}",
            member.lifecycle_state
        ));
    }
    if member.protected {
        reasons.push("the instance is protected from scale-in".to_owned());
    }
    reasons
}

/// Why a deleted pod is still there, as far as pod and node tell. A kubelet ends the containers of a pod first, which leaves it
/// `Succeeded` or `Failed`, and then takes off its volumes (source: Kubernetes, "Pod Lifecycle").
fn why_it_stays(pod: &Pod, node: &Node) -> &'static str {
    if matches!(node.readiness(), Readiness::Silent { .. }) {
        "the kubelet of its node is silent and cannot say that it ended"
    } else if pod.finished() {
        "its containers have ended, and a finalizer or a volume keeps it (kubectl describe pod)"
    } else {
        "a container that does not end, a finalizer or a volume keeps it (kubectl describe pod)"
    }
}

/// The first two reasons of one kind and the number of the others: a full node has dozens of pods, and the reader a phone.
fn first_few(reasons: impl Iterator<Item = String>, kind: &str) -> Vec<String> {
    const NAMED: usize = 2;
    let mut all: Vec<String> = reasons.collect();
    let rest = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if rest > 0 {
        all.push(format!("{rest} more {kind}"));
    }
    all
}

fn held(pod: &Pod, budget: &PodDisruptionBudget) -> Option<String> {
    (budget.disruptions_allowed <= 0).then(|| {
        let rule = match (&budget.min_available, &budget.max_unavailable) {
            (Some(min), _) => format!("minAvailable {min}"),
            (None, Some(max)) => format!("maxUnavailable {max}"),
            (None, None) => "no limit written".to_owned(),
        };
        let free = if budget.desired_healthy >= budget.expected_pods {
            "it can never be met: lower the budget or run more replicas".to_owned()
        } else {
            format!(
                "{} more Ready pods would free it",
                (budget
                    .desired_healthy
                    .saturating_add(1)
                    .saturating_sub(budget.current_healthy))
                .max(1)
            )
        };
        format!(
            "pod {} is held by PodDisruptionBudget {} ({rule}, {} of {} healthy, 0 may go); {free}",
            pod.full_name(),
            budget.name,
            budget.current_healthy,
            budget.expected_pods
        )
    })
}
