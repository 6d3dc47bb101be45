//! Settings of `provisioning-latency`: per target, which alarms are meant, what may be scaled, and how far.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::arn::Arn;
use day2_core::settings::{Mistakes, Named, Percent, Safety};
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ProvisioningLatencySettings {
    /// How far the function may go, how often, and how fresh an alarm must be.
    pub safety: Safety,
    /// One platform per target name.
    pub targets: Named<Platform>,
}

/// One platform: its alarms, its provisioner, and the group that its workspaces run on.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Platform {
    /// The alarms that mean "provisioning is slow" here. An alarm that is not in this list is not ours, whatever its
    /// name says.
    pub alarms: Vec<Binding>,
    /// Name of the node group of the target that workspaces run on: the only one that is ever raised.
    pub node_group: String,
    /// Who sets the group's size, where that is known. Absent: it is found out, and nothing is done where it cannot be.
    #[deserr(default)]
    pub size_owner: Option<SizeOwner>,
    /// Name of the EKS managed node group behind `node_group`. Absent: the one that names its Auto Scaling group.
    #[deserr(default)]
    pub eks_node_group: Option<String>,
    /// The Deployment that builds workspaces.
    pub provisioner: Provisioner,
    /// Namespaces whose pods are workspaces.
    pub workspace_namespaces: Vec<String>,
    /// The largest step above the size before.
    #[deserr(default)]
    pub step: StepSize,
    /// How long the added nodes stay, in minutes, 15 to 1,440. Default 120: longer than a morning's rush.
    #[deserr(default = 120)]
    pub lease_minutes: u32,
    /// Workspaces that fit on one node. No more nodes are asked for than the waiting pods need; absent means one node
    /// for each of them, which is the most that they can need.
    #[deserr(default)]
    pub workspaces_per_node: Option<u32>,
    /// Addresses that one new node takes from its subnet at start. 16 is one `/28` prefix or the addresses of a common
    /// network interface; see the Amazon VPC CNI's `WARM_*` settings.
    #[deserr(default = 16)]
    pub addresses_per_node: u32,
    /// The quota that new nodes need.
    #[deserr(default)]
    pub quota: Option<QuotaLimit>,
    /// A datapoint with fewer samples does not count: a percentile over a handful of builds is noise. Default 10.
    #[deserr(default = 10)]
    pub min_samples: u32,
    /// Times and shares.
    #[deserr(default)]
    pub limits: Limits,
    /// Parts that are left out on purpose; the report repeats them.
    #[deserr(default)]
    pub not_checked: Vec<Part>,
}

/// One alarm that means "provisioning is slow".
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Binding {
    /// The alarm.
    pub arn: Arn,
    /// The metric behind a composite or metric-math alarm, which does not say it in a form that can be read again.
    /// Ignored for an alarm on one metric: its own definition counts.
    #[deserr(default)]
    pub metric: Option<DeclaredMetric>,
}

/// A metric and the threshold to judge it by.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DeclaredMetric {
    /// Namespace, for example `Coder/Provisioning`.
    pub namespace: String,
    /// Metric name.
    pub name: String,
    /// All dimensions: CloudWatch keeps a metric of its own for each set of them.
    #[deserr(default)]
    pub dimensions: Named<String>,
    /// Statistic, for example `p95`.
    #[deserr(default = "p95".to_owned())]
    pub statistic: String,
    /// Length of a period.
    #[deserr(default = 60)]
    pub period_seconds: u32,
    /// A datapoint above this breaches, in the unit of the metric.
    pub threshold: f64,
    /// Newest periods that are looked at.
    #[deserr(default = 5)]
    pub evaluation_periods: u32,
    /// How many of them must breach.
    #[deserr(default = 3)]
    pub datapoints_to_alarm: u32,
}

/// Who sets the size of the node group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes)]
pub enum SizeOwner {
    /// Nobody but people and schedules: a managed node group, raised through EKS.
    #[deserr(rename = "managed_node_group")]
    ManagedNodeGroup,
    /// Nobody but people and schedules: a self-managed group, raised through Auto Scaling.
    #[deserr(rename = "auto_scaling_group")]
    AutoScalingGroup,
    /// Cluster Autoscaler. Nothing is raised.
    #[deserr(rename = "cluster_autoscaler")]
    ClusterAutoscaler,
    /// Karpenter. Nothing is raised.
    #[deserr(rename = "karpenter")]
    Karpenter,
    /// EKS Auto Mode. Nothing is raised.
    #[deserr(rename = "auto_mode")]
    AutoMode,
}

/// The Deployment that builds workspaces.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Provisioner {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub deployment: String,
    /// Whether it may be restarted when its pods are sick. Default false.
    #[deserr(default)]
    pub may_restart: bool,
    /// Namespaces where nothing is ever restarted; a trailing `*` stands for every name that begins so. The defaults
    /// stay in force beside them: `kube-system`, `kube-public`, `kube-node-lease`, `istio-*`.
    #[deserr(default)]
    pub denied_namespaces: Vec<String>,
}

/// The largest step above the size before: the smaller of the two.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StepSize {
    /// Share of the size before; 50 when absent, as in the runbook "High Provisioning Time" (50 → 75 nodes).
    #[deserr(default)]
    pub percent: Option<Percent>,
    /// Nodes, 1 to 200. Default 25.
    #[deserr(default = 25)]
    pub max_nodes: u32,
}

impl StepSize {
    /// The share of the size before, 0 to 100.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.percent.map_or(50.0, Percent::value)
    }
}

impl Default for StepSize {
    fn default() -> Self {
        Self {
            percent: None,
            max_nodes: 25,
        }
    }
}

/// A service quota in vCPUs.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct QuotaLimit {
    /// Service code, for example `ec2`.
    #[deserr(default = "ec2".to_owned())]
    pub service: String,
    /// Quota code, for example `L-1216C47A` (running on-demand standard instances, in vCPUs).
    pub code: String,
    /// vCPUs of one node of the group.
    pub vcpus_per_node: u32,
    /// vCPUs of the quota that others in the account and region use; they are set aside. Default 0.
    #[deserr(default)]
    pub vcpus_of_others: u32,
}

/// Times and shares.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Limits {
    /// Shortest time that a workspace pod may wait before it counts. Default 1.
    #[deserr(default = 1)]
    pub pending_minutes: u32,
    /// How far failed launches are looked for. Default 30.
    #[deserr(default = 30)]
    pub launches_minutes: u32,
    /// Nothing is raised so shortly before a scheduled action lowers the group. Default 30.
    #[deserr(default = 30)]
    pub scale_down_minutes: u32,
    /// Slowest answer of the API server's `/readyz`, in milliseconds. Default 2,000.
    #[deserr(default = 2_000)]
    pub api_latency_ms: u32,
    /// Largest share of the group's nodes that may be not Ready; 10 when absent. One node in ten is a node's own
    /// trouble, more is the platform's.
    #[deserr(default)]
    pub not_ready_percent: Option<Percent>,
}

impl Limits {
    /// The largest share of the group's nodes that may be not Ready, 0 to 100.
    #[must_use]
    pub fn not_ready_share(&self) -> f64 {
        self.not_ready_percent.map_or(10.0, Percent::value)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pending_minutes: 1,
            launches_minutes: 30,
            scale_down_minutes: 30,
            api_latency_ms: 2_000,
            not_ready_percent: None,
        }
    }
}

/// A part that a deployment may leave out, in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Part {
    /// The service quota (`quota`).
    Quota,
}

impl Part {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quota => "quota",
        }
    }
}

/// Namespaces where nothing is ever restarted, whatever the settings add.
pub const DENIED_NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "istio-*"];
