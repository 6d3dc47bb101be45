//! What every judgement says again: how much was looked at, what outweighs what, and numbers and times in words.

use jiff::{SignedDuration, Timestamp};

use crate::item::Population;
use crate::verdict::Verdict;

/// Population in one word. A number that `u64` cannot hold counts as the largest.
#[must_use]
pub fn population(examined: usize, expected_at_least: impl TryInto<u64>) -> Population {
    Population {
        examined: u64::try_from(examined).unwrap_or(u64::MAX),
        expected_at_least: expected_at_least.try_into().unwrap_or(u64::MAX),
    }
}

/// A failure outweighs what could not be read, which outweighs a pass.
#[must_use]
pub const fn worse_of<A, B>(wrong: &[A], unread: &[B]) -> Verdict {
    match (wrong.is_empty(), unread.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    }
}

/// `1 node`, `2 nodes`. `one` is a word whose plural takes an s.
#[must_use]
pub fn count(number: impl TryInto<i64>, one: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(number) => format!("{number} {one}s"),
        Err(_) => format!("countless {one}s"),
    }
}

/// Whole minutes from `since` to `now`, never negative.
#[must_use]
pub fn minutes_since(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - since.as_second()).max(0) / 60
}

/// `45 min`, `2 h`, `26 h 30 min`, and from four days on `12 d`; what is shorter than a minute, or negative, is
/// `0 min`.
#[must_use]
pub fn lasting(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, _) if hours >= 96 => format!("{} d", hours / 24),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_outweighs_what_is_not_known_which_outweighs_a_pass() {
        let (none, one): (&[u8], &[u8]) = (&[], &[1]);
        assert_eq!(worse_of(one, one), Verdict::Fail);
        assert_eq!(worse_of(one, none), Verdict::Fail);
        assert_eq!(worse_of(none, one), Verdict::Unknown);
        assert_eq!(worse_of(none, none), Verdict::Pass);
    }

    #[test]
    fn one_of_a_thing_is_said_without_an_s() {
        assert_eq!(count(0_usize, "node"), "0 nodes");
        assert_eq!(count(1_u32, "node"), "1 node");
        assert_eq!(count(2_i64, "node"), "2 nodes");
        assert_eq!(count(u64::MAX, "node"), "countless nodes");
    }

    #[test]
    fn an_expectation_below_zero_can_never_be_met() {
        assert_eq!(population(3, -1).expected_at_least, u64::MAX);
        assert_eq!(population(3, 2_u64).examined, 3);
    }

    #[test]
    fn minutes_are_whole_and_never_negative() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-11-20T12:00:00Z");
        for (since, minutes) in [
            ("2026-11-20T11:59:01Z", 0),
            ("2026-11-20T11:58:00Z", 2),
            ("2026-11-20T13:00:00Z", 0),
        ] {
            assert_eq!(minutes_since(at(since), now), minutes, "{since}");
        }
    }

    #[test]
    fn a_duration_is_said_in_the_unit_that_one_would_use() {
        for (minutes, said) in [
            (45, "45 min"),
            (60, "1 h"),
            (90, "1 h 30 min"),
            (1_500, "25 h"),
            (5_759, "95 h 59 min"),
            (5_760, "4 d"),
            (-3, "0 min"),
        ] {
            assert_eq!(lasting(SignedDuration::from_mins(minutes)), said);
        }
    }
}
