//! Benchmarks of Day2 side by side with what users run today.
//!
//! Absolute times mean nothing on a shared machine. So a [`Case`](row::Case) has two sides that give the same answer; they
//! run in turn, the order changes every round, and what counts is the median of the ratios of the rounds, with an interval.
//! `benches/README.md` tells how a row is written.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value that lacks a field gives null, and nothing else is indexed here"
)]

pub mod child;
pub mod events;
pub mod folders;
pub mod http1;
pub mod lists;
pub mod no_settings;
pub mod page;
pub mod peers;
pub mod replay;
pub mod results;
pub mod row;
pub mod rows;
pub mod run;
pub mod runtime_api;
pub mod sandbox;
pub mod starved;
pub mod stats;
