//! `DOC-001` to `DOC-003`: the functions answer, find themselves able to work, and are what was deployed.

use day2_core::{Item, Verdict};

use super::Tally;
use crate::facts::{Answer, Configuration, Facts, Line};
use crate::settings::{DoctorSettings, Function};

const ANSWER: (&str, &str) = ("DOC-001", "every function answers its self-check");
const ABLE: (&str, &str) = ("DOC-002", "every function finds itself able to work");
const AS_DEPLOYED: (&str, &str) = ("DOC-003", "every function is what was deployed");

const APPLY: &str = "run terraform apply for this deployment again";

pub(super) fn answer(facts: &Facts) -> Item {
    let mut tally = Tally::default();
    for (name, answer) in &facts.answers {
        match answer {
            Ok(Answer::Proof(_)) => tally.good(),
            Ok(Answer::Failed(says)) => tally.bad(
                name,
                format!("ended in an error: {says}"),
                "do what the error says; settings come from terraform apply, and its log has the rest",
            ),
            Err(why) => tally.unread(name, why, "there is no such function", APPLY),
        }
    }
    tally.item(
        ANSWER,
        "functions",
        "mend each function as its line says; one that gave no answer in time may need a longer answer_seconds",
    )
}

pub(super) fn able(facts: &Facts, settings: &DoctorSettings) -> Item {
    let mut tally = Tally::default();
    for (function, answer) in &facts.answers {
        let Ok(Answer::Proof(lines)) = answer else {
            // DOC-001 tells.
            continue;
        };
        for line in lines.iter().filter(|line| counts(settings, function, line)) {
            let item = &line.item;
            let name = match &line.target {
                Some(target) => format!("{function} {} {target}", item.code),
                None => format!("{function} {}", item.code),
            };
            let seen = format!("{}: {}", item.title, with_subjects(item));
            let fix = item.remedy.as_deref().unwrap_or("see the page of the function");
            match item.verdict() {
                Verdict::Pass => tally.good(),
                Verdict::Fail => tally.bad(name, seen, fix),
                Verdict::Unknown => tally.unknown(name, format!("{seen}; fix: {fix}")),
            }
        }
    }
    tally.item(
        ABLE,
        "lines of self-checks",
        "mend what each line names; a line that cannot be otherwise for now goes into not_checked, with the reason",
    )
}

/// Whether a line is not left out on purpose.
fn counts(settings: &DoctorSettings, function: &str, line: &Line) -> bool {
    let short = format!("{function}/{}", line.item.code);
    let long = line.target.as_ref().map(|target| format!("{short}/{target}"));
    !settings.not_checked.contains_key(&short)
        && long.is_none_or(|long| !settings.not_checked.contains_key(&long))
}

/// Names of at most three things, because a line is one of many.
fn with_subjects(item: &Item) -> String {
    let names: Vec<&str> = item
        .subjects
        .iter()
        .take(3)
        .map(|one| one.name.as_str())
        .collect();
    match (names.is_empty(), item.subjects.len().saturating_sub(names.len())) {
        (true, _) => item.seen.clone(),
        (false, 0) => format!("{} ({})", item.seen, names.join(", ")),
        (false, more) => format!("{} ({} and {more} more)", item.seen, names.join(", ")),
    }
}

pub(super) fn as_deployed(facts: &Facts, settings: &DoctorSettings) -> Item {
    let mut tally = Tally::default();
    for (name, seen) in &facts.configurations {
        let Some(function) = settings.functions.get(name) else {
            continue;
        };
        match seen {
            Err(why) => tally.unread(name, why, "there is no such function", APPLY),
            Ok(seen) => {
                let (wrong, not_known) = differences(function, seen);
                if !wrong.is_empty() {
                    tally.bad(name, wrong.join(", "), APPLY);
                } else if !not_known.is_empty() {
                    tally.unknown(name, not_known.join(", "));
                } else {
                    tally.good();
                }
            }
        }
    }
    tally.item(
        AS_DEPLOYED,
        "functions",
        "somebody changed a function beside Terraform, or an apply stopped half-way: see its plan, and apply it",
    )
}

/// What is not as deployed, and what is not known.
fn differences(function: &Function, seen: &Configuration) -> (Vec<String>, Vec<&'static str>) {
    let (mut wrong, mut not_known) = (Vec::new(), Vec::new());
    match seen.code_sha256.as_deref() {
        None => not_known.push("Lambda does not tell its code"),
        Some(code) if code != function.code_sha256 => wrong.push("runs another package".to_owned()),
        Some(_) => {}
    }
    if let Some(expected) = &function.settings_sha256
        && seen.settings_sha256.as_deref() != Some(expected.as_str())
    {
        wrong.push("has other settings".to_owned());
    }
    match seen.role_arn.as_deref() {
        None => not_known.push("Lambda does not tell its role"),
        Some(role) if role != function.role_arn.as_str() => wrong.push(format!("runs with the role {role}")),
        Some(_) => {}
    }
    // `Inactive` is a function that was not called for weeks: it is made ready when it is called.
    // Source: AWS Lambda Developer Guide, "Lambda function states".
    let (state, update) = (seen.state.as_deref(), seen.last_update.as_deref());
    match (state, update) {
        (None, _) | (_, None) => not_known.push("Lambda does not tell its state"),
        (Some("Active" | "Inactive"), Some("Successful")) => {}
        (Some(state), Some(update)) if state.starts_with("Pending") || update.starts_with("InProgress") => {
            not_known.push("it is being updated: examine again in a minute");
        }
        (Some("Active" | "Inactive"), Some(update)) => wrong.push(format!("its last update is {update}")),
        (Some(state), Some(_)) => wrong.push(format!("its state is {state}")),
    }
    (wrong, not_known)
}
