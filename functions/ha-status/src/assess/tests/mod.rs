//! Judgements over looks made by hand, one after another.

mod capacity;
mod machine;
mod transitions;
pub(crate) mod world;
