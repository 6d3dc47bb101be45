//! Sentences about an action that subject, mail, page and metrics share.
//!
//! Our own words only; text of others is neutralised where it is shown.

use jiff::SignedDuration;
use serde_json::Value;

use crate::action::{ActionRecord, Effect, Outcome, Step, StepResult, StepState, Undo};
use crate::judging::lasting;
use crate::report::Report;
use crate::when::Clock;

/// What is said of a step that was, or may have been, begun and of which nothing was recorded.
const NO_RESULT: &str = "nothing on record";

/// Longest lease id that a call takes, in bytes; see [`crate::trigger`]. Ours have 32 characters.
const LONGEST_LEASE: usize = 128;

/// How good or bad something is, for a colour and a shape beside the word that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Done, and seen to be done.
    Good,
    /// Nothing happened, and nothing had to.
    Calm,
    /// Somebody should look.
    Doubt,
    /// It went wrong.
    Bad,
}

/// A step of the plan with what came of it; either may be missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) step: Option<&'a Step<Value>>,
    pub(crate) result: Option<&'a StepResult>,
    carried_out: bool,
}

/// The steps in their order, each with its result; results that belong to no step of the plan come last.
pub(crate) fn steps(record: &ActionRecord) -> Vec<Told<'_>> {
    let carried_out = is_carried_out(record);
    let mut results: Vec<&StepResult> = record.results.iter().collect();
    let mut told: Vec<Told<'_>> = Vec::new();
    for step in &record.plan.steps {
        let found = results.iter().position(|result| result.resource == step.resource);
        told.push(Told {
            step: Some(step),
            result: found.map(|at| results.remove(at)),
            carried_out,
        });
    }
    told.extend(results.into_iter().map(|result| Told {
        step: None,
        result: Some(result),
        carried_out,
    }));
    told
}

impl<'a> Told<'a> {
    /// What is changed.
    pub(crate) fn resource(&self) -> &'a str {
        self.result.map_or_else(
            || self.step.map_or("", |step| &*step.resource),
            |result| &*result.resource,
        )
    }

    /// Where it stands.
    pub(crate) const fn state(&self) -> &'static str {
        match self.result {
            Some(result) => result.state.words(),
            None if self.carried_out => NO_RESULT,
            None => StepState::Planned.words(),
        }
    }

    /// How that is to be taken.
    pub(crate) const fn tone(&self) -> Tone {
        match self.result {
            Some(result) => match result.state {
                StepState::Applied | StepState::AlreadyDone => Tone::Good,
                StepState::Planned => Tone::Calm,
                StepState::Partly | StepState::Unknown | StepState::Refused | StepState::NotBegun => {
                    Tone::Doubt
                }
                StepState::Failed => Tone::Bad,
            },
            None if self.carried_out => Tone::Doubt,
            None => Tone::Calm,
        }
    }

    /// When the change ends by itself; `None` when it does not.
    pub(crate) fn ends(&self, clock: &Clock) -> Option<String> {
        if let Some(end) = self.result.and_then(|result| result.expires_at) {
            return Some(clock.full(end));
        }
        match (self.step.map(|step| &step.undo), self.result) {
            (Some(Undo::Lease { minutes, .. }), None) => {
                let lasts = lasting(SignedDuration::from_mins(i64::from(*minutes)));
                Some(format!("{lasts} after it is made"))
            }
            _ => None,
        }
    }

    /// The lease that takes the change back, when the change is, or may be, in force.
    pub(crate) fn open_lease(&self, record: &ActionRecord) -> Option<&'a str> {
        let result = self.result?;
        let made = matches!(
            result.state,
            StepState::Applied
                | StepState::Partly
                | StepState::AlreadyDone
                | StepState::Unknown
                | StepState::Failed
        );
        let back =
            record.outcome == Outcome::Reverted || matches!(record.effect, Some(Effect::Reverted { .. }));
        let lease = result.lease.as_deref()?;
        (made && !back && lease.len() <= LONGEST_LEASE).then_some(lease)
    }
}

/// `APPLIED`, `APPLIED, NOT verified`.
pub(crate) fn outcome(record: &ActionRecord) -> String {
    match effect(record) {
        Some(effect) => format!("{}, {effect}", record.outcome.shout()),
        None => record.outcome.shout().to_owned(),
    }
}

/// Whether the effect was seen; `None` when there is none to be seen. What was changed and not looked at is not
/// verified.
pub(crate) const fn effect(record: &ActionRecord) -> Option<&'static str> {
    match (&record.effect, record.outcome) {
        (Some(Effect::Verified { .. }), _) => Some("verified"),
        (Some(Effect::NotVerified { .. }), _) | (None, Outcome::Applied) => Some("NOT verified"),
        (Some(Effect::Reverted { .. }), Outcome::Reverted) | (None, _) => None,
        (Some(Effect::Reverted { .. }), _) => Some("reverted"),
    }
}

