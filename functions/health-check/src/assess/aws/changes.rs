//! `HLT-261`: whether it is known what AWS changed lately. The changes themselves stand among all others in `HLT-191`; what
//! could not be read stands here by itself, also when something lies near what is broken.

use super::super::line::Line;
use super::super::words;
use crate::facts::aws_changes::AwsChanges;

/// A change is not wrong by itself, so that the line passes when all sources were read; none where the plan leaves every
/// source out.
pub(super) fn line(seen: &AwsChanges) -> Option<Line> {
    if seen.sources.is_empty() {
        return None;
    }
    let (mut unread, mut read, mut changes) = (Vec::new(), 0, 0);
    for source in &seen.sources {
        match &source.changes {
            Ok(all) => {
                read += 1;
                changes += all.len();
            }
            Err(why) => unread.push((source.name.clone(), why.to_string())),
        }
    }
    Some(
        Line::new("HLT-261", "what AWS changed lately is known", read)
            .seen(format!(
                "{} in {}; HLT-191 ranks them",
                words::count(changes, "change"),
                words::count(read, "source")
            ))
            .threshold(
                "scaling activities, updates of EKS and events of the database were read",
                "task triage",
            )
            .remedy("grant what could not be read, or look there by hand")
            .unread(unread),
    )
}
