//! How often containers had been restarted when this last looked: what one run notes for the next, because the count of
//! the API is over the life of a pod.

use std::collections::BTreeMap;

use day2_core::compare::{Earlier, Notes};
use jiff::Timestamp;

/// Restarts over the whole life, by container.
pub type Counters = BTreeMap<String, i64>;

/// Containers that are noted. With names of at most 100 characters they stay below what a run may note.
pub const MAX_COUNTERS: usize = 500;

/// The note.
const NAME: &str = "restarts";

/// What the run before counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// When it looked.
    pub at: Timestamp,
    /// What it saw.
    pub counters: Counters,
}

impl Before {
    /// Reads the note of the run before. One that cannot be read, or that of a version which noted nothing, tells nothing.
    #[must_use]
    pub fn of(earlier: &Earlier) -> Option<Self> {
        let counters = serde_json::from_str(earlier.notes.get(NAME)?).ok()?;
        Some(Self {
            at: earlier.at,
            counters,
        })
    }
}

/// What the next run is told.
#[must_use]
pub fn noted(counters: &Counters) -> Notes {
    let kept: BTreeMap<&String, &i64> = counters
        .iter()
        .filter(|(name, _)| name.len() <= 100)
        .take(MAX_COUNTERS)
        .collect();
    let mut notes = Notes::none();
    if let Ok(text) = serde_json::to_string(&kept) {
        notes.put(NAME, text);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_one_run_reach_the_next_within_their_bound() {
        let counters: Counters = (0..2_000)
            .map(|n| (format!("{n:08}/{}", "c".repeat(63)), n))
            .collect();
        let at = "2026-03-06T11:00:00Z".parse().unwrap();
        let notes = noted(&counters);
        let read = Before::of(&Earlier { at, notes }).unwrap();
        assert_eq!((read.at, read.counters.len()), (at, MAX_COUNTERS));
        assert!(read.counters.iter().all(|(name, count)| counters[name] == *count));
    }

    #[test]
    fn no_note_and_a_damaged_one_tell_nothing() {
        let at = "2026-03-06T11:00:00Z".parse().unwrap();
        let mut damaged = Notes::none();
        damaged.put(NAME, "{\"a\":");
        for notes in [Notes::none(), damaged] {
            assert_eq!(Before::of(&Earlier { at, notes }), None);
        }
    }
}
