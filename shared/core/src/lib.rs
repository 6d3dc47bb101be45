//! Vocabulary and pure policy of Day2.
//!
//! Nothing here is async, talks to an SDK, reads a clock or the environment: the crate's dependencies make that
//! impossible, so every judgement built on it can be tested as a table.

pub mod action;
pub mod alarm_now;
pub mod arn;
pub mod board;
pub mod calendar;
pub mod chart;
pub mod compare;
pub mod containment;
pub mod cron;
pub mod database;
pub mod emf;
pub mod evidence;
pub mod hostile;
pub mod html;
pub mod item;
mod json;
pub mod judging;
pub mod links;
pub mod mail;
pub mod moment;
pub mod names;
pub mod observed;
mod region;
pub mod report;
mod resource_names;
pub mod settings;
mod shown;
pub mod slope;
pub mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trigger;
pub mod verdict;
pub mod windows;

mod digest;
mod when;
mod words;

pub use item::Item;
pub use observed::{Cause, Observed, Unreadable};
pub use report::Report;
pub use verdict::Verdict;

// The samples are an example's modules, which name this crate as users do.
#[cfg(test)]
extern crate self as day2_core;
#[cfg(test)]
#[path = "../examples/render/sample.rs"]
mod sample;
#[cfg(test)]
#[path = "../examples/render/sample_action.rs"]
mod sample_action;
