//! What was read. A part that could not be read is the reason why.

use day2_core::trigger::Finding;
use day2_core::{Observed, Unreadable};
use day2_kube::objects::{HorizontalPodAutoscaler, Node, PodDetail, ScaledObject, ServiceAccount};
use day2_kube::{Listed, Sibling};
use day2_reads::pod_identities::ActsAs;

/// The finding as GuardDuty itself has it now, against what the event said (`cases.md` E10).
#[derive(Debug, Clone, PartialEq)]
pub enum Reread {
    /// GuardDuty has it, and it says the same.
    Confirmed(Box<Finding>),
    /// GuardDuty has no such finding. Only GuardDuty makes findings, so this event is not GuardDuty's.
    NotThere,
    /// GuardDuty has it, and it says something else, in words.
    Differs(Vec<String>),
    /// It could not be asked.
    Unreadable(Unreadable),
}

impl Reread {
    /// Whether the finding is proven to be GuardDuty's.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed(_))
    }

    /// Whether the event is proven not to be GuardDuty's: then nothing at all is done on its word.
    #[must_use]
    pub const fn is_forged(&self) -> bool {
        matches!(self, Self::NotThere | Self::Differs(_))
    }
}

/// The pod that a finding names, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suspect {
    /// It is there.
    Here(Box<PodDetail>),
    /// There is no pod of that name any more.
    Gone,
    /// There is another pod of that name (`cases.md` K11), and why it is not the one that is meant.
    Replaced(Box<PodDetail>, String),
}

/// A ready pod of the cluster's DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsPod {
    /// Its node.
    pub node: Option<String>,
    /// Whether it is ready.
    pub ready: bool,
}

/// An instance in an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The group.
    pub group: String,
    /// Whether it is protected from scale-in.
    pub protected: bool,
}

/// The node of the pod, and those around it.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeFacts {
    /// All nodes.
    pub nodes: Observed<Vec<Node>>,
    /// The pods of the cluster's DNS (`k8s-app=kube-dns`).
    pub dns: Observed<Vec<DnsPod>>,
    /// The instance of the pod's node, if it is in a group.
    pub member: Observed<Option<GroupMember>>,
}

impl NodeFacts {
    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.as_ref().ok()?.iter().find(|node| node.name == name)
    }
}

/// The EC2 instance behind a node, from `spec.providerID` (`aws:///us-east-1a/i-0123456789abcdef0`).
#[must_use]
pub fn instance_of(node: &Node) -> Option<&str> {
    let id = node.provider_id.as_deref()?.rsplit('/').next()?;
    id.starts_with("i-").then_some(id)
}

/// What would bring a workload back, as whom it acts, and who else is like the pod.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadFacts {
    /// Horizontal pod autoscalers of the namespace.
    pub autoscalers: Observed<Vec<HorizontalPodAutoscaler>>,
    /// KEDA's scaled objects of the namespace; none where KEDA is not installed.
    pub scaled_objects: Observed<Option<Vec<ScaledObject>>>,
    /// The pod's service account; none when it does not exist any more.
    pub account: Observed<Option<ServiceAccount>>,
    /// The role that EKS Pod Identity gives the account; none, or one.
    pub pod_identity: Observed<Vec<ActsAs>>,
    /// Every service account of the cluster that acts as an IAM role, by IRSA or by EKS Pod Identity. None where nobody asks
    /// (`sessions.deny`).
    pub actors: Option<Observed<Vec<ActsAs>>>,
    /// Pods like it anywhere in the cluster, itself included.
    pub siblings: Observed<Listed<Sibling>>,
}

impl WorkloadFacts {
    /// ARNs of the roles that the pod acts as: of IRSA, as its account says, and of EKS Pod Identity.
    ///
    /// # Errors
    ///
    /// What could not be read: then not all of them are known.
    pub fn roles(&self) -> Observed<Vec<&str>> {
        let account = self.account.as_ref().map_err(Clone::clone)?;
        let identities = self.pod_identity.as_ref().map_err(Clone::clone)?;
        let irsa = account.as_ref().and_then(|account| account.role_arn.as_deref());
        let mut roles: Vec<&str> = irsa
            .into_iter()
            .chain(identities.iter().map(|one| one.role_arn.as_str()))
            .collect();
        roles.dedup();
        Ok(roles)
    }
}
