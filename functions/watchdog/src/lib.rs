//! `watchdog`: says which scheduled report is missing, and since when.
//!
//! Every function writes a heartbeat into the journal when its report is out. The watchdog knows every schedule of the
//! deployment, works out from calendar and zone when each report was due, and compares. Who watches the watchdog is one
//! `CloudWatch` alarm on its own heartbeat, which rings when there is none.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod schedule;
pub mod settings;

mod check;

pub use check::{NAME, Watchdog};
