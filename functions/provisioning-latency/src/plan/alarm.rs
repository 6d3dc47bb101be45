//! `PRV-001`: is provisioning slow now? The alarm as it is read, and its metric, never its event.

use day2_core::action::{Occasion, Refusal};
use day2_core::alarm_now::{self, AlarmNow, AlarmReading, Comparison, Figures, judge};
use day2_core::{Item, Verdict};
use jiff::Timestamp;

use super::words::{population, short};
use crate::facts::AlarmFacts;
use crate::gauge::Gauge;
use crate::settings::Platform;

/// What the alarms say together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    /// At least one breaches, and its metric too: the only reason to act.
    Slow(Slow),
    /// All were read, and none breaches. Says why.
    Fine(String),
    /// What was read carries no verdict. Says why.
    NotEnough(String),
}

/// The alarm that breaches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slow {
    /// Its name.
    pub(crate) alarm: String,
    /// The figures behind it.
    pub(crate) figures: Figures,
    /// The statistic, for example `p95`.
    pub(crate) statistic: String,
    /// The limit in words, for example `above 120`.
    pub(crate) limit: String,
}

impl Slow {
    /// `p95 190, limit 120`.
    pub(crate) fn words(&self) -> String {
        let value = self.figures.latest.map_or_else(|| "?".to_owned(), short);
        format!("{} {value}, alarm {}", self.statistic, self.limit)
    }
}

/// Judges all alarms that are asked about. One that breaches wins; otherwise one that cannot be judged does.
pub(crate) fn standing(alarms: &[AlarmFacts], platform: &Platform, now: Timestamp) -> Standing {
    let mut fine = Vec::new();
    let mut open = Vec::new();
    for alarm in alarms {
        match one(alarm, platform, now) {
            Standing::Slow(slow) => return Standing::Slow(slow),
            Standing::Fine(says) => fine.push(says),
            Standing::NotEnough(says) => open.push(says),
        }
    }
    match (open.is_empty(), fine.is_empty()) {
        (false, _) => Standing::NotEnough(open.join("; ")),
        (true, false) => Standing::Fine(fine.join("; ")),
        (true, true) => Standing::NotEnough(
            "the alarm of this event is not bound to the target, and there is none to read".to_owned(),
        ),
    }
}

/// The objection to an event that its own alarm refutes. Who was called by an event reads no other alarm.
pub(crate) fn refuted(alarms: &[AlarmFacts], occasion: &Occasion) -> Option<Refusal> {
    alarms.iter().find_map(|facts| {
        let known = facts
            .alarm
            .as_ref()
            .map(|alarm| (alarm.state.as_str(), alarm.since));
        alarm_now::refuted(occasion, known)
    })
}

fn one(facts: &AlarmFacts, platform: &Platform, now: Timestamp) -> Standing {
    let name = &facts.name;
    let alarm = match &facts.alarm {
        Ok(alarm) => alarm,
        Err(why) => return Standing::NotEnough(format!("{name}: could not be read: {why}")),
    };
    let gauge = platform
        .alarms
        .iter()
        .find(|binding| binding.arn.as_str() == facts.arn)
        .and_then(|binding| Gauge::of(binding, alarm));
    let points = match (&gauge, &facts.points) {
        (Some(_), Some(Ok(points))) => points.as_slice(),
        (Some(_), Some(Err(why))) => {
            return Standing::NotEnough(format!("{name}: its metric could not be read: {why}"));
        }
        (Some(_), None) => {
            return Standing::NotEnough(format!("{name}: its metric was not read"));
        }
        (None, _) => &[],
    };
    let reading = AlarmReading {
        state: &alarm.state,
        reason: &alarm.reason,
        reason_data: alarm.reason_data.as_deref(),
        rule: gauge.as_ref().map(|gauge| &gauge.rule),
        points,
        least_samples: f64::from(platform.min_samples),
    };
    match (judge(&reading, now), gauge) {
        (AlarmNow::Breaching(figures), Some(gauge)) => Standing::Slow(Slow {
            alarm: name.clone(),
            figures,
            statistic: gauge.query.statistic.clone(),
            limit: limit(gauge.rule.comparison, gauge.rule.threshold),
        }),
        (AlarmNow::NoLonger { says } | AlarmNow::Forced { says }, _) => {
            Standing::Fine(format!("{name}: {says}"))
        }
        (other, None) => Standing::NotEnough(format!(
            "{name}: {other}; or declare the metric behind it (alarms[].metric)"
        )),
        (other, Some(_)) => Standing::NotEnough(format!("{name}: {other}")),
    }
}

fn limit(comparison: Comparison, threshold: f64) -> String {
    format!("{} {}", comparison.words(), short(threshold))
}

/// The item.
pub(crate) fn item(standing: &Standing, alarms: &[AlarmFacts], min_samples: u32) -> Item {
    const CODE: &str = "PRV-001";
    const TITLE: &str = "provisioning is as fast as the alarm allows";
    let read = alarms.iter().filter(|alarm| alarm.alarm.is_ok()).count();
    let (verdict, seen, limit) = match standing {
        Standing::Slow(slow) => (
            Verdict::Fail,
            format!("{}: {}; {}", slow.alarm, slow.words(), slow.figures),
            slow.limit.clone(),
        ),
        Standing::Fine(says) => (Verdict::Pass, says.clone(), "the alarm's own".to_owned()),
        Standing::NotEnough(says) => (Verdict::Unknown, says.clone(), "the alarm's own".to_owned()),
    };
    Item::judge(CODE, TITLE, verdict, population(read, 1), seen)
        .threshold(
            format!("{limit}, datapoints of at least {min_samples} samples"),
            "the alarm, read again; min_samples",
        )
        .remedy(match standing {
            Standing::NotEnough(_) => {
                "nothing was changed; look at the alarm and at whether its metric still arrives"
            }
            _ => "see PRV-002 for the cause; users wait for their workspaces until it is gone",
        })
}
