//! `HLT-235` and `HLT-236`: maintenance that is going to happen by itself, and what happened.

use day2_core::Observed;
use day2_reads::db_events::DbEvent;
use day2_reads::db_maintenance::Maintenance;
use jiff::{SignedDuration, Timestamp};

use super::super::super::line::{Finding, Line};
use super::super::super::{Scene, words};
use crate::facts::database::Database;

/// Most events of one source that are named; the rest is counted.
const NAMED: usize = 5;

/// The moment at which RDS applies it without being asked.
fn applied_by_itself(one: &Maintenance) -> Option<Timestamp> {
    [one.current_apply_at, one.forced_at, one.auto_applied_after]
        .into_iter()
        .flatten()
        .min()
}

/// Maintenance that waits is normal; what surprises is one that starts by itself soon. All of it is told in numbers.
pub(super) fn maintenance(
    database: &Observed<Database>,
    seen: &Observed<Vec<Maintenance>>,
    scene: &Scene<'_>,
) -> Line {
    const CODE: &str = "HLT-235";
    const TITLE: &str = "no maintenance of the database starts by itself soon";
    let (database, all) = match (database, seen) {
        (Ok(database), Ok(all)) => (database, all),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let days = scene.plan.database.maintenance_days;
    let until = scene
        .now
        .saturating_add(SignedDuration::from_hours(i64::from(days) * 24))
        .unwrap_or(scene.now);
    let wrong = all.iter().filter_map(|one| {
        let at = applied_by_itself(one).filter(|at| *at <= until)?;
        let name = one.resource.rsplit(':').next().unwrap_or(&one.resource);
        let when = scene.zone.to_datetime(at).strftime("%F %H:%M").to_string();
        let forced = if one.forced_at.is_some_and(|forced| forced <= until) {
            ", forced"
        } else {
            ""
        };
        let says = format!("{} from {when} on{forced}: {}", one.action, one.description);
        Some(Finding::of(name, says))
    });
    Line::new(CODE, TITLE, database.instances.len())
        .seen(format!("{} waiting", words::count(all.len(), "action")))
        .threshold(
            format!("none is applied by itself within {days} days"),
            "database.maintenance_days",
        )
        .remedy("choose the time: apply it in a window of your own, or defer it where RDS allows that")
        .wrong(wrong)
}

/// Events of the categories that the plan names, by source. A quiet database has none, so that what was asked is counted.
pub(super) fn events(seen: &[(String, Observed<Vec<DbEvent>>)], scene: &Scene<'_>) -> Line {
    let policy = &scene.plan.database;
    let (mut wrong, mut unread, mut all) = (Vec::new(), Vec::new(), 0);
    for (source, events) in seen {
        let events = match events {
            Ok(events) => events,
            Err(why) => {
                unread.push((source.clone(), why.to_string()));
                continue;
            }
        };
        all += events.len();
        let told: Vec<&DbEvent> = events
            .iter()
            .filter(|event| {
                event
                    .categories
                    .iter()
                    .any(|category| policy.event_categories.contains(category))
            })
            .collect();
        if told.is_empty() {
            continue;
        }
        let newest = told
            .iter()
            .rev()
            .take(NAMED)
            .map(|event| format!("{} ago: {}", words::age(event.at, scene.now), event.message));
        let mut says = newest.collect::<Vec<_>>().join(" | ");
        if told.len() > NAMED {
            says = format!("{says} | {} earlier", told.len() - NAMED);
        }
        wrong.push(Finding::of(source, says));
    }
    Line::new(
        "HLT-236",
        "nothing happened to the database",
        seen.len() - unread.len(),
    )
    .seen(format!(
        "{} in the last {} h, of {}",
        words::count(all, "event"),
        policy.event_hours,
        words::count(seen.len() - unread.len(), "source")
    ))
    .threshold(
        format!("no event of: {}", policy.event_categories.join(", ")),
        "database.event_categories, database.event_hours",
    )
    .remedy("see what the application did at that time; a failover closes every connection")
    .wrong(wrong)
    .unread(unread)
}
