//! Limits of the group `cluster`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `cluster`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ClusterLimits {
    /// Longest acceptable answer of `/readyz`, in milliseconds.
    #[deserr(default = 2000)]
    pub max_latency_ms: u32,
    /// Namespaces of the cluster's own workloads.
    #[deserr(default = vec!["kube-system".to_owned()])]
    pub system_namespaces: Vec<String>,
}

impl Default for ClusterLimits {
    fn default() -> Self {
        Self {
            max_latency_ms: 2000,
            system_namespaces: vec!["kube-system".to_owned()],
        }
    }
}
