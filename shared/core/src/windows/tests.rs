//! Windows and run days against Python's zoneinfo and against AWS's rules for schedules.

use super::*;
use crate::calendar::{Calendar, RunDay, run_day};
use crate::settings::{Day, LocalTime, Zone};
use serde_json::Value;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn time(text: &str) -> LocalTime {
    text.parse().unwrap()
}

fn date(text: &str) -> jiff::civil::Date {
    text.parse::<Day>().unwrap().date()
}

#[test]
fn every_window_is_the_one_that_python_computes_t04() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/calendar.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 150, "the table is short: {}", cases.len());
    for case in &cases {
        let text = |field: &str| case[field].as_str().unwrap();
        let instants = |field: &str| {
            let [start, end] = [0, 1].map(|index| at(case[field][index].as_str().unwrap()));
            (start, end)
        };
        let (now, zone) = (at(text("now")), zone(text("zone")));
        let today = local_date(now, &zone);
        let whole = day(today, &zone);
        let month = previous_month(now, &zone);
        let seen = format!("{} {}", text("zone"), text("now"));

        assert_eq!(today.to_string(), text("date"), "{seen}");
        assert_eq!((whole.start, whole.end), instants("day"), "{seen}");
        assert_eq!(
            whole.duration().as_mins(),
            case["day_minutes"].as_i64().unwrap(),
            "{seen}"
        );
        assert_eq!(last_24h(now).start, at(text("last_24h")), "{seen}");
        assert_eq!(since_local_midnight(now, &zone).start, whole.start, "{seen}");
        assert!(whole.contains(now) && !whole.contains(whole.end), "{seen}");
        assert_eq!(month_to_date(now, &zone).start, at(text("month_start")), "{seen}");
        assert_eq!((month.start, month.end), instants("previous_month"), "{seen}");
        assert_eq!(
            previous_weekday(Weekday::Monday, now, &zone).to_string(),
            text("previous_monday"),
            "{seen}"
        );
        assert_eq!(
            previous_weekday(Weekday::Friday, now, &zone).to_string(),
            text("previous_friday"),
            "{seen}"
        );
        assert_eq!(first_monday(today).to_string(), text("first_monday"), "{seen}");
        for (clock, expected) in case["times"].as_object().unwrap() {
            let happens = occurrence(today, time(clock), &zone);
            assert_eq!(happens, expected.as_str().map(at), "{seen} at {clock}");
        }
    }
}

#[test]
fn half_past_six_in_new_york_follows_the_clock_once_a_day_t01() {
    let (zone, half_past_six) = (zone("America/New_York"), time("06:30"));
    for (day, utc) in [
        ("2026-03-07", "2026-03-07T11:30:00Z"),
        ("2026-03-08", "2026-03-08T10:30:00Z"),
        ("2026-10-31", "2026-10-31T10:30:00Z"),
        ("2026-11-01", "2026-11-01T11:30:00Z"),
    ] {
        assert_eq!(occurrence(date(day), half_past_six, &zone), Some(at(utc)));
    }
    let runs = next_runs(half_past_six, &zone, None, at("2025-12-31T12:00:00Z"), 365);
    let mut days: Vec<String> = runs
        .iter()
        .map(|run| local_date(*run, &zone).to_string())
        .collect();
    assert!(runs.is_sorted() && runs.len() == 365);
    days.dedup();
    assert_eq!(
        (
            days.len(),
            days.first().map(String::as_str),
            days.last().map(String::as_str)
        ),
        (365, Some("2026-01-01"), Some("2026-12-31"))
    );
}

#[test]
fn a_skipped_local_time_does_not_run_and_a_repeated_one_runs_once_t01() {
    let zone = zone("America/New_York");
    assert_eq!(occurrence(date("2026-03-08"), time("02:30"), &zone), None);
    assert_eq!(
        occurrence(date("2026-11-01"), time("01:30"), &zone),
        Some(at("2026-11-01T05:30:00Z"))
    );
    let around = next_runs(time("02:30"), &zone, None, at("2026-03-07T00:00:00Z"), 2);
    assert_eq!(around, [at("2026-03-07T07:30:00Z"), at("2026-03-09T06:30:00Z")]);
    let twice = next_runs(time("01:30"), &zone, None, at("2026-11-01T05:30:00Z"), 1);
    assert_eq!(
        twice,
        [at("2026-11-02T06:30:00Z")],
        "the second 01:30 is not another run"
    );
}

