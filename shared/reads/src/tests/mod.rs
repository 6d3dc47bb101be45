//! Reads against the SDK's own types: what is asked, over how many pages, and what a failure becomes.

mod alarms;
mod backups;
mod capacity;
mod cluster_state;
mod clusters;
mod database_state;
mod databases;
mod history;
mod identities;
mod launching;
mod metrics;
mod network;
mod security;

use std::sync::Arc;

use jiff::Timestamp;

use crate::times::Times;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A minute is left.
fn times() -> Times {
    times_with("2026-11-20T11:31:00Z")
}

fn times_with(deadline: &str) -> Times {
    let now = at("2026-11-20T11:30:00Z");
    Times {
        now,
        deadline: at(deadline),
        clock: Arc::new(move || now),
    }
}
