//! The one test binary of the workspace's own tests: one module per subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of this is tests, helpers included"
)]

mod acting;
mod backups;
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
mod world;
