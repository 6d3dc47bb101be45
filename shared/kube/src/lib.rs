//! The edge to Kubernetes: the EKS bearer token, a client that trusts one cluster only, and paged typed reads.
//!
//! Nothing here judges. A read that failed is an [`Unreadable`](day2_core::Unreadable) that names the operation
//! and the cluster; a list that was read in part says so in its type ([`Listed`]).

use std::sync::Arc;

use jiff::Timestamp;

mod access;
mod body;
mod connect;
mod endpoint;
mod fault;
mod health;
mod items;
mod list;
pub mod objects;
mod read;
mod tls;
mod token;
mod token_source;
mod transport;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use connect::{ClusterClient, ClusterFacts, ClusterParams};
pub use endpoint::{Endpoint, EndpointRefused};
pub use fault::unreadable;
pub use health::{Readyz, Version};
pub use list::{ListQuery, Listed};

/// Where "now" comes from. A client lives longer than one invocation and its token ages, so that it needs a
/// source and not a value; only the boot code makes one from the real clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
