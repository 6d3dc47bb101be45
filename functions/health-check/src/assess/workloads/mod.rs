//! `HLT-121` to `HLT-131`: workloads and their pods. One finding for each workload and cause, never one for each pod.

mod autoscalers;
mod broken;
mod budgets;
mod jobs;
mod late;
mod restarts;

use day2_core::Unreadable;

use super::Scene;
use super::line::Line;
use super::read::reduced;
use super::words::count;
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::pods::PodTally;
use crate::settings::Group;

use broken::awaited;
pub(super) use broken::{Broken, broken};

/// A line about pods: code, title, its causes, and what to do.
type Kind = (&'static str, &'static str, &'static [Cause], &'static str);

const KINDS: [Kind; 6] = [
    (
        "HLT-122",
        "containers start and stay up",
        &[
            Cause::ImagePull,
            Cause::ConfigMissing,
            Cause::CannotStart,
            Cause::Crash,
            Cause::OutOfMemory,
        ],
        "kubectl logs --previous shows a crash; do not delete the pod before, its last logs go with it",
    ),
    (
        "HLT-123",
        "every pod finds a node",
        &[Cause::Unschedulable],
        "make room, or correct what the pod asks for: requests, node selector, tolerations, the zone of its volume",
    ),
    (
        "HLT-124",
        "running pods are Ready",
        &[Cause::Starting, Cause::NotReady, Cause::NodeGone],
        "kubectl describe pod: its probes and events; a pod that is not Ready gets no traffic",
    ),
    (
        "HLT-125",
        "no pod was evicted or failed",
        &[Cause::Evicted, Cause::NodeShutdown, Cause::Failed],
        "an eviction names what ran out on the node; failed pods stay as evidence until they are deleted",
    ),
    (
        "HLT-126",
        "pods get their volumes",
        &[Cause::Volume],
        "kubectl describe pod and claim: still attached elsewhere, another zone, or the CSI driver",
    ),
    (
        "HLT-130",
        "deleted pods go away",
        &[Cause::Terminating],
        "find who should remove the finalizer; force a deletion only when its node is proven to be off",
    ),
];

pub(super) fn lines(inside: &Inside, broken: &[Broken], scene: &Scene<'_>) -> Vec<Line> {
    let reported = elsewhere(broken, scene);
    let mut lines = vec![missing(inside, &reported)];
    for kind in &KINDS {
        lines.extend(pods(inside, &reported, kind, scene));
    }
    lines.extend(restarts::line(inside, scene));
    lines.extend(autoscalers::line(inside, scene));
    lines.extend(budgets::line(inside));
    lines.extend(jobs::line(inside, broken, scene));
    lines
}

/// What other groups report is not said twice: nodes that do not answer, and the cluster's own workloads.
fn elsewhere<'b>(broken: &'b [Broken], scene: &Scene<'_>) -> Vec<&'b Broken> {
    let plan = scene.plan;
    broken
        .iter()
        .filter(|one| !(plan.looks_at(Group::Nodes) && super::nodes::is_the_nodes(one.cause)))
        .filter(|one| !(plan.looks_at(Group::Cluster) && one.is_in(&plan.cluster.system_namespaces)))
        .collect()
}

/// Workloads that lack pods, and no pod is there to tell why.
fn missing(inside: &Inside, broken: &[&Broken]) -> Line {
    const CODE: &str = "HLT-121";
    const TITLE: &str = "workloads have the pods that they ask for";
    let lists = [&inside.deployments, &inside.stateful_sets, &inside.daemon_sets];
    let mut line = Line::new(CODE, TITLE, 0);
    for list in lists.into_iter().flatten() {
        match list {
            Ok(list) => {
                line.examined += list.sum.examined;
                line = line.short_of(list.shortfall.as_ref());
            }
            Err(why) => line = line.short_of(Some(why)),
        }
    }
    let seen = count(line.examined, "workload");
    let wrong = broken
        .iter()
        .filter(|one| one.lacks_pods)
        .map(|one| one.finding());
    line.short_of(events_unread(inside))
        .seen(seen)
        .threshold("all, less what a rollout replaces", "status of Deployments, StatefulSets, DaemonSets")
        .remedy("kubectl describe the workload: a quota or a webhook that refuses pods, or a rollout that stands still")
        .wrong(wrong)
}

fn pods(inside: &Inside, broken: &[&Broken], kind: &Kind, scene: &Scene<'_>) -> Option<Line> {
    let (code, title, causes, remedy) = *kind;
    let pods = match reduced(inside.pods.as_ref(), code, title)? {
        Ok(pods) => pods,
        Err(line) => return Some(line),
    };
    let mine: Vec<_> = broken
        .iter()
        .filter(|one| !one.lacks_pods && causes.contains(&one.cause))
        .collect();
    let sum: usize = mine.iter().map(|one| one.pods).sum();
    let unlisted = (pods.sum.unlisted > 0).then(|| {
        let says = format!(
            "{} in more workloads than are listed",
            count(pods.sum.unlisted, "pod")
        );
        ("further pods".to_owned(), says)
    });
    Some(
        Line::new(code, title, pods.sum.judged)
            .seen(format!(
                "{sum} of {} not, in {}{}",
                count(pods.sum.judged, "pod"),
                count(mine.len(), "workload"),
                waiting(&pods.sum, causes, inside, scene),
            ))
            .remedy(remedy)
            .wrong(mine.iter().map(|one| one.finding()))
            .unread(unlisted)
            .short_of(pods.shortfall.as_ref())
            .short_of(nodes_unread(inside))
            .short_of(events_unread(inside).filter(|_| causes.iter().any(|cause| told_by_events(*cause)))),
    )
}

/// The pods that may wait because nodes are being made, in words that follow what is told.
fn waiting(pods: &PodTally, causes: &[Cause], inside: &Inside, scene: &Scene<'_>) -> String {
    let (mut waiting, mut made) = (0_usize, 0_usize);
    let groups = pods
        .groups
        .iter()
        .filter(|((_, cause), _)| causes.contains(cause));
    for ((workload, cause), group) in groups {
        let awaited = awaited(workload, *cause, group, inside, scene);
        if awaited > 0 {
            waiting += group.pods;
            made = made.max(awaited);
        }
    }
    if waiting == 0 {
        return String::new();
    }
    let are = if made == 1 { "is" } else { "are" };
    format!(
        "; {} may wait while {} {are} being made",
        count(waiting, "pod"),
        count(made, "node")
    )
}

/// Causes that an event tells of a pod that is only starting, or that a rollout would wait for.
const fn told_by_events(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::ConfigMissing | Cause::Starting | Cause::NotReady | Cause::Volume
    )
}

/// Without events a pod that cannot start looks like one that a rollout waits for, and nobody tells why pods are refused.
fn events_unread(inside: &Inside) -> Option<&Unreadable> {
    match inside.warnings.as_ref()? {
        Ok(warnings) => warnings.shortfall.as_ref(),
        Err(why) => Some(why),
    }
}

/// Without nodes it is not known which pods stand on one that does not answer.
fn nodes_unread(inside: &Inside) -> Option<&Unreadable> {
    inside.nodes.as_ref()?.as_ref().err()
}
