//! Schedules: our own input, and what EventBridge sends when a schedule has none.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Trigger, manual, time_of};
use crate::moment;

/// What EventBridge Scheduler replaces with the time of the run. It arrives literally when the input was escaped on
/// its way (Terraform's `jsonencode` writes `\u003c`), or when somebody sends the input by hand.
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>.
pub const PLACEHOLDER: &str = "<aws.scheduler.scheduled-time>";

/// A run that a schedule asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scheduled {
    /// The task; `None` is the function's default.
    pub task: Option<String>,
    /// The target's name in settings; `None` is every target.
    pub target: Option<String>,
    /// The time that the schedule meant, also when the event came late; `None` when not known.
    pub scheduled_at: Option<Timestamp>,
}

/// Fields of our own input.
const ACCEPTED: [&str; 3] = ["task", "target", "scheduled_at"];

/// Our own input, recognised by the key `scheduled_at`: a person has no reason to send it, and a schedule made by
/// Terraform always has it.
pub(super) fn own(event: &Value) -> Trigger {
    if let Err(why) = manual::only(event, &ACCEPTED, "a schedule's input") {
        return Trigger::Rejected(why);
    }
    let read = || -> Result<Scheduled, String> {
        Ok(Scheduled {
            task: manual::word(event, "task")?,
            target: manual::word(event, "target")?,
            // The placeholder is no instant. Neither is anything else that cannot be read: a check that runs without
            // its scheduled time is worth more than one that does not run (`cases.md` T06).
            scheduled_at: event.get("scheduled_at").and_then(moment::instant_in),
        })
    };
    read().map_or_else(Trigger::Rejected, Trigger::Scheduled)
}

/// The event of a schedule or a rule without an input of its own: it names neither task nor target. `detail` is not
/// read (Scheduler sends the text `"{}"`, rules an object), and neither is the name of the schedule.
pub(super) fn default_shape(event: &Value) -> Trigger {
    Trigger::Scheduled(Scheduled {
        task: None,
        target: None,
        scheduled_at: time_of(event),
    })
}
