//! `WDG-801` and `WDG-802`: whether the watchdog could work, asked by a self-check.

use day2_core::calendar::Calendar;
use day2_core::{Item, Verdict};

use super::{count, population};
use crate::schedule::parse;
use crate::settings::WatchdogSettings;

/// Whether it can tell of each schedule when it is due.
pub(crate) fn reads_every_schedule(settings: &WatchdogSettings) -> Item {
    let watched = settings.watched();
    let wrong: Vec<(String, String)> = watched
        .iter()
        .filter_map(|one| {
            Some((
                one.name(),
                format!("{} {}", one.expression, parse(one.expression).err()?),
            ))
        })
        .collect();
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Item::judge(
        "WDG-801",
        "the watchdog understands every schedule",
        verdict,
        population(watched.len(), 1),
        format!(
            "{} watched, {} not understood",
            count(watched.len(), "schedule"),
            wrong.len()
        ),
    )
    .remedy("write the expression otherwise, or name the schedule in not_watched and watch it by other means")
    .subjects(wrong)
}

/// A report that is missing on a Friday is still missing on Saturday.
pub(crate) fn looks_every_day(calendar: &Calendar) -> Item {
    calendar.rests_on_no_day("WDG-802", "watchdog")
}
