//! Every sample event of every function with each field removed, nulled, retyped or made hostile (`cases.md` E04).

use day2_core::testing::mutations;
use day2_core::trigger::{Trigger, classify};
use scale_window::Task;
use serde_json::Value;

use crate::house::{functions, json_files, read_json, root};

/// The samples of one function, by file name.
fn samples(function: &str) -> Vec<(String, Value)> {
    let folder = root().join("events").join(function);
    json_files(&folder)
        .into_iter()
        .map(|name| (name.clone(), read_json(&folder.join(&name)).unwrap()))
        .collect()
}

/// What may become part of a key, a path or a line.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 128
        && !word.contains("..")
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
}

/// What is wrong with what a mutant of a schedule, a call by hand, a self-check or an undo was taken for.
fn objection(original: &Trigger, mutant: &Value, taken_for: &Trigger) -> Option<String> {
    let words = |words: Vec<&String>| -> Option<String> {
        let hostile = words.into_iter().find(|word| !is_plain(word))?;
        Some(format!("lets {hostile:?} through"))
    };
    match taken_for {
        // Refusing is always right: the event is kept and somebody is told why.
        Trigger::Rejected(why) if why.is_empty() => Some("is refused without a reason".to_owned()),
        Trigger::Rejected(_) | Trigger::Ignored(_) => None,
        Trigger::Scheduled(run) => {
            if !matches!(original, Trigger::Scheduled(_)) {
                return Some("becomes a schedule, which nobody set".to_owned());
            }
            words(run.task.iter().chain(&run.target).collect())
        }
        Trigger::Manual(call) => {
            // `{}` asks for the default, whatever it was made from. Beyond that, a schedule never becomes a person.
            // A refused call by hand may become a right one: that is what its refusal asks for.
            if matches!(original, Trigger::Scheduled(_) | Trigger::Revert { .. })
                && *mutant != serde_json::json!({})
            {
                return Some("becomes a call by hand".to_owned());
            }
            let held = match original {
                Trigger::Manual(held) => (&held.mode, &held.approve),
                _ => (&None, &None),
            };
            // Another word in its place names no mode and no plan, and is refused by the function.
            let gained = |now: &Option<String>, before: &Option<String>| now.is_some() && before.is_none();
            if gained(&call.mode, held.0) || gained(&call.approve, held.1) {
                return Some("gains a mode or an approval that the event did not hold".to_owned());
            }
            let named = [&call.mode, &call.approve, &call.finding, &call.containment];
            let named = named.into_iter().flatten();
            words(call.task.iter().chain(&call.targets).chain(named).collect())
        }
        Trigger::SelfCheck if matches!(original, Trigger::SelfCheck) => None,
        Trigger::SelfCheck => Some("becomes a self-check".to_owned()),
        Trigger::Revert { lease } if matches!(original, Trigger::Revert { .. }) => words(vec![lease]),
        Trigger::Revert { .. } => Some("becomes an undo".to_owned()),
        Trigger::Alarm(_) | Trigger::Finding(_) => Some("becomes an alarm or a finding".to_owned()),
    }
}

/// The functions that neither an alarm nor a finding calls. Those that one calls have alarms and findings among their samples, whose
/// mutants the core's own sweep judges (`shared/core/src/trigger/tests/hostile.rs`).
fn called_by_schedule_or_hand() -> Vec<String> {
    let acts = |name: &String| name.starts_with("alarm-") || name.starts_with("finding-");
    let mut names = functions(&root());
    names.retain(|name| !json_files(&root().join("events").join(name)).iter().any(acts));
    names
}

#[test]
fn no_mutant_of_a_sample_is_taken_for_something_that_acts_e04() {
    let mut judged = 0;
    let mut wrong = Vec::new();
    let swept = called_by_schedule_or_hand();
    for check in ["scale-window", "health-check", "backup-verification", "ha-status"] {
        assert!(swept.iter().any(|name| name == check), "{check} is not swept");
    }
    for (name, event) in swept.iter().flat_map(|name| samples(name)) {
        let original = classify(event.to_string().as_bytes());
        for (label, mutant) in mutations(&event) {
            judged += 1;
            let taken_for = classify(mutant.to_string().as_bytes());
            if let Some(why) = objection(&original, &mutant, &taken_for) {
                wrong.push(format!("{name}{label} {why}: {taken_for:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 500, "the sweep must not be empty: {judged}");
}

#[test]
fn no_mutant_names_a_task_of_the_function_that_the_sample_did_not_name_e04() {
    for (name, event) in samples("scale-window") {
        let meant = event.get("task").and_then(Value::as_str);
        for (label, mutant) in mutations(&event) {
            let task = match classify(mutant.to_string().as_bytes()) {
                Trigger::Scheduled(run) => run.task,
                Trigger::Manual(call) => call.task,
                _ => None,
            };
            let known = task.as_deref().filter(|task| Task::named(task).is_some());
            assert!(known.is_none() || known == meant, "{name}{label}: {known:?}");
        }
    }
}

#[test]
fn the_sweep_can_fail() {
    let sample = |text: &str| classify(text.as_bytes());
    let schedule = sample(r#"{"task":"prescale","target":"prod-a","scheduled_at":"2026-06-02T10:30:00Z"}"#);
    let by_hand = sample(r#"{"task":"prescale"}"#);
    let none = Value::Null;
    for (original, taken_for) in [
        (&schedule, &by_hand),
        (&by_hand, &schedule),
        (&by_hand, &Trigger::SelfCheck),
        (&by_hand, &sample(r#"{"task":"revert","lease":"l-1"}"#)),
        (&by_hand, &sample(r#"{"approve":"p-1"}"#)),
        (&by_hand, &Trigger::Rejected(String::new())),
    ] {
        assert!(objection(original, &none, taken_for).is_some(), "{taken_for:?}");
    }
    let mut hostile = schedule.clone();
    if let Trigger::Scheduled(run) = &mut hostile {
        run.target = Some("../../etc".to_owned());
    }
    assert!(objection(&schedule, &none, &hostile).is_some());
    assert!(objection(&schedule, &none, &schedule).is_none());
}
