//! What came of an action.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of an action's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is a plan, and it was not carried out: observed, or waiting for approval.
    Planned,
    /// Every step was carried out.
    Applied,
    /// Nothing had to be changed.
    NothingToDo,
    /// A guard objects.
    Refused,
    /// The cool-down or the age of the event objects; nothing was looked at again.
    Suppressed,
    /// Another run is at it.
    InProgress,
    /// A temporary change was taken back, as far as that was safe.
    Reverted,
    /// A step failed; what was done before it is said.
    Failed,
}

impl Outcome {
    /// The word in JSON and journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Applied => "applied",
            Self::NothingToDo => "nothing_to_do",
            Self::Refused => "refused",
            Self::Suppressed => "suppressed",
            Self::InProgress => "in_progress",
            Self::Reverted => "reverted",
            Self::Failed => "failed",
        }
    }

    /// The outcome of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [
            Self::Planned,
            Self::Applied,
            Self::NothingToDo,
            Self::Refused,
            Self::Suppressed,
            Self::InProgress,
            Self::Reverted,
            Self::Failed,
        ]
        .into_iter()
        .find(|outcome| outcome.word() == word)
    }

    /// The words for a subject, in capitals.
    #[must_use]
    pub const fn shout(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Applied => "APPLIED",
            Self::NothingToDo => "NOTHING TO DO",
            Self::Refused => "REFUSED",
            Self::Suppressed => "SUPPRESSED",
            Self::InProgress => "IN PROGRESS",
            Self::Reverted => "REVERTED",
            Self::Failed => "FAILED",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether what was changed had its effect. An answer without error is not an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Effect {
    /// It was seen.
    Verified {
        /// What was seen.
        says: String,
    },
    /// It was not seen in the time given.
    NotVerified {
        /// What was seen instead, and what to look at.
        says: String,
    },
    /// The change was taken back because it did harm or could not be completed.
    Reverted {
        /// Why, and to what.
        says: String,
    },
}

impl Effect {
    /// The word of `design.md`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "verified",
            Self::NotVerified { .. } => "not verified",
            Self::Reverted { .. } => "reverted",
        }
    }

    /// What was seen.
    #[must_use]
    pub fn says(&self) -> &str {
        match self {
            Self::Verified { says } | Self::NotVerified { says } | Self::Reverted { says } => says,
        }
    }
}
