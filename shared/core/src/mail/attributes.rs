//! What the subscriptions of the topic can filter by: of what a mail is, how it went, and whom it concerns. Who filters by
//! what is said at the subscription.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::report::Report;
use crate::verdict::Verdict;

/// Stands among the owners for what has none. A filter for messages without `owners` would miss it beside a line that
/// has one.
pub const NOBODY: &str = "(nobody)";

/// Stands among the owners when not all of them are named, so that whoever is left out can still be told.
pub const EVERYBODY: &str = "(everybody)";

/// Most bytes of named owners, a sixteenth of a message. The settings name few; a label of namespaces can give each of them a
/// team of its own, of up to 63 characters (source: Kubernetes documentation, "Labels and Selectors"). 248 such names fit.
const MAX_OWNERS_BYTES: usize = 16_384;

/// An attribute of the message. SNS refuses an empty value, and a queue with raw delivery loses a message with more than ten
/// attributes. Source: Amazon SNS Developer Guide, "Amazon SNS message attributes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in filter policies.
    pub name: &'static str,
    /// `String`, or `String.Array`, whose value is a JSON array.
    pub data_type: &'static str,
    /// What filter policies are compared with, to the letter: not neutralised as text for people is.
    pub value: String,
}

impl Attribute {
    fn text(name: &'static str, value: &str) -> Self {
        Self {
            name,
            data_type: "String",
            value: value.to_owned(),
        }
    }

    /// Bytes that it takes of the message. Source: Amazon SNS API Reference, `MessageAttributeValue`.
    pub(super) fn bytes(&self) -> usize {
        self.name.len() + self.data_type.len() + self.value.len()
    }
}

/// The attributes of the mail of `report`. They follow from it alone, so one that is read back and mailed again has the same.
pub(super) fn of(report: &Report) -> Vec<Attribute> {
    let run = &report.run;
    let mut attributes = vec![
        Attribute::text("function", &run.function),
        Attribute::text("target", &run.target),
        Attribute::text("status", report.status.word()),
    ];
    let outcome = report.action.as_ref().map(|record| record.outcome.word());
    attributes.extend(outcome.map(|outcome| Attribute::text("outcome", outcome)));
    attributes.extend(owners(report).map(|value| Attribute {
        name: "owners",
        data_type: "String.Array",
        value,
    }));
    attributes
}

/// The owners of all lines that are not PASS and of all that is resolved, as a JSON array; `None` of a PASS with nothing to tell.
fn owners(report: &Report) -> Option<String> {
    let complaints = report.items.iter().filter(|item| item.verdict() != Verdict::Pass);
    let resolved = report.changes.resolved.iter().map(|complaint| &complaint.owner);
    // A label may be there and empty: that names no team either.
    let mut owners: BTreeSet<&str> = complaints
        .map(|item| &item.owner)
        .chain(resolved)
        .map(|owner| owner.as_deref().unwrap_or_default())
        .collect();
    if owners.is_empty() && report.status == Verdict::Pass {
        return None;
    }
    // A report may come without its lines: nothing ran, or it was too large to be remembered whole.
    let nobody = owners.remove("") || owners.is_empty();
    let all = owners.len();
    let mut room = MAX_OWNERS_BYTES;
    owners.retain(|owner| {
        // In its quotes, with a comma behind it.
        let left = room.checked_sub(Value::from(*owner).to_string().len() + 1);
        room = left.unwrap_or(room);
        left.is_some()
    });
    let left_out = owners.len() < all || report.changes.resolved_unlisted > 0;
    if nobody {
        owners.insert(NOBODY);
    }
    if left_out {
        owners.insert(EVERYBODY);
    }
    Some(owners.into_iter().collect::<Value>().to_string())
}
