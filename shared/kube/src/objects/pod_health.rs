//! A pod, as far as "is it well, and if not, why" is judged by it. [`Pod`](super::Pod) is for "may it be moved".

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, count};
use super::resources::{ResourceNeeds, ResourcesWire, reserved};
use super::{Condition, Kind, Owner, Resources, Status};

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct PodHealth {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid: a pod recreated under the same name has another one.
    pub uid: String,
    /// Node it is bound to; none while it waits for the scheduler.
    pub node: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// `status.reason`, for example `Evicted`.
    pub reason: Option<String>,
    /// `status.message`; text of the cluster.
    pub message: Option<String>,
    /// Controlling owner.
    pub owner: Option<Owner>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Containers in the order of the specification: init containers first.
    pub containers: Vec<ContainerHealth>,
    /// What the scheduler reserves for it.
    pub requests: Resources,
    /// Names of the claims that its volumes use.
    pub claims: Vec<String>,
    /// Finalizers, which hold a deleted pod back.
    pub finalizers: Vec<String>,
    /// Uses the network of its node, where no mesh reaches it.
    pub host_network: bool,
    /// Its containers run again however they ended (`restartPolicy: Always`, which is the default).
    pub always_restarts: bool,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it should be gone, its grace included; set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerKind {
    /// Runs as long as the pod.
    Main,
    /// Runs to its end before the others start.
    Init,
    /// An init container with `restartPolicy: Always`: starts first and runs as long as the pod.
    Sidecar,
}

/// A container, declared and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerHealth {
    /// Name.
    pub name: String,
    /// What it is for.
    pub kind: ContainerKind,
    /// The image that is asked for.
    pub image: String,
    /// `ready` of its status.
    pub ready: bool,
    /// `started` of its status: its startup probe has passed, or it has none.
    pub started: bool,
    /// Restarts over the pod's whole life.
    pub restarts: i64,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended before its last restart.
    pub last_end: Option<End>,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// It has no status yet.
    Unreported,
    /// It waits: reason and words of the kubelet.
    Waiting {
        /// For example `CrashLoopBackOff`, `ImagePullBackOff`, `ContainerCreating`, `PodInitializing`.
        reason: String,
        /// Text of the cluster.
        message: Option<String>,
    },
    /// It runs.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It has ended and was not restarted.
    Ended(End),
}

/// An end of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// For example `Completed`, `Error`, `OOMKilled`, `StartError`.
    pub reason: String,
    /// Exit code; above 128 it is 128 and the signal.
    pub exit_code: i64,
    /// Words of the kubelet or of the container (its termination message).
    pub message: Option<String>,
    /// When it had begun to run; none where it never ran.
    pub started_at: Option<Timestamp>,
    /// When.
    pub finished_at: Option<Timestamp>,
}

impl Kind for PodHealth {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "pods";
}

