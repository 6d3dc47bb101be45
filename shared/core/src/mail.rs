//! The report as a mail: a subject that decides whether to get up, and a text to act on from a phone.
//!
//! Plain text, because the topic mails plain text. Lines are short enough for a terminal; nothing depends on a
//! fixed-width font but the table at the end.

mod action;
mod attributes;
mod body;
mod text;

pub use attributes::{Attribute, EVERYBODY, NOBODY};

use crate::action::ActionRecord;
use crate::hostile;
use crate::links::Rendering;
use crate::report::Report;
use crate::words;

/// Longest subject, in characters. SNS demands fewer than 100, ASCII, without line ends. Source: Amazon SNS API
/// Reference, Publish, `Subject`.
pub const MAX_SUBJECT_CHARS: usize = 99;

/// Longest body in bytes of UTF-8, together with the attributes. Sources: Amazon SNS API Reference, Publish, `Message`, and
/// `MessageAttributeValue`.
pub const MAX_BODY_BYTES: usize = 262_144;

/// Characters of the names that even the longest outcome leaves in a subject: which platform must be seen.
const MIN_NAME_CHARS: usize = 16;

/// A mail ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// At most [`MAX_SUBJECT_CHARS`] printable ASCII characters.
    pub subject: String,
    /// At most [`MAX_BODY_BYTES`] bytes, less those of the attributes.
    pub body: String,
    /// What subscriptions can filter by.
    pub attributes: Vec<Attribute>,
}

/// The mail of `report`, which is or should be stored where `rendering` says.
#[must_use]
pub fn write(report: &Report, rendering: &Rendering) -> Mail {
    let attributes = attributes::of(report);
    let taken: usize = attributes.iter().map(Attribute::bytes).sum();
    let max_bytes = MAX_BODY_BYTES.saturating_sub(taken);
    Mail {
        subject: subject(report),
        body: within(body::write(report, rendering), max_bytes, rendering),
        attributes,
    }
}

/// Of a check `[day2] FAIL scale-window postscale prod-a: 2 of 11 checks failed, 1 unknown`, of an action
/// `[day2] APPLIED provisioning-latency prod-a: 10 more nodes in workspace, verified`.
///
/// When it gets too long, the names are shortened first, then what an action says; verdict, outcome and effect never.
#[must_use]
pub fn subject(report: &Report) -> String {
    let run = &report.run;
    if let Some(record) = &report.action {
        return subject_of_action(report, record);
    }
    let start = format!("[day2] {} ", report.status);
    let end = format!(": {}", words::verdict_sentence(report));
    let room = MAX_SUBJECT_CHARS.saturating_sub(start.len() + end.len());
    let names = [
        format!("{} {} {}", run.function, run.task, run.target),
        format!("{} {}", run.function, run.target),
    ];
    format!("{start}{}{end}", fitting(&names, &run.target, room))
}

fn subject_of_action(report: &Report, record: &ActionRecord) -> String {
    let run = &report.run;
    let start = format!("[day2] {} ", record.outcome.shout());
    let end = words::action::effect(record).map_or_else(String::new, |effect| format!(", {effect}"));
    let room = MAX_SUBJECT_CHARS.saturating_sub(start.len() + end.len() + 2);
    let says = hostile::ascii(&record.says, usize::MAX);
    let for_names = room.saturating_sub(says.len()).max(MIN_NAME_CHARS);
    let names = fitting(
        &[format!("{} {}", run.function, run.target)],
        &run.target,
        for_names,
    );
    let says = hostile::ascii(&record.says, room.saturating_sub(names.len()));
    format!("{start}{names}: {says}{end}")
}

/// The first of `names` that fits into `room` characters, or the target alone, cut.
fn fitting(names: &[String], target: &str, room: usize) -> String {
    let mut names = names.iter().map(|names| hostile::ascii(names, usize::MAX));
    let found = names.find(|names| names.len() <= room);
    found.unwrap_or_else(|| hostile::ascii(target, room))
}

/// `body`, or as much of it as fits into `max_bytes` together with the place of the whole (`cases.md` W19).
fn within(mut body: String, max_bytes: usize, rendering: &Rendering) -> String {
    if body.len() <= max_bytes {
        return body;
    }
    let place = match &rendering.not_stored {
        None => format!("full report at {}", rendering.place.page_uri()),
        Some(_) => "the full report could not be stored".to_owned(),
    };
    let notice = format!("\n\n[truncated, {place}]\n");
    body.truncate(body.floor_char_boundary(max_bytes.saturating_sub(notice.len())));
    body.push_str(&notice);
    body
}

#[cfg(test)]
mod tests;
