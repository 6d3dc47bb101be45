//! Settings of `threat-containment`: which findings count, how far the function may go, and what it never touches.

mod sessions;
#[cfg(test)]
pub(crate) mod tests;
mod validate;

use day2_core::action::Mode;
use day2_core::evidence::EvidenceBucket;
use day2_core::settings::{Mistakes, Named, Percent};
use deserr::Deserr;
pub use sessions::SessionPolicy;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ThreatContainmentSettings {
    /// How far the function may go.
    pub mode: Mode,
    /// How far it may go in ending a workload. Default `never`: the workload is cut off, and a person decides.
    #[deserr(default)]
    pub eradicate: Eradicate,
    /// Which findings count.
    #[deserr(default)]
    pub accept: Accept,
    /// How many pods may be cut off.
    #[deserr(default)]
    pub breaker: BreakerLimits,
    /// What is done about the pod's node.
    #[deserr(default)]
    pub node: NodePolicy,
    /// Which workloads may be ended, and how.
    #[deserr(default)]
    pub workload: WorkloadPolicy,
    /// Whether the sessions that the pod's IAM role already has are denied.
    #[deserr(default)]
    pub sessions: SessionPolicy,
    /// How much is captured as evidence.
    #[deserr(default)]
    pub capture: CaptureLimits,
    /// Where evidence is kept: the outputs of `infra/evidence`. Required unless the mode is `observe`.
    #[deserr(default)]
    pub evidence: Option<EvidenceBucket>,
    /// How long a mailed plan can be approved, in minutes, 5 to 1,440. Default 240: the person who decides may sleep.
    #[deserr(default = 240)]
    pub approval_minutes: u32,
    /// Seconds between the two looks at a quarantine, 0 to 60. Default 20: an agent on the node needs some seconds to enforce
    /// a new policy.
    #[deserr(default = 20)]
    pub settle_seconds: u32,
    /// Namespaces in which no pod is cut off from the network, scaled or deleted; a trailing `*` stands for every name that
    /// begins so. [`DENIED_NAMESPACES`] stay in force beside them.
    #[deserr(default)]
    pub denied_namespaces: Vec<String>,
    /// The clusters that are watched, by the name of their target.
    pub targets: Named<Platform>,
}

/// How far the function may go in ending a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Eradicate {
    /// Never; not even proposed.
    #[default]
    Never,
    /// Proposed by mail.
    Approve,
    /// At once in mode `auto`, when evidence is sealed and GuardDuty confirms the finding; otherwise proposed.
    Auto,
}

impl Eradicate {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Approve => "approve",
            Self::Auto => "auto",
        }
    }
}

/// Which findings count.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Accept {
    /// Beginnings of finding types: `CryptoCurrency:` stands for every type that begins so. Absent: [`FINDING_TYPES`].
    #[deserr(default)]
    pub finding_types: Option<Vec<String>>,
    /// Least severity, 1 to 10. Default 7, where GuardDuty's "high" begins.
    /// Source: GuardDuty user guide, "Severity levels for GuardDuty findings".
    #[deserr(default = 7.0)]
    pub min_severity: f64,
    /// Oldest update of a finding that is acted on, in minutes, 5 to 1,440. Default 360: Lambda delivers a throttled event
    /// for up to six hours.
    #[deserr(default = 360)]
    pub max_age_minutes: u32,
}

impl Accept {
    /// The beginnings of the types that count.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let own = self.finding_types.as_deref();
        let defaults = own.is_none().then_some(FINDING_TYPES).into_iter().flatten();
        own.into_iter()
            .flatten()
            .map(String::as_str)
            .chain(defaults.copied())
    }
}

impl Default for Accept {
    fn default() -> Self {
        Self {
            finding_types: None,
            min_severity: 7.0,
            max_age_minutes: 360,
        }
    }
}

/// How many pods may be cut off. An attacker who can make findings must not be able to stop the platform with them.
#[derive(Debug, Clone, Copy, PartialEq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct BreakerLimits {
    /// Most containments that begin in one hour of the clock, per target, 1 to 100. Default 10.
    #[deserr(default = 10)]
    pub max_per_hour: u32,
    /// Most containments that begin in one day (UTC), per target, 1 to 500. Default 30.
    #[deserr(default = 30)]
    pub max_per_day: u32,
    /// Largest share of the replicas of one workload that is cut off; one pod always may be. 50 when absent.
    #[deserr(default)]
    pub max_percent_of_replicas: Option<Percent>,
}

impl BreakerLimits {
    /// Largest share of the replicas of one workload, 0 to 100.
    #[must_use]
    pub fn replicas_share(&self) -> f64 {
        self.max_percent_of_replicas.map_or(50.0, Percent::value)
    }
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self {
            max_per_hour: 10,
            max_per_day: 30,
            max_percent_of_replicas: None,
        }
    }
}

