//! Judgements of `watchdog` as tables, each with a neighbour that is well.

use day2_aws::journal::{Beat, Begun, Signs};
use day2_core::settings::{Settings, read};
use day2_core::{Cause, Item, Unreadable, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ages, assess, looks_every_day, reads_every_schedule};
use crate::facts::Facts;
use crate::settings::WatchdogSettings;

/// A Monday in January: everything here is watched since then.
const BEGIN: &str = "2026-01-05T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settings(schedules: &Value, holidays: &[&str]) -> Settings<WatchdogSettings> {
    let holidays: Vec<Value> = holidays
        .iter()
        .map(|day| json!({"date": day, "name": "a holiday"}))
        .collect();
    let document = json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "day2", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "functions": {"scale-window": {"schedules": schedules, "targets": ["prod-a"], "grace_minutes": 30}},
            "calendar": {"holidays": holidays}
        }
    });
    read(&document.to_string()).unwrap()
}

fn beat(at_: &str, scheduled: Option<&str>) -> Beat {
    Beat {
        at: at(at_),
        scheduled_at: scheduled.map(at),
        outcome: "PASS".to_owned(),
    }
}

fn reported(scheduled: &str) -> Signs {
    Signs {
        last: Some(beat(scheduled, Some(scheduled))),
        ..Signs::default()
    }
}

fn facts(signs: Vec<Signs>) -> Facts {
    let since = Ok(vec![at(BEGIN); signs.len()]);
    Facts {
        signs: signs.into_iter().map(Ok).collect(),
        since,
    }
}

/// The judgement on one schedule.
fn one(expression: &str, holidays: &[&str], signs: Signs, now: &str) -> Vec<Item> {
    let settings = settings(&json!({"look": expression}), holidays);
    assess(
        &facts(vec![signs]),
        &settings.function,
        &settings.deployment.zone,
        at(now),
    )
}

fn verdicts(items: &[Item]) -> Vec<(&str, Verdict)> {
    items
        .iter()
        .map(|item| (item.code.as_str(), item.verdict()))
        .collect()
}

fn says(item: &Item) -> String {
    let lines: Vec<String> = item
        .subjects
        .iter()
        .map(|one| format!("{}: {}", one.name, one.says))
        .collect();
    lines.join("\n")
}

const DAILY: &str = "cron(30 6 * * ? *)";
const WEEKLY: &str = "cron(0 7 ? * MON *)";

/// Expression, holidays, last report, now, and since when it is missing; nothing when it is here.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
    Option<&'static str>,
);

