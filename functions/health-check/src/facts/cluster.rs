//! What is read for the group `cluster`.

use day2_core::Observed;
use day2_kube::{Readyz, Version};

/// The API server and the cluster's own workloads.
#[derive(Debug, Clone)]
pub struct ClusterFacts {
    /// `/readyz`.
    pub readyz: Observed<Readyz>,
    /// `/version`.
    pub version: Observed<Version>,
}
