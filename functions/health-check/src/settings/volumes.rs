//! Limits of the group `volumes`.

use day2_core::settings::{Checker, Mistakes, Percent};
use deserr::Deserr;

/// Where the usage of volumes is reported, and how full they may be.
///
/// The kubelet measures it (`kubelet_volume_stats_*`). It is read from CloudWatch, where an agent puts it with the name of
/// the claim, and never through the API server's proxy to the nodes: the right to that is the right to run commands in pods.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct VolumePolicy {
    /// Namespace of the metrics.
    #[deserr(default = "ContainerInsights".to_owned())]
    pub metric_namespace: String,
    /// Metric of the bytes in use.
    #[deserr(default = "kubelet_volume_stats_used_bytes".to_owned())]
    pub used_metric: String,
    /// Metric of the bytes that fit.
    #[deserr(default = "kubelet_volume_stats_capacity_bytes".to_owned())]
    pub capacity_metric: String,
    /// Dimension that holds the name of the cluster in EKS.
    #[deserr(default = "ClusterName".to_owned())]
    pub cluster_dimension: String,
    /// Dimension that holds the namespace of the claim; upper and lower case are not told apart.
    #[deserr(default = "namespace".to_owned())]
    pub namespace_dimension: String,
    /// Dimension that holds the name of the claim; upper and lower case are not told apart.
    #[deserr(default = "persistentvolumeclaim".to_owned())]
    pub claim_dimension: String,
    /// Least number of volumes that must be reported.
    #[deserr(default = 1)]
    pub expected_at_least: u32,
    /// Most space in use, in percent; 85 when absent.
    #[deserr(default)]
    pub max_used_percent: Option<Percent>,
    /// No volume must be full within so many hours, at its growth of the last day.
    #[deserr(default = 72)]
    pub full_within_hours: u32,
}

impl VolumePolicy {
    /// The share of a volume that may be in use, in percent.
    #[must_use]
    pub fn used_percent(&self) -> f64 {
        self.max_used_percent.map_or(85.0, Percent::value)
    }
}

impl Default for VolumePolicy {
    fn default() -> Self {
        Self {
            metric_namespace: "ContainerInsights".to_owned(),
            used_metric: "kubelet_volume_stats_used_bytes".to_owned(),
            capacity_metric: "kubelet_volume_stats_capacity_bytes".to_owned(),
            cluster_dimension: "ClusterName".to_owned(),
            namespace_dimension: "namespace".to_owned(),
            claim_dimension: "persistentvolumeclaim".to_owned(),
            expected_at_least: 1,
            max_used_percent: None,
            full_within_hours: 72,
        }
    }
}

pub(super) fn validate(policy: &VolumePolicy, at: &mut Checker<'_>) {
    for (field, value) in [
        ("metric_namespace", &policy.metric_namespace),
        ("used_metric", &policy.used_metric),
        ("capacity_metric", &policy.capacity_metric),
        ("cluster_dimension", &policy.cluster_dimension),
        ("namespace_dimension", &policy.namespace_dimension),
        ("claim_dimension", &policy.claim_dimension),
    ] {
        at.require(
            !value.is_empty(),
            field,
            "\"\"",
            "names nothing",
            "write the name that your agent puts into CloudWatch",
        );
    }
    at.require(
        policy.expected_at_least > 0,
        "expected_at_least",
        0,
        "would pass without any volume",
        "write at least 1, or add \"volumes\" to not_checked",
    );
    at.require(
        policy.full_within_hours > 0,
        "full_within_hours",
        0,
        "would judge nothing",
        "write at least 1",
    );
}
