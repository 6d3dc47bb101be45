//! Every opinion of `evidence-audit`. Pure: same facts, same settings, same moment, same items.

mod capture;
mod contents;
mod locks;
mod readiness;
#[cfg(test)]
mod tests;

use day2_core::evidence::EvidenceBucket;
use day2_core::item::Population;
use day2_core::{Item, Verdict};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::facts::Facts;
use crate::settings::Audit;
pub(crate) use readiness::{can_list, can_read};

/// Every item, in the order of the report: code and what a PASS means.
const ITEMS: [(&str, &str); 8] = [
    capture::SEALED,
    capture::CHAINED,
    contents::SAME,
    contents::THERE,
    contents::NAMED,
    locks::LOCKED,
    locks::LASTING,
    capture::COMPLETE,
];

/// Judges the evidence of one target.
#[must_use]
pub fn assess(
    facts: &Facts,
    place: &EvidenceBucket,
    audit: &Audit,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<Item> {
    let evidence = match facts {
        Err(why) => {
            let unread = |(code, title)| {
                Item::unreadable(code, title, 1, why)
                    .remedy("let the function list the bucket, and see whether settings name the right one")
            };
            return ITEMS.into_iter().map(unread).collect();
        }
        Ok(evidence) => evidence,
    };
    if evidence.captures.is_empty() && evidence.foreign.is_empty() {
        let nothing = |(code, title)| {
            Item::judge(
                code,
                title,
                Verdict::Unknown,
                looked_at(0, 1),
                "no capture of this target is stored",
            )
            .remedy("none, if nothing was ever contained here; otherwise find out where its evidence went")
        };
        return ITEMS.into_iter().map(nothing).collect();
    }
    let scene = Scene {
        place,
        audit,
        zone,
        now,
    };
    vec![
        capture::sealed(evidence, &scene),
        capture::chained(evidence, &scene),
        contents::same(evidence, &scene),
        contents::there(evidence),
        contents::named(evidence),
        locks::locked(evidence, &scene),
        locks::lasting(evidence, &scene),
        capture::complete(evidence, &scene),
    ]
}

/// By what it is judged.
struct Scene<'a> {
    place: &'a EvidenceBucket,
    audit: &'a Audit,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Scene<'_> {
    /// `Fri 6 Mar 2026`.
    fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%a %-d %b %Y")
            .to_string()
    }

    fn age(&self, at: Timestamp) -> SignedDuration {
        self.now.duration_since(at)
    }
}

/// What one item found out about its things.
#[derive(Default)]
struct Tally {
    judged: usize,
    bad: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
    not_reached: usize,
}

impl Tally {
    /// One thing is as it should be.
    const fn good(&mut self) {
        self.judged += 1;
    }

    /// One thing is not.
    fn bad(&mut self, name: impl Into<String>, says: impl Into<String>) {
        self.judged += 1;
        self.bad.push((name.into(), says.into()));
    }

    /// Nothing can be said of one thing.
    fn unknown(&mut self, name: impl Into<String>, says: impl Into<String>) {
        self.unknown.push((name.into(), says.into()));
    }

    /// The run did not get to one thing.
    const fn not_reached(&mut self) {
        self.not_reached += 1;
    }

    /// The item. `things` is what was looked at, in the plural.
    fn item(self, (code, title): (&str, &str), things: &str, remedy: &str) -> Item {
        let all = self.judged + self.unknown.len() + self.not_reached;
        let verdict = if !self.bad.is_empty() {
            Verdict::Fail
        } else if self.unknown.is_empty() && self.not_reached == 0 {
            Verdict::Pass
        } else {
            Verdict::Unknown
        };
        let mut seen = format!(
            "{} of {all} {things} looked at, {} bad",
            self.judged,
            self.bad.len()
        );
        if !self.unknown.is_empty() {
            seen = format!("{seen}, {} not readable", self.unknown.len());
        }
        if self.not_reached > 0 {
            seen = format!("{seen}, {} not reached in this run", self.not_reached);
        }
        Item::judge(code, title, verdict, looked_at(self.judged, all), seen)
            .remedy(remedy)
            .subjects(self.bad)
            .subjects(self.unknown)
    }
}

fn looked_at(examined: usize, expected: usize) -> Population {
    Population {
        examined: u64::try_from(examined).unwrap_or(u64::MAX),
        expected_at_least: u64::try_from(expected).unwrap_or(u64::MAX),
    }
}
