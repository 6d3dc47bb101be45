use day2_core::Verdict::{Fail, Unknown};
use serde_json::json;

use super::world::{World, alarm, transition};

#[test]
fn what_rings_and_what_cannot_ring_have_lines_of_their_own() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(vec![
        alarm("db-cpu", "ALARM"),
        alarm("nat-errors", "OK"),
        alarm("no-data", "INSUFFICIENT_DATA"),
    ]);
    world.assert_only(&[("HLT-201", Fail), ("HLT-202", Fail)]);
    let expected = ("db-cpu".to_owned(), "metric alarm for 3 h: because".to_owned());
    assert_eq!(world.named("HLT-201"), [expected]);
    assert_eq!(world.named("HLT-202")[0].0, "no-data");
}

#[test]
fn an_alarm_that_rang_in_the_night_and_is_silent_again_is_told_with_how_often_and_how_long() {
    let mut world = World::healthy();
    // Newest first, as CloudWatch gives them.
    world.alarms().history = Ok(vec![
        transition("db-cpu", 60, "ALARM", "OK"),
        transition("db-cpu", 90, "OK", "ALARM"),
        transition("db-cpu", 200, "ALARM", "OK"),
        transition("db-cpu", 210, "OK", "ALARM"),
        transition("nat-errors", 300, "INSUFFICIENT_DATA", "OK"),
    ]);
    world.assert_only(&[("HLT-203", Fail)]);
    let says = "rang 2 times, 40 min in all, last 90 min ago; silent again";
    assert_eq!(world.named("HLT-203"), [("db-cpu".to_owned(), says.to_owned())]);
}

#[test]
fn an_alarm_that_rang_before_the_window_began_is_told_with_its_time_in_the_window() {
    // The window of eight hours began at 22:30 in New York.
    for (history, says) in [
        (
            vec![transition("db-cpu", 30, "ALARM", "OK")],
            "rang 1 time, at least 450 min in all, since before 2026-11-19 22:30; silent again",
        ),
        (
            vec![
                transition("db-cpu", 460, "INSUFFICIENT_DATA", "OK"),
                transition("db-cpu", 470, "ALARM", "INSUFFICIENT_DATA"),
            ],
            "rang 1 time, at least 10 min in all, since before 2026-11-19 22:30; silent again",
        ),
        (
            vec![
                transition("db-cpu", 60, "ALARM", "OK"),
                transition("db-cpu", 90, "OK", "ALARM"),
                transition("db-cpu", 400, "ALARM", "OK"),
            ],
            "rang 2 times, at least 110 min in all, the first since before 2026-11-19 22:30, last 90 min ago; silent again",
        ),
    ] {
        let mut world = World::healthy();
        world.alarms().history = Ok(history);
        world.assert_only(&[("HLT-203", Fail)]);
        assert_eq!(world.named("HLT-203"), [("db-cpu".to_owned(), says.to_owned())]);
    }
}

#[test]
fn an_alarm_that_still_rings_is_told_once() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(vec![alarm("db-cpu", "ALARM")]);
    world.alarms().history = Ok(vec![
        transition("db-cpu", 180, "OK", "ALARM"),
        transition("db-cpu", 300, "ALARM", "OK"),
    ]);
    world.assert_only(&[("HLT-201", Fail)]);
}

#[test]
fn alarms_that_do_not_count_are_in_no_line() {
    let mut world =
        World::with(&json!({"alarms": {"prefix": "prod-", "ignore": ["prod-canary-*", "prod-old"]}}));
    world.alarms().alarms = Ok(vec![
        alarm("prod-db", "OK"),
        alarm("dev-db", "ALARM"),
        alarm("prod-canary-1", "ALARM"),
        alarm("prod-old", "INSUFFICIENT_DATA"),
    ]);
    world.alarms().history = Ok(vec![
        transition("dev-db", 60, "OK", "ALARM"),
        transition("prod-canary-1", 60, "OK", "ALARM"),
    ]);
    world.assert_only(&[]);
    let mut tracking = World::healthy();
    tracking.alarms().alarms = Ok(vec![
        alarm("db", "OK"),
        alarm("TargetTracking-asg-AlarmLow-1", "ALARM"),
    ]);
    tracking.assert_only(&[]);
}

#[test]
fn without_alarms_nothing_passes_and_too_few_fail_w25() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(Vec::new());
    world.assert_only(&[("HLT-201", Unknown), ("HLT-202", Unknown), ("HLT-203", Unknown)]);
    let few = World::with(&json!({"alarms": {"expected_at_least": 3}}));
    few.assert_only(&[("HLT-201", Fail), ("HLT-202", Fail), ("HLT-203", Fail)]);
}

#[test]
fn a_state_that_is_not_known_is_neither_good_nor_bad() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(vec![alarm("db-cpu", ""), alarm("nat-errors", "OK")]);
    world.assert_only(&[("HLT-201", Unknown), ("HLT-202", Unknown)]);
    let of = |from: Option<&str>, to: Option<&str>| {
        let mut unclear = transition("db-cpu", 60, "", "");
        unclear.from = from.map(str::to_owned);
        unclear.to = to.map(str::to_owned);
        let mut world = World::healthy();
        world.alarms().history = Ok(vec![unclear]);
        world
    };
    of(Some("OK"), None).assert_only(&[("HLT-203", Unknown)]);
    of(None, Some("OK")).assert_only(&[("HLT-203", Unknown)]);
    let says = of(None, Some("OK")).named("HLT-203").remove(0).1;
    assert!(
        says.starts_with("changed from a state that is not told"),
        "{says}"
    );
    // It rang whatever it did before.
    of(None, Some("ALARM")).assert_only(&[("HLT-203", Fail)]);
}
