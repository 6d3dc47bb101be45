//! What one run leaves for the next.

use std::collections::BTreeMap;

use day2_core::compare::Notes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::machine::{PairState, SideMemory, SideState};
use super::steady::Streak;
use crate::facts::Load;

/// Name of the note.
const NOTE: &str = "pair";

/// Everything that is remembered of a pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// What is believed.
    pub(crate) state: PairState,
    /// Since when.
    pub(crate) since: Timestamp,
    /// The primary.
    pub(crate) primary: SideMemory,
    /// The secondary.
    pub(crate) secondary: SideMemory,
    /// What is not over before both sides serve again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<Trouble>,
    /// How often in a row each other thing was seen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) streaks: BTreeMap<String, Streak>,
    /// What both sides carried together when both were last seen, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) load: Option<(Timestamp, Load)>,
}

/// A time in which the pair was blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// The last blocked state.
    pub(crate) state: PairState,
    /// Since when it was blocked in any way.
    pub(crate) since: Timestamp,
}

impl Memory {
    /// What the run before noted; nothing when it is unreadable, as after an upgrade.
    pub(crate) fn read(notes: &Notes) -> Option<Self> {
        serde_json::from_str(notes.get(NOTE)?).ok()
    }

    /// As notes.
    pub(crate) fn notes(&self) -> Notes {
        let mut notes = Notes::none();
        if let Ok(text) = serde_json::to_string(self) {
            notes.put(NOTE, text);
        }
        notes
    }

    /// Which sides are down, the primary first. What they have or lack is told once, by `HAS-001`.
    pub(crate) fn down(&self) -> [bool; 2] {
        self.sides().map(|side| side.state == SideState::Down)
    }

    /// Both sides, the primary first.
    pub(crate) const fn sides(&self) -> [&SideMemory; 2] {
        [&self.primary, &self.secondary]
    }
}
