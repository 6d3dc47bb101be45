//! Judgements as tables, over small clusters in the words of the API.

mod absent;
mod autoscalers;
mod coming;
mod commands;
mod done;
mod jobs;
mod mesh;
mod nodes;
mod others;
mod pods;
mod quiet;
mod refusals;
mod restarts;
mod room;
mod served;
mod stateful_sets;
mod stored;
mod system;
mod traps;
mod triage;
mod workloads;
pub(crate) mod world;
