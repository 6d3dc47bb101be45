//! `lease-sweeper`: has temporary changes taken back when their time is over, and tells what is still in force.
//!
//! It changes nothing itself. A change is taken back by the function that made it, which looks for drift first; the
//! sweeper only asks it, one change after another, and looks in the journal whether it was done. What was not done is
//! said until it is.

pub mod assess;
pub mod facts;
pub mod settings;
pub mod storms;
pub mod sweep;

mod check;

pub use check::{LeaseSweeper, NAME};