#[test]
fn a_report_is_missing_when_it_was_due_by_the_calendar_and_not_before_o03_t04() {
    let rows: &[Row] = &[
        // Friday's report is here all weekend, and on Monday until its time and the grace have passed.
        (DAILY, &[], "2026-03-06T11:30:00Z", "2026-03-06T14:00:00Z", None),
        (DAILY, &[], "2026-03-06T11:30:00Z", "2026-03-08T23:00:00Z", None),
        (DAILY, &[], "2026-03-06T11:30:00Z", "2026-03-09T11:00:00Z", None),
        (
            DAILY,
            &[],
            "2026-03-06T11:30:00Z",
            "2026-03-09T11:00:01Z",
            Some("Mon 9 Mar 06:30 EDT"),
        ),
        // The first one that is missing stays the one that is named.
        (
            DAILY,
            &[],
            "2026-03-06T11:30:00Z",
            "2026-03-12T14:00:00Z",
            Some("Mon 9 Mar 06:30 EDT"),
        ),
        // Over a holiday on a working day.
        (
            DAILY,
            &["2026-05-25"],
            "2026-05-22T10:30:00Z",
            "2026-05-25T20:00:00Z",
            None,
        ),
        (
            DAILY,
            &["2026-05-25"],
            "2026-05-22T10:30:00Z",
            "2026-05-26T12:00:00Z",
            Some("Tue 26 May 06:30 EDT"),
        ),
        // Weekly: here for a week, and over a holiday for two.
        (WEEKLY, &[], "2026-06-01T11:00:00Z", "2026-06-07T23:00:00Z", None),
        (
            WEEKLY,
            &[],
            "2026-06-01T11:00:00Z",
            "2026-06-08T12:00:00Z",
            Some("Mon 8 Jun 07:00 EDT"),
        ),
        (
            WEEKLY,
            &["2026-06-08"],
            "2026-06-01T11:00:00Z",
            "2026-06-14T23:00:00Z",
            None,
        ),
        (
            WEEKLY,
            &["2026-06-08"],
            "2026-06-01T11:00:00Z",
            "2026-06-15T12:00:00Z",
            Some("Mon 15 Jun 07:00 EDT"),
        ),
        // On the day after the clock goes back, at its time on the wall.
        (DAILY, &[], "2026-10-30T10:30:00Z", "2026-11-02T11:45:00Z", None),
        (
            DAILY,
            &[],
            "2026-10-30T10:30:00Z",
            "2026-11-02T12:15:00Z",
            Some("Mon 2 Nov 06:30 EST"),
        ),
        // A rate.
        (
            "rate(1 hour)",
            &[],
            "2026-03-06T14:00:00Z",
            "2026-03-06T15:29:00Z",
            None,
        ),
        (
            "rate(1 hour)",
            &[],
            "2026-03-06T14:00:00Z",
            "2026-03-06T15:31:00Z",
            Some("Fri 6 Mar 10:00 EST"),
        ),
    ];
    for (expression, holidays, last, now, missing) in rows {
        let items = one(expression, holidays, reported(last), now);
        let expected = if missing.is_some() {
            Verdict::Fail
        } else {
            Verdict::Pass
        };
        assert_eq!(
            items[0].verdict(),
            expected,
            "{expression} {last} {now}: {}",
            says(&items[0])
        );
        let told = says(&items[0]);
        let since = missing.map_or_else(String::new, |time| {
            format!("scale-window/look/prod-a: missing since {time}; ")
        });
        assert!(
            told.starts_with(&since) && told.is_empty() == missing.is_none(),
            "{now}: {told}"
        );
        assert!(items[1..].iter().all(|item| item.verdict() == Verdict::Pass));
    }
}

#[test]
fn a_new_schedule_is_unknown_until_its_first_time_and_then_missing_o03() {
    let rows = [
        ("2026-01-05T10:00:00Z", Verdict::Unknown, Verdict::Unknown),
        ("2026-01-05T12:00:00Z", Verdict::Unknown, Verdict::Unknown),
        ("2026-01-05T12:00:01Z", Verdict::Fail, Verdict::Pass),
    ];
    for (now, missing, waiting) in rows {
        let items = one(DAILY, &[], Signs::default(), now);
        assert_eq!(
            verdicts(&items),
            [
                ("WDG-001", missing),
                ("WDG-002", waiting),
                ("WDG-003", Verdict::Pass)
            ],
            "{now}"
        );
    }
    let first = one(DAILY, &[], Signs::default(), "2026-01-05T10:00:00Z");
    assert!(
        says(&first[1]).contains("first due Mon 5 Jan 06:30 EST"),
        "{}",
        says(&first[1])
    );
    let never = one(DAILY, &[], Signs::default(), "2026-01-06T10:00:00Z");
    assert!(
        says(&never[0]).contains("missing since Mon 5 Jan 06:30 EST; it never reported"),
        "{}",
        says(&never[0])
    );
}

