//! A change that was made, remembered before it is made: what it was, what it became, and when it ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::sha256;

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// About to be made; whether it was is not known.
    Pending,
    /// Made.
    Active,
    /// Taken back.
    Reverted,
    /// Taken back in part, or not at all on purpose; a report said why.
    Left,
    /// Permanent, or never made: nothing is to be taken back.
    Closed,
}

impl LeaseState {
    /// The word in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Reverted => "reverted",
            Self::Left => "left",
            Self::Closed => "closed",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Active,
            Self::Reverted,
            Self::Left,
            Self::Closed,
        ]
        .into_iter()
        .find(|state| state.word() == word)
    }

    /// Whether the change is, or may be, in force.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

/// One change of one occasion. Written before the change, so that no change can be made that nobody remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// See [`Lease::id_of`].
    pub id: String,
    /// The function that made it and takes it back.
    pub function: String,
    /// Its target.
    pub target: String,
    /// What was changed.
    pub resource: String,
    /// The change as the function understands it.
    pub change: Value,
    /// The value before.
    pub before: String,
    /// The value that it was set to.
    pub after: String,
    /// What taking it back means.
    pub undo: String,
    /// The plan that it was a step of.
    pub plan_id: String,
    /// The occasion that it was made for.
    pub occasion: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it ends; `None` for a change that is not temporary.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub state: LeaseState,
}

impl Lease {
    /// The id: the same for every delivery of an occasion, so that a repeated one finds what the first began.
    #[must_use]
    pub fn id_of(function: &str, target: &str, occasion: &str, resource: &str) -> String {
        sha256(&[function, target, occasion, resource].join("\n"), 16)
    }

    /// Whether it is temporary, in force, and over at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state.is_open() && self.expires_at.is_some_and(|end| end <= now)
    }
}
