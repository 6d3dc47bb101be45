//! `SCW-013`: today's scheduled actions exist and fire at the planned local time.

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use day2_core::Item;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::scene::PlannedGroup;
use super::{count, population, worse_of};
use crate::settings::ActionPlan;
use day2_reads::scheduled_actions::ScheduledAction;

/// Each planned action exists for today, at the planned local time, with the planned capacity.
///
/// A recurrence is evaluated in the action's own zone; AWS takes UTC where none is set (API `ScheduledUpdateGroupAction`),
/// which moves the action by an hour at each change of daylight saving time.
pub(crate) fn actions(
    plans: &[ActionPlan],
    groups: &[PlannedGroup<'_>],
    zone: &TimeZone,
    now: Timestamp,
) -> Item {
    let (mut wrong, mut unread, mut examined) = (Vec::new(), Vec::new(), 0);
    let today = now.to_zoned(zone.clone()).date();
    for plan in plans {
        let label = format!("{} at {}", plan.node_group, plan.at);
        let group = groups
            .iter()
            .find(|group| group.plan.node_group == plan.node_group);
        let seen = match group.map(|group| group.actions) {
            Some(Ok(seen)) => seen,
            Some(Err(why)) => {
                unread.push((label, why.to_string()));
                continue;
            }
            // The settings' validation refuses an unknown group; nothing to read means nothing was seen.
            None => {
                unread.push((label, "its node group is not in the plan".to_owned()));
                continue;
            }
        };
        examined += 1;
        let Ok(due) = today.to_datetime(plan.at.time()).to_zoned(zone.clone()) else {
            unread.push((label, "the planned time does not exist today".to_owned()));
            continue;
        };
        if let Some(says) = complaint(plan, seen, &due, now) {
            wrong.push((label, says));
        }
    }
    let expected = u64::try_from(plans.len()).unwrap_or(u64::MAX);
    let good = examined - wrong.len().min(examined);
    Item::judge(
        "SCW-013",
        "today's scheduled actions are set",
        worse_of(&wrong, &unread),
        population(examined, expected),
        format!("{good} of {} fire as planned today", count(plans.len(), "planned action")),
    )
    .threshold("planned local time and capacity", "scheduled_actions")
    .remedy("put the scheduled action right (aws autoscaling put-scheduled-update-group-action with --time-zone), or scale by hand in time")
    .subjects(wrong)
    .subjects(unread)
}

fn complaint(plan: &ActionPlan, seen: &[ScheduledAction], due: &Zoned, now: Timestamp) -> Option<String> {
    let named: Vec<_> = seen
        .iter()
        .filter(|action| plan.name.as_ref().is_none_or(|name| *name == action.name))
        .collect();
    if named.is_empty() {
        return Some(match &plan.name {
            Some(name) => format!("there is no scheduled action {name}"),
            None => "the group has no scheduled action".to_owned(),
        });
    }
    let fires = |action: &&&ScheduledAction| fires_at(action, due, now);
    // Several may fire at once, one for the sizes and one for the capacity: one with the planned capacity is enough.
    let planned = |action: &&&ScheduledAction| action.desired == Some(i64::from(plan.desired));
    match named
        .iter()
        .filter(fires)
        .find(planned)
        .or_else(|| named.iter().find(fires))
    {
        None => {
            let known: Vec<_> = named
                .iter()
                .map(|action| {
                    let when = action
                        .recurrence
                        .clone()
                        .or_else(|| action.starts_at.map(|at| at.to_string()));
                    let zone = action.time_zone.as_deref().unwrap_or("UTC");
                    format!(
                        "{} ({} {zone})",
                        action.name,
                        when.as_deref().unwrap_or("no time")
                    )
                })
                .collect();
            Some(format!(
                "none fires today at {}: {}",
                due.strftime("%H:%M %Z"),
                known.join(", ")
            ))
        }
        Some(action) if action.desired != Some(i64::from(plan.desired)) => Some(format!(
            "{} sets desired capacity {}, planned {}",
            action.name,
            action
                .desired
                .map_or_else(|| "nothing".to_owned(), |desired| desired.to_string()),
            plan.desired
        )),
        Some(_) => None,
    }
}

/// Whether an action fires at exactly this instant: by its recurrence in its own zone, or by its single start.
fn fires_at(action: &ScheduledAction, due: &Zoned, now: Timestamp) -> bool {
    if action.ends_at.is_some_and(|end| end <= due.timestamp()) {
        return false;
    }
    let Some(recurrence) = &action.recurrence else {
        return action.starts_at == Some(due.timestamp());
    };
    let zone = action
        .time_zone
        .as_deref()
        .map_or(Ok(TimeZone::UTC), TimeZone::get);
    let (Ok(zone), Ok(cron)) = (zone, parse(recurrence)) else {
        return false;
    };
    // A recurring action does not fire before its start time. AWS moves that time on each time the action fires (the
    // samples of `DescribeScheduledActions` show the next one), so once the planned time has passed it says nothing.
    let ahead = now <= due.timestamp();
    if ahead && action.starts_at.is_some_and(|start| start > due.timestamp()) {
        return false;
    }
    cron.is_time_matching(&due.timestamp().to_zoned(zone))
        .unwrap_or(false)
}

fn parse(recurrence: &str) -> Result<Cron, croner::errors::CronError> {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(recurrence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(starts_at: &str) -> ScheduledAction {
        ScheduledAction {
            group: "g".into(),
            name: "up".into(),
            recurrence: Some("45 6 * * *".into()),
            time_zone: Some("America/New_York".into()),
            starts_at: Some(starts_at.parse().unwrap()),
            ends_at: None,
            min: None,
            max: None,
            desired: Some(50),
        }
    }

    fn fires(starts_at: &str, now: &str) -> bool {
        let zone = TimeZone::get("America/New_York").unwrap();
        let due = jiff::civil::date(2026, 11, 20)
            .at(6, 45, 0, 0)
            .to_zoned(zone)
            .unwrap();
        fires_at(&action(starts_at), &due, now.parse().unwrap())
    }

    #[test]
    fn an_action_whose_start_was_moved_on_to_tomorrow_has_fired_today() {
        assert!(
            fires("2026-11-20T11:45:00Z", "2026-11-20T11:30:00Z"),
            "it fires in 15 minutes"
        );
        assert!(
            fires("2026-11-21T11:45:00Z", "2026-11-20T13:00:00Z"),
            "it fired at 06:45 and waits for tomorrow"
        );
    }

    #[test]
    fn an_action_that_has_ended_before_its_time_does_not_fire() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let due = jiff::civil::date(2026, 11, 20)
            .at(6, 45, 0, 0)
            .to_zoned(zone)
            .unwrap();
        let now = "2026-11-20T11:30:00Z".parse().unwrap();
        let ending = |at: &str| ScheduledAction {
            ends_at: Some(at.parse().unwrap()),
            ..action("2026-11-20T11:45:00Z")
        };
        assert!(!fires_at(&ending("2026-11-20T11:40:00Z"), &due, now));
        assert!(fires_at(&ending("2026-11-20T12:00:00Z"), &due, now));
    }

    #[test]
    fn an_action_that_begins_tomorrow_does_not_fire_today() {
        assert!(!fires("2026-11-21T11:45:00Z", "2026-11-20T11:30:00Z"));
    }
}
