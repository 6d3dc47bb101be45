//! The alarm that called, judged again; and when it is a reason not to act.

use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{Occasion, Plan};
use day2_core::alarm_now::{self, AlarmNow, AlarmReading, Comparison, MissingData, Rule};
use day2_reads::alarms::Watches;
use jiff::Timestamp;

use crate::Change;
use crate::facts::AlarmFacts;
use crate::settings::Policy;

/// What the alarm is now.
pub(crate) fn judge(facts: &AlarmFacts, now: Timestamp) -> AlarmNow {
    let alarm = match &facts.alarm {
        Ok(alarm) => alarm,
        Err(why) => {
            return AlarmNow::Unknown {
                says: format!("the alarm could not be read: {why}"),
            };
        }
    };
    let points = match (&facts.points, alarm.state.as_str()) {
        (Ok(points), _) => points.as_slice(),
        // The state alone decides; the metric is not needed.
        (Err(_), "OK" | "INSUFFICIENT_DATA") => &[],
        (Err(why), _) => {
            return AlarmNow::Unknown {
                says: format!("the metric of the alarm could not be read: {why}"),
            };
        }
    };
    let rule = rule(&alarm.watches);
    let reading = AlarmReading {
        state: &alarm.state,
        reason: &alarm.reason,
        reason_data: alarm.reason_data.as_deref(),
        rule: rule.as_ref(),
        points,
        // Connections are a level and no percentile: one sample is as good as sixty.
        least_samples: 0.0,
    };
    alarm_now::judge(&reading, now)
}

fn rule(watches: &Watches) -> Option<Rule> {
    let Watches::Metric(rule) = watches else {
        return None;
    };
    Some(Rule {
        comparison: Comparison::named(&rule.comparison)?,
        threshold: rule.threshold,
        period_seconds: rule.query.period_seconds,
        evaluation_periods: rule.evaluation_periods,
        datapoints_to_alarm: rule.datapoints_to_alarm,
        missing: MissingData::named(Some(&rule.missing_data)),
    })
}

/// The plan where the alarm is no reason to act; nothing where it is one, or no alarm called.
pub(crate) fn objection(
    occasion: &Occasion,
    facts: Option<&AlarmFacts>,
    now: Option<&AlarmNow>,
    policy: &Policy,
    deployment: &str,
) -> Option<Plan<Change>> {
    let (facts, now) = (facts?, now?);
    let refuse = |guard, says: String, allowed_by: &str| {
        Some(Plan {
            refusals: vec![Refusal::new(guard, says, allowed_by)],
            ..Plan::default()
        })
    };
    if !policy.alarm_arns.iter().any(|arn| arn.as_str() == facts.arn) {
        return refuse(
            Guard::Foreign,
            format!("the alarm {} is not bound to this target", facts.name),
            "alarm_arns of the target",
        );
    }
    // Alarms about our own functions must never call them (`cases.md` O04).
    if facts.name.starts_with(&format!("{deployment}-")) {
        return refuse(
            Guard::DenyList,
            format!("the alarm {} is one of this deployment's own", facts.name),
            "bind an alarm of the platform, whose name does not begin with the deployment's",
        );
    }
    let known = facts
        .alarm
        .as_ref()
        .map(|alarm| (alarm.state.as_str(), alarm.since));
    if let Some(refusal) = alarm_now::refuted(occasion, known) {
        return Some(Plan {
            refusals: vec![refusal],
            ..Plan::default()
        });
    }
    match now {
        AlarmNow::Breaching(_) => None,
        AlarmNow::NoLonger { says } | AlarmNow::MissingData { says } | AlarmNow::Forced { says } => {
            Some(Plan::nothing(&facts.name, says))
        }
        AlarmNow::NotEnough { says } | AlarmNow::Unknown { says } => refuse(
            Guard::Unreadable,
            says.clone(),
            "an alarm on one metric with a fixed threshold and enough data, and the right to read both",
        ),
    }
}