#[test]
fn a_schedule_that_was_moved_is_not_expected_before_its_next_time() {
    // At ten it was moved to nine; the report of half past six is the last one.
    let settings = settings(&json!({"look": "cron(0 9 * * ? *)"}), &[]);
    let seen = Facts {
        signs: vec![Ok(reported("2026-03-05T11:30:00Z"))],
        since: Ok(vec![at("2026-03-05T15:00:00Z")]),
    };
    let judge = |now| assess(&seen, &settings.function, &settings.deployment.zone, at(now))[0].verdict();
    assert_eq!(judge("2026-03-05T16:00:00Z"), Verdict::Pass);
    assert_eq!(judge("2026-03-06T14:31:00Z"), Verdict::Fail);
}

#[test]
fn a_run_that_is_at_work_is_not_missing_and_one_that_died_is() {
    let at_work = |until: &str| Signs {
        begun: Some(Begun {
            scheduled_at: at("2026-03-06T11:30:00Z"),
            until: at(until),
        }),
        ..reported("2026-03-05T11:30:00Z")
    };
    let now = "2026-03-06T12:10:00Z";
    let items = one(DAILY, &[], at_work("2026-03-06T12:12:00Z"), now);
    assert_eq!(items[0].verdict(), Verdict::Pass);
    assert!(items[0].seen.contains("1 at work"), "{}", items[0].seen);
    let items = one(DAILY, &[], at_work("2026-03-06T12:09:00Z"), now);
    assert_eq!(items[0].verdict(), Verdict::Fail);
    assert!(
        says(&items[0]).contains("a run began and did not end"),
        "{}",
        says(&items[0])
    );
    // One of the day before says nothing of today.
    let mut old = at_work("2026-03-06T12:12:00Z");
    old.begun = old.begun.map(|begun| Begun {
        scheduled_at: at("2026-03-05T11:30:00Z"),
        ..begun
    });
    let items = one(DAILY, &[], old, now);
    assert!(items[0].verdict() == Verdict::Fail && !says(&items[0]).contains("began"));
}

#[test]
fn a_report_by_hand_stands_for_the_one_that_was_due_and_for_no_later_one() {
    let by_hand = |time: &str| Signs {
        by_hand: Some(beat(time, None)),
        ..reported("2026-03-04T11:30:00Z")
    };
    let judge = |time, now| one(DAILY, &[], by_hand(time), now)[0].verdict();
    assert_eq!(
        judge("2026-03-05T13:00:00Z", "2026-03-05T14:00:00Z"),
        Verdict::Pass
    );
    assert_eq!(
        judge("2026-03-05T13:00:00Z", "2026-03-06T14:00:00Z"),
        Verdict::Fail
    );
    assert_eq!(
        judge("2026-03-05T10:00:00Z", "2026-03-05T14:00:00Z"),
        Verdict::Fail,
        "before it was due"
    );
    let items = one(
        DAILY,
        &[],
        by_hand("2026-03-05T13:00:00Z"),
        "2026-03-06T14:00:00Z",
    );
    assert!(
        says(&items[0]).contains("last report Thu 5 Mar 08:00 EST (PASS, by hand)"),
        "{}",
        says(&items[0])
    );
}

#[test]
fn a_rest_does_not_hide_that_the_report_before_it_is_missing() {
    let rested = Signs {
        rest: Some(beat("2026-03-07T11:30:02Z", Some("2026-03-07T11:30:00Z"))),
        ..reported("2026-03-05T11:30:00Z")
    };
    let items = one(DAILY, &[], rested, "2026-03-07T14:00:00Z");
    assert_eq!(items[0].verdict(), Verdict::Fail);
    let told = says(&items[0]);
    assert!(told.contains("missing since Fri 6 Mar 06:30 EST"), "{told}");
    assert!(
        told.contains("its schedule fires: it rested Sat 7 Mar 06:30 EST"),
        "{told}"
    );
}

#[test]
fn a_report_for_a_time_in_the_future_counts_for_its_own_time() {
    let ahead = Signs {
        last: Some(beat("2026-03-04T11:30:00Z", Some("2036-03-04T11:30:00Z"))),
        ..Signs::default()
    };
    let judge = |now| one(DAILY, &[], ahead.clone(), now)[0].verdict();
    assert_eq!(judge("2026-03-05T11:45:00Z"), Verdict::Pass);
    assert_eq!(judge("2026-03-05T14:00:00Z"), Verdict::Fail);
}

