//! How many changes are in force, for the dashboard.

use day2_core::emf::{Figure, Unit};
use jiff::Timestamp;

use super::due::late;
use crate::facts::Facts;
use crate::settings::Sweep;

/// `LeasesInForce` and `LeasesOverdue` of one target, after what was due has been asked for. Nothing where the journal did not say:
/// a 0 would say that nothing is in force.
#[must_use]
pub fn figures(
    facts: &Facts,
    sweep: &Sweep,
    now: Timestamp,
    (function, target, task): (&str, &str, &str),
) -> Vec<Figure> {
    let Ok(after) = &facts.after else {
        return Vec::new();
    };
    let overdue = late(after, sweep, now).count();
    [("LeasesInForce", after.len()), ("LeasesOverdue", overdue)]
        .map(|(name, number)| Figure {
            name,
            unit: Unit::Count,
            value: u64::try_from(number).unwrap_or(u64::MAX),
            function: function.to_owned(),
            target: target.to_owned(),
            task: task.to_owned(),
        })
        .into()
}
