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
    /// Tainted for pods of a kind of their own, and not only for the moment: a capacity of its own, also while it is cordoned.
    pub dedicated: bool,
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
    /// Its node; none while it waits for one.
    pub node: Option<String>,
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
    key: Option<String>,
    effect: Option<String>,
}

/// How the keys of taints begin that say how a node is at the moment, or that it has just come or is about to go. The node
/// controller gives each cordoned node `node.kubernetes.io/unschedulable`, so that a cordon is a taint too. Sources: Kubernetes,
/// "Well-Known Labels, Annotations and Taints"; Cluster Autoscaler, `taints.go`; Karpenter, "Disruption"; the README of the AWS
/// Node Termination Handler.
const PASSING: [&str; 12] = [
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/",
    "node.cilium.io/",
    "ebs.csi.aws.com/",
    "cni.istio.io/not-ready",
    "startup-taint.cluster-autoscaler.kubernetes.io/",
    "status-taint.cluster-autoscaler.kubernetes.io/",
    "ignore-taint.cluster-autoscaler.kubernetes.io/",
    "ToBeDeletedByClusterAutoscaler",
    "karpenter.sh/disrupt",
    "karpenter.sh/unregistered",
    "aws-node-termination-handler/",
];

/// How the key of a taint ends that a driver takes away when it runs there, as those of Cilium and of the EBS and EFS drivers do.
const STARTING: &str = "/agent-not-ready";

/// Whether a taint with this key says how a node is at the moment, and not for whom it is: no node is made for pods of a kind of
/// their own with it.
#[must_use]
pub fn is_passing_taint(key: &str) -> bool {
    key.ends_with(STARTING) || PASSING.iter().any(|passing| key.starts_with(passing))
}

impl Taint {
    /// Keeps pods away that do not tolerate it.
    fn closes(&self) -> bool {
        matches!(self.effect.as_deref(), Some("NoSchedule" | "NoExecute"))
    }

    /// Says how the node is at the moment, and not for whom it is.
    fn passes(&self) -> bool {
        is_passing_taint(self.key.as_deref().unwrap_or_default())
    }
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
        let mut closing = spec.taints.unwrap_or_default();
        closing.retain(Taint::closes);
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
            open: !spec.unschedulable.unwrap_or_default() && closing.is_empty(),
            dedicated: !closing.iter().all(Taint::passes),
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
            node: spec.node_name.filter(|name| !name.is_empty()),
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
        assert!(!free.dedicated);
    }

    #[test]
    fn a_node_is_dedicated_by_a_taint_that_stays_and_not_by_one_that_says_how_it_is() {
        let node = |unschedulable: bool, keys: &[&str]| -> NodeRoom {
            let taints: Vec<_> = keys
                .iter()
                .map(|key| json!({"key": key, "effect": "NoSchedule"}))
                .collect();
            let spec = json!({"unschedulable": unschedulable, "taints": taints});
            serde_json::from_value(json!({"spec": spec})).unwrap()
        };
        let table: [(bool, &[&str], bool); 14] = [
            (true, &[], false),
            (true, &["node.kubernetes.io/unschedulable"], false),
            (false, &["node.kubernetes.io/unreachable"], false),
            (false, &["node.kubernetes.io/disk-pressure"], false),
            (false, &["node.cloudprovider.kubernetes.io/uninitialized"], false),
            (false, &["ToBeDeletedByClusterAutoscaler"], false),
            (false, &["karpenter.sh/disrupted"], false),
            (false, &["karpenter.sh/unregistered"], false),
            (false, &["aws-node-termination-handler/spot-itn"], false),
            (false, &["node.cilium.io/agent-not-ready"], false),
            (false, &["dedicated"], true),
            (false, &["node-role.kubernetes.io/control-plane"], true),
            (true, &["node.kubernetes.io/unschedulable", "dedicated"], true),
            (false, &["dedicated", "node.kubernetes.io/not-ready"], true),
        ];
        for (unschedulable, keys, dedicated) in table {
            let node = node(unschedulable, keys);
            assert_eq!((node.open, node.dedicated), (false, dedicated), "{keys:?}");
        }
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
        assert_eq!(web.node.as_deref(), Some("n"));
        assert!(!web.of_node && !web.over);
        assert!(pod("DaemonSet", "Running").of_node);
        assert!(pod("Job", "Succeeded").over);
    }
}