fn two() -> Settings<WatchdogSettings> {
    settings(&json!({"evening": "cron(30 18 * * ? *)", "morning": DAILY}), &[])
}

#[test]
fn what_cannot_be_read_is_unknown_and_hides_no_neighbour() {
    let why = Unreadable::new("dynamodb:Query", "day2-journal", Cause::Throttled, "slow down");
    let settings = two();
    let judge = |signs, since| {
        let facts = Facts { signs, since };
        assess(
            &facts,
            &settings.function,
            &settings.deployment.zone,
            at("2026-03-06T14:00:00Z"),
        )
    };
    let here = reported("2026-03-06T11:30:00Z");
    let both = || Ok(vec![at(BEGIN), at(BEGIN)]);

    let items = judge(vec![Err(why.clone()), Ok(here.clone())], both());
    assert_eq!(items[0].verdict(), Verdict::Unknown);
    assert!(
        says(&items[0]).contains("scale-window/evening/prod-a: could not be read"),
        "{}",
        says(&items[0])
    );
    assert!(!says(&items[0]).contains("morning"));

    let items = judge(
        vec![Err(why.clone()), Ok(reported("2026-03-05T11:30:00Z"))],
        both(),
    );
    assert_eq!(items[0].verdict(), Verdict::Fail, "what is missing is missing");

    // Without the beginnings: what was heard of is judged, what never was is not known.
    let items = judge(vec![Ok(Signs::default()), Ok(here)], Err(why));
    assert_eq!(items[0].verdict(), Verdict::Unknown);
    assert!(
        says(&items[0]).contains("evening/prod-a: never reported; since when"),
        "{}",
        says(&items[0])
    );
    assert_eq!(items[0].population().examined, 1);

    // A look that was cut short.
    let items = judge(Vec::new(), both());
    assert_eq!(items[0].verdict(), Verdict::Unknown);
}

#[test]
fn one_of_two_is_missing_and_the_other_is_not_named() {
    let settings = two();
    let seen = facts(vec![
        reported("2026-03-05T23:30:00Z"),
        reported("2026-03-05T11:30:00Z"),
    ]);
    let items = assess(
        &seen,
        &settings.function,
        &settings.deployment.zone,
        at("2026-03-06T14:00:00Z"),
    );
    assert_eq!(items[0].seen, "1 missing of 2 schedules");
    let names: Vec<&str> = items[0].subjects.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["scale-window/morning/prod-a"]);
}

#[test]
fn an_expression_that_cannot_be_judged_is_unknown_and_never_here() {
    for expression in ["cron(whenever)", "cron(0 0 30 2 ? *)", "every morning"] {
        let items = one(expression, &[], Signs::default(), "2026-03-06T14:00:00Z");
        assert_eq!(items[2].verdict(), Verdict::Unknown, "{expression}");
        assert_eq!(
            items[0].verdict(),
            Verdict::Unknown,
            "nothing was judged: {expression}"
        );
        assert!(says(&items[2]).contains(expression), "{}", says(&items[2]));
    }
    let once = one(
        "at(2026-01-06T06:30:00)",
        &[],
        reported("2026-01-06T11:30:00Z"),
        "2026-03-06T14:00:00Z",
    );
    assert!(
        once.iter().all(|item| item.verdict() == Verdict::Pass),
        "{once:#?}"
    );
}

#[test]
fn a_self_check_reads_expressions_and_calendar() {
    let odd = settings(&json!({"look": "every morning", "other": DAILY}), &[]);
    let item = reads_every_schedule(&odd.function);
    assert_eq!((item.code.as_str(), item.verdict()), ("WDG-801", Verdict::Fail));
    assert_eq!(item.subjects.len(), 1);
    assert_eq!(reads_every_schedule(&two().function).verdict(), Verdict::Pass);
    // The document has no calendar: Monday to Friday, on which the watchdog would sleep through the weekend.
    assert_eq!(looks_every_day(&two().calendar).verdict(), Verdict::Fail);
}

