//! What the journal and the owning functions said: the only thing [`crate::assess`] may know besides the settings.

use day2_aws::journal::Storm;
use day2_core::action::Lease;
use day2_core::{Observed, Unreadable};

/// One run's look at one target.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Changes in force when the run began, oldest first.
    pub before: Observed<Vec<Lease>>,
    /// What came of each change whose time was over, in the order in which they were taken up.
    pub asked: Vec<Asked>,
    /// Changes in force afterwards: what was taken back is no longer among them, whatever its owner answered.
    pub after: Observed<Vec<Lease>>,
    /// Spans of storms that were not told before, over or not.
    pub storms: Observed<Vec<Storm>>,
    /// Why a storm that was told for long enough could not be marked; it is then told again.
    pub not_marked: Option<Unreadable>,
}

/// A change whose time was over, and what its owner made of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The change.
    pub lease: Lease,
    /// What came of it.
    pub answer: Answer,
}

/// What came of asking a function to take a change back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It ended without an error; in its words. Whether the change was taken back is in the journal.
    Returned(String),
    /// It ran and ended with an error (`X-Amz-Function-Error` of the API `Invoke`).
    Failed {
        /// `Handled`, `Unhandled`, as Lambda names it.
        kind: String,
        /// The class of the error in the words of the function; ours are `Transient` and `Permanent`.
        error_type: Option<String>,
        /// The error in the words of the function. Hostile text.
        says: String,
    },
    /// Lambda gave no result: throttled, denied, gone, out of order, connection lost.
    NoResult(Unreadable),
    /// It did not answer in its own time-out, so whether it ran to its end is not known.
    NoAnswer {
        /// How long it was waited for, in seconds.
        waited_seconds: u64,
    },
    /// It was not asked, and why not.
    NotAsked(NotAsked),
}

/// Why a function was not asked in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAsked {
    /// So many were asked before it (`max_per_run`).
    Enough(u32),
    /// Too little time was left for the function to finish.
    Late {
        /// What is left, in seconds.
        left_seconds: u64,
        /// Time-out of the function, in seconds.
        needs_seconds: u64,
    },
    /// The settings name no such owner: it is not deployed any more, or never was.
    NoOwner,
}
