//! Opinions, as tables over small worlds.

mod alarms;
mod causes;
mod guards;
mod ownership;
mod restart;
mod revert;
mod scaling;
pub(crate) mod world;
