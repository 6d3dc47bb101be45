//! The state machine: from one look after another to a state that is believed.
//!
//! A side that failed once is doubtful, and stays so until enough looks in a row agree: bad ones over enough minutes make it
//! down, good ones make it up. One that alternates stays doubtful, and its pair `UNKNOWN`: one mail, not one per look.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::memory::{Memory, Trouble};
use super::probe::Evidence;
use crate::settings::{Detection, Pair};

/// What is believed of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SideState {
    /// It serves.
    Up,
    /// Looks disagree, or nobody could look.
    Doubtful,
    /// It is unavailable.
    Down,
}

/// What is believed of the pair: the status codes of the runbook, and `UNKNOWN`, which it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PairState {
    /// Both sides serve.
    Active,
    /// The primary is unavailable.
    BlockedPrimaryUnavailable,
    /// The secondary is.
    BlockedSecondaryUnavailable,
    /// Both are.
    BlockedBothUnavailable,
    /// Switched off on purpose.
    Disabled,
    /// Not known.
    Unknown,
}

impl PairState {
    /// The word of the runbook.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::BlockedPrimaryUnavailable => "BLOCKED_PRIMARY_UNAVAILABLE",
            Self::BlockedSecondaryUnavailable => "BLOCKED_SECONDARY_UNAVAILABLE",
            Self::BlockedBothUnavailable => "BLOCKED_BOTH_UNAVAILABLE",
            Self::Disabled => "DISABLED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether a side is known to be unavailable.
    pub(crate) const fn is_blocked(self) -> bool {
        matches!(
            self,
            Self::BlockedPrimaryUnavailable
                | Self::BlockedSecondaryUnavailable
                | Self::BlockedBothUnavailable
        )
    }

    /// The state of two sides. One that is down is said even while the other is doubtful.
    pub(crate) const fn of(primary: SideState, secondary: SideState) -> Self {
        match (primary, secondary) {
            (SideState::Down, SideState::Down) => Self::BlockedBothUnavailable,
            (SideState::Down, _) => Self::BlockedPrimaryUnavailable,
            (_, SideState::Down) => Self::BlockedSecondaryUnavailable,
            (SideState::Up, SideState::Up) => Self::Active,
            (SideState::Doubtful, _) | (_, SideState::Doubtful) => Self::Unknown,
        }
    }
}

/// What is remembered of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SideMemory {
    /// What is believed.
    pub(crate) state: SideState,
    /// Since when: for `Down`, when the first of the failed looks was.
    pub(crate) since: Timestamp,
    /// Failed looks in a row.
    pub(crate) failed: u32,
    /// The first of them.
    pub(crate) first_failed: Option<Timestamp>,
    /// Good looks in a row.
    pub(crate) good: u32,
    /// The last look that was good.
    pub(crate) last_good: Option<Timestamp>,
}

/// One look more at one side.
pub(crate) fn step_side(
    old: Option<&SideMemory>,
    evidence: &Evidence,
    detection: &Detection,
    now: Timestamp,
) -> SideMemory {
    let fresh = SideMemory {
        state: SideState::Doubtful,
        since: now,
        failed: 0,
        first_failed: None,
        good: 0,
        last_good: None,
    };
    let mut side = old.cloned().unwrap_or_else(|| fresh.clone());
    let before = side.state;
    match evidence {
        Evidence::Good => {
            side.good = side.good.saturating_add(1);
            side.failed = 0;
            side.first_failed = None;
            side.last_good = Some(now);
            // A first look has nothing to disagree with.
            if old.is_none() || side.good >= detection.good_probes {
                side.state = SideState::Up;
            }
        }
        Evidence::Bad(_) => {
            side.good = 0;
            side.failed = side.failed.saturating_add(1);
            let first = *side.first_failed.get_or_insert(now);
            let long = now.duration_since(first).as_mins() >= i64::from(detection.failed_minutes);
            if side.state == SideState::Up {
                side.state = SideState::Doubtful;
            }
            if side.failed >= detection.failed_probes && long {
                side.state = SideState::Down;
            }
        }
        // Neither for nor against it: what was believed to be down is still not known to be up.
        Evidence::Blind(_) => {
            side.good = 0;
            if side.state == SideState::Up {
                side.state = SideState::Doubtful;
            }
        }
    }
    if side.state != before || old.is_none() {
        side.since = match side.state {
            SideState::Down => side.first_failed.unwrap_or(now),
            SideState::Up | SideState::Doubtful => now,
        };
    }
    side
}

/// One look more at the pair.
pub(crate) fn step(old: Option<&Memory>, pair: &Pair, evidence: &[Evidence; 2], now: Timestamp) -> Memory {
    let [of_primary, of_secondary] = evidence;
    let primary = step_side(old.map(|old| &old.primary), of_primary, &pair.detection, now);
    let secondary = step_side(old.map(|old| &old.secondary), of_secondary, &pair.detection, now);
    let state = if pair.disabled.is_some() {
        PairState::Disabled
    } else {
        PairState::of(primary.state, secondary.state)
    };
    let since = match old {
        Some(old) if old.state == state => old.since,
        _ => entered(state, &primary, &secondary, now),
    };
    // Trouble lasts from the first blocked look until both sides serve again, through whatever lies between.
    let mut trouble = old.and_then(|old| old.trouble.clone());
    if state.is_blocked() {
        let begun = trouble.as_ref().map_or(since, |trouble| trouble.since);
        trouble = Some(Trouble { state, since: begun });
    } else if matches!(state, PairState::Active | PairState::Disabled) {
        trouble = None;
    }
    Memory {
        state,
        since,
        primary,
        secondary,
        trouble,
        streaks: old.map(|old| old.streaks.clone()).unwrap_or_default(),
        load: old.and_then(|old| old.load),
    }
}

/// When a state began: a side was gone before it was believed.
fn entered(state: PairState, primary: &SideMemory, secondary: &SideMemory, now: Timestamp) -> Timestamp {
    match state {
        PairState::BlockedPrimaryUnavailable => primary.since,
        PairState::BlockedSecondaryUnavailable => secondary.since,
        PairState::BlockedBothUnavailable => primary.since.max(secondary.since),
        PairState::Active | PairState::Disabled | PairState::Unknown => now,
    }
}
