//! `scale-window`: verifies a scheduled scale-up and scale-down, before it, after it, and in the evening.
//!
//! The three tasks answer three questions. `prescale`: is everything that the scale-up stands on healthy, and can the
//! peak be reached? `postscale`: did the nodes come, where were the others lost, and why? `scaledown`: what is still up,
//! what holds it, and what does it cost? Nothing is changed.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod settings;
pub mod window;

mod check;
mod second_look;

pub use check::{NAME, ScaleWindow, Task};
