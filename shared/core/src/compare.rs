//! What changed since the previous run of the same function, task and target.
//!
//! A complaint is `resolved` only when this run looked at everything it had to look at and did not find it. An item
//! that could not be read, or whose list came up short, clears nothing: its former complaints stay, marked as not
//! looked at, and survive in the snapshot until a later run can confirm or clear them. The same holds for a line that the
//! report no longer has, unless the run says that it read the whole list and nothing of the kind exists any more
//! ([`Report::absent`]).
//!
//! Each complaint keeps the begin of the run that first reported it for as long as it stands, so that what still stands
//! tells since when, and what is resolved for how long. Where that is not known it is not told.

mod notes;
mod snapshot;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use notes::{Earlier, MAX_NOTES_BYTES, Notes};
pub use snapshot::{MAX_SNAPSHOT_BYTES, MAX_SUBJECTS_PER_ITEM, Snapshot};

use crate::report::Report;
use crate::settings::Mail;
use crate::verdict::Verdict;
use crate::when::Clock;

/// Runs after which a complaint of an item that the function no longer has is forgotten; an item that exists but is
/// `UNKNOWN` is never forgotten.
const FORGET_AFTER_RUNS: u32 = 14;

/// One complaint, comparable between runs by code and subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Complaint {
    /// Item code.
    pub code: String,
    /// `FAIL` or `UNKNOWN`.
    pub verdict: Verdict,
    /// Title of the item, for the mail.
    pub title: String,
    /// Name of the subject; empty for a complaint about the item as a whole. Hostile text.
    pub subject: String,
    /// Who takes care of it, as the item says, so that they can be told that it is resolved. Hostile text. Absent when nobody is
    /// named, or the complaint is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// For how many runs it could not be looked at again; 0 for one that this run saw.
    #[serde(default, skip_serializing_if = "is_zero_runs")]
    pub unseen: u32,
    /// When the run began that first reported it with this verdict. A `FAIL` that could not be looked at meanwhile keeps it;
    /// an `UNKNOWN` that turns out to be a `FAIL` begins anew. Absent when it is not known: the name was only counted in
    /// between, the run before could not be read, or the complaint is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Difference to the previous run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Changes {
    /// When the run compared with began; null when there was none.
    pub since: Option<Timestamp>,
    /// Complaints that the previous run did not have.
    pub new: Vec<Complaint>,
    /// Complaints that both have, or that this run could not look at again.
    pub still: Vec<Complaint>,
    /// Complaints that only the previous run had, and that this run looked for.
    pub resolved: Vec<Complaint>,
    /// Resolved complaints beyond those that the previous snapshot could name.
    #[serde(default, skip_serializing_if = "is_zero_count")]
    pub resolved_unlisted: u64,
}

/// Compares a finished report with what is remembered of the run before.
///
/// Without a previous run, everything is new.
#[must_use]
pub fn compare(previous: Option<&Snapshot>, report: &Report) -> Changes {
    let found = snapshot::complaints(&report.items, report.run.started_at);
    let Some(previous) = previous else {
        return Changes {
            new: found,
            ..Changes::default()
        };
    };
    let before: BTreeMap<(&str, &str), &Complaint> =
        previous.open.iter().map(|old| (key(old), old)).collect();
    let looks = looks(report);
    let mut changes = Changes {
        since: Some(previous.at),
        ..Changes::default()
    };
    for complaint in &found {
        match before.get(&key(complaint)) {
            Some(old) if old.verdict > complaint.verdict => {} // FAIL, now UNKNOWN: carried on below
            Some(old) if old.verdict == complaint.verdict => changes.still.push(Complaint {
                since: old.since,
                ..complaint.clone()
            }),
            None if complaint.is_whole_item_unknown() && previous.complains_of(&complaint.code) => {}
            None if previous.may_have_had(complaint) => changes.still.push(Complaint {
                since: None,
                ..complaint.clone()
            }),
            Some(_) | None => changes.new.push(complaint.clone()),
        }
    }
    let now: BTreeMap<(&str, &str), Verdict> = found.iter().map(|c| (key(c), c.verdict)).collect();
    for old in &previous.open {
        let look = looks.get(old.code.as_str()).copied().unwrap_or(Look::Gone);
        match fate(old, now.get(&key(old)).copied(), look) {
            Fate::Listed | Fate::Superseded => {}
            Fate::Resolved if old.verdict == Verdict::Fail && happens(report, &old.code) => {}
            Fate::Resolved => changes.resolved.push(seen(old)),
            Fate::Unseen => changes.still.push(Complaint {
                unseen: old.unseen.saturating_add(1),
                ..old.clone()
            }),
        }
    }
    changes.resolved_unlisted = previous
        .unlisted
        .iter()
        .filter(|(code, _)| looks.get(code.as_str()) == Some(&Look::Clean) && !happens(report, code))
        .fold(0, |sum, (_, count)| sum.saturating_add(*count));
    changes
}

