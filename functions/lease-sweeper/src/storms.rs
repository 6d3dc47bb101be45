//! When a storm is over, and what belongs to it. Pure.
//!
//! The journal counts events in spans, each as long as a pause or as what a mail said holds. A storm that goes on has one span after
//! the other, and is told as one. Spans in which nothing was held back stand for themselves: they begin with a mail of long ago, and
//! would open a storm again that is over and was told.

use std::collections::BTreeMap;

use day2_aws::journal::Storm;
use jiff::{SignedDuration, Timestamp};

/// So long after its last span nothing came: then it is over. Until then the function's own next mail about the alarm may tell of it.
const QUIET: SignedDuration = SignedDuration::from_mins(30);

/// A storm that goes on for longer is told in parts.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Spans of one function, or of one alarm of it, that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole<'a> {
    /// Its spans, by their begin; never empty.
    pub spans: Vec<&'a Storm>,
    /// The function and what of it is counted by itself.
    pub function: &'a str,
    /// Begin of the first.
    pub since: Timestamp,
    /// End of the last.
    pub until: Timestamp,
}

impl<'a> Whole<'a> {
    fn of(span: &'a Storm) -> Self {
        Self {
            spans: vec![span],
            function: &span.function,
            since: span.since,
            until: span.until,
        }
    }

    fn goes_on_with(&self, span: &Storm) -> bool {
        let both_held_back = span.suppressed > 0 && self.suppressed() > 0;
        both_held_back
            && span.since.duration_since(self.until) <= QUIET
            && span.since.duration_since(self.since) < LONGEST
    }

    fn add(&mut self, span: &'a Storm) {
        self.spans.push(span);
        self.until = self.until.max(span.until);
    }

    /// How long it has been over at `now`; negative before.
    #[must_use]
    pub fn over_for(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.until).saturating_sub(QUIET)
    }

    /// How many events were held back.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.spans
            .iter()
            .fold(0, |sum, span| span.suppressed.saturating_add(sum))
    }

    /// How many only said again what a mail had said.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.spans
            .iter()
            .fold(0, |sum, span| span.repeats.saturating_add(sum))
    }
}

/// The storms that are over at `now`, by function and begin.
#[must_use]
pub fn over(storms: &[Storm], now: Timestamp) -> Vec<Whole<'_>> {
    let mut spans: BTreeMap<&str, Vec<&Storm>> = BTreeMap::new();
    for storm in storms {
        spans.entry(&storm.function).or_default().push(storm);
    }
    let mut all: Vec<Whole<'_>> = Vec::new();
    for mut spans in spans.into_values() {
        spans.sort_by_key(|span| span.since);
        let mut wholes: Vec<Whole<'_>> = Vec::new();
        for span in spans {
            match wholes.iter_mut().rfind(|whole| whole.goes_on_with(span)) {
                Some(whole) => whole.add(span),
                None => wholes.push(Whole::of(span)),
            }
        }
        all.extend(wholes);
    }
    all.retain(|whole| !whole.over_for(now).is_negative());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_798_400 + minute * 60).unwrap()
    }

    fn span(function: &str, since: i64, until: i64, suppressed: u64) -> Storm {
        Storm {
            function: function.to_owned(),
            target: "prod-a".to_owned(),
            since: at(since),
            until: at(until),
            suppressed,
            repeats: 1,
            row: format!("{function}#{since}"),
        }
    }

    /// Function, minutes of begin and end, events.
    fn told(storms: &[Storm], now: i64) -> Vec<(&str, i64, i64, u64)> {
        let minute = |time: Timestamp| (time.as_second() - at(0).as_second()) / 60;
        over(storms, at(now))
            .iter()
            .map(|whole| {
                (
                    whole.function,
                    minute(whole.since),
                    minute(whole.until),
                    whole.suppressed(),
                )
            })
            .collect()
    }

    #[test]
    fn spans_that_follow_each_other_are_one_storm_and_another_alarm_is_another_d08() {
        // Out of order, as two functions' rows may come.
        let storms = [
            span("a", 62, 122, 3),
            span("b", 10, 40, 7),
            span("a", 0, 60, 5),
            span("a", 153, 183, 1),
        ];
        assert_eq!(
            told(&storms, 300),
            [("a", 0, 122, 8), ("a", 153, 183, 1), ("b", 10, 40, 7)]
        );
        assert_eq!(over(&storms, at(300))[0].repeats(), 2);
    }

    #[test]
    fn what_only_said_the_same_again_neither_joins_storms_nor_opens_one_again_d08() {
        let repeats = |since, until| span("a", since, until, 0);
        let storms = [span("a", 0, 60, 5), repeats(50, 110), span("a", 62, 122, 3)];
        assert_eq!(told(&storms[..2], 100), [("a", 0, 60, 5)], "and stays told");
        assert_eq!(told(&storms, 152), [("a", 0, 122, 8), ("a", 50, 110, 0)]);
    }

    #[test]
    fn a_storm_is_over_half_an_hour_after_its_last_span_and_told_in_parts_after_a_day_d08() {
        let storms = [span("a", 0, 60, 5), span("a", 62, 122, 3)];
        assert!(told(&storms, 151).is_empty());
        assert_eq!(told(&storms, 152), [("a", 0, 122, 8)]);

        let days: Vec<Storm> = (0..50)
            .map(|hour| span("a", hour * 60, hour * 60 + 60, 1))
            .collect();
        assert_eq!(
            told(&days, 50 * 60),
            [("a", 0, 24 * 60, 24), ("a", 24 * 60, 48 * 60, 24)]
        );
    }
}
