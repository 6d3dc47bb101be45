//! Judgements as tables, over small clusters in the words of the API.

mod absent;
mod commands;
mod jobs;
mod nodes;
mod others;
mod pods;
mod quiet;
mod restarts;
mod served;
mod stored;
mod system;
mod traps;
mod triage;
mod workloads;
pub(crate) mod world;
