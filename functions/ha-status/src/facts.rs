//! What both sides said, in our own words: the only thing [`crate::assess`] may know besides the settings and the notes.

use std::collections::BTreeMap;

use day2_core::Observed;
use day2_kube::Readyz;
use day2_kube::objects::{NodeRoom, Resources};
use day2_reads::clusters::Cluster;
use day2_reads::metric::Points;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::Group;
use serde::{Deserialize, Serialize};

/// Both sides.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The side that serves while both are there.
    pub primary: SideFacts,
    /// The other one.
    pub secondary: SideFacts,
}

/// One side.
#[derive(Debug, Clone)]
pub struct SideFacts {
    /// What EKS says of the cluster.
    pub cluster: Observed<Cluster>,
    /// What its API server says of itself.
    pub readyz: Observed<Readyz>,
    /// Its nodes.
    pub nodes: Observed<Vec<NodeRoom>>,
    /// What its pods take.
    pub demand: Observed<Demand>,
    /// Its Auto Scaling groups in the order of the settings, with their activities of the last hour.
    pub groups: Vec<GroupFacts>,
    /// Depth of its queue, if one is declared.
    pub queue: Option<Observed<Points>>,
}

/// One Auto Scaling group.
#[derive(Debug, Clone)]
pub struct GroupFacts {
    /// Name.
    pub name: String,
    /// The group.
    pub group: Observed<Group>,
    /// Its activities of the last hour.
    pub activities: Observed<Vec<Activity>>,
}

/// What pods take, by node: which nodes count is known when the nodes are, and they may be read later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// What the pods of each node take, by its name.
    pub on: BTreeMap<String, OnNode>,
    /// Those that have no node yet; they would move to the other side.
    pub waiting: Load,
}

/// What the pods of one node take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnNode {
    /// Those that would move to the other side.
    pub moving: Load,
    /// Those that belong to the node (of daemon sets, and mirror pods): the other side has its own.
    pub of_node: Load,
}

/// CPU, memory and places for pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// Pods.
    pub pods: i64,
}

impl Load {
    /// So much, and so many pods.
    #[must_use]
    pub const fn new(resources: Resources, pods: i64) -> Self {
        Self {
            cpu_milli: resources.cpu_milli,
            memory_bytes: resources.memory_bytes,
            pods,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_add(more.cpu_milli),
            memory_bytes: self.memory_bytes.saturating_add(more.memory_bytes),
            pods: self.pods.saturating_add(more.pods),
        }
    }

    /// What is left; negative where it is too little.
    #[must_use]
    pub const fn minus(self, less: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(less.cpu_milli),
            memory_bytes: self.memory_bytes.saturating_sub(less.memory_bytes),
            pods: self.pods.saturating_sub(less.pods),
        }
    }
}
