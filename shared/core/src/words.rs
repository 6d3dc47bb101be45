//! Sentences that mail and page share, so that both say the same thing in the same words.
//!
//! Numbers and our own words only; text of others is neutralised where it is shown.

pub(crate) mod action;
pub(crate) mod commands;

use std::fmt::Write as _;

use crate::compare::{Changes, Complaint};
use crate::hostile::plain;
use crate::item::Population;
use crate::report::Report;
use crate::verdict::Verdict;

/// What is said of a complaint that this run could not confirm or clear.
pub(crate) const UNSEEN: &str = "could not be looked at again";

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

/// Complaints of one item that stand under one heading.
pub(crate) struct Group<'a> {
    pub(crate) code: &'a str,
    pub(crate) title: &'a str,
    pub(crate) unseen: bool,
    /// Without the empty name of a complaint about the item as a whole.
    pub(crate) subjects: Vec<&'a str>,
}

/// Complaints grouped by item, in the order of their first mention.
pub(crate) fn groups(complaints: &[Complaint]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for complaint in complaints {
        let unseen = complaint.unseen > 0;
        let known = groups
            .iter_mut()
            .find(|group| group.code == complaint.code && group.unseen == unseen);
        let subject = Some(complaint.subject.as_str()).filter(|name| !name.is_empty());
        if let Some(group) = known {
            group.subjects.extend(subject);
        } else {
            groups.push(Group {
                code: &complaint.code,
                title: &complaint.title,
                unseen,
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
