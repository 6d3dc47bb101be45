//! `PRV-004`: workspace pods that wait for a node, by the reason in the scheduler's words, and whether more nodes would
//! help.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Observed, Verdict};
use day2_kube::objects::{Node, Pod};
use day2_reads::scaling_groups::Group;
use jiff::Timestamp;

use super::words::{count, minutes_since, population};
use crate::settings::Platform;

/// Why the scheduler found no node for a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// Not enough CPU.
    Cpu,
    /// Not enough memory.
    Memory,
    /// No room for another pod on the nodes (`Too many pods`, that is the addresses of the node).
    Pods,
    /// Not enough ephemeral storage.
    Storage,
    /// The nodes carry as many volumes as they can.
    VolumeCount,
    /// There is no node at all.
    NoNodes,
    /// Another resource, for example GPUs: whether new nodes of the group have it is not known.
    OtherResource,
    /// The pod's volume is in a zone without a fitting node.
    VolumeZone,
    /// Labels: node affinity or selector.
    NoMatch,
    /// A taint that the pod does not tolerate.
    Taint,
    /// Spread or anti-affinity between pods.
    Spread,
    /// Cordoned nodes.
    Cordoned,
    /// The scheduler has not looked at it.
    NotLookedAt,
    /// The group's nodes would not be allowed to take it: labels that it asks for, or taints that it does not tolerate.
    OtherNodes,
    /// The group has no node to compare with what it asks for.
    NotJudgeable,
    /// Anything else.
    Other,
}

impl Reason {
    /// Whether another node of the same kind would take the pod.
    pub(crate) const fn more_nodes_help(self) -> bool {
        matches!(
            self,
            Self::Cpu | Self::Memory | Self::Pods | Self::Storage | Self::VolumeCount | Self::NoNodes
        )
    }

    /// The words for a report.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Cpu => "insufficient CPU",
            Self::Memory => "insufficient memory",
            Self::Pods => "no room for another pod on the nodes",
            Self::Storage => "insufficient ephemeral storage",
            Self::VolumeCount => "nodes carry as many volumes as they can",
            Self::NoNodes => "there are no nodes",
            Self::OtherResource => "another resource is missing",
            Self::VolumeZone => "no node in the zone of its volume",
            Self::NoMatch => "no node has the labels it asks for",
            Self::Taint => "taints that it does not tolerate",
            Self::Spread => "spread or anti-affinity between pods",
            Self::Cordoned => "nodes are cordoned",
            Self::NotLookedAt => "the scheduler has not looked at it",
            Self::OtherNodes => "the nodes of the group are not allowed to take it",
            Self::NotJudgeable => {
                "the group has no node, so that nobody can tell whether its nodes would take it"
            }
            Self::Other => "another reason",
        }
    }
}

/// The parts of the scheduler's message, with the number of nodes each: `0/5 nodes are available: 2 Insufficient cpu, 3
/// node(s) had untolerated taint {a: b}. preemption: …` (source: Kubernetes, `pkg/scheduler/framework/types.go`,
/// `FitError`). What comes behind the first sentence is about preemption.
fn parts(message: &str) -> Vec<&str> {
    let first = message.split("preemption:").next().unwrap_or(message);
    let listed = first
        .split_once("nodes are available:")
        .map_or(first, |(_, listed)| listed)
        .trim()
        .trim_end_matches('.');
    let mut parts: Vec<&str> = Vec::new();
    let mut begin = 0;
    // A comma also stands within a taint; a new part begins with a number.
    for (at, _) in listed.match_indices(", ") {
        let next = listed.get(at + 2..).unwrap_or_default();
        if next.starts_with(|c: char| c.is_ascii_digit()) {
            parts.extend(listed.get(begin..at));
            begin = at + 2;
        }
    }
    parts.extend(listed.get(begin..));
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn of_part(part: &str) -> Reason {
    const WORDS: [(&str, Reason); 15] = [
        ("Insufficient cpu", Reason::Cpu),
        ("Insufficient memory", Reason::Memory),
        ("Insufficient pods", Reason::Pods),
        ("Too many pods", Reason::Pods),
        ("Insufficient ephemeral-storage", Reason::Storage),
        ("Insufficient ", Reason::OtherResource),
        ("max volume count", Reason::VolumeCount),
        ("volume node affinity conflict", Reason::VolumeZone),
        ("no available volume zone", Reason::VolumeZone),
        ("topology spread", Reason::Spread),
        ("affinity rules", Reason::Spread),
        ("node affinity", Reason::NoMatch),
        ("node selector", Reason::NoMatch),
        ("taint", Reason::Taint),
        ("unschedulable", Reason::Cordoned),
    ];
    WORDS
        .iter()
        .find(|(words, _)| part.contains(words))
        .map_or(Reason::Other, |(_, reason)| *reason)
}

/// The reason of one message. Where several nodes refuse for several reasons, one that more nodes would cure wins: a
/// node that lacks CPU has passed labels and taints, which the scheduler asks about first.
pub(crate) fn reason(message: &str) -> Reason {
    if message.contains("no nodes available to schedule pods") || message.starts_with("0/0 nodes") {
        return Reason::NoNodes;
    }
    let reasons: Vec<Reason> = parts(message).into_iter().map(of_part).collect();
    reasons
        .iter()
        .find(|reason| reason.more_nodes_help())
        .or_else(|| reasons.iter().find(|reason| **reason != Reason::Other))
        .or_else(|| reasons.first())
        .copied()
        .unwrap_or(Reason::Other)
}

/// The nodes of the group, as a pattern for those that would come; none where group or nodes could not be read.
#[derive(Debug, Clone)]
pub(crate) struct GroupNodes<'a>(Option<Vec<&'a Node>>);

