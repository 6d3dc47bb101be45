//! `ha-status`: two clusters of which either may serve are one target. Are both there, since when, and could one of them
//! carry everything?
//!
//! Both sides are probed live, every five minutes. What one look saw is not believed at once: a side is unavailable when
//! several probes over several minutes agree, and available again when several do. What is remembered from run to run is
//! noted with the run. Nothing is changed.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod settings;

mod check;

pub use check::{HaStatus, NAME};
