//! How long ago each schedule was last heard of, for the dashboard. No opinion: what is late is [`super::assess`]'s to say.

use day2_core::emf::{Figure, Unit};
use jiff::Timestamp;

use crate::facts::Facts;
use crate::settings::WatchdogSettings;

/// `HeartbeatAgeSeconds` of each schedule: the age of its last report, by schedule or by hand. One that never reported, or could
/// not be read, has no age, and therefore no figure: a 0 would say that it has just reported.
#[must_use]
pub fn ages(facts: &Facts, settings: &WatchdogSettings, now: Timestamp) -> Vec<Figure> {
    let watched = settings.watched();
    let known = watched.iter().zip(&facts.signs);
    known
        .filter_map(|(schedule, signs)| {
            let signs = signs.as_ref().ok()?;
            let last = signs
                .last
                .iter()
                .chain(&signs.by_hand)
                .map(|beat| beat.at)
                .max()?;
            Some(Figure {
                name: "HeartbeatAgeSeconds",
                unit: Unit::Seconds,
                // A report may be younger than this run, which has had its time since it began.
                value: u64::try_from(now.duration_since(last).as_secs()).unwrap_or(0),
                function: schedule.function.to_owned(),
                target: schedule.target.to_owned(),
                task: schedule.task.to_owned(),
            })
        })
        .collect()
}