impl<'a> GroupNodes<'a> {
    /// The group's members.
    pub(crate) fn of(nodes: &'a Observed<Vec<Node>>, group: &Observed<Group>) -> Self {
        let members = |group: &Group, nodes: &'a [Node]| {
            let ids: BTreeSet<&str> = group.instances.iter().map(|one| one.id.as_str()).collect();
            let is_member = |node: &&Node| node.instance_id().is_some_and(|id| ids.contains(id));
            nodes.iter().filter(is_member).collect()
        };
        Self(match (group, nodes) {
            (Ok(group), Ok(nodes)) => Some(members(group, nodes)),
            _ => None,
        })
    }

    /// A reason that more nodes would cure counts only where nodes like those of the group would be allowed to take the pod.
    /// Nodes of one group differ by zone, so that one that fits is enough. Nodes that could not be read narrow nothing: a
    /// raise is refused for that by itself.
    fn narrowed(&self, reason: Reason, pod: &Pod) -> Reason {
        match (&self.0, &pod.placement) {
            (Some(nodes), Some(asked)) if reason.more_nodes_help() => {
                if nodes.is_empty() {
                    Reason::NotJudgeable
                } else if nodes.iter().any(|node| asked.fits(&node.labels, &node.taints)) {
                    reason
                } else {
                    Reason::OtherNodes
                }
            }
            _ => reason,
        }
    }
}

/// Waiting workspace pods by reason: how many, and the words about the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Names of the pods and the scheduler's words about the first of them.
    pub(crate) by_reason: BTreeMap<Reason, (Vec<String>, String)>,
    /// Workspace pods looked at.
    pub(crate) examined: usize,
}

impl Waiting {
    /// Workspace pods that have waited for a node for at least `limits.pending_minutes`. The scheduler's words do not say
    /// whether the nodes that lack a resource are those of the group; what the pod asks of a node does.
    pub(crate) fn of(pods: &[Pod], nodes: &GroupNodes<'_>, platform: &Platform, now: Timestamp) -> Self {
        let least = i64::from(platform.limits.pending_minutes);
        let mut waiting = Self::default();
        for pod in pods
            .iter()
            .filter(|pod| platform.workspace_namespaces.contains(&pod.namespace))
        {
            waiting.examined += 1;
            let old = pod.created_at.is_some_and(|at| minutes_since(at, now) >= least);
            let waits = pod.phase == "Pending" && pod.node.is_none() && pod.deleting_since.is_none();
            if !waits || !old {
                continue;
            }
            let (reason, words) = match pod.unscheduled() {
                // Held back on purpose, for example by a queue.
                Some(("SchedulingGated", _)) => continue,
                Some((_, message)) => (nodes.narrowed(reason(message), pod), message.to_owned()),
                None => (Reason::NotLookedAt, String::new()),
            };
            let entry = waiting
                .by_reason
                .entry(reason)
                .or_insert_with(|| (Vec::new(), words));
            entry.0.push(pod.full_name());
        }
        waiting
    }

    /// How many wait.
    pub(crate) fn total(&self) -> usize {
        self.by_reason.values().map(|(names, _)| names.len()).sum()
    }

