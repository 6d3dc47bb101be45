//! Judgements of `scale-window` over small worlds, each with a neighbour that must not be touched.

mod control;
mod denied;
mod groups;
mod history;
mod joining;
mod kinds;
mod launching;
mod leftover;
mod metrics;
mod reach;
mod schedule;
mod serving;
mod thresholds;
mod waterfall;
mod whole;
pub(crate) mod world;
