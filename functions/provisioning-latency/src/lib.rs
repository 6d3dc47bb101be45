//! `provisioning-latency`: when provisioning is slow, finds out why, and raises the node group by one bounded step where
//! missing capacity is the cause.
//!
//! The alarm says where to look, never what is true: alarm, metric, cluster and group are read again before anything is
//! judged. Only missing capacity scales; a sick provisioner may be restarted where the settings allow it; everything else
//! is said. What was added is taken back when its lease ends, as far as it is empty.

pub mod change;
pub mod facts;
pub mod gather;
pub mod gauge;
pub mod plan;
pub mod settings;

mod action;
mod apply;
mod self_check;
mod verify;

pub use action::{NAME, ProvisioningLatency};
