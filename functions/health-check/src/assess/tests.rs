//! Judgements as tables, over small clusters in the words of the API.

mod absent;
mod coming;
mod commands;
mod jobs;
mod mesh;
mod nodes;
mod others;
mod pods;
mod quiet;
mod refusals;
mod restarts;
mod served;
mod stored;
mod system;
mod traps;
mod triage;
mod workloads;
pub(crate) mod world;
