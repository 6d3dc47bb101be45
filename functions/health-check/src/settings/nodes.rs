//! Limits of the group `nodes`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `nodes`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct NodeLimits {
    /// Time from joining to Ready, in minutes; a new node does not count before. 0: at once.
    #[deserr(default = 10)]
    pub join_minutes: u32,
    /// Longest time that a node may stay cordoned, in minutes.
    #[deserr(default = 120)]
    pub cordon_minutes: u32,
    /// Longest time from a node claim to its node, in minutes.
    #[deserr(default = 15)]
    pub register_minutes: u32,
    /// Most CPU, memory or pods that may be requested of all nodes that take pods, in percent. Not judged where
    /// Karpenter or Auto Mode makes nodes: full nodes are what those aim at.
    #[deserr(default = 90)]
    pub requests_percent: u32,
    /// Most that a node pool may use of each of its limits, in percent.
    #[deserr(default = 90)]
    pub pool_percent: u32,
    /// Least number of Ready nodes.
    #[deserr(default = 1)]
    pub min_ready: u32,
}

impl Default for NodeLimits {
    fn default() -> Self {
        Self {
            join_minutes: 10,
            cordon_minutes: 120,
            register_minutes: 15,
            requests_percent: 90,
            pool_percent: 90,
            min_ready: 1,
        }
    }
}