/// What is done about the pod's node.
#[derive(Debug, Clone, Copy, PartialEq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct NodePolicy {
    /// Whether the node is cordoned. Default true.
    #[deserr(default = true)]
    pub cordon: bool,
    /// Whether its instance is protected from scale-in, so that Auto Scaling does not end it with its memory and disks.
    /// Default true.
    #[deserr(default = true)]
    pub protect_from_scale_in: bool,
    /// Most nodes that are cordoned at the same time, by whomever, 1 to 50. Default 3.
    #[deserr(default = 3)]
    pub max_cordoned_nodes: u32,
    /// Largest share of all nodes that is cordoned at the same time. 20 when absent.
    #[deserr(default)]
    pub max_cordoned_percent: Option<Percent>,
}

impl NodePolicy {
    /// Largest share of all nodes that is cordoned, 0 to 100.
    #[must_use]
    pub fn cordoned_share(&self) -> f64 {
        self.max_cordoned_percent.map_or(20.0, Percent::value)
    }
}

impl Default for NodePolicy {
    fn default() -> Self {
        Self {
            cordon: true,
            protect_from_scale_in: true,
            max_cordoned_nodes: 3,
            max_cordoned_percent: None,
        }
    }
}

/// Which workloads may be ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct WorkloadPolicy {
    /// Whether a workload is scaled to zero although it has other ready replicas than contained pods. Default false: healthy
    /// replicas serve.
    #[deserr(default)]
    pub may_stop_healthy_replicas: bool,
    /// Whether a pod without a controller, or of a Job, is deleted. Default false.
    #[deserr(default)]
    pub may_delete_pods: bool,
}

/// How much is captured as evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct CaptureLimits {
    /// Most MiB of one container's log, 1 to 64. Default 8.
    #[deserr(default = 8)]
    pub log_mebibytes: u32,
    /// Longest time for the whole capture, in seconds, 5 to 600. Default 60.
    #[deserr(default = 60)]
    pub seconds: u32,
}

impl CaptureLimits {
    /// Most bytes of one container's log.
    #[must_use]
    pub fn log_bytes(&self) -> usize {
        usize::try_from(self.log_mebibytes)
            .unwrap_or(1)
            .saturating_mul(1 << 20)
    }
}

impl Default for CaptureLimits {
    fn default() -> Self {
        Self {
            log_mebibytes: 8,
            seconds: 60,
        }
    }
}

/// One watched cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Platform {
    /// GuardDuty detector of the target's account and region. Absent: the one that GuardDuty lists.
    #[deserr(default)]
    pub detector_id: Option<String>,
    /// Who enforces network policies in the cluster. Absent: it is looked for.
    #[deserr(default)]
    pub policy_agent: PolicyAgent,
}

/// Who enforces network policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserr)]
#[deserr(error = Mistakes)]
pub enum PolicyAgent {
    /// Look for the agent of the Amazon VPC CNI: DaemonSet `aws-node` with the container `aws-eks-nodeagent`.
    #[default]
    #[deserr(rename = "detect")]
    Detect,
    /// Another agent that a person vouches for, for example Calico or Cilium: the API does not show what it enforces.
    #[deserr(rename = "declared")]
    Declared,
    /// EKS Auto Mode, which brings the agent with the node.
    #[deserr(rename = "auto_mode")]
    AutoMode,
    /// Nobody: then no policy isolates.
    #[deserr(rename = "none")]
    None,
}

/// Beginnings of the finding types that count when the settings name none: a process in a container that mines, answers to
/// a master, opens a shell, or breaks out. Discovery and policy findings are for people.
/// Source: GuardDuty user guide, "GuardDuty Runtime Monitoring finding types", "GuardDuty EKS Protection finding types",
/// "GuardDuty Extended Threat Detection attack sequence finding types".
pub const FINDING_TYPES: &[&str] = &[
    "AttackSequence:EKS/",
    "Backdoor:Runtime/",
    "CryptoCurrency:Runtime/",
    "DefenseEvasion:Runtime/",
    "Execution:Runtime/",
    "Execution:Kubernetes/",
    "Impact:Runtime/",
    "Impact:Kubernetes/",
    "PrivilegeEscalation:Runtime/",
    "Trojan:Runtime/",
    "UnauthorizedAccess:Runtime/",
];

/// Namespaces whose pods carry the cluster, or us: cutting one off would do an attacker's work (`cases.md` K22).
pub const DENIED_NAMESPACES: [&str; 12] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "amazon-guardduty",
    "amazon-vpc-*",
    "calico-system",
    "tigera-operator",
    "cilium*",
    "istio-system",
    "karpenter",
    "keda",
    "cert-manager",
];
