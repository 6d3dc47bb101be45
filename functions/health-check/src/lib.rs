//! `health-check`: the look at a platform that an operator has every morning, and in the first minutes of an incident.
//!
//! Two tasks. `morning` looks at every group that the settings leave on. `triage` looks at the same and tells besides what
//! changed lately and why each broken workload is broken. Nothing is changed.
//!
//! One group, one file in each layer: `settings/<group>.rs`, `facts/<group>.rs`, `gather/<group>.rs`, `assess/<group>.rs`. The
//! groups that look into the cluster share its lists, which are reduced while they are read (`reduce/`).

pub mod assess;
pub mod counted;
pub mod facts;
pub mod gather;
pub mod reduce;
pub mod settings;

mod check;

pub use check::{HealthCheck, NAME, Task};
