//! `evidence-audit`: proves that evidence is still what was saved.
//!
//! Who writes evidence cannot read it; this reads it and writes none. It lists every version under a target's prefix, checks
//! the chain of each manifest, hashes each version again, and asks how long it is locked. Newest captures first, and what a
//! run could not reach is said.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod settings;

mod check;
#[cfg(test)]
mod fixture;

pub use check::{EvidenceAudit, NAME};
