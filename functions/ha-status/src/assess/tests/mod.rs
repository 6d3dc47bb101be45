//! Judgements over looks made by hand, one after another.

mod capacity;
mod denied;
mod imbalance;
mod machine;
mod room;
mod transitions;
mod traps;
pub(crate) mod world;
