//! `DOC-041`: every schedule fires when and what it was made for.

use day2_core::hostile::plain_within;
use day2_core::settings::Zone;
use day2_core::trigger::PLACEHOLDER;

use super::rules::same;
use super::{IfAny, Tally};
use crate::facts::{Facts, Schedule, Scheduled};
use crate::settings::{DoctorSettings, Function};

const FIRE: (&str, &str) = ("DOC-041", "every schedule is as it was made");

/// Most characters of an input that is told: more than any of Day2.
const MAX_INPUT: usize = 200;

pub(super) fn fire(facts: &Facts, settings: &DoctorSettings, zone: &Zone) -> IfAny {
    const APPLY: &str = "run terraform apply, which puts the schedule back";
    let mut tally = Tally::default();
    for (which, seen) in &facts.schedules {
        match seen {
            Err(why) => tally.unread(which.path(), why, "there is no such schedule", APPLY),
            Ok(schedule) => {
                let wrong = wrong(which, schedule, settings, zone);
                if wrong.is_empty() {
                    tally.good();
                } else {
                    tally.bad(which.path(), wrong.join(", "), APPLY);
                }
            }
        }
    }
    let remedy = "somebody changed the schedule beside Terraform: see its plan, and apply it";
    let (code, item) = tally.item_if_any(FIRE, "schedules", remedy);
    let item = item.map(|item| {
        item.threshold(
            format!(
                "{}, in {}, with the expression, function, input and role of the deployment, and no start or end",
                state(settings),
                zone.name()
            ),
            "schedules_enabled, zone and schedules of the deployment",
        )
    });
    (code, item)
}

const fn state(settings: &DoctorSettings) -> &'static str {
    if settings.schedules_enabled {
        "ENABLED"
    } else {
        "DISABLED"
    }
}

fn wrong(which: &Scheduled, seen: &Schedule, settings: &DoctorSettings, zone: &Zone) -> Vec<String> {
    let mut wrong = Vec::new();
    if seen.state != state(settings) {
        wrong.push(format!("it is {}", seen.state));
    }
    if seen.zone != zone.name() {
        wrong.push(format!("its zone is {}, not {}", seen.zone, zone.name()));
    }
    if let Some(function) = settings.functions.get(&which.function) {
        wrong.extend(of_function(which, seen, function));
    }
    // Terraform makes none with a start or an end (`infra/modules/ops-function/schedules.tf`).
    if let Some(starts) = &seen.starts {
        wrong.push(format!("it fires only from {starts}"));
    }
    if let Some(ends) = &seen.ends {
        wrong.push(format!("it fires only until {ends}"));
    }
    wrong
}

/// What is not as it was made for the function.
fn of_function(which: &Scheduled, seen: &Schedule, function: &Function) -> Vec<String> {
    let mut wrong = Vec::new();
    let made = function.schedules.get(&which.name);
    if made.is_some_and(|made| *made != seen.expression) {
        wrong.push(format!("it fires at {}", seen.expression));
    }
    if function.arn.as_str() != seen.target_arn {
        wrong.push(format!("it calls {}", seen.target_arn));
    }
    if let Some(made) = function.inputs.get(&which.name) {
        wrong.extend(of_input(seen.input.as_deref(), made));
    }
    let role = function
        .scheduler
        .as_ref()
        .map(|scheduler| scheduler.role_arn.as_str());
    if role.is_some_and(|role| role != seen.role_arn) {
        wrong.push(format!("its role is {}", seen.role_arn));
    }
    wrong
}

/// What is wrong with the input.
fn of_input(seen: Option<&str>, made: &str) -> Option<String> {
    let Some(seen) = seen else {
        return Some("it gives the function no input".to_owned());
    };
    if !same(seen, made) {
        return Some(format!("its input is {}", plain_within(seen, MAX_INPUT)));
    }
    // The same JSON, but Scheduler looks for the attribute in the text (`infra/modules/ops-function/schedules.tf`).
    (seen.contains(PLACEHOLDER) != made.contains(PLACEHOLDER)).then(|| {
        format!("its input has {PLACEHOLDER} in other characters than it was made with, and Scheduler replaces only these")
    })
}
