//! Command lines that a report offers for copying: run it again, approve the plan, take a change back.
//!
//! Each works with AWS CLI v1 and v2: the payload is read as a file, and nothing waits for a read time-out. Each is
//! split into lines that fit a mail.

use std::fmt::Write as _;

use crate::links::Rendering;
use crate::report::Report;

/// Task of every action that takes one change back; it names a lease instead of a target.
const REVERT: &str = "revert";

/// Runs the same task on the same target again. `None` for a change that was taken back when no lease is on record:
/// there is no other way to ask for that again.
pub(crate) fn run_again(report: &Report, rendering: &Rendering) -> Option<[String; 3]> {
    let run = &report.run;
    if run.task == REVERT {
        let mut results = report.action.iter().flat_map(|action| &action.results);
        let lease = results.find_map(|result| result.lease.as_deref())?;
        return Some(revert(lease, rendering));
    }
    let (task, target) = (json_string(&run.task), json_string(&run.target));
    Some(invoke(
        &format!("{{\"task\":{task},\"targets\":[{target}]}}"),
        rendering,
    ))
}

/// Approves the plan of `report`; `None` when it waits for nobody.
pub(crate) fn approve(report: &Report, rendering: &Rendering) -> Option<[String; 3]> {
    let action = report.action.as_ref()?;
    action.approve_until?;
    let plan = json_string(action.plan_id.as_ref()?.as_str());
    let target = json_string(&report.run.target);
    Some(invoke(
        &format!("{{\"targets\":[{target}],\"approve\":{plan}}}"),
        rendering,
    ))
}

/// Takes the change of this lease back now.
pub(crate) fn revert(lease: &str, rendering: &Rendering) -> [String; 3] {
    let payload = format!("{{\"task\":\"{REVERT}\",\"lease\":{}}}", json_string(lease));
    invoke(&payload, rendering)
}

fn invoke(payload: &str, rendering: &Rendering) -> [String; 3] {
    [
        format!("echo '{payload}' | aws lambda invoke \\"),
        format!(
            "  --function-name {} --region {} \\",
            quoted(&rendering.lambda),
            quoted(&rendering.lambda_region)
        ),
        "  --cli-read-timeout 0 --payload fileb:///dev/stdin /dev/stdout".to_owned(),
    ]
}

/// A JSON string in which everything but letters, digits, `-`, `_` and space is a `\u` escape: exact for JSON, and
/// without meaning for a shell, a mail client or an eye.
fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    let mut units = [0; 2];
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | ' ') {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('"');
    out
}

/// One word of a POSIX shell; anything unprintable is shown, not passed on.
fn quoted(word: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if !word.is_empty() && word.chars().all(is_safe) {
        return word.to_owned();
    }
    let printable: String = word
        .chars()
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
        .collect();
    format!("'{}'", printable.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
