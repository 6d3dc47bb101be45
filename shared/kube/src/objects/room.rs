//! Nodes and pods, as far as it is asked whether one cluster could carry another's load.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, strings};
use super::resources::{ResourceNeeds, ResourcesWire, reserved};
use super::{Condition, Kind, Readiness, Resources, Status};

/// What a node offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "NodeWire")]
pub struct NodeRoom {
    /// Object name.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Its `Ready` condition.
    pub readiness: Readiness,
    /// Whether the scheduler may place pods there that tolerate nothing: neither cordoned nor tainted against them.
    pub open: bool,
    /// CPU and memory for pods.
    pub allocatable: Resources,
    /// Pods that it takes.
    pub allocatable_pods: i64,
    /// When the kubelet joined.
    pub created_at: Option<Timestamp>,
}

/// What a pod takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PodWire")]
pub struct PodRoom {
    /// What the scheduler reserves for it.
    pub requests: Resources,
    /// It has a node.
    pub placed: bool,
    /// Belongs to its node (DaemonSet, mirror pod): another cluster has its own.
    pub of_node: bool,
    /// It has ended and takes nothing any more.
    pub over: bool,
}

impl Kind for NodeRoom {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodes";
}

impl Kind for PodRoom {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "pods";
}

#[derive(Deserialize)]
struct NodeWire {
    metadata: Option<Meta>,
    spec: Option<NodeSpec>,
    status: Option<NodeState>,
}

#[derive(Default, Deserialize)]
struct NodeSpec {
    unschedulable: Option<bool>,
    taints: Option<Vec<Taint>>,
}

#[derive(Deserialize)]
struct Taint {
    effect: Option<String>,
}

#[derive(Default, Deserialize)]
struct NodeState {
    conditions: Option<Vec<Condition>>,
    allocatable: Option<Allocatable>,
}

#[derive(Deserialize)]
struct Allocatable {
    #[serde(flatten)]
    resources: ResourcesWire,
    pods: Option<Int>,
}

#[derive(Deserialize)]
struct PodWire {
    metadata: Option<Meta>,
    spec: Option<PodSpec>,
    status: Option<PodState>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    node_name: Option<String>,
    containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
    resources: Option<ResourceNeeds>,
    overhead: Option<ResourcesWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    resources: Option<ResourceNeeds>,
    restart_policy: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodState {
    phase: Option<String>,
}

impl From<NodeWire> for NodeRoom {
    fn from(wire: NodeWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let conditions = state.conditions.unwrap_or_default();
        let ready = conditions.iter().find(|one| one.kind == "Ready");
        let since = ready.and_then(|ready| ready.since);
        let closed = |taint: &Taint| matches!(taint.effect.as_deref(), Some("NoSchedule" | "NoExecute"));
        let tainted = spec.taints.unwrap_or_default().iter().any(closed);
        let (allocatable, pods) = state.allocatable.map_or((Resources::default(), None), |room| {
            (room.resources.read(), room.pods)
        });
        Self {
            created_at: meta.created_at(),
            name: meta.name.unwrap_or_default(),
            labels: strings(meta.labels),
            readiness: match ready.map(|ready| ready.status) {
                Some(Status::True) => Readiness::Ready { since },
                Some(Status::False) => Readiness::NotReady { since },
                Some(Status::Unknown) | None => Readiness::Silent { since },
            },
            open: !spec.unschedulable.unwrap_or_default() && !tainted,
            allocatable,
            allocatable_pods: pods.map_or(0, |pods| pods.0),
        }
    }
}

impl From<PodWire> for PodRoom {
    fn from(wire: PodWire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let needs = |one: &Container| ResourceNeeds::requests(one.resources.as_ref());
        let main = spec.containers.unwrap_or_default();
        let init = spec.init_containers.unwrap_or_default();
        let requests = reserved(
            main.iter().map(needs),
            init.iter()
                .map(|one| (needs(one), one.restart_policy.as_deref() == Some("Always"))),
            spec.resources.as_ref(),
            spec.overhead.as_ref(),
        );
        Self {
            requests,
            placed: spec.node_name.is_some_and(|name| !name.is_empty()),
            of_node: meta
                .owner()
                .is_some_and(|owner| matches!(owner.kind.as_str(), "DaemonSet" | "Node")),
            over: matches!(state.phase.as_deref(), Some("Succeeded" | "Failed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_node_is_open_only_without_cordon_and_taint() {
        let node = |spec: serde_json::Value| -> NodeRoom {
            serde_json::from_value(json!({"metadata": {"name": "n"}, "spec": spec,
                "status": {"allocatable": {"cpu": "3920m", "memory": "7Gi", "pods": "58"},
                           "conditions": [{"type": "Ready", "status": "True"}]}}))
            .unwrap()
        };
        let free = node(json!({}));
        assert!(free.open && free.readiness.is_ready());
        assert_eq!((free.allocatable.cpu_milli, free.allocatable_pods), (3920, 58));
        assert_eq!(free.allocatable.memory_bytes, 7 << 30);
        assert!(!node(json!({"unschedulable": true})).open);
        assert!(!node(json!({"taints": [{"key": "k", "effect": "NoSchedule"}]})).open);
        assert!(node(json!({"taints": [{"key": "k", "effect": "PreferNoSchedule"}]})).open);
    }

    #[test]
    fn a_pod_takes_what_the_scheduler_reserves_and_nothing_when_it_is_over() {
        let pod = |owner: &str, phase: &str| -> PodRoom {
            serde_json::from_value(json!({
                "metadata": {"name": "p", "ownerReferences": [{"kind": owner, "name": "o", "controller": true}]},
                "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": "250m", "memory": "1Gi"}}}, {}],
                         "initContainers": [{"restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}]},
                "status": {"phase": phase}}))
            .unwrap()
        };
        let web = pod("ReplicaSet", "Running");
        assert_eq!(
            (web.requests.cpu_milli, web.requests.memory_bytes),
            (300, 1 << 30)
        );
        assert!(web.placed && !web.of_node && !web.over);
        assert!(pod("DaemonSet", "Running").of_node);
        assert!(pod("Job", "Succeeded").over);
    }
}
