//! `threat-containment`: from a GuardDuty finding to a proven quarantine, evidence first.
//!
//! The event says where to look, never what is true: the finding is read again at GuardDuty, the pod again in the cluster.
//! A pod is isolated at once; evidence is captured beside it; the isolation is proven and not hoped for; and only what has a
//! receipt of sealed evidence may end anything.

pub mod accept;
pub mod act;
pub mod facts;
pub mod gather;
pub mod plan;
pub mod repeats;
pub mod report;
pub mod settings;

mod run;
mod self_check;

pub use plan::NAME;
pub use run::{TASK, ThreatContainment};
