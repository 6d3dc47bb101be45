//! Is it slow at all? Nothing is changed unless the alarm and its metric say so when they are read again.

use day2_aws::Assessment;
use day2_core::Verdict;
use day2_core::action::Occasion;
use day2_core::trigger::{Trigger, classify};
use day2_reads::alarms::Watches;
use serde_json::json;

use super::world::*;
use crate::change::Change;
use crate::facts::Facts;

#[track_caller]
fn nothing(facts: &Facts, verdict: Verdict, why: &str) -> Assessment<Change> {
    let seen = planned(facts);
    assert!(seen.plan.steps.is_empty(), "{:?}", seen.plan.steps);
    assert!(seen.plan.refusals.is_empty(), "{:?}", seen.plan.refusals);
    assert!(skips(&seen.plan).contains(why), "{}", skips(&seen.plan));
    assert_eq!(item(&seen, "PRV-001").verdict(), verdict);
    seen
}

#[test]
fn a_breaching_alarm_whose_metric_breaches_is_slow() {
    let seen = planned(&world(50));
    let judged = item(&seen, "PRV-001");
    assert_eq!(judged.verdict(), Verdict::Fail);
    assert!(
        judged.seen.contains("p95 200") && judged.seen.contains("above 120"),
        "{}",
        judged.seen
    );
    assert_eq!(raise(&seen.plan), Some((50, 75)));
}

#[test]
fn an_alarm_that_is_ok_by_now_changes_nothing_d06() {
    let mut facts = world(50);
    facts.alarms[0].alarm.as_mut().unwrap().state = "OK".to_owned();
    let seen = nothing(&facts, Verdict::Pass, "no longer breaching");
    assert!(seen.says.starts_with("no longer breaching"), "{}", seen.says);
}

#[test]
fn an_event_that_its_own_alarm_refutes_is_refused_with_a_security_notice_e10() {
    let sample = include_str!("../../../../../events/shapes/alarm-eventbridge.json");
    let Trigger::Alarm(mut event) = classify(sample.as_bytes()) else {
        unreachable!("the sample is an alarm");
    };
    event.changed_at = ago(2);
    let occasion = Occasion::Alarm(event);
    let mut facts = world(50);
    let alarm = facts.alarms[0].alarm.as_mut().unwrap();
    alarm.state = "OK".to_owned();
    alarm.since = Some(ago(60));
    let seen = planned_on(&facts, &occasion);
    assert!(seen.plan.steps.is_empty(), "{:?}", seen.plan.steps);
    let says = &seen.plan.refusals[0].says;
    assert!(says.starts_with("SECURITY NOTICE"), "{says}");
    // It rang, and is calm again.
    facts.alarms[0].alarm.as_mut().unwrap().since = Some(ago(1));
    assert!(planned_on(&facts, &occasion).plan.refusals.is_empty());
}

#[test]
fn an_alarm_without_data_is_no_load_w23() {
    let mut facts = world(50);
    facts.alarms[0].alarm.as_mut().unwrap().state = "INSUFFICIENT_DATA".to_owned();
    nothing(&facts, Verdict::Unknown, "not enough data");

    let mut facts = world(50);
    let alarm = facts.alarms[0].alarm.as_mut().unwrap();
    alarm.reason = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as \
                    [Breaching]."
        .to_owned();
    let mut breaching = rule();
    breaching.missing_data = "breaching".to_owned();
    alarm.watches = Watches::Metric(Box::new(breaching));
    facts.alarms[0].points = Some(Ok(Vec::new()));
    nothing(&facts, Verdict::Unknown, "missing data");
}

#[test]
fn an_alarm_that_was_set_by_hand_while_its_metric_is_fine_changes_nothing_w24() {
    let mut facts = world(50);
    let alarm = facts.alarms[0].alarm.as_mut().unwrap();
    alarm.reason = "testing alarm".to_owned();
    alarm.reason_data = None;
    facts.alarms[0].points = Some(Ok(points(&[(60.0, 40.0); 5])));
    nothing(&facts, Verdict::Pass, "set by hand");
}

#[test]
fn datapoints_that_carry_no_verdict_change_nothing_w21() {
    let future = points(&[(300.0, 60.0); 5])
        .into_iter()
        .map(|mut point| {
            point.at = ago(-30);
            point
        })
        .collect();
    for (what, points) in [
        ("none", Vec::new()),
        ("no numbers", points(&[(f64::NAN, 60.0); 5])),
        ("one", points(&[(300.0, 60.0)])),
        ("in the future", future),
        ("too few samples", points(&[(300.0, 9.0); 5])),
    ] {
        let mut facts = world(50);
        facts.alarms[0].points = Some(Ok(points));
        let seen = planned(&facts);
        assert_eq!(item(&seen, "PRV-001").verdict(), Verdict::Unknown, "{what}");
        assert!(seen.plan.steps.is_empty(), "{what}");
        assert!(
            skips(&seen.plan).starts_with("not enough data"),
            "{what}: {}",
            skips(&seen.plan)
        );
    }
}

#[test]
fn what_could_not_be_read_changes_nothing() {
    let mut facts = world(50);
    facts.alarms[0].alarm = Err(unreadable("cloudwatch:DescribeAlarms"));
    nothing(&facts, Verdict::Unknown, "cloudwatch:DescribeAlarms");

    let mut facts = world(50);
    facts.alarms[0].points = Some(Err(unreadable("cloudwatch:GetMetricData")));
    nothing(&facts, Verdict::Unknown, "cloudwatch:GetMetricData");
}

#[test]
fn an_alarm_that_is_not_bound_changes_nothing_e19() {
    let mut facts = world(50);
    facts.alarms.clear();
    nothing(&facts, Verdict::Unknown, "not bound");
}

#[test]
fn a_composite_alarm_is_judged_by_the_declared_metric_and_by_nothing_else() {
    let mut facts = world(50);
    facts.alarms[0].alarm.as_mut().unwrap().watches = Watches::Composite {
        rule: "ALARM(a)".to_owned(),
    };
    let without = facts.clone();
    nothing(&without, Verdict::Unknown, "alarms[].metric");

    let declared = settings_with(&json!({"alarms": [{"arn": ARN, "metric": {
        "namespace": "Coder/Provisioning", "name": "WorkspaceProvisioningSeconds", "threshold": 120.0}}]}));
    let seen = planned_with(&facts, &declared, Vec::new());
    assert_eq!(raise(&seen.plan), Some((50, 75)));
}

#[test]
fn one_of_several_alarms_that_breaches_is_enough_and_one_that_cannot_be_judged_is_not_fine() {
    let mut facts = world(50);
    let mut fine = facts.alarms[0].clone();
    fine.alarm.as_mut().unwrap().state = "OK".to_owned();
    facts.alarms.insert(0, fine.clone());
    assert_eq!(raise(&planned(&facts).plan), Some((50, 75)));

    let mut unread = world(50).alarms[0].clone();
    unread.alarm = Err(unreadable("cloudwatch:DescribeAlarms"));
    facts.alarms = vec![fine, unread];
    nothing(&facts, Verdict::Unknown, "not enough data");
}
