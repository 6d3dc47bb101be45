//! Calls by hand: `{}`, tasks, self-check and revert.

use serde::Serialize;
use serde_json::Value;

use super::Trigger;
use super::reading::kind;
use crate::settings::mistakes::one_of;
use crate::shown;

/// A call by hand. Every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Manual {
    /// The task; `None` is the function's default.
    pub task: Option<String>,
    /// Names of targets in settings; empty is all of them.
    pub targets: Vec<String>,
    /// A mode at most as far-reaching as the deployed one.
    pub mode: Option<String>,
    /// Id of the plan that is approved.
    pub approve: Option<String>,
    /// Id of the `GuardDuty` finding that is meant, for `threat-containment`.
    pub finding: Option<String>,
    /// Id of the containment that is meant, for `threat-release`.
    pub containment: Option<String>,
}

impl Manual {
    /// Refuses a call that names a finding or a containment, for a function that knows neither.
    ///
    /// # Errors
    ///
    /// In words, with the function that does.
    pub fn names_nothing_else(&self, function: &str) -> Result<(), String> {
        let named = [
            ("finding", self.finding.is_some(), "threat-containment"),
            ("containment", self.containment.is_some(), "threat-release"),
        ];
        named
            .into_iter()
            .find(|(_, there, _)| *there)
            .map_or(Ok(()), |(field, _, knows)| {
                Err(format!("{function} takes no `{field}`; {knows} does"))
            })
    }
}

pub(super) const ACCEPTED: [&str; 6] = ["task", "targets", "mode", "approve", "finding", "containment"];

/// Most targets that one call may name.
pub(super) const MOST_TARGETS: usize = 1_000;

/// Longest word in bytes: task, target, mode, plan id, lease.
pub(super) const LONGEST: usize = 128;

pub(super) fn own(event: &Value) -> Trigger {
    read(event).unwrap_or_else(Trigger::Rejected)
}

fn read(event: &Value) -> Result<Trigger, String> {
    let task = word(event, "task")?;
    match task.as_deref() {
        Some("self-check") => {
            only(event, &["task"], "a self-check")?;
            return Ok(Trigger::SelfCheck);
        }
        Some("revert") => {
            only(event, &["task", "lease"], "a revert")?;
            let lease = word(event, "lease")?.ok_or(
                "`lease` is missing; send {\"task\":\"revert\",\"lease\":\"…\"} with the id from the report",
            )?;
            return Ok(Trigger::Revert { lease });
        }
        _ => only(event, &ACCEPTED, "a call by hand")?,
    }
    Ok(Trigger::Manual(Manual {
        task,
        targets: targets(event)?,
        mode: word(event, "mode")?,
        approve: word(event, "approve")?,
        finding: word(event, "finding")?,
        containment: word(event, "containment")?,
    }))
}

fn targets(event: &Value) -> Result<Vec<String>, String> {
    let list = match event.get("targets") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => {
            return Err(format!(
                "`targets` is {}; send a list, for example [\"prod-a\"]",
                kind(other)
            ));
        }
    };
    if list.len() > MOST_TARGETS {
        return Err(format!(
            "`targets` names {}, more than {MOST_TARGETS}; leave it out for all targets",
            list.len()
        ));
    }
    list.iter()
        .map(|target| match target {
            Value::String(text) => checked(text, "targets").map(str::to_owned),
            other => Err(format!(
                "`targets` holds {}; send names, for example [\"prod-a\"]",
                kind(other)
            )),
        })
        .collect()
}

/// Refuses fields that nothing reads: a misspelt `targets` would mean all of them.
pub(super) fn only(event: &Value, accepted: &[&str], what: &str) -> Result<(), String> {
    let fields = event.as_object().into_iter().flat_map(serde_json::Map::keys);
    let unknown: Vec<&String> = fields
        .filter(|field| !accepted.contains(&field.as_str()))
        .collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let hint = match first.as_str() {
        "target" => "a call by hand takes `targets`, a list; ".to_owned(),
        "targets" if accepted.contains(&"target") => "a schedule takes `target`, one name; ".to_owned(),
        _ => String::new(),
    };
    let names: Vec<String> = unknown.iter().take(5).map(|field| shown::quoted(field)).collect();
    let more = unknown.len().saturating_sub(5);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Err(format!(
        "{what} has no field {}{more}; {hint}{}",
        names.join(", "),
        one_of(first, accepted)
    ))
}

/// An optional word: null and empty count as absent.
pub(super) fn word(event: &Value, field: &str) -> Result<Option<String>, String> {
    match event.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => checked(text, field).map(|text| Some(text.to_owned())),
        Some(other) => Err(format!("`{field}` is {}; send a text", kind(other))),
    }
}

/// Words become parts of keys, paths and log lines: letters, digits and `-_.:` only.
fn checked<'t>(text: &'t str, field: &str) -> Result<&'t str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let fits = !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain) && !text.contains("..");
    fits.then_some(text).ok_or_else(|| {
        let seen = shown::quoted(text);
        format!("`{field}` {seen} is no name; send at most {LONGEST} letters, digits, -, _, . and :")
    })
}
