//! The few fields of Kubernetes objects that the functions judge.
//!
//! These are projections, not the API types: a pod is 6–10 kB of JSON, and a function looks at a few hundred
//! bytes of it. Every field that the API may omit or send as `null` is read as absent, unknown fields are ignored
//! and integers saturate, so that an API server newer or older than this code is still understood.

mod container;
mod daemon_set;
mod deployment;
mod horizontal_pod_autoscaler;
mod meta;
mod node;
mod node_hold;
mod node_pool;
mod placement;
mod pod;
mod pod_disruption_budget;
mod replica_set;
mod selector;
mod workload;

pub use container::{Ended, Waiting};
pub use daemon_set::DaemonSet;
pub use deployment::{DeploymentContainer, DeploymentDetail};
pub use horizontal_pod_autoscaler::{HorizontalPodAutoscaler, ScaleTarget};
pub use meta::{Condition, Owner, Status};
pub use node::{Node, Readiness, Taint};
pub(crate) use node_hold::NodeHold;
pub use node_pool::{NodeClass, NodePool};
pub use placement::{Placement, Term, Toleration};
pub use pod::{ANNOTATIONS_KEPT, Pod};
pub use pod_disruption_budget::PodDisruptionBudget;
pub use replica_set::ReplicaSet;
pub use selector::{LabelSelector, Operator, Requirement};
pub use workload::{Deployment, Deployments, StatefulSet, StatefulSets, Workload};

use serde::de::DeserializeOwned;

/// A kind of object that can be listed: where the API serves it, and what one element becomes.
pub trait Kind {
    /// What one element of the list is read into.
    type Object: DeserializeOwned;
    /// API group; empty for the core group.
    const GROUP: &'static str;
    /// API version within the group.
    const VERSION: &'static str;
    /// Plural resource name in lower case, as RBAC rules name it.
    const PLURAL: &'static str;
}
