//! When the alarm that called is no reason to act.

use day2_core::action::Occasion;
use day2_core::{Cause, Unreadable};
use day2_reads::alarms::Watches;

use super::world::{World, ago, by_alarm, flat};

/// Why nothing is done although the database is full.
fn nothing(world: &World) -> String {
    let plan = world.plan().plan;
    assert!(plan.steps.is_empty() && plan.refusals.is_empty(), "{plan:?}");
    plan.skips[0].why.clone()
}

fn calm(world: &mut World) {
    let points = &mut world.facts.alarm.as_mut().unwrap().points;
    for point in points.as_mut().unwrap() {
        point.value = 100.0;
    }
}

#[test]
fn an_alarm_that_is_ok_by_now_changes_nothing_d06() {
    let mut world = World::new();
    world.alarm().state = "OK".to_owned();
    assert!(nothing(&world).contains("OK by now"));
}

#[test]
fn an_event_that_its_own_alarm_refutes_is_refused_with_a_security_notice_e10() {
    let Occasion::Alarm(mut event) = by_alarm() else {
        unreachable!("the sample is an alarm");
    };
    // Two minutes ago, an event says, the alarm began to ring; it has been calm for an hour.
    event.changed_at = ago(2);
    let mut forged = World::new();
    forged.occasion = Occasion::Alarm(event);
    forged.alarm().state = "OK".to_owned();
    forged.alarm().since = Some(ago(60));
    let says = forged.refusal();
    assert!(
        says.starts_with("SECURITY NOTICE") && says.contains("has had it in OK since"),
        "{says}"
    );
    // It rang, and is calm again: the change to OK is the later one.
    forged.alarm().since = Some(ago(1));
    assert!(nothing(&forged).contains("OK by now"));
    // It rings all the same: the metric decides, not the event.
    forged.alarm().state = "ALARM".to_owned();
    forged.alarm().since = Some(ago(60));
    assert_eq!(forged.plan().plan.steps.len(), 1);
}

#[test]
fn an_alarm_about_missing_data_is_no_load_w23() {
    let mut insufficient = World::new();
    insufficient.alarm().state = "INSUFFICIENT_DATA".to_owned();
    assert!(nothing(&insufficient).contains("INSUFFICIENT_DATA"));
    let mut treated = World::new();
    treated.facts.alarm.as_mut().unwrap().points = Ok(Vec::new());
    assert!(nothing(&treated).contains("missing data"));
}

#[test]
fn an_alarm_that_somebody_set_by_hand_changes_nothing_w24() {
    let mut world = World::new();
    world.alarm().reason = "testing alarm".to_owned();
    world.alarm().reason_data = None;
    calm(&mut world);
    assert!(nothing(&world).contains("set by hand"));
}

#[test]
fn a_metric_that_recovered_changes_nothing_d08() {
    let mut world = World::new();
    calm(&mut world);
    assert!(nothing(&world).contains("does not breach"));
}

#[test]
fn an_alarm_that_cannot_be_judged_again_is_refused() {
    let mut composite = World::new();
    composite.alarm().watches = Watches::Composite {
        rule: "ALARM(x)".to_owned(),
    };
    assert!(composite.refusal().contains("bind the metric alarm behind it"));
    let mut denied = World::new();
    denied.facts.alarm.as_mut().unwrap().alarm = Err(Unreadable::new(
        "cloudwatch:DescribeAlarms",
        "x",
        Cause::Denied,
        "",
    ));
    assert!(denied.refusal().contains("permission denied"));
}

#[test]
fn an_alarm_that_the_settings_do_not_bind_is_foreign_e19() {
    let mut world = World::new();
    world.facts.alarm.as_mut().unwrap().arn =
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-b-connections".to_owned();
    assert!(world.refusal().contains("is not bound to this target"));
}

#[test]
fn an_alarm_about_our_own_functions_never_acts_o04() {
    let mut world = World::new();
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-connection-exhaustion-errors";
    world.policy()["alarm_arns"] = serde_json::json!([arn]);
    let alarm = world.facts.alarm.as_mut().unwrap();
    alarm.arn = arn.to_owned();
    alarm.name = "day2-connection-exhaustion-errors".to_owned();
    assert!(world.refusal().contains("one of this deployment's own"));
}

#[test]
fn a_call_by_hand_is_judged_by_the_instances_alone() {
    let mut world = World::new();
    world.occasion = Occasion::Manual;
    world.facts.alarm = None;
    assert_eq!(world.plan().plan.steps.len(), 1);
    world.writer().connections = Ok(flat(100.0));
    let plan = world.plan().plan;
    assert!(
        plan.steps.is_empty() && plan.skips[0].why.contains("no instance is at 80 %"),
        "{plan:?}"
    );
}

#[test]
fn an_instance_that_cannot_be_judged_is_no_calm_one_w21() {
    let mut world = World::new();
    world.writer().connections = Ok(Vec::new());
    let says = world.refusal();
    assert!(says.contains("prod-a-1: no datapoint"), "{says}");
}

#[test]
fn the_plan_of_a_dry_run_is_that_of_a_run_o11() {
    for mut world in [World::new(), World::leaking()] {
        let mut plans = Vec::new();
        for mode in ["observe", "approve", "auto"] {
            world.settings["function"]["safety"]["mode"] = serde_json::json!(mode);
            plans.push(world.plan().plan);
        }
        assert_eq!(plans[0].steps.len(), 1);
        assert!(plans.iter().all(|plan| *plan == plans[0]));
    }
}
