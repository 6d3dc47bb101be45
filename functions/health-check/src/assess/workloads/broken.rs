//! What is broken, one entry for each workload and cause, with the evidence of all lists put together.

use crate::assess::Scene;
use crate::assess::line::Finding;
use crate::assess::nodes::being_made;
use crate::assess::words::{age, count, longer_than, minutes_since};
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::notices::{FAILED_SCHEDULING, Warning, Warnings};
use crate::reduce::owner::Workload;
use crate::reduce::pods::{Group, PodTally};
use crate::reduce::workloads::Lacking;
use jiff::Timestamp;

/// A workload that is not well, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::assess) struct Broken {
    /// Which.
    pub(in crate::assess) workload: Workload,
    /// Why.
    pub(in crate::assess) cause: Cause,
    /// One sentence.
    pub(in crate::assess) says: String,
    /// Pods that show it; none for a workload that has no pods to show.
    pub(in crate::assess) pods: usize,
    /// Pods are missing altogether.
    pub(in crate::assess) lacks_pods: bool,
    /// The earliest beginning that is known.
    pub(in crate::assess) since: Option<Timestamp>,
}

impl Broken {
    pub(in crate::assess) fn is_in(&self, namespaces: &[String]) -> bool {
        namespaces.contains(&self.workload.namespace)
    }

    pub(in crate::assess) fn finding(&self) -> Finding {
        Finding::inside(&self.workload.namespace, self.workload.to_string(), &self.says)
    }
}

/// Everything that is broken.
pub(in crate::assess) fn broken(inside: &Inside, scene: &Scene<'_>) -> Vec<Broken> {
    let none = Warnings::new();
    let warnings = match &inside.warnings {
        Some(Ok(warnings)) => &warnings.sum,
        _ => &none,
    };
    let pods = inside.pods.as_ref().and_then(|pods| pods.as_ref().ok());
    let mut all: Vec<Broken> = pods
        .into_iter()
        .flat_map(|pods| &pods.sum.groups)
        .filter(|((workload, cause), group)| awaited(workload, *cause, group, inside, scene) == 0)
        .filter(|((workload, cause), group)| !only_rolls(workload, *cause, group, inside, warnings))
        .map(|((workload, cause), group)| with_pods(workload, *cause, group, warnings, scene))
        .collect();
    let lists = [&inside.deployments, &inside.stateful_sets, &inside.daemon_sets];
    let lacking = lists
        .into_iter()
        .filter_map(|list| list.as_ref()?.as_ref().ok())
        .flat_map(|list| &list.sum.lacking)
        .filter_map(|lacking| without_pods(lacking, pods.map(|pods| &pods.sum), inside, warnings, scene));
    all.extend(lacking);
    all
}

/// The nodes that are being made since these pods found none, if they may wait for them: as long as a node may take to join. For
/// which pods a node is made is told by events that are no warnings, which are not read; what none is made for is told in the end,
/// and at once where Karpenter says so.
pub(super) fn awaited(
    workload: &Workload,
    cause: Cause,
    group: &Group,
    inside: &Inside,
    scene: &Scene<'_>,
) -> usize {
    let limit = scene.plan.nodes.register_minutes;
    let since = group.since.filter(|since| !longer_than(limit, *since, scene.now));
    let Some(since) = since.filter(|_| cause == Cause::Unschedulable) else {
        return 0;
    };
    let refused = match &inside.warnings {
        Some(Ok(warnings)) => event_of(workload, cause, group, &warnings.sum).is_some(),
        _ => false,
    };
    if refused {
        return 0;
    }
    being_made(since, inside, scene)
}

/// Pods that have not become Ready yet in a rollout that goes on, and nothing tells more than that their probes fail. Other
/// pods do the work meanwhile; when the rollout is late, these are told. What has a cause of its own is told at once.
fn only_rolls(
    workload: &Workload,
    cause: Cause,
    group: &Group,
    inside: &Inside,
    warnings: &Warnings,
) -> bool {
    let rolls = || match &inside.deployments {
        Some(Ok(deployments)) => deployments.sum.rolling.contains(workload),
        _ => false,
    };
    let unexplained = || {
        let told = event_of(workload, cause, group, warnings);
        told.is_none_or(|warning| warning.reason == "Unhealthy")
    };
    matches!(cause, Cause::Starting | Cause::NotReady) && rolls() && unexplained()
}

/// The event of the first pod of the group that has one. What was said while it had no node, events last for an hour, explains
/// nothing of a pod that has one.
fn event_of<'w>(
    workload: &Workload,
    cause: Cause,
    group: &Group,
    warnings: &'w Warnings,
) -> Option<&'w Warning> {
    let mut pods = group.examples.iter();
    let told = pods.find_map(|pod| of(warnings, "Pod", &workload.namespace, pod))?;
    ((cause == Cause::Unschedulable) == (told.reason == FAILED_SCHEDULING)).then_some(told)
}

/// Pods that show what is wrong; an event says more than the state of a pod that has been starting for long.
fn with_pods(
    workload: &Workload,
    cause: Cause,
    group: &Group,
    warnings: &Warnings,
    scene: &Scene<'_>,
) -> Broken {
    let told = matches!(
        cause,
        Cause::Starting | Cause::Volume | Cause::NotReady | Cause::Unschedulable
    )
    .then(|| event_of(workload, cause, group, warnings))
    .flatten();
    let (cause, evidence) = match told {
        Some(warning) => explained(cause, &group.says, warning),
        None => (cause, group.says.clone()),
    };
    let who = match (group.pods, group.examples.first()) {
        (1, Some(pod)) if *pod == workload.name => String::new(),
        (1, Some(pod)) => format!("{pod}: "),
        (pods, Some(pod)) => format!("{}, one is {pod}: ", count(pods, "pod")),
        (pods, None) => format!("{}: ", count(pods, "pod")),
    };
    let since = group
        .since
        .filter(|_| !group.says.contains(" min"))
        .map_or_else(String::new, |since| format!(", since {}", age(since, scene.now)));
    Broken {
        workload: workload.clone(),
        cause,
        says: format!("{who}{evidence}{since}"),
        pods: group.pods,
        lacks_pods: false,
        since: group.since,
    }
}

