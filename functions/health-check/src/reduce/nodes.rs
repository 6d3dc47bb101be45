//! Nodes: of each a few numbers, and what is wrong with it.

use day2_core::target::NodeGroup;
use day2_kube::Reduce;
use day2_kube::objects::{Condition, NodeHealth, Readiness, Resources, Status, Taint, is_passing_taint};
use jiff::Timestamp;

use super::short;

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFact {
    /// Name.
    pub name: String,
    /// Zone, if it is labelled.
    pub zone: Option<String>,
    /// `Ready`.
    pub readiness: Readiness,
    /// Node groups that it belongs to, declared ones by their selectors and the managed one by its label; of a node that is Ready
    /// none are kept, because nobody asks.
    pub groups: Vec<String>,
    /// Why it is not Ready, in the words of the condition; none while it is.
    pub not_ready_because: Option<String>,
    /// Other conditions that are not as they should be.
    pub bad: Vec<BadCondition>,
    /// Cordoned.
    pub unschedulable: bool,
    /// Since when.
    pub cordoned_at: Option<Timestamp>,
    /// A taint that an autoscaler or the cloud puts on a node that it takes out.
    pub leaving: bool,
    /// Since when there is such a taint, as far as one tells.
    pub leaving_since: Option<Timestamp>,
    /// Whose pods it is for.
    pub purpose: Purpose,
    /// CPU and memory for pods.
    pub allocatable: Resources,
    /// Pods that it takes.
    pub allocatable_pods: i64,
    /// Version of its kubelet.
    pub kubelet_version: Option<String>,
    /// Made by EKS Auto Mode.
    pub auto_mode: bool,
    /// When it joined.
    pub created_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// For which pods a node is, by those of its taints that stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For any pod.
    General,
    /// For pods that tolerate its taint: a capacity of its own.
    Dedicated,
    /// For the one pod that Fargate made it for.
    OnePod,
}

/// A condition that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCondition {
    /// For example `DiskPressure`.
    pub kind: String,
    /// Its value.
    pub status: Status,
    /// A word why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl NodeFact {
    /// Takes pods: Ready, not cordoned, not on its way out.
    #[must_use]
    pub const fn takes_pods(&self) -> bool {
        self.readiness.is_ready() && !self.unschedulable && !self.leaving && self.deleting_since.is_none()
    }
}

/// Conditions that should be true: those of EKS Auto Mode and of the node monitoring agent (source: EKS user guide, "Detect
/// node health issues and enable automatic node repair").
const SHOULD_BE_TRUE: [&str; 5] = [
    "KernelReady",
    "ContainerRuntimeReady",
    "StorageReady",
    "NetworkingReady",
    "AcceleratedHardwareReady",
];

/// Conditions that should not be true (source: Kubernetes, "Node Status").
const SHOULD_BE_FALSE: [&str; 4] = [
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "NetworkUnavailable",
];

/// The taint of Cluster Autoscaler. Its value is when it was added, in seconds since 1970 (source: Cluster Autoscaler,
/// `utils/taints`, `MarkToBeDeleted`).
const AUTOSCALER: &str = "ToBeDeletedByClusterAutoscaler";

/// Taints of nodes that something takes out on purpose.
const LEAVING: [&str; 5] = [
    AUTOSCALER,
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
    "node.cloudprovider.kubernetes.io/shutdown",
    "aws-node-termination-handler/spot-itn",
];

fn is_of_leaving(taint: &Taint) -> bool {
    LEAVING.contains(&taint.key.as_str())
}

/// When a taint was added. The API server records no time by itself, whoever adds the taint may.
fn added_at(taint: &Taint) -> Option<Timestamp> {
    let in_value = || {
        let seconds = taint.value.parse().ok().filter(|_| taint.key == AUTOSCALER)?;
        Timestamp::from_second(seconds).ok()
    };
    taint.since.or_else(in_value)
}

