//! `connection-exhaustion`: acts when a database runs out of connections.
//!
//! An alarm says where to look. Every *instance* is then judged by itself: connections now, the maximum that is really in
//! force, how fast they rise, and what the pools of the known clients may open. At most one remedy is planned, the
//! mildest that can help: a rolling restart of the one leaking Deployment, or a higher maximum of ACU. Where neither
//! can help, the report says so and says what would. It works from metrics and APIs alone: it never logs in to the
//! database and starts nothing in a pod.

pub mod apply;
pub mod facts;
pub mod gather;
pub mod plan;
pub mod revert;
pub mod settings;
pub mod verify;

mod action;
mod change;
mod self_check;

pub use action::{ConnectionExhaustion, NAME};
pub use change::Change;
