//! `threat-release`: undoes the containment of one pod, by approval.
//!
//! What was done stands in the journal, with the value before. Each measure is looked at again, and is undone only when it is
//! still as the containment made it; what somebody has changed since is left alone and said. It is a function of its own, so
//! that the role that closes cannot open.

pub mod change;
pub mod facts;
pub mod gather;
pub mod plan;
pub mod settings;

mod action;
mod apply;
mod self_check;
mod verify;

pub use action::{NAME, ThreatRelease};
