//! How often containers had been restarted when this last looked: what one run notes for the next, because the count of
//! the API is over the life of a pod.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use day2_core::compare::{Earlier, Notes};
use jiff::Timestamp;

/// Restarts over the whole life, by container.
pub type Counters = BTreeMap<String, i64>;

/// Containers that are noted. With names of at most `MAX_NAME_BYTES` they stay below what a run may note.
pub const MAX_COUNTERS: usize = 500;

/// Longest name that is noted, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// The note.
const NAME: &str = "restarts";

/// What one run counted: the containers that were restarted most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Restarts over the whole life, and the container. Of those with equal counts the names that come first are kept.
    most: BTreeSet<(i64, Reverse<String>)>,
    /// Containers beyond those.
    pub dropped: usize,
}

impl Counted {
    /// Counts a container.
    pub fn add(&mut self, container: String, restarts: i64) {
        if container.len() > MAX_NAME_BYTES {
            self.dropped += 1;
            return;
        }
        self.most.insert((restarts, Reverse(container)));
        if self.most.len() > MAX_COUNTERS {
            self.most.pop_first();
            self.dropped += 1;
        }
    }

    /// Takes in what was counted on another page.
    pub fn join(&mut self, page: Self) {
        self.dropped += page.dropped;
        for (restarts, Reverse(container)) in page.most {
            self.add(container, restarts);
        }
    }
}

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

    /// Whether there may have been more than were noted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.counters.len() >= MAX_COUNTERS
    }
}

/// What the next run is told.
#[must_use]
pub fn noted(counted: &Counted) -> Notes {
    let kept: BTreeMap<&str, i64> = counted
        .most
        .iter()
        .map(|(restarts, Reverse(container))| (container.as_str(), *restarts))
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

    fn name(number: i64) -> String {
        format!("{number:08}/{}", "c".repeat(63))
    }

    #[test]
    fn the_counts_of_one_run_reach_the_next_within_their_bound() {
        let mut counted = Counted::default();
        for number in 0..2_000 {
            counted.add(name(number), number);
        }
        let at = "2026-03-06T11:00:00Z".parse().unwrap();
        let notes = noted(&counted);
        let read = Before::of(&Earlier { at, notes }).unwrap();
        let most: Counters = (1_500..2_000).map(|number| (name(number), number)).collect();
        assert_eq!((read.at, &read.counters), (at, &most));
        assert!(read.is_full());
    }

    #[test]
    fn those_restarted_most_are_kept_in_whatever_order_and_on_whatever_pages_they_come() {
        let add = |counted: &mut Counted, number: i64| counted.add(name(number), number % 7);
        let mut forth = Counted::default();
        for number in 0..2_000 {
            add(&mut forth, number);
        }
        let mut back = Counted::default();
        for page in [1_300..2_000, 0..1_300] {
            let mut of_page = Counted::default();
            for number in page.rev() {
                add(&mut of_page, number);
            }
            back.join(of_page);
        }
        assert_eq!(forth, back);
        assert_eq!((forth.most.len(), forth.dropped), (MAX_COUNTERS, 1_500));
        assert!(forth.most.iter().all(|(restarts, _)| *restarts >= 5));
    }

    #[test]
    fn a_name_without_room_is_counted_as_dropped() {
        let mut counted = Counted::default();
        counted.add("c".repeat(MAX_NAME_BYTES + 1), 9);
        assert_eq!((counted.most.len(), counted.dropped), (0, 1));
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
