//! Instants as AWS writes them. Not for local times of day: those are in `windows`.

use jiff::fmt::{rfc2822, strtime};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Reads an instant in any of the forms that AWS services send:
///
/// - RFC 3339, with `Z`, `-05:00`, or the basic offset `+0000` of `CloudWatch` alarms;
/// - RFC 2822 as in AWS Health, `Thu, 1 Nov 2018 22:00:00 GMT`;
/// - seconds since 1970 as a number or as its text, fractions and exponents allowed: `1.716854656938E9`. These are
///   rounded to milliseconds, because a binary fraction does not hold more of them exactly.
///
/// `None` for everything else; the caller decides whether that matters. Placeholders such as
/// `yyyy-mm-ddThh:mm:ssZ` of documentation samples and `<aws.scheduler.scheduled-time>` are among them.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| {
            strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
                .ok()?
                .to_timestamp()
                .ok()
        })
        .or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok())
        .or_else(|| epoch_seconds(text.parse().ok()?))
}

/// An instant from a JSON text or number.
pub(crate) fn instant_in(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => instant(text),
        Value::Number(number) => epoch_seconds(number.as_f64()?),
        _ => None,
    }
}

fn epoch_seconds(seconds: f64) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
    let at = Timestamp::from_duration(since).ok()?;
    at.round(jiff::Unit::Millisecond).ok()
}

/// The instant in UTC with exactly three digits of milliseconds, so that equal instants have equal texts.
#[must_use]
pub fn canonical(at: Timestamp) -> String {
    let whole = at.round(
        jiff::TimestampRound::new()
            .smallest(jiff::Unit::Millisecond)
            .mode(jiff::RoundMode::Trunc),
    );
    format!("{:.3}", whole.unwrap_or(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_aws_writes_is_the_same_instant_t06() {
        for (text, utc) in [
            ("2024-02-17T11:53:08.431+0000", "2024-02-17T11:53:08.431Z"),
            ("2024-02-17T11:53:08.431Z", "2024-02-17T11:53:08.431Z"),
            ("2024-02-17T06:53:08.431-05:00", "2024-02-17T11:53:08.431Z"),
            ("2024-02-17T06:53:08-0500", "2024-02-17T11:53:08.000Z"),
            ("2024-02-17T11:53:08Z", "2024-02-17T11:53:08.000Z"),
            ("Thu, 1 Nov 2018 22:00:00 GMT", "2018-11-01T22:00:00.000Z"),
            ("Thu, 01 Nov 2018 22:00:00 -0500", "2018-11-02T03:00:00.000Z"),
            ("1.716854656938E9", "2024-05-28T00:04:16.938Z"),
            ("1716854656", "2024-05-28T00:04:16.000Z"),
            ("2024-02-17T11:53:08.431999Z", "2024-02-17T11:53:08.431Z"),
        ] {
            assert_eq!(instant(text).map(canonical).as_deref(), Some(utc), "{text}");
        }
        let number: Value = serde_json::from_str("1.716854656938E9").unwrap();
        assert_eq!(
            instant_in(&number).map(canonical).as_deref(),
            Some("2024-05-28T00:04:16.938Z")
        );
    }

    #[test]
    fn what_is_no_instant_is_none_and_never_fatal_t06() {
        let long = "1".repeat(400);
        for text in [
            "yyyy-mm-ddThh:mm:ssZ",
            "<aws.scheduler.scheduled-time>",
            "",
            "tomorrow",
            "2024-02-30T00:00:00Z",
            "NaN",
            "inf",
            "1e300",
            "2024-02-17T11:53:08",
            &long,
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
