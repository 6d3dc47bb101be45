//! A pod, as far as placement, readiness and "may it be moved" are judged by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::container::{ContainerWire, Ended, Waiting};
use super::meta::{Meta, Time, strings};
use super::placement::{AffinityWire, TolerationWire};
use super::{Condition, Kind, Owner, Placement, Status};

/// The annotations that a [`Pod`] keeps: those that decide whether something may move it.
pub const ANNOTATIONS_KEPT: [&str; 4] = [
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "karpenter.sh/do-not-disrupt",
    "karpenter.sh/do-not-evict",
    "kubernetes.io/config.mirror",
];

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid: a pod recreated under the same name has another one.
    pub uid: String,
    /// Node it is bound to; none while it waits for the scheduler.
    pub node: Option<String>,
    /// What it asks of a node, while it has none: afterwards nothing is judged by it, and it is not kept.
    pub placement: Option<Box<Placement>>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// `status.reason`, for example `Evicted`.
    pub reason: Option<String>,
    /// Controlling owner.
    pub owner: Option<Owner>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Those of [`ANNOTATIONS_KEPT`] that are present.
    pub annotations: BTreeMap<String, String>,
    /// All conditions; `PodScheduled=False` carries the scheduler's words.
    pub conditions: Vec<Condition>,
    /// Containers that wait, init containers included.
    pub waiting: Vec<Waiting>,
    /// The last end of each container that has ended at least once, init containers included.
    pub ended: Vec<Ended>,
    /// Restarts, summed over containers and init containers.
    pub restarts: i64,
    /// Uses an `emptyDir` or `hostPath` volume, which keeps Cluster Autoscaler from removing its node unless told
    /// otherwise (`--skip-nodes-with-local-storage`).
    pub local_storage: bool,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When the kubelet took it over, before it pulled any image.
    pub started_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

impl Kind for Pod {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "pods";
}

impl Pod {
    /// `namespace/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

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

    /// `Succeeded` or `Failed`: it occupies nothing any more and no budget protects it.
    #[must_use]
    pub fn finished(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }

    /// A static pod, shown by the kubelet: it cannot be evicted and does not keep a node busy.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        self.annotations.contains_key("kubernetes.io/config.mirror")
    }

    /// Owned by a `DaemonSet`: it comes with the node and goes with it.
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet")
    }

    /// Why the scheduler could not place it: reason and its words.
    #[must_use]
    pub fn unscheduled(&self) -> Option<(&str, &str)> {
        let scheduled = self.condition("PodScheduled")?;
        (scheduled.status == Status::False).then(|| {
            (
                scheduled.reason.as_deref().unwrap_or("Unschedulable"),
                scheduled.message.as_deref().unwrap_or_default(),
            )
        })
    }

    /// The annotation that forbids moving it, with its value, if one does.
    #[must_use]
    pub fn may_not_be_moved(&self) -> Option<(&str, &str)> {
        self.annotations
            .iter()
            .find(|(key, value)| match key.as_str() {
                "cluster-autoscaler.kubernetes.io/safe-to-evict" => value.as_str() == "false",
                // Karpenter also takes a duration for `do-not-disrupt`; only `false` lifts it.
                "karpenter.sh/do-not-disrupt" | "karpenter.sh/do-not-evict" => value.as_str() != "false",
                _ => false,
            })
            .map(|(key, value)| (key.as_str(), value.as_str()))
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
    node_selector: Option<BTreeMap<String, Option<String>>>,
    affinity: Option<AffinityWire>,
    tolerations: Option<Vec<TolerationWire>>,
    volumes: Option<Vec<Volume>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Volume {
    empty_dir: Option<serde::de::IgnoredAny>,
    host_path: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    phase: Option<String>,
    reason: Option<String>,
    start_time: Option<Time>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<ContainerWire>>,
    init_container_statuses: Option<Vec<ContainerWire>>,
}

impl From<Wire> for Pod {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let init = state.init_container_statuses.unwrap_or_default().into_iter();
        let main = state.container_statuses.unwrap_or_default().into_iter();
        let containers = init
            .map(|container| (container, true))
            .chain(main.map(|container| (container, false)));
        let (mut waiting, mut ended, mut restarts) = (Vec::new(), Vec::new(), 0_i64);
        for (container, init) in containers {
            let (now_waiting, last_end, count) = container.read(init);
            waiting.extend(now_waiting);
            ended.extend(last_end);
            restarts = restarts.saturating_add(count);
        }
        let mut annotations = strings(meta.annotations.take());
        annotations.retain(|key, _| ANNOTATIONS_KEPT.contains(&key.as_str()));
        let node = spec.node_name.filter(|node| !node.is_empty());
        let placement = node.is_none().then(|| {
            let asked = Placement::of(spec.node_selector, spec.affinity, spec.tolerations);
            Box::new(asked)
        });
        Self {
            owner: meta.owner(),
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            started_at: state.start_time.and_then(|time| time.0),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            node,
            placement,
            phase: state.phase.unwrap_or_default(),
            reason: state.reason.filter(|reason| !reason.is_empty()),
            labels: strings(meta.labels),
            annotations,
            conditions: state.conditions.unwrap_or_default(),
            waiting,
            ended,
            restarts,
            local_storage: spec
                .volumes
                .unwrap_or_default()
                .iter()
                .any(|volume| volume.empty_dir.is_some() || volume.host_path.is_some()),
        }
    }
}
