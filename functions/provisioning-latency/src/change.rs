//! The changes that this function makes, as the journal remembers them.

use day2_core::action::Lease;
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Raises the desired capacity of a group.
    Raise(Raise),
    /// Restarts the provisioner, rolling.
    Restart(Restart),
    /// Takes added nodes back, as far as they are empty.
    GiveBack(GiveBack),
    /// Lifts cordons that an earlier attempt to take nodes back has left.
    Uncordon(Uncordon),
}

/// Which API sets the size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Through {
    /// A managed node group: EKS, which passes it on to the Auto Scaling group.
    Eks {
        /// Cluster.
        cluster: String,
        /// Name of the managed node group.
        node_group: String,
    },
    /// A self-managed group: Auto Scaling.
    AutoScaling,
}

/// A raise of the desired capacity, in nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// The Auto Scaling group.
    pub group: String,
    /// Which API sets it.
    pub through: Through,
    /// The size before the first of our raises that are still in force. Nothing is ever taken back below it.
    pub baseline: i64,
    /// The size that this raise was planned from.
    pub from: i64,
    /// The size that it sets.
    pub to: i64,
}

/// A rolling restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Namespace of the Deployment.
    pub namespace: String,
    /// Name of the Deployment.
    pub deployment: String,
    /// Its uid, so that another one of the same name is not taken for it.
    pub uid: String,
}

/// The taking back of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBack {
    /// The Auto Scaling group.
    pub group: String,
    /// The size that it must still have: the one that we set.
    pub from: i64,
    /// The size that it never goes below.
    pub floor: i64,
    /// The nodes, in the order in which they go.
    pub nodes: Vec<Leaving>,
}

/// A node that was found empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// EC2 instance.
    pub instance: String,
    /// Node.
    pub node: String,
    /// Its uid, so that another node of the same name is not taken for it.
    #[serde(default)]
    pub uid: String,
}

/// Cordons of one lease that are to be lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncordon {
    /// The nodes.
    pub nodes: Vec<Held>,
}

/// A node that carries our cordon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Node.
    pub node: String,
    /// Its uid.
    pub uid: String,
}

impl Change {
    /// The Auto Scaling group as the journal names it.
    #[must_use]
    pub fn resource_of_group(group: &str) -> String {
        format!("Auto Scaling group {group}")
    }

    /// In whose name the cordons of a lease stand: all attempts at the same lease find their own.
    #[must_use]
    pub fn cordon_owner(lease: &str) -> String {
        format!("{}:{lease}", crate::NAME)
    }

    /// The raise that a lease remembers, if it is one and can be read.
    #[must_use]
    pub fn raise_of(lease: &Lease) -> Option<Raise> {
        match serde_json::from_value(lease.change.clone()) {
            Ok(Self::Raise(raise)) => Some(raise),
            _ => None,
        }
    }
}
