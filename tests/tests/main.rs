//! The one test binary of the workspace's own tests: one module per subject.
//!
//! Tests start in the order of their names, so what takes minutes has a name from the beginning of the alphabet: at the end it
//! would run alone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of this is tests, helpers included"
)]

mod acting;
mod backups;
mod breakage;
mod chain;
mod containment;
mod doctor;
mod dry_run;
mod elsewhere;
mod evidence;
mod faults;
mod guard;
mod health;
mod house;
mod pair;
mod plan;
mod release;
mod schemas;
mod sweep;
mod terraform;
mod watch;
