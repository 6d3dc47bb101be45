//! Why a pod is not well: one cause, with one sentence of evidence. Pure.
//!
//! The phase says little: `Running` holds containers that crash and pods that are not Ready, and everything but `Running`
//! holds Jobs that are done. So the states of the containers, the conditions and the owner are looked at.

mod containers;
mod scheduling;

use jiff::Timestamp;

use day2_kube::objects::{PodHealth, Status};

use super::short;

pub use scheduling::dominating;

/// What keeps a pod, or a workload's pods, from being well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The image cannot be had.
    ImagePull,
    /// A `ConfigMap`, a Secret, or a key in one, is missing.
    ConfigMissing,
    /// The container runtime cannot start it.
    CannotStart,
    /// It ends with an error again and again.
    Crash,
    /// It is killed for its memory again and again.
    OutOfMemory,
    /// No node takes it.
    Unschedulable,
    /// It waits for a volume.
    Volume,
    /// It has been starting for too long, and nothing says why.
    Starting,
    /// It runs and is not Ready.
    NotReady,
    /// Its node does not answer.
    NodeGone,
    /// The kubelet evicted it.
    Evicted,
    /// Its node was shut down.
    NodeShutdown,
    /// It failed otherwise.
    Failed,
    /// It is deleted and does not go.
    Terminating,
    /// A `ResourceQuota` or a limit range refuses its pods.
    Refused,
    /// An admission webhook refuses its pods.
    Webhook,
}

/// A pod that is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Why.
    pub cause: Cause,
    /// What shows it, in one sentence without the pod's name.
    pub says: String,
    /// Since when, as far as it is known.
    pub since: Option<Timestamp>,
}

/// What came of looking at one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Well, or finished as it should.
    Well,
    /// Not well yet, and too young to be judged.
    Young,
    /// Not well.
    Troubled(Trouble),
}

/// What a pod is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The moment.
    pub now: Timestamp,
    /// Minutes that a pod has for starting and for coming back to Ready.
    pub grace_minutes: i64,
    /// Minutes after the end of its grace that a deleted pod may still be there.
    pub terminating_minutes: i64,
    /// From when on a failed pod counts: it stays in the list for long after.
    pub failed_since: Timestamp,
}

impl Limits {
    pub(super) fn minutes(&self, since: Timestamp) -> i64 {
        (self.now.as_second() - since.as_second()) / 60
    }

    fn is_young(&self, since: Option<Timestamp>) -> bool {
        since.is_some_and(|since| self.minutes(since) < self.grace_minutes)
    }
}

/// Looks at one pod. `node_gone` says that its node does not answer.
#[must_use]
pub fn look(pod: &PodHealth, node_gone: bool, limits: &Limits) -> Look {
    if let Some(since) = pod.deleting_since {
        return terminating(pod, since, node_gone, limits);
    }
    match pod.phase.as_str() {
        "Succeeded" => return Look::Well,
        "Failed" => return failed(pod, limits),
        _ => {}
    }
    if pod.node.is_none() {
        return scheduling::look(pod, limits);
    }
    if pod.ready() {
        return containers::while_ready(pod, limits);
    }
    if node_gone {
        let node = pod.node.as_deref().unwrap_or_default();
        return troubled(Cause::NodeGone, format!("its node {node} does not answer"), None);
    }
    if limits.is_young(pod.created_at) {
        return Look::Young;
    }
    containers::look(pod, limits)
}

pub(super) fn troubled(cause: Cause, says: impl Into<String>, since: Option<Timestamp>) -> Look {
    Look::Troubled(Trouble {
        cause,
        says: says.into(),
        since,
    })
}

fn terminating(pod: &PodHealth, since: Timestamp, node_gone: bool, limits: &Limits) -> Look {
    if limits.minutes(since) < limits.terminating_minutes {
        return Look::Well;
    }
    let why = if !pod.finalizers.is_empty() {
        format!("held by the finalizer {}", pod.finalizers.join(", "))
    } else if node_gone {
        format!(
            "its node {} does not answer",
            pod.node.as_deref().unwrap_or_default()
        )
    } else {
        "its containers do not end, or its volumes do not come off".to_owned()
    };
    let says = format!(
        "deleted, {} min past its grace, still there: {why}",
        limits.minutes(since)
    );
    troubled(Cause::Terminating, says, Some(since))
}

/// A failed pod of a Job says nothing by itself: the Job tries again, and is judged as a whole.
fn failed(pod: &PodHealth, limits: &Limits) -> Look {
    let of_job = pod.owner.as_ref().is_some_and(|owner| owner.kind == "Job");
    let ends = pod.containers.iter().filter_map(|one| match &one.state {
        day2_kube::objects::ContainerState::Ended(end) => end.finished_at,
        _ => None,
    });
    let changes = pod.conditions.iter().filter_map(|condition| condition.since);
    let at = ends.chain(changes).max().or(pod.created_at);
    if of_job || at.is_some_and(|at| at < limits.failed_since) {
        return Look::Well;
    }
    let message = pod.message.as_deref().map(|message| short(message, 160));
    let told = message.map_or_else(String::new, |message| format!(": {message}"));
    match pod.reason.as_deref() {
        Some("Evicted") => troubled(Cause::Evicted, format!("evicted by the kubelet{told}"), at),
        // The kubelet of a node that shuts down gracefully says one or the other, by version.
        Some("NodeShutdown" | "Shutdown" | "Terminated") => troubled(
            Cause::NodeShutdown,
            format!("ended by the shutdown of its node{told}"),
            at,
        ),
        Some(reason) => troubled(Cause::Failed, format!("failed with {reason}{told}"), at),
        None => {
            let disrupted = pod
                .condition("DisruptionTarget")
                .filter(|target| target.status == Status::True)
                .and_then(|target| target.reason.as_deref());
            let says = match (containers::worst_end(pod), disrupted) {
                (Some(end), None) => format!("failed: {end}"),
                (_, Some(reason)) => format!("failed, disrupted by {reason}"),
                (None, None) => format!("failed{told}"),
            };
            troubled(Cause::Failed, says, at)
        }
    }
}
