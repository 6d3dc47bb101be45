//! Numbers in words.

use day2_core::Verdict;
pub(crate) use day2_core::judging::{count, minutes_since, population};

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
