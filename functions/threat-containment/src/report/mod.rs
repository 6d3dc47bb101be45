//! What is said: one line per question that a person on call asks. Pure.

pub mod items;
mod others;
mod sessions;
#[cfg(test)]
mod tests;
mod workload;

pub use others::{OnNode, blind, breaker, gone, instance_only, replaced, review};
