//! What a pod's status says of its containers: which wait, and how they last ended.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Time, count};

/// A container that is not running yet, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Container name.
    pub container: String,
    /// An init container.
    pub init: bool,
    /// The image as the kubelet names it; empty when it says none.
    pub image: String,
    /// For example `CrashLoopBackOff`, `ImagePullBackOff`, `ErrImagePull`, `ContainerCreating`, `PodInitializing`.
    pub reason: String,
    /// Words of the kubelet; text of the cluster, to be neutralised where it is shown.
    pub message: Option<String>,
}

/// How a container last ended: its present state if it has ended, else its state before the last restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Container name.
    pub container: String,
    /// An init container; ending is what those are for.
    pub init: bool,
    /// For example `Completed`, `Error`, `OOMKilled`.
    pub reason: String,
    /// Exit code; 137 is SIGKILL.
    pub exit_code: i64,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How often this container was restarted.
    pub restarts: i64,
}

/// One entry of `status.containerStatuses`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerWire {
    name: Option<String>,
    image: Option<String>,
    restart_count: Option<Int>,
    state: Option<State>,
    last_state: Option<State>,
}

#[derive(Default, Deserialize)]
struct State {
    waiting: Option<WaitingWire>,
    terminated: Option<TerminatedWire>,
}

#[derive(Deserialize)]
struct WaitingWire {
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TerminatedWire {
    reason: Option<String>,
    exit_code: Option<Int>,
    finished_at: Option<Time>,
}

impl ContainerWire {
    /// Whether it waits, how it last ended, and how often it was restarted.
    pub(super) fn read(self, init: bool) -> (Option<Waiting>, Option<Ended>, i64) {
        let container = self.name.unwrap_or_default();
        let restarts = count(self.restart_count);
        let state = self.state.unwrap_or_default();
        let waiting = state.waiting.map(|waiting| Waiting {
            container: container.clone(),
            init,
            image: self.image.unwrap_or_default(),
            reason: waiting.reason.unwrap_or_default(),
            message: waiting.message.filter(|message| !message.is_empty()),
        });
        let terminated = state
            .terminated
            .or_else(|| self.last_state.and_then(|last| last.terminated));
        let ended = terminated.map(|end| Ended {
            container,
            init,
            reason: end.reason.unwrap_or_default(),
            exit_code: count(end.exit_code),
            finished_at: end.finished_at.and_then(|time| time.0),
            restarts,
        });
        (waiting, ended, restarts)
    }
}
