//! The remembered part of a run, small enough for one journal record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Changes, Complaint, Notes};
use crate::digest::sha256;
use crate::item::Item;
use crate::report::Report;
use crate::verdict::Verdict;

/// Names remembered per item; the rest is counted.
pub const MAX_SUBJECTS_PER_ITEM: usize = 200;

/// Largest JSON form of a [`Snapshot`]. A `DynamoDB` item ends at 400 kB with its attribute names, and the record has
/// a history beside the snapshot. Source: Amazon `DynamoDB` Developer Guide, "Quotas", item size.
pub const MAX_SNAPSHOT_BYTES: usize = 300_000;

/// Names up to this length are remembered as they are; `namespace/name` of Kubernetes fits.
const MAX_NAME_CHARS: usize = 320;

/// Titles are ours; the cap only keeps the bound above true.
const MAX_TITLE_CHARS: usize = 120;

/// Which items were not `PASS`, and what they named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When the run began.
    pub at: Timestamp,
    /// What the run said.
    pub status: Verdict,
    /// Its complaints, also those it could not look at again, ordered by code and subject.
    pub open: Vec<Complaint>,
    /// Complaints beyond those listed, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unlisted: BTreeMap<String, u64>,
    /// What the check wrote down for its next run.
    #[serde(default, skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
    /// When the run began that wrote that down, where it was one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<Timestamp>,
}

impl Snapshot {
    /// What is to be remembered of `report`, which has been compared with its predecessor.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let Changes { new, still, .. } = &report.changes;
        // The compared form wins: it knows since when, and what could not be looked at again wins over "UNKNOWN" under the
        // same name, because it remembers the FAIL.
        let all: BTreeMap<(String, String), Complaint> = complaints(&report.items, report.run.started_at)
            .into_iter()
            .chain(new.iter().chain(still).cloned())
            .map(|complaint| ((complaint.code.clone(), complaint.subject.clone()), complaint))
            .collect();
        let mut snapshot = Self {
            at: report.run.started_at,
            status: report.status,
            open: Vec::new(),
            unlisted: BTreeMap::new(),
            notes: Notes::none(),
            noted_at: None,
        };
        for per_item in [MAX_SUBJECTS_PER_ITEM, 100, 50, 20, 5, 1, 0] {
            snapshot.keep(all.values(), per_item);
            if snapshot.bytes() <= MAX_SNAPSHOT_BYTES {
                break;
            }
        }
        snapshot
    }

    /// With what the run noted, or where it could not look at what is noted, with what the run before knew, and since when.
    #[must_use]
    pub fn with_notes(mut self, noted: Option<Notes>, before: Option<&Self>) -> Self {
        (self.notes, self.noted_at) = match (noted, before) {
            (Some(fresh), _) => (fresh, None),
            (None, Some(before)) => (before.notes.clone(), Some(before.noted_at.unwrap_or(before.at))),
            (None, None) => (Notes::none(), None),
        };
        self
    }

    /// Keeps the first `per_item` names of each code and counts the others.
    fn keep<'a>(&mut self, all: impl Iterator<Item = &'a Complaint>, per_item: usize) {
        self.open.clear();
        self.unlisted.clear();
        let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
        for complaint in all {
            let count = kept.entry(&complaint.code).or_default();
            if *count < per_item {
                *count += 1;
                self.open.push(complaint.clone());
            } else {
                *self.unlisted.entry(complaint.code.clone()).or_default() += 1;
            }
        }
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }
}

/// Every complaint of `items`, in their order: one per name, or one for an item that names nothing. Each is as if the run
/// that began at `at` were the first to report it.
pub(super) fn complaints(items: &[Item], at: Timestamp) -> Vec<Complaint> {
    let mut listed: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut complaints = Vec::new();
    for item in items.iter().filter(|item| item.verdict() != Verdict::Pass) {
        let names: Vec<String> = if item.subjects.is_empty() {
            vec![String::new()]
        } else {
            item.subjects
                .iter()
                .map(|subject| remembered(&subject.name))
                .collect()
        };
        for subject in names {
            if listed.insert((&item.code, subject.clone())) {
                complaints.push(Complaint {
                    code: item.code.clone(),
                    verdict: item.verdict(),
                    title: item.title.chars().take(MAX_TITLE_CHARS).collect(),
                    subject,
                    owner: item.owner.clone(),
                    unseen: 0,
                    since: Some(at),
                });
            }
        }
    }
    complaints
}

/// A name as it is compared: a very long one is its head and a hash of the whole.
fn remembered(name: &str) -> String {
    if name.chars().nth(MAX_NAME_CHARS).is_none() {
        return name.to_owned();
    }
    let head = name.chars().take(MAX_NAME_CHARS - 20);
    let hash = sha256(name, 8);
    head.chain(['~']).chain(hash.chars()).collect()
}