/// Whether something was changed whose effect nobody saw.
pub(crate) const fn is_unverified(record: &ActionRecord) -> bool {
    match record.effect {
        Some(Effect::NotVerified { .. }) => true,
        Some(Effect::Verified { .. } | Effect::Reverted { .. }) => false,
        None => matches!(record.outcome, Outcome::Applied),
    }
}

/// How the outcome is to be taken, with its effect.
pub(crate) const fn tone(record: &ActionRecord) -> Tone {
    match record.outcome {
        Outcome::Failed => Tone::Bad,
        Outcome::Refused => Tone::Doubt,
        Outcome::Applied | Outcome::Reverted => effect_tone(record),
        Outcome::Planned | Outcome::NothingToDo | Outcome::Suppressed | Outcome::InProgress => Tone::Calm,
    }
}

/// How the effect is to be taken.
pub(crate) const fn effect_tone(record: &ActionRecord) -> Tone {
    match (&record.effect, record.outcome) {
        (Some(Effect::Verified { .. }), _) | (_, Outcome::Reverted) if !is_unverified(record) => Tone::Good,
        _ => Tone::Doubt,
    }
}

/// Heading of the steps.
pub(crate) fn heading(record: &ActionRecord) -> &'static str {
    if !is_carried_out(record) {
        "The plan"
    } else if record.outcome == Outcome::Reverted {
        "What was taken back"
    } else if record
        .results
        .iter()
        .all(|result| matches!(result.state, StepState::Refused | StepState::NotBegun))
    {
        "What was tried"
    } else {
        "What was changed"
    }
}

/// Whether anything was changed by this run, said before the steps so that nobody takes a plan for a deed.
pub(crate) fn changed(record: &ActionRecord) -> String {
    let of = |state| {
        record
            .results
            .iter()
            .filter(|result| result.state == state)
            .count()
    };
    if !record.results.is_empty() {
        let counts = [
            StepState::Applied,
            StepState::Partly,
            StepState::AlreadyDone,
            StepState::Unknown,
            StepState::Refused,
            StepState::Failed,
            StepState::NotBegun,
            StepState::Planned,
        ]
        .map(|state| (of(state), state.words()));
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        return parts.join(", ");
    }
    match record.outcome {
        Outcome::Planned if record.approve_until.is_some() => {
            "it waits for approval; nothing was changed".to_owned()
        }
        Outcome::Applied | Outcome::Reverted | Outcome::Failed => {
            "no step has a result on record: look before you act".to_owned()
        }
        _ => format!("nothing was changed by this run; mode {}", record.mode),
    }
}

/// `until Fri 6 Mar 2026 04:12 EST (09:12 UTC), 1 h after this run began`.
pub(crate) fn approve_until(report: &Report, record: &ActionRecord, clock: &Clock) -> Option<String> {
    let until = record.approve_until?;
    let after = until.duration_since(report.run.started_at);
    Some(format!(
        "until {}, {} after this run began",
        clock.full(until),
        lasting(after)
    ))
}

/// What becomes of alarms after a change, where they would be acted on otherwise. It stands in the mail about the change, so that
/// an alarm that goes on changing need not be mailed (`cases.md` D08).
pub(crate) fn pause(record: &ActionRecord, clock: &Clock) -> Option<String> {
    let until = record.pauses_until?;
    Some(format!(
        "It acts on no alarm of this target until {}; what rings meanwhile is counted, and the number mailed afterwards.",
        clock.full(until)
    ))
}

/// Events of the same alarm that were counted since the last word about it: this mail is the one that tells of them
/// (`cases.md` D08).
pub(crate) fn held_back(record: &ActionRecord, clock: &Clock) -> Option<String> {
    let held = record.held_back.as_ref()?;
    let (events, were) = if held.events == 1 {
        ("event", "was")
    } else {
        ("events", "were")
    };
    Some(format!(
        "{} {events} of this alarm {were} held back from {} to {}: in a pause, or because they came too late. At most the \
         first was mailed.",
        held.events,
        clock.full(held.since),
        clock.full(held.until)
    ))
}

/// What an approval is of: the whole plan, or what of it waits beside what was done at once.
pub(crate) fn approved_part(record: &ActionRecord) -> &'static str {
    if record.results.is_empty() {
        "the plan above"
    } else {
        "the steps above that are planned"
    }
}

/// What an approver must know. A report is read by more people than may invoke.
pub(crate) const APPROVING: &str = "Whoever may invoke the function may approve; nobody else is asked. An approval \
     counts once. The plan is made again first: if a step of it has changed by then, nothing is done and the \
     difference is told.";

/// What running an action again means.
pub(crate) fn again(record: &ActionRecord) -> String {
    format!(
        "This looks and plans again, and in mode auto it acts; this run was in mode {}.",
        record.mode
    )
}

fn is_carried_out(record: &ActionRecord) -> bool {
    let acted = matches!(
        record.outcome,
        Outcome::Applied | Outcome::Reverted | Outcome::Failed
    );
    acted && !record.plan.steps.is_empty() || !record.results.is_empty()
}

#[cfg(test)]
mod tests;