impl PodHealth {
    /// The condition of this type, if the pod has it.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// `Ready=True`.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.condition("Ready")
            .is_some_and(|ready| ready.status == Status::True)
    }

    /// `Succeeded` or `Failed`.
    #[must_use]
    pub fn finished(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }

    /// A container of this name among those that run as long as the pod, native sidecars included.
    #[must_use]
    pub fn runs(&self, container: &str) -> bool {
        self.containers
            .iter()
            .any(|one| one.name == container && one.kind != ContainerKind::Init)
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
    host_network: Option<bool>,
    restart_policy: Option<String>,
    containers: Option<Vec<Declared>>,
    init_containers: Option<Vec<Declared>>,
    volumes: Option<Vec<Volume>>,
    overhead: Option<ResourcesWire>,
    resources: Option<ResourceNeeds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    name: Option<String>,
    image: Option<String>,
    restart_policy: Option<String>,
    resources: Option<ResourceNeeds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Volume {
    name: Option<String>,
    persistent_volume_claim: Option<Claim>,
    ephemeral: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    claim_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    phase: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<Reported>>,
    init_container_statuses: Option<Vec<Reported>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reported {
    name: Option<String>,
    ready: Option<bool>,
    started: Option<bool>,
    restart_count: Option<Int>,
    state: Option<StateWire>,
    last_state: Option<StateWire>,
}

#[derive(Default, Deserialize)]
struct StateWire {
    waiting: Option<WaitingWire>,
    running: Option<RunningWire>,
    terminated: Option<EndWire>,
}

#[derive(Deserialize)]
struct WaitingWire {
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunningWire {
    started_at: Option<Time>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndWire {
    reason: Option<String>,
    exit_code: Option<Int>,
    message: Option<String>,
    started_at: Option<Time>,
    finished_at: Option<Time>,
}

fn text(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

impl From<EndWire> for End {
    fn from(wire: EndWire) -> Self {
        Self {
            reason: wire.reason.unwrap_or_default(),
            exit_code: count(wire.exit_code),
            message: text(wire.message),
            // containerd gives 1970 for what it could not start.
            started_at: wire
                .started_at
                .and_then(|time| time.0)
                .filter(|at| *at > Timestamp::UNIX_EPOCH),
            finished_at: wire.finished_at.and_then(|time| time.0),
        }
    }
}

impl From<StateWire> for ContainerState {
    fn from(wire: StateWire) -> Self {
        if let Some(waiting) = wire.waiting {
            Self::Waiting {
                reason: waiting.reason.unwrap_or_default(),
                message: text(waiting.message),
            }
        } else if let Some(running) = wire.running {
            Self::Running {
                since: running.started_at.and_then(|time| time.0),
            }
        } else {
            wire.terminated
                .map_or(Self::Unreported, |end| Self::Ended(end.into()))
        }
    }
}

/// Each declared container with what its status says of it.
fn containers(
    declared: &mut Vec<Declared>,
    mut reported: Vec<Reported>,
    init: bool,
) -> impl Iterator<Item = ContainerHealth> {
    declared.drain(..).map(move |declared| {
        let name = declared.name.unwrap_or_default();
        let at = reported
            .iter()
            .position(|one| one.name.as_deref() == Some(name.as_str()));
        let status = at.map(|at| reported.swap_remove(at));
        let kind = match (init, declared.restart_policy.as_deref()) {
            (false, _) => ContainerKind::Main,
            (true, Some("Always")) => ContainerKind::Sidecar,
            (true, _) => ContainerKind::Init,
        };
        let (mut ready, mut started, mut restarts) = (false, false, 0);
        let (mut state, mut last_end) = (ContainerState::Unreported, None);
        if let Some(status) = status {
            ready = status.ready.unwrap_or_default();
            started = status.started.unwrap_or_default();
            restarts = count(status.restart_count);
            state = status.state.unwrap_or_default().into();
            last_end = status.last_state.and_then(|last| last.terminated).map(End::from);
        }
        ContainerHealth {
            name,
            kind,
            image: declared.image.unwrap_or_default(),
            ready,
            started,
            restarts,
            state,
            last_end,
        }
    })
}

impl From<Wire> for PodHealth {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let mut init = spec.init_containers.unwrap_or_default();
        let mut main = spec.containers.unwrap_or_default();
        let requests = reserved(
            main.iter()
                .map(|one| ResourceNeeds::requests(one.resources.as_ref())),
            init.iter().map(|one| {
                let sidecar = one.restart_policy.as_deref() == Some("Always");
                (ResourceNeeds::requests(one.resources.as_ref()), sidecar)
            }),
            spec.resources.as_ref(),
            spec.overhead.as_ref(),
        );
        let containers = containers(&mut init, state.init_container_statuses.unwrap_or_default(), true)
            .chain(containers(
                &mut main,
                state.container_statuses.unwrap_or_default(),
                false,
            ))
            .collect();
        let name = meta.name.take().unwrap_or_default();
        let claims = spec
            .volumes
            .unwrap_or_default()
            .into_iter()
            .filter_map(
                |volume| match (volume.persistent_volume_claim, volume.ephemeral) {
                    (Some(claim), _) => claim.claim_name,
                    // The claim of a generic ephemeral volume is called after pod and volume.
                    (None, Some(_)) => Some(format!("{name}-{}", volume.name.unwrap_or_default())),
                    (None, None) => None,
                },
            )
            .collect();
        Self {
            owner: meta.owner(),
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            namespace: meta.namespace.unwrap_or_default(),
            name,
            uid: meta.uid.unwrap_or_default(),
            node: text(spec.node_name),
            phase: state.phase.unwrap_or_default(),
            reason: text(state.reason),
            message: text(state.message),
            labels: super::meta::strings(meta.labels),
            annotations: super::meta::strings(meta.annotations),
            conditions: state.conditions.unwrap_or_default(),
            containers,
            requests,
            claims,
            finalizers: meta.finalizers.unwrap_or_default(),
            host_network: spec.host_network.unwrap_or_default(),
            always_restarts: !matches!(spec.restart_policy.as_deref(), Some("Never" | "OnFailure")),
        }
    }
}
