//! When a schedule of Velero was due last.

use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The last time that a schedule was due at or before `by`.
///
/// Velero reads five fields, `@daily` and the like, and `@every 6h` (source: `robfig/cron` `ParseStandard`, which it uses),
/// in the zone of its server: UTC, unless the expression begins with `CRON_TZ=` or `TZ=`.
///
/// # Errors
///
/// In words, when the expression is none of these.
pub(super) fn last_due(expression: &str, by: Timestamp) -> Result<Timestamp, String> {
    let (zone, cron) = zone_of(expression.trim())?;
    if let Some(every) = cron.strip_prefix("@every ") {
        let every = duration(every.trim()).ok_or_else(|| format!("`{expression}` names no duration"))?;
        return by
            .checked_sub(every)
            .map_err(|_| format!("`{expression}` is longer than the calendar"));
    }
    let parsed = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(cron)
        .map_err(|error| format!("`{expression}` is no cron expression: {error}"))?;
    let last = parsed
        .find_previous_occurrence(&by.to_zoned(zone), true)
        .map_err(|error| format!("`{expression}` was never due: {error}"))?;
    Ok(last.timestamp())
}

fn zone_of(expression: &str) -> Result<(TimeZone, &str), String> {
    let named = ["CRON_TZ=", "TZ="]
        .iter()
        .find_map(|start| expression.strip_prefix(start));
    let Some((name, cron)) = named.and_then(|rest| rest.split_once(' ')) else {
        return Ok((TimeZone::UTC, expression));
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

    fn due(expression: &str, by: &str) -> Result<String, String> {
        last_due(expression, by.parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn the_last_due_time_is_that_of_the_expression_in_its_zone_t04() {
        for (expression, by, at) in [
            ("0 2 * * *", "2026-11-20T11:30:00Z", "2026-11-20T02:00:00Z"),
            ("0 2 * * *", "2026-11-20T02:00:00Z", "2026-11-20T02:00:00Z"),
            ("0 2 * * *", "2026-11-20T01:59:00Z", "2026-11-19T02:00:00Z"),
            ("0 2 * * 1", "2026-11-20T11:30:00Z", "2026-11-16T02:00:00Z"),
            ("@daily", "2026-11-20T11:30:00Z", "2026-11-20T00:00:00Z"),
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
            assert_eq!(due(expression, by).as_deref(), Ok(at), "{expression}");
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
}
