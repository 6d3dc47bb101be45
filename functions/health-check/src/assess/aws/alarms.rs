//! `HLT-201` to `HLT-203`: what rings, what cannot ring, and what rang.

use std::collections::BTreeMap;

use day2_core::Observed;
use day2_reads::alarm_history::Transition;
use day2_reads::alarms::Alarm;
use jiff::{SignedDuration, Timestamp};

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use crate::facts::aws::AlarmFacts;

const RINGING: &str = "ALARM";
const BLIND: &str = "INSUFFICIENT_DATA";

pub(super) fn lines(seen: &AlarmFacts, scene: &Scene<'_>) -> Vec<Line> {
    let counted = seen.alarms.as_ref().map(|all| {
        all.iter()
            .filter(|alarm| scene.plan.alarms.counts(&alarm.name))
            .collect::<Vec<&Alarm>>()
    });
    vec![
        in_state(
            ("HLT-201", "no alarm is in ALARM"),
            RINGING,
            &counted,
            scene,
            "open the alarm and follow its runbook",
        ),
        in_state(
            ("HLT-202", "every alarm has data"),
            BLIND,
            &counted,
            scene,
            "an alarm without data cannot ring: check its metric, dimensions and period",
        ),
        rang(&seen.history, &counted, scene),
    ]
}

type Counted<'a> = Result<Vec<&'a Alarm>, &'a day2_core::Unreadable>;

fn in_state(
    (code, title): (&'static str, &'static str),
    state: &str,
    counted: &Counted<'_>,
    scene: &Scene<'_>,
    remedy: &'static str,
) -> Line {
    let counted = match counted {
        Ok(counted) => counted,
        Err(why) => return Line::unreadable(code, title, why),
    };
    let wrong: Vec<Finding> = counted
        .iter()
        .filter(|alarm| alarm.state == state)
        .map(|alarm| {
            let age = alarm.since.map_or_else(String::new, |since| {
                format!(" for {}", words::age(since, scene.now))
            });
            Finding::of(
                &alarm.name,
                format!("{} alarm{age}: {}", alarm.kind(), alarm.reason),
            )
        })
        .collect();
    let strange = counted
        .iter()
        .filter(|alarm| !matches!(alarm.state.as_str(), "OK" | RINGING | BLIND))
        .map(|alarm| {
            let says = format!("its state `{}` is none that is known", alarm.state);
            (alarm.name.clone(), says)
        });
    let least = scene.plan.alarms.expected_at_least;
    Line::new(code, title, counted.len())
        .expected(u64::from(least))
        .seen(format!(
            "{} of {} in {state}",
            wrong.len(),
            words::count(counted.len(), "alarm")
        ))
        .threshold(
            format!("none in {state}, at least {least} judged"),
            "alarms.prefix, alarms.ignore, alarms.expected_at_least",
        )
        .remedy(remedy)
        .unread(strange)
        .wrong(wrong)
}

/// What rang and is silent again. The present state of the alarms does not show it, and what still rings is `HLT-201`'s.
fn rang(history: &Observed<Vec<Transition>>, counted: &Counted<'_>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-203";
    const TITLE: &str = "no alarm rang meanwhile";
    let (history, counted) = match (history, counted) {
        (Ok(history), Ok(counted)) => (history, counted),
        (Err(why), _) => return Line::unreadable(CODE, TITLE, why),
        (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let hours = scene.plan.alarms.history_hours;
    let window = SignedDuration::from_hours(i64::from(hours));
    let start = scene.now.saturating_sub(window).unwrap_or(scene.now);
    let silent = |name: &str| {
        !counted
            .iter()
            .any(|alarm| alarm.name == name && alarm.state == RINGING)
    };
    let mut rings: BTreeMap<&str, Vec<&Transition>> = BTreeMap::new();
    for transition in history {
        if scene.plan.alarms.counts(&transition.alarm) {
            rings.entry(&transition.alarm).or_default().push(transition);
        }
    }
    let (mut wrong, mut strange) = (Vec::new(), Vec::new());
    for (name, changes) in rings {
        if let Some(says) = not_told(&changes) {
            strange.push((name.to_owned(), says));
        }
        if let Some(says) = rings_of(&changes, start, scene)
            && silent(name)
        {
            wrong.push(Finding::of(name, says));
        }
    }
    let (examined, rang) = (counted.len(), wrong.len());
    Line::new(CODE, TITLE, examined)
        .expected(u64::from(scene.plan.alarms.expected_at_least))
        .seen(format!(
            "{rang} of {} rang in the last {hours} h and {} silent again",
            words::count(examined, "alarm"),
            if rang == 1 { "is" } else { "are" },
        ))
        .threshold(format!("none in the last {hours} h"), "alarms.history_hours")
        .remedy("see what happened at that time, before it happens again")
        .unread(strange)
        .wrong(wrong)
}

/// A state that is not told may be a ring. What was before the window only the oldest change can tell.
fn not_told(changes: &[&Transition]) -> Option<String> {
    if let Some(unclear) = changes.iter().find(|change| change.to.is_none()) {
        return Some(format!(
            "changed to a state that is not told: {}",
            unclear.summary
        ));
    }
    // What begins to ring did not ring before.
    let oldest = changes
        .last()
        .filter(|oldest| oldest.from.is_none() && oldest.to.as_deref() != Some(RINGING))?;
    Some(format!(
        "changed from a state that is not told: {}",
        oldest.summary
    ))
}

/// How often, how long and when one alarm rang, by its changes of state, newest first; none where it did not.
fn rings_of(changes: &[&Transition], start: Timestamp, scene: &Scene<'_>) -> Option<String> {
    let began: Vec<Timestamp> = changes
        .iter()
        .filter(|change| change.to.as_deref() == Some(RINGING))
        .map(|change| change.at)
        .collect();
    let before = rang_before(changes);
    let rings = began.len() + usize::from(before);
    if rings == 0 {
        return None;
    }
    let mut says = format!(
        "rang {}, {}{} min in all",
        words::count(rings, "time"),
        if before { "at least " } else { "" },
        rung_minutes(changes, start, scene.now)
    );
    if before {
        let first = if began.is_empty() { "" } else { "the first " };
        let start = scene.zone.to_datetime(start).strftime("%F %H:%M").to_string();
        says = format!("{says}, {first}since before {start}");
    }
    if let Some(last) = began.iter().max() {
        says = format!("{says}, last {} ago", words::age(*last, scene.now));
    }
    Some(format!("{says}; silent again"))
}

/// Whether an alarm rang when the window began: its first change in the window was out of ALARM.
fn rang_before(changes: &[&Transition]) -> bool {
    changes
        .last()
        .is_some_and(|oldest| oldest.from.as_deref() == Some(RINGING))
}

/// Minutes in ALARM within the window, of changes that are newest first.
fn rung_minutes(changes: &[&Transition], start: Timestamp, now: Timestamp) -> i64 {
    let mut until = now;
    let mut seconds = 0;
    for change in changes {
        if change.to.as_deref() == Some(RINGING) {
            seconds += until.as_second() - change.at.as_second();
        }
        until = change.at;
    }
    if rang_before(changes) {
        seconds += until.as_second() - start.as_second();
    }
    seconds.max(0) / 60
}
