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
        transition("db-cpu", 60, "OK"),
        transition("db-cpu", 90, "ALARM"),
        transition("db-cpu", 200, "OK"),
        transition("db-cpu", 210, "ALARM"),
        transition("nat-errors", 300, "OK"),
    ]);
    world.assert_only(&[("HLT-203", Fail)]);
    let says = "rang 2 times, 40 min in all, last 90 min ago; silent again";
    assert_eq!(world.named("HLT-203"), [("db-cpu".to_owned(), says.to_owned())]);
}

#[test]
fn an_alarm_that_still_rings_is_told_once() {
    let mut world = World::healthy();
    world.alarms().alarms = Ok(vec![alarm("db-cpu", "ALARM")]);
    world.alarms().history = Ok(vec![transition("db-cpu", 180, "ALARM")]);
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
        transition("dev-db", 60, "ALARM"),
        transition("prod-canary-1", 60, "ALARM"),
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
    let mut history = World::healthy();
    let mut unclear = transition("db-cpu", 60, "OK");
    unclear.to = None;
    history.alarms().history = Ok(vec![unclear]);
    history.assert_only(&[("HLT-203", Unknown)]);
}