/// Whether `report`, already compared with its predecessor, is to be mailed. `previous_status` is `None` on the
/// first run, which counts as a change.
///
/// Where all that failed was something that had happened and is told no more ([`crate::Item::happened`]), the other status is
/// no news.
#[must_use]
pub fn should_mail(policy: Mail, previous_status: Option<Verdict>, report: &Report) -> bool {
    let changes = &report.changes;
    let named = !changes.new.is_empty() || !changes.resolved.is_empty() || changes.resolved_unlisted > 0;
    let only_told = previous_status == Some(Verdict::Fail)
        && report.status != Verdict::Fail
        && changes.since.is_some()
        && changes.still.iter().all(|still| still.verdict != Verdict::Fail)
        && report.items.iter().any(crate::Item::has_happened);
    let news = named || (previous_status != Some(report.status) && !only_told);
    match policy {
        Mail::Always => true,
        Mail::OnChange => news,
        Mail::Daily => {
            let clock = Clock::of(&report.run.zone);
            let today = clock.day(report.run.started_at);
            news || changes.since.is_none_or(|before| clock.day(before) != today)
        }
    }
}

/// How well an item, or all items of one code, looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    /// The report has no such item any more, and does not say that it looked.
    Gone,
    /// `UNKNOWN`, or fewer examined than expected: what is not named may be among what was not seen.
    Partial,
    /// `FAIL` over everything expected: what is not named is in order.
    Whole,
    /// `PASS`, or nothing of the kind exists.
    Clean,
}

/// What becomes of a complaint of the previous run.
#[derive(Debug, PartialEq)]
enum Fate {
    /// The comparison of what was found has already listed it.
    Listed,
    /// The item still complains, in other words.
    Superseded,
    Resolved,
    Unseen,
}

fn fate(old: &Complaint, now: Option<Verdict>, look: Look) -> Fate {
    match (now, look) {
        (Some(now), _) if now >= old.verdict => Fate::Listed,
        (_, Look::Clean) => Fate::Resolved,
        (_, Look::Gone) if old.unseen >= FORGET_AFTER_RUNS => Fate::Superseded,
        (_, Look::Gone) => Fate::Unseen,
        // "could not be read" is over once the item says something else; the item itself is still listed.
        (None, _) if old.is_whole_item_unknown() => Fate::Superseded,
        (None, Look::Whole) if old.subject.is_empty() => Fate::Superseded,
        (None, Look::Whole) => Fate::Resolved,
        _ => Fate::Unseen,
    }
}

fn looks(report: &Report) -> BTreeMap<&str, Look> {
    let mut looks = BTreeMap::new();
    for item in &report.items {
        let population = item.population();
        let short = population.examined == 0 || population.examined < population.expected_at_least;
        let look = match item.verdict() {
            Verdict::Pass => Look::Clean,
            Verdict::Fail if !short => Look::Whole,
            Verdict::Fail | Verdict::Unknown => Look::Partial,
        };
        looks
            .entry(item.code.as_str())
            .and_modify(|worst: &mut Look| *worst = look.min(*worst))
            .or_insert(look);
    }
    // An item knows better: it examined something, or could not.
    for code in &report.absent {
        looks.entry(code.as_str()).or_insert(Look::Clean);
    }
    looks
}

/// Whether the item of this code tells of what has happened, so that it is never "resolved".
fn happens(report: &Report, code: &str) -> bool {
    report
        .items
        .iter()
        .any(|item| item.code == code && item.has_happened())
}

fn key(complaint: &Complaint) -> (&str, &str) {
    (&complaint.code, &complaint.subject)
}

fn seen(complaint: &Complaint) -> Complaint {
    Complaint {
        unseen: 0,
        ..complaint.clone()
    }
}

impl Changes {
    /// The same for a run that could not read what is remembered: what it has for new may be old, so since when it is
    /// reported is not known.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        for complaint in &mut self.new {
            complaint.since = None;
        }
        self
    }
}

impl Complaint {
    fn is_whole_item_unknown(&self) -> bool {
        self.subject.is_empty() && self.verdict == Verdict::Unknown
    }
}

impl Snapshot {
    fn complains_of(&self, code: &str) -> bool {
        self.open.iter().any(|old| old.code == code)
    }

    /// Whether a complaint that is not listed may be one of those that the snapshot only counts: names are kept in
    /// order, so only one behind the last kept name can be.
    fn may_have_had(&self, complaint: &Complaint) -> bool {
        self.unlisted.contains_key(&complaint.code)
            && self
                .open
                .iter()
                .filter(|old| old.code == complaint.code)
                .all(|old| old.subject < complaint.subject)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
const fn is_zero_runs(runs: &u32) -> bool {
    *runs == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
const fn is_zero_count(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
