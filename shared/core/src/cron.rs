//! When a cron expression of Kubernetes or Velero was due last.

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The last time that a schedule was due at or before `by`; none for one that is never due, such as 30 February.
///
/// Both Kubernetes and Velero read five fields, `@daily` and the like, and `@every 6h` (source: `robfig/cron`
/// `ParseStandard`, which both use), in `zone` unless the expression begins with `CRON_TZ=` or `TZ=`.
///
/// # Errors
///
/// In words, when the expression is none of these.
pub fn last_due(expression: &str, zone: &TimeZone, by: Timestamp) -> Result<Option<Timestamp>, String> {
    let (zone, cron) = zone_of(expression.trim(), zone)?;
    if let Some(every) = cron.strip_prefix("@every ") {
        let every = duration(every.trim()).ok_or_else(|| format!("`{expression}` names no duration"))?;
        return by
            .checked_sub(every)
            .map(Some)
            .map_err(|_| format!("`{expression}` is longer than the calendar"));
    }
    // A name of it that is not known to every reader of cron.
    let cron = if cron == "@midnight" { "@daily" } else { cron };
    let parsed = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(cron)
        .map_err(|error| format!("`{expression}` is no cron expression: {error}"))?;
    match parsed.find_previous_occurrence(&by.to_zoned(zone), true) {
        Ok(last) => Ok(Some(last.timestamp())),
        Err(CronError::TimeSearchLimitExceeded) => Ok(None),
        Err(error) => Err(format!(
            "`{expression}` cannot be looked up in the calendar: {error}"
        )),
    }
}

fn zone_of<'e>(expression: &'e str, otherwise: &TimeZone) -> Result<(TimeZone, &'e str), String> {
    let named = ["CRON_TZ=", "TZ="]
        .iter()
        .find_map(|start| expression.strip_prefix(start));
    let Some((name, cron)) = named.and_then(|rest| rest.split_once(' ')) else {
        return Ok((otherwise.clone(), expression));
    };
    TimeZone::get(name)
        .map(|zone| (zone, cron.trim()))
        .map_err(|_| format!("`{name}` is no time zone"))
}

/// A duration as Go writes it: `6h`, `1h30m`, `90m`.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut sum = SignedDuration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let number: i64 = number.parse().ok()?;
        let unit = tail.chars().next()?;
        let seconds = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        sum = sum.checked_add(SignedDuration::from_secs(number.checked_mul(seconds)?))?;
        rest = tail.get(1..)?;
    }
    (sum > SignedDuration::ZERO).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_in(zone: &TimeZone, expression: &str, by: &str) -> Result<Option<String>, String> {
        last_due(expression, zone, by.parse().unwrap()).map(|at| at.map(|at| at.to_string()))
    }

    fn due(expression: &str, by: &str) -> Result<Option<String>, String> {
        due_in(&TimeZone::UTC, expression, by)
    }

    #[test]
    fn the_last_due_time_is_that_of_the_expression_in_its_zone_t04() {
        for (expression, by, at) in [
            ("0 2 * * *", "2026-11-20T11:30:00Z", "2026-11-20T02:00:00Z"),
            ("0 2 * * *", "2026-11-20T02:00:00Z", "2026-11-20T02:00:00Z"),
            ("0 2 * * *", "2026-11-20T01:59:00Z", "2026-11-19T02:00:00Z"),
            ("0 2 * * 1", "2026-11-20T11:30:00Z", "2026-11-16T02:00:00Z"),
            ("@daily", "2026-11-20T11:30:00Z", "2026-11-20T00:00:00Z"),
            ("@midnight", "2026-11-20T11:30:00Z", "2026-11-20T00:00:00Z"),
            ("0 3 1 * *", "2027-01-01T00:30:00Z", "2026-12-01T03:00:00Z"),
            ("0 3 29 2 *", "2028-03-01T00:00:00Z", "2028-02-29T03:00:00Z"),
            (
                "CRON_TZ=America/New_York 0 2 * * *",
                "2026-11-20T11:30:00Z",
                "2026-11-20T07:00:00Z",
            ),
            ("@every 6h", "2026-11-20T11:30:00Z", "2026-11-20T05:30:00Z"),
            ("@every 1h30m", "2026-11-20T11:30:00Z", "2026-11-20T10:00:00Z"),
        ] {
            assert_eq!(due(expression, by), Ok(Some(at.to_owned())), "{expression}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_said_and_never_taken_for_one() {
        for expression in [
            "",
            "daily",
            "@every",
            "@every 6x",
            "0 2 * *",
            "CRON_TZ=Nowhere 0 2 * * *",
            "99 2 * * *",
        ] {
            assert!(due(expression, "2026-11-20T11:30:00Z").is_err(), "{expression}");
        }
    }
    #[test]
    fn a_zone_is_that_of_the_caller_unless_the_expression_names_one_t04() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        for (expression, at) in [
            ("0 2 * * *", "2026-11-20T07:00:00Z"),
            ("CRON_TZ=UTC 0 2 * * *", "2026-11-20T02:00:00Z"),
        ] {
            let seen = due_in(&new_york, expression, "2026-11-20T11:30:00Z");
            assert_eq!(seen, Ok(Some(at.to_owned())), "{expression}");
        }
    }

    #[test]
    fn a_day_that_no_year_has_is_never_due_and_no_mistake() {
        assert_eq!(due("0 0 30 2 *", "2026-11-20T11:30:00Z"), Ok(None));
    }
}
