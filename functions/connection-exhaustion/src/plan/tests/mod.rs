//! Plans as sentences. The world is a cluster at the edge; each test changes one thing.

mod alarm;
mod capacity;
mod leaks;
mod lines;
mod properties;
pub(crate) mod world;