/// Key of the label and of the taint that tell nodes of Fargate, whose value is then `fargate`. Each carries one pod (source: EKS
/// user guide, "Simplify compute management with AWS Fargate").
const COMPUTE_TYPE: &str = "eks.amazonaws.com/compute-type";

/// By taints that keep pods off.
fn purpose(taints: &[Taint]) -> Purpose {
    let of_fargate = |taint: &Taint| taint.key == COMPUTE_TYPE && taint.value == "fargate";
    if taints.iter().any(of_fargate) {
        Purpose::OnePod
    } else if taints.iter().all(|taint| is_passing_taint(&taint.key)) {
        Purpose::General
    } else {
        Purpose::Dedicated
    }
}

/// Message of a condition, or else its reason.
fn words(condition: &Condition) -> Option<String> {
    let said = condition.message.as_deref().or(condition.reason.as_deref())?;
    Some(short(said, 160)).filter(|said| !said.is_empty())
}

/// Label of the nodes of a managed node group (source: EKS user guide, "Simplify node lifecycle with managed node groups").
const MANAGED: &str = "eks.amazonaws.com/nodegroup";

/// Keeps of each node what is judged. It knows the node groups that the target declares.
#[derive(Debug, Clone, Copy)]
pub struct EachNode<'a>(pub &'a [NodeGroup]);

impl EachNode<'_> {
    fn groups(&self, node: &NodeHealth) -> Vec<String> {
        let mut names: Vec<String> = self
            .0
            .iter()
            .filter(|group| group.selector.select(&node.labels))
            .map(|group| group.name.as_str().to_owned())
            .collect();
        names.extend(
            node.labels
                .get(MANAGED)
                .filter(|name| !names.contains(name))
                .cloned(),
        );
        names
    }
}

impl Reduce<NodeHealth> for EachNode<'_> {
    type Sum = Vec<NodeFact>;

    fn empty(&self) -> Vec<NodeFact> {
        Vec::new()
    }

    fn take(&self, sum: &mut Vec<NodeFact>, node: NodeHealth) {
        let readiness = node.readiness();
        let auto_mode = node.is_auto_mode();
        let groups = if readiness.is_ready() {
            Vec::new()
        } else {
            self.groups(&node)
        };
        let ready = node.conditions.iter().find(|one| one.kind == "Ready");
        let not_ready_because = ready.filter(|_| !readiness.is_ready()).and_then(words);
        let mut bad: Vec<BadCondition> = node
            .conditions
            .into_iter()
            .filter(|condition| {
                let kind = condition.kind.as_str();
                // When the kubelet is silent, all of its conditions are unknown; that is said once, by `Ready`.
                (SHOULD_BE_TRUE.contains(&kind) && condition.status == Status::False)
                    || (SHOULD_BE_FALSE.contains(&kind) && condition.status == Status::True)
            })
            .map(|condition| BadCondition {
                kind: condition.kind,
                status: condition.status,
                reason: condition.reason,
                since: condition.since,
            })
            .collect();
        bad.shrink_to_fit();
        sum.push(NodeFact {
            readiness,
            groups,
            not_ready_because,
            bad,
            auto_mode,
            leaving: node.taints.iter().any(is_of_leaving),
            leaving_since: node
                .taints
                .iter()
                .filter(|taint| is_of_leaving(taint))
                .filter_map(added_at)
                .min(),
            purpose: purpose(&node.taints),
            name: node.name,
            zone: node.zone,
            unschedulable: node.unschedulable,
            cordoned_at: node.cordoned_at,
            allocatable: node.allocatable,
            allocatable_pods: node.allocatable_pods,
            kubelet_version: node.kubelet_version,
            created_at: node.created_at,
            deleting_since: node.deleting_since,
        });
    }

    fn join(&self, sum: &mut Vec<NodeFact>, page: Vec<NodeFact>) {
        sum.extend(page);
    }
}
