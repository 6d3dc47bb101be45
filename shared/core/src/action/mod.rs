//! Acting safely: what a plan is, what may stop it, and what came of it. Pure, like everything in this crate.
//!
//! A dry run and an apply share the same [`Plan`] value; only the runner's `execute` tells them apart. A plan's id
//! is the hash of what it would change, so that an approval names an effect and not a word.

pub mod decision;
pub mod guard;
mod lease;
mod mode;
mod occasion;
mod outcome;
mod plan;
mod record;
mod said;
mod standing;

pub use decision::{Decision, decide};
pub use guard::{Guard, Refusal};
pub use lease::{Lease, LeaseState};
pub use mode::Mode;
pub use occasion::{Approved, Occasion};
pub use outcome::{Effect, Outcome};
pub use plan::{Plan, PlanId, Skip, Step, Undo};
pub use record::{ActionRecord, HeldBack, StepResult, StepState};
pub use said::Said;
pub use standing::{Begun, CoolDown, Standing};
