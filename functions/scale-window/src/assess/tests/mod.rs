//! Judgements of `scale-window` over small worlds, each with a neighbour that must not be touched.

mod control;
mod groups;
mod joining;
mod leftover;
mod metrics;
mod reach;
mod schedule;
mod world;
