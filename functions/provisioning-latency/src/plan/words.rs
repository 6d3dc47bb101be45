//! Numbers in words.

use day2_core::Verdict;
use day2_core::item::Population;
use jiff::Timestamp;

/// Population in one word.
pub(crate) fn population(examined: usize, expected_at_least: u64) -> Population {
    Population {
        examined: u64::try_from(examined).unwrap_or(u64::MAX),
        expected_at_least,
    }
}

/// `1 node`, `2 nodes`.
pub(crate) fn count(number: impl TryInto<i64>, one: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(number) => format!("{number} {one}s"),
        Err(_) => format!("countless {one}s"),
    }
}

/// Whole minutes from `since` to `now`, never negative.
pub(crate) fn minutes_since(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - since.as_second()).max(0) / 60
}

/// At most one digit behind the point.
pub(crate) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A length as the kind of number that capacity is counted in.
pub(crate) fn whole(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// FAIL if anything is wrong, else PASS.
pub(crate) const fn fail_if(wrong: bool) -> Verdict {
    if wrong { Verdict::Fail } else { Verdict::Pass }
}
