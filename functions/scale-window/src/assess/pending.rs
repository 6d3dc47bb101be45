//! `SCW-107`: pods that the scheduler could not place, and pods that have a node and do not start, by reason.

use std::collections::BTreeMap;

use day2_core::{Item, Observed};
use day2_kube::objects::{Pod, Status};
use jiff::Timestamp;

use super::{count, minutes_since, population, worse_of};
use crate::settings::Limits;

/// No pod waits for a place, or on its node for its start, longer than the limits. What got its node before the scaling began, at
/// `since`, is no matter of it: a workload that never starts would fail every morning here, and does so in `health-check`.
pub(crate) fn pending(seen: &Observed<Vec<Pod>>, limits: &Limits, since: Timestamp, now: Timestamp) -> Item {
    const CODE: &str = "SCW-107";
    const TITLE: &str = "no pod waits for a node or to start";
    let pods = match seen {
        Ok(pods) => pods,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut waiting, mut stuck) = (0_usize, 0_usize);
    for pod in pods
        .iter()
        .filter(|pod| pod.phase == "Pending" && pod.deleting_since.is_none())
    {
        let reason = if pod.node.is_none() {
            let reason = unplaced(pod, limits, now);
            waiting += usize::from(reason.is_some());
            reason
        } else {
            let reason = not_started(pod, limits, since, now);
            stuck += usize::from(reason.is_some());
            reason.map(|reason| format!("has a node and does not start: {reason}"))
        };
        if let Some(reason) = reason {
            reasons.entry(reason).or_default().push(pod.full_name());
        }
    }
    let wrong: Vec<_> = reasons
        .into_iter()
        .map(|(reason, names)| {
            let first = names.first().cloned().unwrap_or_default();
            let name = if names.len() == 1 {
                first
            } else {
                format!("{first} and {} more", names.len() - 1)
            };
            (name, reason)
        })
        .collect();
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        population(pods.len(), 1),
        format!(
            "{waiting} of {} wait for a node, {stuck} have one and do not start",
            count(pods.len(), "pod")
        ),
    )
    .threshold(
        format!(
            "none for more than {} min without a node, or {} min on one before it starts",
            limits.pending_minutes, limits.join_minutes
        ),
        "limits.pending_minutes, limits.join_minutes",
    )
    .remedy(
        "the scheduler's words say which resource, taint or zone is missing; where a pod does not start, its events do (kubectl \
         describe pod): addresses, volumes, image, settings",
    )
    .subjects(wrong)
}

/// Why the scheduler has not placed a pod, where it had the time to.
fn unplaced(pod: &Pod, limits: &Limits, now: Timestamp) -> Option<String> {
    let old = pod
        .created_at
        .is_some_and(|at| minutes_since(at, now) >= i64::from(limits.pending_minutes));
    // A scheduling gate means that somebody, a queue for example, holds the pod back on purpose.
    let gated = pod
        .unscheduled()
        .is_some_and(|(reason, _)| reason == "SchedulingGated");
    (old && !gated).then(|| scheduler_says(pod))
}

/// The scheduler's words about a pod without a node.
pub(crate) fn scheduler_says(pod: &Pod) -> String {
    pod.unscheduled().map_or_else(
        || "the scheduler has not looked at it".to_owned(),
        |(reason, message)| {
            if message.is_empty() {
                reason.to_owned()
            } else {
                message.to_owned()
            }
        },
    )
}

/// Why no container of a pod starts, where it had as long as a node may take to become Ready: large images are pulled for minutes.
/// A pod whose init container runs, however long, has started. Daemon pods are the business of SCW-106.
fn not_started(pod: &Pod, limits: &Limits, since: Timestamp, now: Timestamp) -> Option<String> {
    const MISSING: &str = "its network, volumes or image are not ready";
    let bound = pod
        .condition("PodScheduled")
        .filter(|scheduled| scheduled.status == Status::True)
        .and_then(|scheduled| scheduled.since);
    let bound = bound.or(pod.started_at).or(pod.created_at)?;
    let had_its_time = minutes_since(bound, now) >= i64::from(limits.join_minutes);
    if pod.is_daemon() || bound < since || !had_its_time {
        return None;
    }
    // `PodInitializing` is also what all others wait with while an init container runs.
    let telling = pod.waiting.iter().find(|one| one.reason != "PodInitializing");
    let Some(one) = telling else {
        if pod.waiting.is_empty() {
            return Some("its kubelet has told nothing of its containers".to_owned());
        }
        // False as long as no container could be made, by network, volumes or image (source: Kubernetes, "Pod Lifecycle").
        let unmade = pod
            .condition("PodReadyToStartContainers")
            .is_some_and(|ready| ready.status == Status::False);
        return unmade.then(|| format!("PodInitializing, {MISSING}"));
    };
    Some(match one.reason.as_str() {
        "" | "ContainerCreating" => format!("ContainerCreating, {MISSING}"),
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            format!("{} of {}", one.reason, one.image)
        }
        // Names the Secret or ConfigMap that is missing.
        "CreateContainerConfigError" => {
            let message = one.message.as_deref().unwrap_or("no reason given");
            format!("{}: {message}", one.reason)
        }
        reason => reason.to_owned(),
    })
}
