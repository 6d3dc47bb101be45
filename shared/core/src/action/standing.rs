//! What the journal knows that a plan must mind.

use jiff::{SignedDuration, Timestamp};

use super::{Lease, Outcome};

/// A pause after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoolDown {
    /// The occasion that acted. The same one may go on: it is another delivery of it.
    pub occasion: String,
    /// When the pause ends.
    pub until: Timestamp,
}

/// What the journal knows of a function and target when a plan is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The pause after the last action, if there was one.
    pub cool_down: Option<CoolDown>,
    /// Changes of this function and target that are, or may be, in force.
    pub leases: Vec<Lease>,
    /// Runs of the last days: when, and with which outcome.
    pub runs: Vec<(Timestamp, Outcome)>,
}

impl Standing {
    /// Open leases on `resource`.
    pub fn leases_on<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Lease> {
        self.leases
            .iter()
            .filter(move |lease| lease.state.is_open() && lease.resource == resource)
    }

    /// Open leases that an earlier delivery of `occasion` wrote.
    pub fn leases_of<'a>(&'a self, occasion: &'a str) -> impl Iterator<Item = &'a Lease> {
        self.leases
            .iter()
            .filter(move |lease| lease.state.is_open() && lease.occasion == occasion)
    }

    /// How many runs changed something, or began to, in the 24 hours before `now`.
    #[must_use]
    pub fn acted_in_a_day(&self, now: Timestamp) -> usize {
        let since = now
            .checked_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        self.runs
            .iter()
            .filter(|(at, outcome)| *at >= since && matches!(outcome, Outcome::Applied | Outcome::Failed))
            .count()
    }
}
