//! `DOC-041`: every schedule fires when and what it was made for.

use day2_core::settings::Zone;

use super::{IfAny, Tally};
use crate::facts::{Facts, Schedule, Scheduled};
use crate::settings::DoctorSettings;

const FIRE: (&str, &str) = ("DOC-041", "every schedule is as it was made");

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
                "{}, in {}, with the expression and the function of the deployment",
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
    let function = settings.functions.get(&which.function);
    let expression = function.and_then(|function| function.schedules.get(&which.name));
    if expression.is_some_and(|expected| *expected != seen.expression) {
        wrong.push(format!("it fires at {}", seen.expression));
    }
    if function.is_some_and(|function| function.arn.as_str() != seen.target_arn) {
        wrong.push(format!("it calls {}", seen.target_arn));
    }
    wrong
}
