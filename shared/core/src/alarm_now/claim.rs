//! Whether `CloudWatch` has what an event says of an alarm (`cases.md` E10). Whoever may call a function or publish to its
//! topic can write an event; the history of the alarm he cannot.

use jiff::{SignedDuration, Timestamp};

use crate::action::{Guard, Occasion, Refusal};
use crate::trigger::AlarmState;
use crate::{Cause, Unreadable};

/// How much later than the alarm's own record an event may put the change: times are cut to seconds on the way.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

/// The begin of every refusal of this module, so that a person finds it in a subject and a filter finds it in a log.
pub const NOTICE: &str = "SECURITY NOTICE";

const ALLOWED_BY: &str = "nothing; find out in CloudTrail who sent the request of this report. A call by hand looks at the alarm again";

/// Objects to an event that the alarm itself refutes: it does not exist, or it does not ring and has not changed since before the
/// moment at which the event says that it began to.
///
/// `alarm`: its state (API `StateValue`) and since when it is in that state (API `StateTransitionedTimestamp`). One that rang and is
/// calm again has changed later than its event, so it is never refuted; one that rings is judged by its metric alone.
#[must_use]
pub fn refuted(
    occasion: &Occasion,
    alarm: Result<(&str, Option<Timestamp>), &Unreadable>,
) -> Option<Refusal> {
    let Occasion::Alarm(event) = occasion else {
        return None;
    };
    if event.state != AlarmState::Alarm {
        return None;
    }
    let says = match alarm {
        Err(why) if why.cause == Cause::NotFound => format!(
            "{NOTICE}: an event says that the alarm {} rings, and CloudWatch does not know this alarm: the event was made up, or \
             the alarm was deleted since",
            event.name
        ),
        Ok((state, Some(since)))
            if state != "ALARM"
                && since
                    .saturating_add(TOLERANCE)
                    .is_ok_and(|end| end < event.changed_at) =>
        {
            format!(
                "{NOTICE}: an event says that the alarm {} began to ring at {}, and CloudWatch has had it in {state} since {since}: \
                 somebody who may invoke the function, or publish to a topic of it, made it up or altered it, or CloudWatch \
                 did not know of the change yet",
                event.name, event.changed_at
            )
        }
        Ok(_) | Err(_) => return None,
    };
    Some(Refusal::new(Guard::Event, says, ALLOWED_BY))
}
