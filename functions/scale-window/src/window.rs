//! How far a task looks back, by the plan's own times. Pure.

use day2_core::settings::LocalTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Task;
use crate::settings::{GroupPlan, Plan};

/// Where nothing says when the scaling was: the verification comes within the hour.
const UNPLANNED: SignedDuration = SignedDuration::from_mins(60);
/// Auto Scaling acts on time; clocks and a group that was warmed by hand do not.
const BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// A verification at the very minute of the scaling still sees what was done right before it.
const AT_LEAST: SignedDuration = SignedDuration::from_mins(15);

/// Since when a task looks at launches.
///
/// Before the scale-up that is `limits.launches_minutes`. After a scaling it is the last time that planned actions made it,
/// the earliest of that day, so that a run at noon looks back to the morning and a run at 07:00 not beyond it.
#[must_use]
pub fn since(plan: &Plan, task: Task, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
    let back = match (task, plan.limits.window_minutes) {
        (Task::Prescale, _) => minutes(plan.limits.launches_minutes),
        (_, Some(fixed)) => minutes(fixed),
        (_, None) => began(plan, task, zone, now).map_or(UNPLANNED, |began| {
            (now.duration_since(began) + BEFORE).max(AT_LEAST)
        }),
    };
    now.saturating_sub(back).unwrap_or(now)
}

/// When the scaling that `task` verifies began, as planned: of the actions that make it, on the day on which the last of them
/// fired, the first.
fn began(plan: &Plan, task: Task, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let fired = plan
        .groups
        .iter()
        .flat_map(|group| times(plan, group, task))
        .filter_map(|at| last(at, zone, now));
    let fired: Vec<Timestamp> = fired.collect();
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let newest = fired.iter().copied().max()?;
    fired.into_iter().filter(|at| day(*at) == day(newest)).min()
}

/// The local times of the planned actions of a group that make the scaling of a task.
fn times(plan: &Plan, group: &GroupPlan, task: Task) -> Vec<LocalTime> {
    let (wanted, other) = match task {
        Task::Prescale | Task::Postscale => (group.peak, group.after),
        Task::Scaledown => (group.after, group.peak),
    };
    plan.scheduled_actions
        .iter()
        .filter(|action| action.node_group == group.node_group)
        // An action of a group that keeps its size says nothing of when.
        .filter(|action| action.desired == wanted && wanted != other)
        .map(|action| action.at)
        .collect()
}

/// The last moment, not after `now`, at which the wall shows this time.
fn last(at: LocalTime, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    [Some(today), today.yesterday().ok()]
        .into_iter()
        .flatten()
        .filter_map(|day| day.to_datetime(at.time()).to_zoned(zone.clone()).ok())
        .map(|moment| moment.timestamp())
        .find(|moment| *moment <= now)
}

/// The local time at which a group is scaled up: as planned, or the time of the day that it is now.
pub(crate) fn scale_up_at(
    plan: &Plan,
    group: &GroupPlan,
    zone: &TimeZone,
    now: Timestamp,
) -> jiff::civil::Time {
    let planned = times(plan, group, Task::Prescale);
    planned
        .first()
        .map_or_else(|| now.to_zoned(zone.clone()).time(), |at| at.time())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ScaleWindowSettings;
    use day2_core::settings::Settings;
    use serde_json::{Value, json};

    fn settings(actions: &Value, limits: &Value) -> Settings<ScaleWindowSettings> {
        let not_checked: &[&str] = match actions.as_array().map(Vec::len) {
            Some(0) => &["probes", "nat", "quotas", "schedule"],
            _ => &["probes", "nat", "quotas"],
        };
        crate::assess::tests::world::settings_with(&json!({
            "scheduled_actions": actions, "limits": limits, "not_checked": not_checked
        }))
    }

    fn minutes_back(settings: &Settings<ScaleWindowSettings>, task: Task, now: &str) -> i64 {
        let now: Timestamp = now.parse().unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let plan = &settings.function.targets["prod-a"];
        now.duration_since(since(plan, task, &zone, now)).as_mins()
    }

    /// 2 → 4 → 2 nodes: up at 06:45 and, for stragglers, 06:50; down at 18:15.
    fn planned() -> Settings<ScaleWindowSettings> {
        let action =
            |at: &str, desired: u32| json!({"node_group": "workspace", "at": at, "desired": desired});
        settings(
            &json!([action("06:45", 4), action("06:50", 4), action("18:15", 2)]),
            &json!({}),
        )
    }

    #[test]
    fn the_window_begins_with_the_planned_scaling_at_any_hour_t01() {
        for (task, now, back) in [
            // 07:00 in New York, in winter and in summer.
            (Task::Postscale, "2026-11-20T12:00:00Z", 20),
            (Task::Postscale, "2026-07-20T11:00:00Z", 20),
            // By hand at noon.
            (Task::Postscale, "2026-11-20T17:00:00Z", 320),
            (Task::Scaledown, "2026-11-20T23:30:00Z", 20),
            // After midnight the evening was yesterday's.
            (Task::Scaledown, "2026-11-21T05:30:00Z", 380),
            // Between the two actions of one scale-up it is the first.
            (Task::Postscale, "2026-11-20T11:47:00Z", 15),
            (Task::Postscale, "2026-11-20T12:10:00Z", 30),
        ] {
            assert_eq!(minutes_back(&planned(), task, now), back, "{task:?} {now}");
        }
    }

    #[test]
    fn what_the_settings_say_wins_and_without_a_plan_it_is_an_hour() {
        let fixed = settings(&json!([]), &json!({"window_minutes": 90}));
        let none = settings(&json!([]), &json!({}));
        for task in [Task::Postscale, Task::Scaledown] {
            assert_eq!(minutes_back(&fixed, task, "2026-11-20T12:00:00Z"), 90);
            assert_eq!(minutes_back(&none, task, "2026-11-20T12:00:00Z"), 60);
        }
        // The morning before has its own setting.
        assert_eq!(
            minutes_back(&planned(), Task::Prescale, "2026-11-20T11:30:00Z"),
            1440
        );
    }

    #[test]
    fn the_time_of_the_scale_up_is_the_plans_or_that_of_the_run() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let now: Timestamp = "2026-11-20T11:30:00Z".parse().unwrap();
        for (settings, at) in [
            (planned(), "06:45:00"),
            (settings(&json!([]), &json!({})), "06:30:00"),
        ] {
            let plan = &settings.function.targets["prod-a"];
            assert_eq!(scale_up_at(plan, &plan.groups[0], &zone, now).to_string(), at);
        }
    }
}
