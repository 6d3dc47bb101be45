//! Numbers and times in words.

pub(crate) use day2_core::judging::{count, minutes_since};
use jiff::Timestamp;

/// Whether something has lasted for longer than so many minutes, to the second: a limit of one minute is over in the 61st second.
pub(crate) fn longer_than(minutes: u32, since: Timestamp, now: Timestamp) -> bool {
    now.as_second() - since.as_second() > i64::from(minutes) * 60
}

/// `12 min`, `5 h`, `3 d`: an age as one says it.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    match minutes_since(since, now) {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1440),
    }
}

/// A count as the report keeps it.
pub(crate) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_in_minutes_is_over_one_second_later() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let since = at("2026-11-20T12:00:00Z");
        assert!(!longer_than(5, since, at("2026-11-20T12:05:00Z")));
        assert!(longer_than(5, since, at("2026-11-20T12:05:01Z")));
        assert!(!longer_than(0, since, since) && !longer_than(0, at("2026-11-20T12:00:09Z"), since));
        assert!(longer_than(0, since, at("2026-11-20T12:00:01Z")));
    }

    #[test]
    fn an_age_has_the_unit_that_one_would_say() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-11-20T12:00:00Z");
        for (since, words) in [
            ("2026-11-20T11:59:30Z", "0 min"),
            ("2026-11-20T10:01:00Z", "119 min"),
            ("2026-11-20T10:00:00Z", "2 h"),
            ("2026-11-18T12:00:00Z", "2 d"),
            ("2026-11-20T13:00:00Z", "0 min"),
        ] {
            assert_eq!(age(at(since), now), words, "{since}");
        }
    }
}
