//! What comes in: raw bytes to one [`Trigger`].
//!
//! The event says where to look, never what is true. So only what identifies the occasion is read, tolerantly; what
//! is read is checked, so that it can be put into a path or a selector; all else is left alone. Nothing here panics,
//! and nothing is unbounded: at most [`LARGEST`] bytes, 128 levels, and a fixed number of wrappings.

mod alarm;
mod asff;
mod envelope;
mod finding;
mod manual;
mod reading;
mod scheduler;
#[cfg(feature = "schemas")]
mod schema;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use alarm::{Alarm, AlarmState};
pub use finding::{Finding, Workload, marked_as_sample};
pub use manual::Manual;
pub use scheduler::{PLACEHOLDER, Scheduled};
#[cfg(feature = "schemas")]
pub use schema::by_hand;

use crate::json;

/// Most bytes of an event: what Lambda accepts asynchronously since January 2026.
pub const LARGEST: usize = 1 << 20;

/// Why the function runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// A schedule.
    Scheduled(Scheduled),
    /// A `CloudWatch` alarm changed its state.
    Alarm(Alarm),
    /// A `GuardDuty` finding.
    Finding(Finding),
    /// A person, or a program on behalf of one.
    Manual(Manual),
    /// A request to prove that the function could work.
    SelfCheck,
    /// A request to undo a temporary change.
    Revert {
        /// The lease that records the change.
        lease: String,
    },
    /// A valid event that is not ours, and why; ends in success.
    Ignored(String),
    /// Not readable, and why, with the way out; ends in a function error, so that the event is kept.
    Rejected(String),
}

/// Classifies an event. Total: every input has an answer.
#[must_use]
pub fn classify(bytes: &[u8]) -> Trigger {
    match object(bytes) {
        Ok(value) => envelope::route(&value, &envelope::Outside::default()),
        Err(why) => Trigger::Rejected(format!("the event {why}; {WAY_OUT}")),
    }
}

/// Said with every event that is no readable JSON object.
const WAY_OUT: &str = "send one JSON object, for example {} for the default task of every target";

/// Reads one strict JSON object.
fn object(bytes: &[u8]) -> Result<Value, String> {
    let parsed = json::read(bytes, LARGEST)?;
    if !parsed.duplicates.is_empty() {
        return Err(format!(
            "writes a key twice: {}",
            crate::names::listed(&parsed.duplicates)
        ));
    }
    match parsed.value {
        value @ Value::Object(_) => Ok(value),
        other => Err(format!("is {} and not an object", reading::kind(&other))),
    }
}

/// The instant an event carries as `time`, if it is one.
fn time_of(event: &Value) -> Option<Timestamp> {
    event.get("time").and_then(crate::moment::instant_in)
}

#[cfg(test)]
mod tests;
