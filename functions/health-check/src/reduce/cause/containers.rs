//! Pods that have a node: what their containers say.

use day2_kube::objects::{ContainerHealth, ContainerKind, ContainerState, End, PodHealth, Status};

use super::{Cause, Limits, Look, troubled};
use crate::reduce::short;

/// A container that crashed so often, the last time so lately and after so short a run, is in a crash loop also in the moments
/// in which it runs. The kubelet waits at most five minutes between restarts and forgets all crashes before a run of ten (source:
/// Kubernetes, "Pod Lifecycle", "Container restart policy"); the count of restarts is of the whole life.
const LOOP_RESTARTS: i64 = 3;
const LOOP_MINUTES: i64 = 10;

/// A pod that is Ready may still be in a crash loop.
pub(super) fn while_ready(pod: &PodHealth, limits: &Limits) -> Look {
    pod.containers
        .iter()
        .find_map(|one| looping(one, limits))
        .unwrap_or(Look::Well)
}

/// A pod that is bound, not Ready, and old enough.
pub(super) fn look(pod: &PodHealth, limits: &Limits) -> Look {
    // What a container waits for says most; then how it ended; then what has not become ready.
    let waits = pod.containers.iter().find_map(waiting);
    let loops = || pod.containers.iter().find_map(|one| looping(one, limits));
    let ended = || pod.containers.iter().find_map(has_ended);
    waits
        .or_else(loops)
        .or_else(ended)
        .unwrap_or_else(|| unready(pod, limits))
}

fn waiting(container: &ContainerHealth) -> Option<Look> {
    let ContainerState::Waiting { reason, message } = &container.state else {
        return None;
    };
    let name = &container.name;
    let told = message
        .as_deref()
        .map_or_else(String::new, |message| format!(": {}", short(message, 200)));
    Some(match reason.as_str() {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "RegistryUnavailable"
        | "ImageInspectError"
        | "SignatureValidationFailed" => {
            let image = short(&container.image, 200);
            troubled(
                Cause::ImagePull,
                format!(
                    "{name} cannot pull {image} ({reason}): {}",
                    pull(reason, message.as_deref())
                ),
                None,
            )
        }
        "CreateContainerConfigError" => troubled(
            Cause::ConfigMissing,
            format!("{name} lacks its configuration{told}"),
            None,
        ),
        "CreateContainerError"
        | "RunContainerError"
        | "StartError"
        | "ContainerCannotRun"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => troubled(
            Cause::CannotStart,
            format!("{name} cannot be started ({reason}){told}"),
            None,
        ),
        "CrashLoopBackOff" => crash(container),
        _ => return None,
    })
}

/// The end of the kubelet's words, where the registry speaks, or what the reason means.
fn pull(reason: &str, message: Option<&str>) -> String {
    let message = message.unwrap_or_default();
    let lower = message.to_lowercase();
    let class = if lower.contains("not found") || lower.contains("manifest unknown") {
        Some("there is no such image or tag")
    } else if lower.contains("unauthorized") || lower.contains("denied") || lower.contains("no basic auth") {
        Some("the registry refuses the node's credentials or the pull secret")
    } else if lower.contains("toomanyrequests") || lower.contains("too many requests") {
        Some("the registry limits the rate")
    } else if lower.contains("timeout")
        || lower.contains("no such host")
        || lower.contains("connection refused")
    {
        Some("the registry cannot be reached from the node")
    } else if reason == "InvalidImageName" {
        Some("the name of the image is not valid")
    } else {
        None
    };
    match (class, message.is_empty()) {
        (Some(class), _) => class.to_owned(),
        (None, false) => short(message, 200),
        (None, true) => "the kubelet does not say why".to_owned(),
    }
}

fn crash(container: &ContainerHealth) -> Look {
    let name = &container.name;
    let times = container.restarts;
    match &container.last_end {
        Some(end) if end.reason == "OOMKilled" => troubled(
            Cause::OutOfMemory,
            format!("{name} is killed for using more memory than its limit (OOMKilled), {times} restarts"),
            None,
        ),
        Some(end) => troubled(
            Cause::Crash,
            format!("{name} crashes: {}, {times} restarts", ending(end)),
            None,
        ),
        None => troubled(Cause::Crash, format!("{name} crashes, {times} restarts"), None),
    }
}

fn looping(container: &ContainerHealth, limits: &Limits) -> Option<Look> {
    let end = container.last_end.as_ref()?;
    let at = end.finished_at?;
    // What never ran has no beginning.
    let was_short = end
        .started_at
        .is_none_or(|began| at.as_second() - began.as_second() < LOOP_MINUTES * 60);
    let loops = container.kind != ContainerKind::Init
        && container.restarts >= LOOP_RESTARTS
        && limits.minutes(at) < LOOP_MINUTES
        && end.exit_code != 0
        && (was_short || backs_off(container));
    loops.then(|| crash(container))
}

