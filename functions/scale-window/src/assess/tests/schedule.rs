use day2_core::Verdict;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::world::{settings_with, world};
use crate::assess::scene::PlannedGroup;
use day2_reads::scheduled_actions::ScheduledAction;

fn action(recurrence: &str, zone: Option<&str>, desired: i64) -> ScheduledAction {
    ScheduledAction {
        group: "prod-a-workspace".into(),
        name: "scale-up".into(),
        recurrence: Some(recurrence.into()),
        time_zone: zone.map(str::to_owned),
        starts_at: None,
        ends_at: None,
        min: None,
        max: None,
        desired: Some(desired),
    }
}

/// Judges one planned action (06:45, desired 4) against what the group has, at the given moment.
fn judge(seen: Vec<ScheduledAction>, now: &str) -> (Verdict, String) {
    let settings = settings_with(&json!({
        "scheduled_actions": [{"node_group": "workspace", "at": "06:45", "desired": 4}],
        "not_checked": ["probes", "nat", "quotas"]
    }));
    let plan = &settings.function.targets["prod-a"];
    let facts = world(2);
    let actions = Ok(seen);
    let group = PlannedGroup {
        plan: &plan.groups[0],
        selector: &settings.targets[0].node_groups[1].selector,
        group: &facts.groups[0].group,
        actions: &actions,
        activities: &facts.groups[0].activities,
        earlier: None,
    };
    let zone = TimeZone::get("America/New_York").unwrap();
    let now: Timestamp = now.parse().unwrap();
    let item = crate::assess::schedule::actions(&plan.scheduled_actions, &[group], &zone, now);
    let says = item
        .subjects
        .first()
        .map(|subject| subject.says.clone())
        .unwrap_or_default();
    (item.verdict(), says)
}

const FRIDAY: &str = "2026-11-20T11:30:00Z";

#[test]
fn an_action_in_its_own_zone_passes_on_both_sides_of_every_clock_change_t01() {
    for now in [
        "2026-03-07T11:30:00Z",
        "2026-03-08T10:30:00Z",
        "2026-10-31T10:30:00Z",
        "2026-11-01T11:30:00Z",
    ] {
        let seen = vec![action("45 6 * * *", Some("America/New_York"), 4)];
        assert_eq!(judge(seen, now).0, Verdict::Pass, "{now}");
    }
}

#[test]
fn an_action_in_utc_is_right_in_winter_and_an_hour_off_in_summer_t01() {
    let utc = || vec![action("45 11 * * *", None, 4)];
    assert_eq!(judge(utc(), "2026-11-02T11:30:00Z").0, Verdict::Pass);
    let (verdict, says) = judge(utc(), "2026-07-01T10:30:00Z");
    assert_eq!(verdict, Verdict::Fail);
    assert!(says.contains("none fires today at 06:45 EDT"), "{says}");
}

#[test]
fn an_action_for_weekends_does_not_fire_on_a_friday() {
    assert_eq!(
        judge(vec![action("45 6 * * 0,6", Some("America/New_York"), 4)], FRIDAY).0,
        Verdict::Fail
    );
    assert_eq!(
        judge(vec![action("45 6 * * 1-5", Some("America/New_York"), 4)], FRIDAY).0,
        Verdict::Pass
    );
}

#[test]
fn a_wrong_capacity_no_action_and_nonsense_are_told_apart() {
    let zone = Some("America/New_York");
    assert!(
        judge(vec![action("45 6 * * *", zone, 3)], FRIDAY)
            .1
            .contains("sets desired capacity 3, planned 4")
    );
    assert!(judge(vec![], FRIDAY).1.contains("no scheduled action"));
    assert_eq!(
        judge(vec![action("not a cron", zone, 4)], FRIDAY).0,
        Verdict::Fail
    );
    assert_eq!(
        judge(vec![action("45 6 * * *", Some("Mars/Olympus"), 4)], FRIDAY).0,
        Verdict::Fail
    );
}

#[test]
fn a_single_start_counts_only_at_exactly_its_time() {
    let once = |at: &str| ScheduledAction {
        recurrence: None,
        starts_at: Some(at.parse().unwrap()),
        ..action("", None, 4)
    };
    assert_eq!(judge(vec![once("2026-11-20T11:45:00Z")], FRIDAY).0, Verdict::Pass);
    assert_eq!(judge(vec![once("2026-11-21T11:45:00Z")], FRIDAY).0, Verdict::Fail);
}

#[test]
fn a_recurrence_that_begins_next_week_does_not_fire_today() {
    let later = ScheduledAction {
        starts_at: Some("2026-11-27T00:00:00Z".parse().unwrap()),
        ..action("45 6 * * *", Some("America/New_York"), 4)
    };
    assert_eq!(judge(vec![later], FRIDAY).0, Verdict::Fail);
}
