//! The sample events of `events/`, classified: kind and key of each, for the benchmark and for the gate.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use day2_core::trigger::{Trigger, classify};
use serde_json::{Value, json};

/// The events of all folders, without those that are broken on purpose: those test refusals, which no other code refuses
/// with the same care.
///
/// # Errors
///
/// When a folder cannot be read, or there are none.
pub fn samples(events: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for folder in std::fs::read_dir(events).with_context(|| format!("cannot read {}", events.display()))? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder)? {
            let path = file?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.starts_with("malformed") || path.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let folder = folder.file_name().unwrap_or_default().to_string_lossy();
            all.push((format!("{folder}/{name}"), std::fs::read(&path)?));
        }
    }
    ensure!(!all.is_empty(), "no events in {}", events.display());
    all.sort();
    Ok(all)
}

/// Kind of an event and what tells its occasion from others; no key for what is done anew at every call.
#[must_use]
pub fn decide(event: &[u8]) -> (&'static str, Option<String>) {
    match classify(event) {
        Trigger::Alarm(alarm) => ("alarm", Some(alarm.dedup_key())),
        Trigger::Finding(finding) => ("finding", Some(finding.dedup_key())),
        Trigger::Scheduled(scheduled) => {
            let at = scheduled.scheduled_at.map(day2_core::moment::canonical);
            let (task, target) = (
                scheduled.task.unwrap_or_default(),
                scheduled.target.unwrap_or_default(),
            );
            ("scheduled", at.map(|at| format!("{task}/{target}@{at}")))
        }
        Trigger::Manual(_) => ("manual", None),
        Trigger::SelfCheck => ("self-check", None),
        Trigger::Revert { lease } => ("revert", Some(lease)),
        Trigger::Ignored(_) => ("ignored", None),
        Trigger::Rejected(_) => ("rejected", None),
    }
}

/// What was decided about each event, as JSON: `[["shapes/alarm-sns.json", "alarm", "arn…@2026-…"], …]`.
#[must_use]
pub fn decisions(events: &[(String, Vec<u8>)]) -> Value {
    let one = |(name, event): &(String, Vec<u8>)| {
        let (kind, key) = decide(event);
        json!([name, kind, key])
    };
    Value::Array(events.iter().map(one).collect())
}
