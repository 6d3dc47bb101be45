//! `HLT-261`: what AWS changed lately, newest first and failures before them. It judges nothing; `HLT-191` ranks these changes
//! among all others.

use super::super::line::Line;
use super::super::{Scene, changes, words};
use crate::facts::aws_changes::{AwsChanges, Change};

/// Most changes that are named; the rest is counted.
const NAMED: usize = 30;

/// The same for the ranking among all changes: they lie below every workload.
pub(super) fn below(seen: &AwsChanges) -> Vec<changes::Change> {
    let all = seen
        .sources
        .iter()
        .filter_map(|source| source.changes.as_ref().ok());
    all.flatten()
        .map(|change| changes::Change {
            at: change.at,
            namespace: None,
            name: change.what.clone(),
            what: change.says.clone(),
        })
        .collect()
}

/// Lists changes as context. A change is not wrong by itself, so that the line passes when all sources were read, and the
/// changes stand in its words.
pub(super) fn line(seen: &AwsChanges, scene: &Scene<'_>) -> Line {
    let mut unread = Vec::new();
    let mut changes: Vec<&Change> = Vec::new();
    for source in &seen.sources {
        match &source.changes {
            Ok(all) => changes.extend(all),
            Err(why) => unread.push((source.name.clone(), why.to_string())),
        }
    }
    changes.sort_by(|a, b| b.failed.cmp(&a.failed).then(b.at.cmp(&a.at)));
    let told: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(|change| {
            let mark = if change.failed { "FAILED " } else { "" };
            let age = words::age(change.at, scene.now);
            format!("{mark}{}, {age} ago: {}", change.what, change.says)
        })
        .collect();
    let more = changes.len().saturating_sub(NAMED);
    let mut says = words::count(changes.len(), "change");
    if !told.is_empty() {
        says = format!("{says}: {}", told.join(" | "));
    }
    if more > 0 {
        says = format!("{says} | {more} more");
    }
    Line::new(
        "HLT-261",
        "what AWS changed lately is known",
        seen.sources.len() - unread.len(),
    )
    .seen(says)
    .threshold(
        "scaling activities, updates of EKS and events of the database were read",
        "task triage",
    )
    .remedy("grant what could not be read, or look there by hand")
    .unread(unread)
}
