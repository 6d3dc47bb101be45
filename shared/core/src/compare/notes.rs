//! What a check writes down for its next run besides its complaints: a value to compare with, or since when something is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Snapshot;

/// Most bytes of all notes of one run, keys included. They share one journal record with the complaints, whose bound
/// is [`MAX_SNAPSHOT_BYTES`](super::MAX_SNAPSHOT_BYTES); both together stay below what `DynamoDB` takes.
pub const MAX_NOTES_BYTES: usize = 64_000;

/// Short texts by name, kept from one run of a function, task and target to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(BTreeMap<String, String>);

impl Notes {
    /// No notes.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether nothing is noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is noted under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Notes `text` under a name, in place of what was there. Returns whether it is noted: what would make all notes
    /// longer than [`MAX_NOTES_BYTES`] is not, and the earlier text goes too, because an old value must not be taken
    /// for the present one.
    pub fn put(&mut self, name: &str, text: impl Into<String>) -> bool {
        let text = text.into();
        self.0.remove(name);
        let fits = self.bytes() + name.len() + text.len() <= MAX_NOTES_BYTES;
        if fits {
            self.0.insert(name.to_owned(), text);
        }
        fits
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, text)| name.len() + text.len()).sum()
    }
}

/// The run before, as far as a check may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When the run began that noted it: one before, where the last one had nothing to note.
    pub at: Timestamp,
    /// What is noted.
    pub notes: Notes,
}

impl From<&Snapshot> for Earlier {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            at: snapshot.noted_at.unwrap_or(snapshot.at),
            notes: snapshot.notes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_replaced_and_one_that_is_too_long_leaves_no_old_value_behind() {
        let mut notes = Notes::none();
        assert!(notes.put("window", "02:00-02:30"));
        assert!(notes.put("window", "03:00-03:30"));
        assert_eq!(notes.get("window"), Some("03:00-03:30"));
        assert!(notes.put("other", "x"));
        assert!(!notes.put("window", "x".repeat(MAX_NOTES_BYTES)));
        assert_eq!(notes.get("window"), None);
        assert_eq!(notes.get("other"), Some("x"));
    }

    #[test]
    fn notes_that_a_run_kept_from_the_one_before_keep_their_time() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let read = |text: &str| serde_json::from_str::<Snapshot>(text).unwrap();
        let monday =
            read(r#"{"at":"2026-11-16T11:30:00Z","status":"PASS","open":[],"notes":{"window":"02:00"}}"#);
        let blind = read(r#"{"at":"2026-11-17T11:30:00Z","status":"UNKNOWN","open":[]}"#);
        let tuesday = blind.clone().with_notes(None, Some(&monday));
        let wednesday = blind.with_notes(None, Some(&tuesday));
        for kept in [&tuesday, &wednesday] {
            let earlier = Earlier::from(kept);
            assert_eq!(earlier.at, at("2026-11-16T11:30:00Z"));
            assert_eq!(earlier.notes.get("window"), Some("02:00"));
        }
        let fresh = wednesday
            .clone()
            .with_notes(Some(Notes::none()), Some(&wednesday));
        assert_eq!(Earlier::from(&fresh).at, at("2026-11-17T11:30:00Z"));
        assert!(fresh.notes.is_empty());
    }

    #[test]
    fn a_snapshot_of_an_older_version_has_no_notes() {
        let old = r#"{"at":"2026-11-20T11:30:00Z","status":"PASS","open":[]}"#;
        let snapshot: Snapshot = serde_json::from_str(old).unwrap();
        assert!(Earlier::from(&snapshot).notes.is_empty());
        assert!(!serde_json::to_string(&snapshot).unwrap().contains("notes"));
    }
}