    /// How many wait for a reason that more nodes would cure.
    pub(crate) fn for_nodes(&self) -> usize {
        self.by_reason
            .iter()
            .filter(|(reason, _)| reason.more_nodes_help())
            .map(|(_, (names, _))| names.len())
            .sum()
    }

    /// How many the scheduler has not looked at.
    pub(crate) fn not_looked_at(&self) -> usize {
        self.by_reason
            .get(&Reason::NotLookedAt)
            .map_or(0, |(names, _)| names.len())
    }

    /// How many wait for a resource, with nobody able to tell whether nodes of the group would bring it.
    pub(crate) fn not_judgeable(&self) -> usize {
        self.by_reason
            .get(&Reason::NotJudgeable)
            .map_or(0, |(names, _)| names.len())
    }

    /// The reasons with their counts, those that more nodes would cure first.
    pub(crate) fn words(&self) -> String {
        let all: Vec<String> = self
            .by_reason
            .iter()
            .map(|(reason, (names, _))| format!("{} {}", names.len(), reason.words()))
            .collect();
        all.join(", ")
    }
}

/// The item.
pub(crate) fn item(waiting: &Observed<Waiting>, platform: &Platform) -> Item {
    const CODE: &str = "PRV-004";
    const TITLE: &str = "no workspace waits for a node";
    let waiting = match waiting {
        Ok(waiting) => waiting,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let wrong: Vec<(String, String)> = waiting
        .by_reason
        .iter()
        .map(|(reason, (names, words))| {
            let first = names.first().cloned().unwrap_or_default();
            let name = match names.len() {
                0 | 1 => first,
                more => format!("{first} and {} more", more - 1),
            };
            let cure = if reason.more_nodes_help() || *reason == Reason::NotJudgeable {
                ""
            } else {
                " (more nodes of the group would not help)"
            };
            let words = if words.is_empty() {
                String::new()
            } else {
                format!(": {words}")
            };
            (name, format!("{}{cure}{words}", reason.words()))
        })
        .collect();
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let seen = format!(
        "{} of {} wait for a node",
        waiting.total(),
        count(waiting.examined, "workspace pod")
    );
    Item::judge(CODE, TITLE, verdict, population(waiting.examined, 1), seen)
        .threshold(
            format!("none for {} min or longer", platform.limits.pending_minutes),
            "limits.pending_minutes, workspace_namespaces",
        )
        .remedy("resources: more nodes (this report says whether they are raised); labels, taints, zones: correct the template of the workspace or the nodes")
        .subjects(wrong)
}

#[cfg(test)]
mod tests {
    use super::Reason::{
        Cordoned, Cpu, Memory, NoMatch, NoNodes, Other, OtherResource, Pods, Spread, Storage, Taint,
        VolumeCount, VolumeZone,
    };
    use super::*;

    #[test]
    fn the_schedulers_words_are_understood_and_what_more_nodes_cure_comes_first() {
        for (message, expected) in [
            (
                "0/5 nodes are available: 5 Insufficient cpu. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.",
                Cpu,
            ),
            (
                "0/5 nodes are available: 2 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 3 Insufficient memory.",
                Memory,
            ),
            ("0/3 nodes are available: 3 Too many pods.", Pods),
            (
                "0/3 nodes are available: 3 Insufficient ephemeral-storage.",
                Storage,
            ),
            (
                "0/3 nodes are available: 3 node(s) exceed max volume count.",
                VolumeCount,
            ),
            (
                "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
                OtherResource,
            ),
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {a: b, c}, 2 node(s) had volume node affinity conflict.",
                Taint,
            ),
            (
                "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
                VolumeZone,
            ),
            (
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
                NoMatch,
            ),
            (
                "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.",
                Spread,
            ),
            (
                "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
                Spread,
            ),
            ("0/3 nodes are available: 3 node(s) were unschedulable.", Cordoned),
            ("0/0 nodes are available.", NoNodes),
            ("no nodes available to schedule pods", NoNodes),
            ("persistentvolumeclaim \"home\" not found", Other),
            ("", Other),
        ] {
            assert_eq!(reason(message), expected, "{message}");
        }
    }

    #[test]
    fn a_reason_that_only_preemption_gives_does_not_count() {
        let message = "0/3 nodes are available: 3 node(s) were unschedulable. preemption: 0/3 nodes are available: 3 Insufficient cpu.";
        assert_eq!(reason(message), Cordoned);
    }
}
