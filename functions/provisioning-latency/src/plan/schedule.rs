//! `PRV-012`: what the group's own schedule is about to do. A raise shortly before a scale-down is undone by it.

use croner::parser::{CronParser, Seconds};
use day2_core::{Item, Observed, Verdict};
use day2_reads::scheduled_actions::ScheduledAction;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::{count, population};

/// When an action fires next, strictly after `now`; nothing for one that never fires again.
///
/// AWS keeps the next time of a recurring action in `StartTime`. Where that lies in the past, the recurrence is evaluated in
/// the action's own zone, which is UTC when none is set (API `ScheduledUpdateGroupAction`).
///
/// # Errors
///
/// In words, when its recurrence or zone cannot be understood: then nobody knows when it fires.
pub(crate) fn next(action: &ScheduledAction, now: Timestamp) -> Result<Option<Timestamp>, String> {
    let ended = |at: Timestamp| action.ends_at.is_some_and(|end| at >= end);
    if let Some(at) = action.starts_at.filter(|at| *at > now) {
        return Ok((!ended(at)).then_some(at));
    }
    let Some(recurrence) = &action.recurrence else {
        return Ok(None);
    };
    let not_understood = || {
        format!(
            "the recurrence `{recurrence}` of the scheduled action {} is not understood",
            action.name
        )
    };
    let zone = match action.time_zone.as_deref() {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| not_understood())?,
    };
    let cron = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(recurrence)
        .map_err(|_| not_understood())?;
    let at = cron
        .find_next_occurrence(&now.to_zoned(zone), false)
        .map_err(|_| not_understood())?
        .timestamp();
    Ok((!ended(at)).then_some(at))
}

/// What an action would make of a group of `size` nodes: the smaller number, if it lowers it.
pub(crate) fn lowers(action: &ScheduledAction, size: i64) -> Option<i64> {
    action.desired.or(action.max).filter(|to| *to < size)
}

/// The next action that would lower a group of `size` nodes: its name, when, and to what.
///
/// # Errors
///
/// In words, when an action that could lower it cannot be understood.
pub(crate) fn next_lowering(
    actions: &[ScheduledAction],
    size: i64,
    now: Timestamp,
) -> Result<Option<(String, Timestamp, i64)>, String> {
    let mut found: Option<(String, Timestamp, i64)> = None;
    for action in actions {
        let Some(to) = lowers(action, size) else { continue };
        let Some(at) = next(action, now)? else { continue };
        if found.as_ref().is_none_or(|(_, known, _)| at < *known) {
            found = Some((action.name.clone(), at, to));
        }
    }
    Ok(found)
}

/// The item: the schedule can be read. What it is about to do is information, not a fault.
pub(crate) fn item(actions: &Observed<Vec<ScheduledAction>>, zone: &TimeZone, now: Timestamp) -> Item {
    const CODE: &str = "PRV-012";
    const TITLE: &str = "the schedule of the group is known";
    let actions = match actions {
        Ok(actions) => actions,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let mut coming = Vec::new();
    let mut unread = Vec::new();
    for action in actions {
        match next(action, now) {
            Ok(Some(at)) => coming.push((at, action)),
            Ok(None) => {}
            Err(why) => unread.push((action.name.clone(), why)),
        }
    }
    coming.sort_by_key(|(at, _)| *at);
    let seen = coming.first().map_or_else(
        || format!("{}, none fires again", count(actions.len(), "scheduled action")),
        |(at, action)| {
            format!(
                "next is {} at {}: {}",
                action.name,
                at.to_zoned(zone.clone()).strftime("%a %H:%M %Z"),
                sizes(action)
            )
        },
    );
    let verdict = if unread.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Unknown
    };
    // The population is the list that was read: a group without scheduled actions has an empty one.
    Item::judge(CODE, TITLE, verdict, population(1, 1), seen)
        .threshold("each recurrence understood", "autoscaling:DescribeScheduledActions")
        .remedy("nothing is raised before a scale-down that cannot be foreseen: write the recurrence as five fields with an IANA zone")
        .subjects(unread)
}

fn sizes(action: &ScheduledAction) -> String {
    let parts: Vec<String> = [
        ("desired", action.desired),
        ("min", action.min),
        ("max", action.max),
    ]
    .into_iter()
    .filter_map(|(name, size)| Some(format!("{name} {}", size?)))
    .collect();
    if parts.is_empty() {
        "changes no size".to_owned()
    } else {
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T14:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn action(recurrence: Option<&str>, starts_at: Option<&str>, desired: Option<i64>) -> ScheduledAction {
        ScheduledAction {
            group: "g".to_owned(),
            name: "down".to_owned(),
            recurrence: recurrence.map(str::to_owned),
            time_zone: Some("America/New_York".to_owned()),
            starts_at: starts_at.map(at),
            ends_at: None,
            min: None,
            max: None,
            desired,
        }
    }

    #[test]
    fn the_next_time_is_the_one_that_aws_keeps_or_the_recurrence_in_its_own_zone() {
        for (recurrence, starts, expected) in [
            (None, Some("2026-11-20T15:00:00Z"), Some("2026-11-20T15:00:00Z")),
            (None, Some("2026-11-20T13:00:00Z"), None),
            (Some("30 18 * * *"), None, Some("2026-11-20T23:30:00Z")),
            (
                Some("30 18 * * *"),
                Some("2026-11-19T23:30:00Z"),
                Some("2026-11-20T23:30:00Z"),
            ),
            (
                Some("30 18 * * *"),
                Some("2026-11-25T23:30:00Z"),
                Some("2026-11-25T23:30:00Z"),
            ),
            (None, None, None),
        ] {
            let seen = next(&action(recurrence, starts, Some(2)), at(NOW)).unwrap();
            assert_eq!(seen, expected.map(at), "{recurrence:?} {starts:?}");
        }
    }

    #[test]
    fn an_action_that_has_ended_does_not_fire_again() {
        let mut ended = action(Some("30 18 * * *"), None, Some(2));
        ended.ends_at = Some(at("2026-11-20T20:00:00Z"));
        assert_eq!(next(&ended, at(NOW)), Ok(None));
    }

    #[test]
    fn a_recurrence_that_is_not_understood_is_said_and_not_taken_for_never_w16() {
        let odd = action(Some("whenever"), None, Some(2));
        assert!(next(&odd, at(NOW)).unwrap_err().contains("`whenever`"));
        let mut nowhere = action(Some("30 18 * * *"), None, Some(2));
        nowhere.time_zone = Some("Middle/Earth".to_owned());
        assert!(next_lowering(&[nowhere], 10, at(NOW)).is_err());
    }

    #[test]
    fn only_what_would_lower_the_group_counts_also_by_its_maximum_w16() {
        let up = action(Some("0 16 * * *"), None, Some(80));
        let down = action(Some("30 18 * * *"), None, Some(10));
        let mut capped = action(Some("0 17 * * *"), None, None);
        capped.max = Some(60);
        let mut floor = action(Some("0 15 * * *"), None, None);
        floor.min = Some(5);
        let all = [up, down, capped, floor];
        let found = next_lowering(&all, 75, at(NOW)).unwrap().unwrap();
        assert_eq!((found.1, found.2), (at("2026-11-20T22:00:00Z"), 60));
        let found = next_lowering(&all, 50, at(NOW)).unwrap().unwrap();
        assert_eq!((found.1, found.2), (at("2026-11-20T23:30:00Z"), 10));
        assert_eq!(next_lowering(&all, 5, at(NOW)), Ok(None));
    }
}