#[test]
fn the_age_of_each_heartbeat_is_told_and_what_never_reported_has_none() {
    let settings = settings(&json!({"a": DAILY, "b": DAILY, "c": DAILY, "d": DAILY}), &[]);
    let now = at("2026-03-06T12:00:00Z");
    let half_an_hour_ago = Some(beat("2026-03-06T11:30:00Z", None));
    let by_hand_since = Signs {
        by_hand: Some(beat("2026-03-06T11:59:00Z", None)),
        last: half_an_hour_ago.clone(),
        ..Signs::default()
    };
    // A rest is a sign of life, and no report.
    let only_rested = Signs {
        rest: half_an_hour_ago,
        ..Signs::default()
    };
    let unread = Unreadable::new("dynamodb:Query", "day2-journal", Cause::Throttled, "slow down");
    let facts = Facts {
        signs: vec![
            Ok(reported("2026-03-06T11:30:00Z")),
            Ok(by_hand_since),
            Ok(only_rested),
            Err(unread),
        ],
        since: Ok(vec![at(BEGIN); 4]),
    };
    let told: Vec<String> = ages(&facts, &settings.function, now)
        .iter()
        .map(|one| {
            format!(
                "{} {}/{}/{} {}",
                one.name, one.function, one.task, one.target, one.value
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "HeartbeatAgeSeconds scale-window/a/prod-a 1800",
            "HeartbeatAgeSeconds scale-window/b/prod-a 60"
        ]
    );
}

/// Trap 20: the runbooks' automation tells of what it did. Of a check that did not run it prints nothing, and nothing is what a day
/// without trouble looks like too. Each of the three scheduled checks: its schedule as in `trigger.json`, when its last report came,
/// a moment at which one more was due, and since when that one is missing.
#[test]
fn a_check_that_did_not_run_is_silent_in_the_runbooks_and_told_here_trap_20_t04() {
    let rows = [
        (
            include_str!("../../../health-check/trigger.json"),
            "morning",
            "2026-03-05T11:00:00Z",
            "2026-03-06T12:00:00Z",
            "Fri 6 Mar 06:00 EST",
        ),
        (
            include_str!("../../../backup-verification/trigger.json"),
            "daily",
            "2026-03-05T12:30:00Z",
            "2026-03-06T13:30:00Z",
            "Fri 6 Mar 07:30 EST",
        ),
        (
            include_str!("../../../backup-verification/trigger.json"),
            "weekly",
            "2026-02-27T13:00:00Z",
            "2026-03-06T14:00:00Z",
            "Fri 6 Mar 08:00 EST",
        ),
        (
            include_str!("../../../ha-status/trigger.json"),
            "probe",
            "2026-03-06T11:00:00Z",
            "2026-03-06T12:00:00Z",
            "Fri 6 Mar 06:05 EST",
        ),
    ];
    for (trigger, task, last, now, since) in rows {
        let trigger: Value = serde_json::from_str(trigger).unwrap();
        let schedules = trigger["schedules"].as_array().unwrap();
        let schedule = schedules.iter().find(|one| one["task"] == task).unwrap();
        let expression = schedule["cron"].as_str().unwrap();
        let here = one(expression, &[], reported(now), now);
        assert_eq!(
            (here[0].verdict(), says(&here[0])),
            (Verdict::Pass, String::new()),
            "{task}"
        );
        let missing = one(expression, &[], reported(last), now);
        assert_eq!(missing[0].verdict(), Verdict::Fail, "{task}");
        let told = says(&missing[0]);
        assert!(
            told.contains(&format!("missing since {since}; last report")),
            "{task}: {told}"
        );
    }
}
