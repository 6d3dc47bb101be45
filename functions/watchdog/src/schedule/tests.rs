//! When schedules are due, as tables.

use super::*;

const NEW_YORK: &str = "America/New_York";

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn calendar(holidays: &[&str]) -> Calendar {
    Calendar {
        holidays: holidays
            .iter()
            .map(|date| day2_core::calendar::Holiday {
                date: date.parse().unwrap(),
                name: "a holiday".to_owned(),
            })
            .collect(),
        ..Calendar::default()
    }
}

fn every_day() -> Calendar {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let days = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
    Calendar {
        working_days: days.into_iter().map(day2_core::settings::DayName::from).collect(),
        ..Calendar::default()
    }
}

#[track_caller]
fn due(expression: &str, zone_name: &str, calendar: &Calendar, rows: &[(&str, &str)]) {
    let when = parse(expression).unwrap();
    for (after, expected) in rows {
        let due = when.due_after(at(after), &zone(zone_name), calendar);
        assert_eq!(
            due,
            Some(at(expected)),
            "{expression} in {zone_name} after {after}"
        );
    }
}

#[test]
fn a_daily_check_is_due_on_working_days_only_and_at_its_time_on_the_wall_t01() {
    due(
        "cron(30 6 * * ? *)",
        NEW_YORK,
        &calendar(&["2026-12-25"]),
        &[
            // Thursday's, then Friday's; strictly after.
            ("2026-03-05T11:29:59Z", "2026-03-05T11:30:00Z"),
            ("2026-03-05T11:30:00Z", "2026-03-06T11:30:00Z"),
            // Over the weekend in which the clock goes forward.
            ("2026-03-06T11:30:00Z", "2026-03-09T10:30:00Z"),
            // Over Christmas, a Friday, and the weekend.
            ("2026-12-24T11:30:00Z", "2026-12-28T11:30:00Z"),
        ],
    );
}

#[test]
fn a_weekly_check_on_monday_is_due_next_monday_and_not_on_a_holiday_t04() {
    let weekly = "cron(0 7 ? * MON *)";
    due(
        weekly,
        NEW_YORK,
        &calendar(&["2026-05-25"]),
        &[
            ("2026-05-18T11:00:00Z", "2026-06-01T11:00:00Z"),
            ("2026-06-01T10:59:59Z", "2026-06-01T11:00:00Z"),
            ("2026-06-01T11:00:00Z", "2026-06-08T11:00:00Z"),
        ],
    );
    // Scheduler counts weekdays from Sunday = 1, so Monday is 2.
    due(
        "cron(0 7 ? * 2 *)",
        NEW_YORK,
        &every_day(),
        &[("2026-06-01T11:00:00Z", "2026-06-08T11:00:00Z")],
    );
}

#[test]
fn a_time_that_the_clock_skips_is_skipped_and_one_that_it_shows_twice_is_due_once_t01() {
    due(
        "cron(30 2 * * ? *)",
        NEW_YORK,
        &every_day(),
        &[
            ("2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"),
            ("2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"),
        ],
    );
    due(
        "cron(30 1 * * ? *)",
        NEW_YORK,
        &every_day(),
        &[
            ("2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z"),
            // 01:30 comes again an hour later, and that is not another report.
            ("2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
            ("2026-11-01T06:10:00Z", "2026-11-02T06:30:00Z"),
        ],
    );
    due(
        "cron(0/15 * * * ? *)",
        NEW_YORK,
        &every_day(),
        &[
            ("2026-03-08T06:45:00Z", "2026-03-08T07:00:00Z"),
            ("2026-11-01T05:45:00Z", "2026-11-01T07:00:00Z"),
            ("2026-11-01T06:20:00Z", "2026-11-01T07:00:00Z"),
        ],
    );
}

#[test]
fn months_end_and_years_change_as_on_the_calendar_t04() {
    due(
        "cron(0 8 1 * ? *)",
        "Europe/Berlin",
        &every_day(),
        &[
            ("2026-12-31T23:00:00Z", "2027-01-01T07:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-03-01T07:00:00Z"),
        ],
    );
    due(
        "cron(0 8 L * ? *)",
        "UTC",
        &every_day(),
        &[("2028-02-01T00:00:00Z", "2028-02-29T08:00:00Z")],
    );
    due(
        "cron(0 8 ? * 2#1 *)",
        "UTC",
        &every_day(),
        &[("2026-06-01T08:00:00Z", "2026-07-06T08:00:00Z")],
    );
    due(
        "cron(0 8 ? * MON-FRI *)",
        "UTC",
        &every_day(),
        &[("2026-03-06T08:00:00Z", "2026-03-09T08:00:00Z")],
    );
}

#[test]
fn a_rate_counts_from_the_last_run_and_passes_over_days_of_rest_in_step() {
    due(
        "rate(5 minutes)",
        "UTC",
        &every_day(),
        &[("2026-03-06T23:58:00Z", "2026-03-07T00:03:00Z")],
    );
    due(
        "rate(5 minutes)",
        "UTC",
        &calendar(&[]),
        &[
            ("2026-03-06T10:00:00Z", "2026-03-06T10:05:00Z"),
            ("2026-03-06T23:58:00Z", "2026-03-09T00:03:00Z"),
        ],
    );
    due(
        "rate(1 day)",
        "UTC",
        &calendar(&[]),
        &[("2026-03-06T10:00:00Z", "2026-03-09T10:00:00Z")],
    );
    let sundays = parse("rate(7 days)").unwrap();
    assert_eq!(
        sundays.due_after(at("2026-03-08T10:00:00Z"), &zone("UTC"), &calendar(&[])),
        None
    );
}

#[test]
fn what_happens_once_is_due_once_and_what_never_happens_is_never_due() {
    due(
        "at(2026-03-06T06:30:00)",
        NEW_YORK,
        &every_day(),
        &[("2026-03-01T00:00:00Z", "2026-03-06T11:30:00Z")],
    );
    for (expression, after) in [
        ("at(2026-03-06T06:30:00)", "2026-03-06T11:30:00Z"),
        // Skipped by the clock.
        ("at(2026-03-08T02:30:00)", "2026-03-01T00:00:00Z"),
        ("cron(0 0 30 2 ? *)", "2026-03-01T00:00:00Z"),
        ("cron(0 0 1 1 ? 2020)", "2026-03-01T00:00:00Z"),
    ] {
        let due = parse(expression)
            .unwrap()
            .due_after(at(after), &zone(NEW_YORK), &every_day());
        assert_eq!(due, None, "{expression}");
    }
}

#[test]
fn what_is_no_expression_of_scheduler_is_refused_with_the_reason() {
    for (expression, why) in [
        ("30 6 * * ? *", "is none of"),
        ("cron(30 6 * * ?)", "has 5 fields"),
        ("cron(30 6 * * ? * *)", "has 7 fields"),
        ("cron(61 6 * * ? *)", "cannot be read"),
        ("cron(30 6 * * BLUEDAY *)", "cannot be read"),
        ("rate(0 minutes)", "no rate"),
        ("rate(5 fortnights)", "no rate"),
        ("rate(-5 minutes)", "no rate"),
        ("at(tomorrow)", "names no moment"),
        ("", "is none of"),
    ] {
        let refused = parse(expression).unwrap_err();
        assert!(refused.contains(why), "{expression}: {refused}");
    }
}