#[test]
fn days_of_23_and_25_hours_are_not_24_hours_t04() {
    let zone = zone("America/New_York");
    assert_eq!(day(date("2026-03-08"), &zone).duration().as_hours(), 23);
    assert_eq!(day(date("2026-11-01"), &zone).duration().as_hours(), 25);
    let now = at("2026-03-08T16:00:00Z"); // noon, local
    assert_eq!(
        last_24h(now).start,
        at("2026-03-07T16:00:00Z"),
        "11:00 of the day before, local"
    );
    assert_eq!(since_local_midnight(now, &zone).duration().as_hours(), 11);
    assert_eq!(last_hours(now, 3).start, at("2026-03-08T13:00:00Z"));
}

#[test]
fn windows_at_the_ends_of_time_do_not_panic() {
    let zone = zone("Pacific/Apia");
    for now in [Timestamp::MIN, Timestamp::MAX] {
        let _ = (
            last_hours(now, u32::MAX),
            since_local_midnight(now, &zone),
            previous_month(now, &zone),
        );
        let _ = (
            previous_weekday(Weekday::Monday, now, &zone),
            month_to_date(now, &zone),
        );
        let _ = next_runs(time("06:30"), &zone, Some(&Calendar::default()), now, 3);
        let _ = day(local_date(now, &zone), &zone);
    }
    assert!(start_of_day(jiff::civil::Date::MIN, &zone) <= start_of_day(jiff::civil::Date::MAX, &zone));
}

fn calendar(json: &str) -> Calendar {
    let value: Value = serde_json::from_str(json).unwrap();
    deserr::deserialize::<Calendar, _, crate::settings::Mistakes>(value).unwrap()
}

#[test]
fn an_exception_beats_a_holiday_and_a_holiday_beats_the_week() {
    let calendar = calendar(
        r#"{"holidays": [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2026-12-26", "name": "Boxing Day"}],
            "exceptions": [{"date": "2026-12-25", "runs": true, "why": "year-end close"},
                           {"date": "2026-12-28", "runs": false, "why": "change freeze"},
                           {"date": "2026-12-27", "runs": true, "why": "stock taking"}]}"#,
    );
    let on = |day: &str| calendar.on(date(day));
    assert_eq!(on("2026-12-25"), RunDay::Runs);
    assert_eq!(on("2026-12-24"), RunDay::Runs);
    assert_eq!(
        on("2026-12-26"),
        RunDay::Rests("2026-12-26 is a holiday: Boxing Day".to_owned())
    );
    assert_eq!(on("2026-12-27"), RunDay::Runs, "a Sunday, by exception");
    assert_eq!(
        on("2026-12-28"),
        RunDay::Rests("2026-12-28 is an exception: change freeze".to_owned())
    );
    assert_eq!(
        on("2027-01-02"),
        RunDay::Rests("2027-01-02 is a Saturday, which is not a working day".to_owned())
    );
    assert_eq!(
        calendar.next_run_day(date("2026-12-27")),
        Some(date("2026-12-29"))
    );
}

#[test]
fn the_run_day_is_the_local_one() {
    let (friday_evening, calendar) = (at("2026-06-06T02:00:00Z"), Calendar::default());
    assert!(
        run_day(&calendar, &zone("America/New_York"), friday_evening).runs(),
        "still Friday there"
    );
    assert!(
        !run_day(&calendar, &zone("Europe/Berlin"), friday_evening).runs(),
        "Saturday there"
    );
}

#[test]
fn the_next_runs_keep_to_working_days() {
    let runs = next_runs(
        time("06:30"),
        &zone("America/New_York"),
        Some(&Calendar::default()),
        at("2026-03-06T12:00:00Z"),
        2,
    );
    assert_eq!(
        runs,
        [at("2026-03-09T10:30:00Z"), at("2026-03-10T10:30:00Z")],
        "over a weekend with a clock change"
    );
    let never = calendar(r#"{"working_days": []}"#);
    assert_eq!(
        next_runs(
            time("06:30"),
            &zone("UTC"),
            Some(&never),
            at("2026-03-06T12:00:00Z"),
            2
        ),
        []
    );
    assert_eq!(never.next_run_day(date("2026-03-06")), None);
}
