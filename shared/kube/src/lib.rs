//! The edge to Kubernetes: the EKS bearer token, a client that trusts one cluster only, paged typed reads, and the few
//! changes that actions make ([`change`]).
//!
//! Nothing here judges whether a change is wise; [`quarantine`] alone judges, namely whether one had its effect. A read that
//! failed is an [`Unreadable`](day2_core::Unreadable) that names the operation and the cluster; a list that was read in part
//! says so in its type ([`Listed`]).

use std::sync::Arc;

use jiff::Timestamp;

mod access;
mod ahead;
mod autoscalers;
mod body;
pub mod change;
mod connect;
mod endpoint;
mod fault;
mod fold;
mod get;
mod health;
mod health_lists;
mod items;
mod kind_at;
mod list;
mod logs;
pub mod objects;
mod occupancy;
mod owners;
mod path;
pub mod quarantine;
mod read;
mod rollout;
mod rooms;
mod served;
mod siblings;
mod surroundings;
mod tls;
mod token;
mod token_source;
mod transport;
mod velero;

#[cfg(test)]
mod tests;

pub use access::{Access, Rights};
pub use autoscalers::{Autoscaler, Autoscales, Claim};
pub use connect::{ClusterClient, ClusterFacts, ClusterParams};
pub use endpoint::{Endpoint, EndpointRefused};
pub use fault::unreadable;
pub use fold::{Folded, Reduce};
pub use health::{Readyz, Version};
pub use kind_at::{KindAt, KindRefused, Raw};
pub use list::{ListQuery, Listed};
pub use logs::{ContainerLog, LogBytes, LogEnd, LogQuery};
pub use occupancy::Occupancy;
pub use owners::{ChainEnd, Owners};
pub use rollout::Rollout;
pub use siblings::{Likeness, Sibling};
pub use surroundings::HigherTier;

/// Where "now" comes from. A client lives longer than one invocation and its token ages, so that it needs a
/// source and not a value; only the boot code makes one from the real clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