fn of<'w>(warnings: &'w Warnings, kind: &str, namespace: &str, name: &str) -> Option<&'w Warning> {
    warnings.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
}

fn explained(cause: Cause, says: &str, warning: &Warning) -> (Cause, String) {
    let message = &warning.message;
    let absent = message.contains("not found") || message.contains("references non-existent");
    let names_config = message.contains("configmap") || message.contains("secret");
    match warning.reason.as_str() {
        "FailedMount" if absent && names_config => (
            Cause::ConfigMissing,
            format!("lacks its configuration: {message}"),
        ),
        "FailedMount" | "FailedAttachVolume" => (Cause::Volume, format!("{says}: {message}")),
        "Unhealthy" if cause != Cause::NotReady => (cause, says.to_owned()),
        _ => (cause, format!("{says}: {message}")),
    }
}

/// A workload that lacks pods and none that is there tells why. What a rollout replaces, and pods that are starting, are not
/// missing.
fn without_pods(
    lacking: &Lacking,
    pods: Option<&PodTally>,
    inside: &Inside,
    warnings: &Warnings,
    scene: &Scene<'_>,
) -> Option<Broken> {
    let workload = &lacking.workload;
    let accounted = pods.map_or(0, |pods| pods.accounted_for(workload));
    let numbers = format!("{} of {} available", lacking.available, lacking.desired);
    let built = |cause, says: String, since| {
        Some(Broken {
            workload: workload.clone(),
            cause,
            says,
            pods: 0,
            lacks_pods: true,
            since,
        })
    };
    if let Some(message) = &lacking.refused {
        return built(
            refusal(message),
            format!("{numbers}, its pods are refused: {message}"),
            None,
        );
    }
    let warning = of(warnings, &workload.kind, &workload.namespace, &workload.name)
        .filter(|warning| warning.reason == "FailedCreate");
    if let Some(warning) = warning.filter(|_| lacking.available < lacking.desired && accounted == 0) {
        let says = format!("{numbers}, its pods are refused: {}", warning.message);
        return built(refusal(&warning.message), says, warning.at);
    }
    // A pod tells why, or will in some minutes.
    if accounted > 0 {
        return None;
    }
    if lacking.stalled {
        let says = format!("{numbers}, and its rollout stands still (ProgressDeadlineExceeded)");
        return built(Cause::NotReady, says, lacking.unavailable_since);
    }
    if lacking.rolling.is_some() {
        return None;
    }
    let grace = i64::from(scene.plan.workloads.grace_minutes);
    match workload.kind.as_str() {
        // Within what its strategy allows, a Deployment counts as available: a pod has just gone, or is Ready for less than
        // `minReadySeconds`.
        "Deployment" => {
            let since = lacking
                .unavailable_since
                .filter(|since| minutes_since(*since, scene.now) >= grace)?;
            let says = format!("{numbers} for {}, and no pod tells why", age(since, scene.now));
            built(Cause::NotReady, says, Some(since))
        }
        // A daemon set follows its nodes; those that are new or do not answer are reported as nodes. It has no deadline for
        // rollouts and needs none: a pod that is there tells by itself what keeps it, or is Ready by now, or is being replaced.
        "DaemonSet" => {
            let excused = restless(inside, grace, scene.now);
            (absent(lacking, inside) > excused).then_some(())?;
            built(Cause::NotReady, format!("{numbers}, and no pod tells why"), None)
        }
        // The same is true of a stateful set, of its rollout and of its partition; it asks for a number of pods, whatever the
        // nodes do.
        _ => {
            (absent(lacking, inside) > 0).then_some(())?;
            built(Cause::NotReady, format!("{numbers}, and no pod tells why"), None)
        }
    }
}

/// Pods that are not there; those that are not available where not every pod could tell by itself.
fn absent(lacking: &Lacking, inside: &Inside) -> usize {
    let present = lacking.present.filter(|_| all_pods_are_read(inside));
    let present = present.unwrap_or(lacking.available);
    usize::try_from(lacking.desired.saturating_sub(present)).unwrap_or_default()
}

/// Whether every pod could tell what keeps it.
fn all_pods_are_read(inside: &Inside) -> bool {
    matches!(&inside.pods, Some(Ok(pods)) if pods.shortfall.is_none())
}

/// Nodes on which a daemon set may not have its pod: new ones, those that do not answer, those that leave.
fn restless(inside: &Inside, grace: i64, now: Timestamp) -> usize {
    let nodes = inside.nodes.as_ref().and_then(|nodes| nodes.as_ref().ok());
    nodes
        .into_iter()
        .flat_map(|nodes| &nodes.sum)
        .filter(|node| {
            let new = node.created_at.is_some_and(|at| minutes_since(at, now) < grace);
            new || node.leaving || node.deleting_since.is_some() || !node.readiness.is_ready()
        })
        .count()
}

fn refusal(message: &str) -> Cause {
    if message.contains("admission webhook") || message.contains("failed calling webhook") {
        Cause::Webhook
    } else {
        Cause::Refused
    }
}