fn backs_off(container: &ContainerHealth) -> bool {
    matches!(&container.state, ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff")
}

/// Ended with an error and not restarted yet, or never to be.
fn has_ended(container: &ContainerHealth) -> Option<Look> {
    let ContainerState::Ended(end) = &container.state else {
        return None;
    };
    (end.exit_code != 0).then(|| {
        let cause = if end.reason == "OOMKilled" {
            Cause::OutOfMemory
        } else {
            Cause::Crash
        };
        troubled(
            cause,
            format!("{} ended: {}", container.name, ending(end)),
            end.finished_at,
        )
    })
}

/// Ended without an error, and not to run again: a step that is done has no probe any more. One that always runs again is so for a
/// moment only, and then waits in `CrashLoopBackOff`.
fn is_done(container: &ContainerHealth, pod: &PodHealth) -> bool {
    let ended_well = matches!(&container.state, ContainerState::Ended(end) if end.exit_code == 0);
    ended_well && !pod.always_restarts
}

/// What an end means in words.
fn ending(end: &End) -> String {
    let code = end.exit_code;
    let meaning = match code {
        _ if end.reason == "OOMKilled" => {
            "killed for using more memory than its limit (OOMKilled)".to_owned()
        }
        0 => "exit code 0, but it should keep running".to_owned(),
        126 => "exit code 126, the command cannot be executed".to_owned(),
        127 => "exit code 127, the command was not found".to_owned(),
        134 => "exit code 134, aborted (signal 6)".to_owned(),
        137 => "exit code 137, killed (signal 9), as after a failed liveness probe or by the node".to_owned(),
        139 => "exit code 139, segmentation fault (signal 11)".to_owned(),
        143 => "exit code 143, told to end (signal 15)".to_owned(),
        129..=192 => format!("exit code {code} (signal {})", code - 128),
        _ => format!("exit code {code}"),
    };
    match &end.message {
        Some(message) => format!("{meaning}, \"{}\"", short(message, 120)),
        None => meaning,
    }
}

/// The end of the first container that ended with an error, in words.
pub(super) fn worst_end(pod: &PodHealth) -> Option<String> {
    pod.containers.iter().find_map(|one| match &one.state {
        ContainerState::Ended(end) if end.exit_code != 0 => Some(format!("{} {}", one.name, ending(end))),
        _ => None,
    })
}

/// Nothing waits for a named reason and nothing has ended: still starting, or running without being Ready.
fn unready(pod: &PodHealth, limits: &Limits) -> Look {
    let since = pod
        .condition("Ready")
        .and_then(|ready| ready.since)
        .or(pod.created_at);
    if limits.is_young(since) {
        return Look::Young;
    }
    // A pod of a Job serves nobody, and one whose main container is done while a sidecar goes on is not Ready either.
    if pod.owner.as_ref().is_some_and(|owner| owner.kind == "Job") && pod.phase == "Running" {
        return Look::Well;
    }
    let initialised = pod
        .condition("Initialized")
        .is_none_or(|done| done.status == Status::True);
    let minutes = since.map_or(0, |since| limits.minutes(since));
    if !initialised
        && let Some(init) = pod.containers.iter().find(|one| {
            one.kind == ContainerKind::Init && matches!(one.state, ContainerState::Running { .. })
        })
    {
        let says = format!(
            "the init container {} has been running for {minutes} min",
            init.name
        );
        return troubled(Cause::Starting, says, since);
    }
    if pod.phase == "Pending" {
        return if pod.claims.is_empty() {
            troubled(
                Cause::Starting,
                format!("has been starting for {minutes} min"),
                since,
            )
        } else {
            let claims = short(&pod.claims.join(", "), 160);
            troubled(
                Cause::Volume,
                format!("waits for its volume, claim {claims}, for {minutes} min"),
                since,
            )
        };
    }
    let gate = pod
        .condition("ContainersReady")
        .is_some_and(|all| all.status == Status::True);
    if gate {
        let gates: Vec<&str> = pod
            .conditions
            .iter()
            .filter(|one| one.kind.contains('/') && one.status != Status::True)
            .map(|one| one.kind.as_str())
            .collect();
        let says = format!(
            "not Ready for {minutes} min: its readiness gate {} does not pass",
            gates.join(", ")
        );
        return troubled(Cause::NotReady, says, since);
    }
    let (done, lasting): (Vec<&ContainerHealth>, Vec<&ContainerHealth>) = pod
        .containers
        .iter()
        .filter(|one| one.kind != ContainerKind::Init)
        .partition(|one| is_done(one, pod));
    let slow: Vec<&ContainerHealth> = lasting.into_iter().filter(|one| !one.ready).collect();
    if slow.is_empty() && !done.is_empty() {
        return Look::Well;
    }
    let names: Vec<&str> = slow.iter().map(|one| one.name.as_str()).collect();
    let probe = if slow.iter().any(|one| !one.started) {
        "startup"
    } else {
        "readiness"
    };
    let says = format!(
        "runs but is not Ready for {minutes} min: the {probe} probe of {} fails",
        names.join(", ")
    );
    troubled(Cause::NotReady, says, since)
}
