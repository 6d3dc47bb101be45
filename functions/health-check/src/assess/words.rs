//! Numbers and times in words.

pub(crate) use day2_core::judging::{count, minutes_since};
use jiff::Timestamp;

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
