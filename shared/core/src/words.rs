//! Sentences that mail and page share, so that both say the same thing in the same words.
//!
//! Numbers and our own words only; text of others is neutralised where it is shown.

pub(crate) mod action;
pub(crate) mod commands;

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::compare::{Changes, Complaint};
use crate::hostile::plain;
use crate::item::Population;
use crate::judging::lasting;
use crate::report::Report;
use crate::verdict::Verdict;
use crate::when::Clock;

/// What is said of a complaint that this run could not confirm or clear.
const UNSEEN: &str = "could not be looked at again";

/// `2 of 11 checks failed, 1 unknown`; `all 11 checks passed, 3 resolved`. Of a task that something waits for the decision
/// comes first: `NO-GO, 2 of 11 checks failed`.
pub(crate) fn verdict_sentence(report: &Report) -> String {
    let counts = counts_sentence(report);
    match report.decision {
        Some(decision) => format!("{}, {counts}", decision.words()),
        None => counts,
    }
}

fn counts_sentence(report: &Report) -> String {
    let all = report.items.len();
    let failed = report.count(Verdict::Fail);
    let unknown = report.count(Verdict::Unknown);
    let mut sentence = match (all, failed, unknown) {
        (0, _, _) => "no check ran".to_owned(),
        (1, 0, 0) => "the only check passed".to_owned(),
        (_, 0, 0) => format!("all {all} checks passed"),
        (_, 0, _) => format!("{unknown} of {} could not be judged", checks(all)),
        (_, _, 0) => format!("{failed} of {} failed", checks(all)),
        _ => format!("{failed} of {} failed, {unknown} unknown", checks(all)),
    };
    let resolved = resolved(&report.changes);
    if failed == 0 && unknown == 0 && resolved > 0 {
        // Writing to a `String` cannot fail.
        let _ = write!(sentence, ", {resolved} resolved");
    }
    sentence
}

fn checks(count: usize) -> String {
    if count == 1 {
        "1 check".to_owned()
    } else {
        format!("{count} checks")
    }
}

/// `2 new, 1 still there, 1 resolved`, or `nothing changed`.
pub(crate) fn changes_sentence(changes: &Changes) -> String {
    let counts = [
        (count(&changes.new), "new"),
        (count(&changes.still), "still there"),
        (resolved(changes), "resolved"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() {
        "nothing to complain about, then and now".to_owned()
    } else {
        parts.join(", ")
    }
}

fn count(complaints: &[Complaint]) -> u64 {
    u64::try_from(complaints.len()).unwrap_or(u64::MAX)
}

fn resolved(changes: &Changes) -> u64 {
    count(&changes.resolved).saturating_add(changes.resolved_unlisted)
}

/// `2 of 3` when that is short or just enough, `212` when it is more than was expected.
pub(crate) fn population(population: Population) -> String {
    if population.expected_at_least == 0 || population.examined > population.expected_at_least {
        population.examined.to_string()
    } else {
        format!("{} of {}", population.examined, population.expected_at_least)
    }
}

/// Where an item stands against the run before: its complaints are `new`, `still there`, or a mix.
pub(crate) fn standing(changes: &Changes, code: &str) -> Option<&'static str> {
    changes.since?;
    let new = changes.new.iter().any(|complaint| complaint.code == code);
    let still = changes.still.iter().any(|complaint| complaint.code == code);
    match (new, still) {
        (true, false) => Some("new"),
        (true, true) => Some("more than before"),
        (false, true) => Some("still there"),
        (false, false) => None,
    }
}

/// The headings under which changes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    New,
    Still,
    Resolved,
}

impl Heading {
    /// One word of small letters.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Still => "still",
            Self::Resolved => "resolved",
        }
    }
}

/// Complaints of one item that stand under one heading.
pub(crate) struct Group<'a> {
    pub(crate) code: &'a str,
    pub(crate) title: &'a str,
    unseen: bool,
    /// When the first and the last of them were first reported. `None` when that is not known of any of them.
    since: Option<(Timestamp, Timestamp)>,
    /// Without the empty name of a complaint about the item as a whole.
    pub(crate) subjects: Vec<&'a str>,
}

impl Group<'_> {
    /// What is said of them besides their names, if anything: whether they could be looked at, since when they are reported,
    /// or how long they were. Checks run from time to time, so it is the time of reports that is told: how long it was so
    /// before, or between two runs, nobody saw.
    pub(crate) fn remark(&self, heading: Heading, report: &Report, clock: &Clock) -> Option<String> {
        let now = report.run.started_at;
        let unseen = self.unseen.then(|| UNSEEN.to_owned());
        let age = self.since.and_then(|(first, last)| match heading {
            Heading::New => None,
            Heading::Still => Some(reported_since(first, last, now, clock)),
            Heading::Resolved => Some(reported_for(first, last, now)),
        });
        let said: Vec<String> = unseen.into_iter().chain(age).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// `reported since Thu 5 Mar 07:00`, and `or later` when that is true of the first of them only.
fn reported_since(first: Timestamp, last: Timestamp, now: Timestamp, clock: &Clock) -> String {
    let [first, last] = [first, last].map(|since| clock.beside(since, now));
    let later = if first == last { "" } else { " or later" };
    format!("reported since {first}{later}")
}

/// `reported for 3 h 20 min`, and `up to` when that is true of the first of them only. To the nearest minute: of two mornings
/// one begins a second sooner, and it is 24 hours all the same.
fn reported_for(first: Timestamp, last: Timestamp, now: Timestamp) -> String {
    const HALF_A_MINUTE: SignedDuration = SignedDuration::from_secs(30);
    let [longest, shortest] =
        [first, last].map(|since| lasting(now.duration_since(since).saturating_add(HALF_A_MINUTE)));
    let up_to = if longest == shortest { "" } else { "up to " };
    format!("reported for {up_to}{longest}")
}

/// Complaints grouped by item, in the order of their first mention. Those of which it is known since when they are reported,
/// and those of which it is not, are apart.
pub(crate) fn groups(complaints: &[Complaint]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for complaint in complaints {
        let unseen = complaint.unseen > 0;
        let since = complaint.since.map(|since| (since, since));
        let known = groups.iter_mut().find(|group| {
            group.code == complaint.code && group.unseen == unseen && group.since.is_some() == since.is_some()
        });
        let subject = Some(complaint.subject.as_str()).filter(|name| !name.is_empty());
        if let Some(group) = known {
            group.since = group
                .since
                .zip(complaint.since)
                .map(|((first, last), since)| (first.min(since), last.max(since)));
            group.subjects.extend(subject);
        } else {
            groups.push(Group {
                code: &complaint.code,
                title: &complaint.title,
                unseen,
                since,
                subjects: subject.into_iter().collect(),
            });
        }
    }
    groups
}

/// The lines of which nothing exists.
pub(crate) fn absent(report: &Report) -> String {
    let codes: Vec<String> = report.absent.iter().map(|code| plain(code)).collect();
    format!(
        "Looked for, and nothing of the kind exists: {}.",
        codes.join(", ")
    )
}

/// The parts that nobody looks at, because the settings say so.
pub(crate) fn not_checked(report: &Report) -> String {
    let parts: Vec<String> = report.not_checked.iter().map(|part| plain(part)).collect();
    format!("Not checked, as the settings say: {}.", parts.join(", "))
}
