//! The changes, one function each: idempotent, against a fresh read, and said for what they are.

pub mod capture;
pub mod eradicate;
pub mod isolate;
pub mod node;
pub mod prove;
pub mod sessions;

use day2_aws::error::OpsError;
use day2_core::containment::{Containment, Measure, MeasureState, Taken};
use day2_core::{Cause, Unreadable};
use day2_kube::change::Change;
use jiff::Timestamp;

/// What came of one measure.
#[derive(Debug)]
pub struct Came {
    /// Where it stands now.
    pub state: MeasureState,
    /// Whether this run made it.
    pub now: bool,
    /// What was seen.
    pub says: String,
    /// Uid of what was made, where one is needed to undo it.
    pub uid: Option<String>,
    /// Why it failed, if it did.
    pub error: Option<OpsError>,
}

impl Came {
    /// It was made now.
    #[must_use]
    pub fn made(says: impl Into<String>) -> Self {
        Self {
            state: MeasureState::Active,
            now: true,
            says: says.into(),
            uid: None,
            error: None,
        }
    }

    /// It was found made, by us.
    #[must_use]
    pub fn found(says: impl Into<String>) -> Self {
        Self {
            state: MeasureState::Active,
            now: false,
            says: says.into(),
            uid: None,
            error: None,
        }
    }

    /// It was found made, by somebody else.
    #[must_use]
    pub fn theirs(says: impl Into<String>) -> Self {
        Self {
            state: MeasureState::Theirs,
            now: false,
            says: says.into(),
            uid: None,
            error: None,
        }
    }

    /// It was not made, and nothing was changed.
    #[must_use]
    pub fn refused(says: impl Into<String>) -> Self {
        Self {
            state: MeasureState::Failed,
            now: false,
            says: says.into(),
            uid: None,
            error: None,
        }
    }

    /// What a change in the cluster came to; `done` says what was made, and whether it is ours.
    pub fn of<T>(change: Change<T>, done: impl FnOnce(&T) -> (bool, String)) -> Self {
        match change {
            Change::Applied(made) => Self::made(done(&made).1),
            Change::AlreadyDone(made) => {
                let (ours, says) = done(&made);
                if ours {
                    Self::found(says)
                } else {
                    Self::theirs(says)
                }
            }
            Change::Refused(why) => Self::refused(why),
            Change::Conflict(why) => Self {
                state: MeasureState::Failed,
                now: false,
                says: format!("it was changed by somebody else again and again: {why}"),
                uid: None,
                error: Some(OpsError::Read(Unreadable::new(
                    "patch",
                    "object",
                    Cause::Throttled,
                    why,
                ))),
            },
            Change::Failed(why) => Self {
                state: MeasureState::Failed,
                now: false,
                says: format!("{why}; nothing was changed"),
                uid: None,
                error: Some(OpsError::Read(why)),
            },
            // It may have been made: it stays open, and whoever comes next looks for itself.
            Change::Unknown(why) => Self {
                state: MeasureState::Pending,
                now: false,
                says: format!("{why}; whether it was made is not known"),
                uid: None,
                error: Some(OpsError::Read(why)),
            },
        }
    }
}

/// Writes into the record where measures stand now.
pub fn settle(record: &mut Containment, measures: &[Taken], came: &[Came], now: Timestamp) {
    for (taken, came) in measures.iter().zip(came) {
        record.mark(&taken.resource, came.state, &came.says, now);
        let known = record
            .measures
            .iter_mut()
            .find(|known| known.resource == taken.resource);
        if let (Some(known), Some(made)) = (known, &came.uid)
            && let Measure::Policy { uid, .. } = &mut known.measure
        {
            *uid = Some(made.clone());
        }
    }
}
