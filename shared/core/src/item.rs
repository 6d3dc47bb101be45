//! One line of a report: a judgement that says how much it looked at.

use serde::{Deserialize, Serialize};

use crate::observed::Unreadable;
use crate::verdict::Verdict;

/// How much was looked at. `examined == 0` can never carry a `Pass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Population {
    /// Objects or datapoints that were really judged.
    pub examined: u64,
    /// The least number that the settings or the plan lead one to expect.
    pub expected_at_least: u64,
}

/// A limit and where it comes from, so that a reader can change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Threshold {
    /// The limit in words with its unit, for example `at most 80 %`.
    pub limit: String,
    /// The setting, or the page or API that fixes it.
    pub source: String,
}

/// One thing that an item complains about, for example a node and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Subject {
    /// The thing by its own name: node, pod (`namespace/name`), alarm, NAT gateway, group.
    pub name: String,
    /// What is wrong with it.
    pub says: String,
}

/// One judged line of a report.
///
/// A line that examined nothing is never a `PASS`.
// `judge` and `unreadable` keep that rule, and nothing else makes an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Item {
    /// Stable code, for example `SCW-003`.
    pub code: String,
    /// What a `Pass` would mean, in a few words.
    pub title: String,
    verdict: Verdict,
    population: Population,
    /// What was seen, with numbers.
    pub seen: String,
    /// The limit that decided, if the item has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// What to do about it; absent for a `Pass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Team that owns the subject, if the settings map it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The things that are wrong, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// Whether what it complains of has happened, and does not stand.
    // Known where the report is made, and no part of it.
    #[serde(skip)]
    happened: bool,
}

impl Item {
    /// A judged item. A `Pass` over an empty population becomes `Unknown`, and one over fewer than expected
    /// becomes `Fail`: the list was read, and it is short.
    #[must_use]
    pub fn judge(
        code: &str,
        title: &str,
        verdict: Verdict,
        population: Population,
        seen: impl Into<String>,
    ) -> Self {
        let verdict = match verdict {
            Verdict::Pass if population.examined == 0 => Verdict::Unknown,
            Verdict::Pass if population.examined < population.expected_at_least => Verdict::Fail,
            other => other,
        };
        Self {
            code: code.to_owned(),
            title: title.to_owned(),
            verdict,
            population,
            seen: seen.into(),
            threshold: None,
            remedy: None,
            owner: None,
            subjects: Vec::new(),
            happened: false,
        }
    }

    /// An item that could not be read: `Unknown`, with the reason, next to its neighbours.
    #[must_use]
    pub fn unreadable(code: &str, title: &str, expected_at_least: u64, why: &Unreadable) -> Self {
        let population = Population {
            examined: 0,
            expected_at_least,
        };
        Self::judge(
            code,
            title,
            Verdict::Unknown,
            population,
            format!("could not be read: {why}"),
        )
    }

    /// Adds the limit and where it comes from.
    #[must_use]
    pub fn threshold(mut self, limit: impl Into<String>, source: impl Into<String>) -> Self {
        self.threshold = Some(Threshold {
            limit: limit.into(),
            source: source.into(),
        });
        self
    }

    /// Adds what to do. Kept only when the item is not a `Pass`.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = (self.verdict != Verdict::Pass).then(|| remedy.into());
        self
    }

    /// Adds the owning team.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Adds one thing that is wrong.
    #[must_use]
    pub fn subject(mut self, name: impl Into<String>, says: impl Into<String>) -> Self {
        self.subjects.push(Subject {
            name: name.into(),
            says: says.into(),
        });
        self
    }

    /// Adds several things that are wrong.
    #[must_use]
    pub fn subjects(mut self, subjects: impl IntoIterator<Item = (String, String)>) -> Self {
        self.subjects
            .extend(subjects.into_iter().map(|(name, says)| Subject { name, says }));
        self
    }

    /// Marks an item that tells of what has happened, such as a reminder: it is told once, and that it is told no more is
    /// not "resolved".
    #[must_use]
    pub const fn happened(mut self) -> Self {
        self.happened = true;
        self
    }

    /// Whether what it complains of has happened, and does not stand.
    #[must_use]
    pub const fn has_happened(&self) -> bool {
        self.happened
    }

    /// The verdict, after the vacuity rule.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// How much was looked at.
    #[must_use]
    pub const fn population(&self) -> Population {
        self.population
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::Cause;

    const fn seen(examined: u64, expected_at_least: u64) -> Population {
        Population {
            examined,
            expected_at_least,
        }
    }

    #[test]
    fn a_pass_over_nothing_is_unknown_w25() {
        assert_eq!(
            Item::judge("X-001", "t", Verdict::Pass, seen(0, 0), "").verdict(),
            Verdict::Unknown
        );
        assert_eq!(
            Item::judge("X-001", "t", Verdict::Pass, seen(0, 3), "").verdict(),
            Verdict::Unknown
        );
    }

    #[test]
    fn a_pass_over_fewer_than_expected_is_a_failure_w25() {
        assert_eq!(
            Item::judge("X-001", "t", Verdict::Pass, seen(2, 3), "").verdict(),
            Verdict::Fail
        );
        assert_eq!(
            Item::judge("X-001", "t", Verdict::Pass, seen(3, 3), "").verdict(),
            Verdict::Pass
        );
    }

    #[test]
    fn a_failure_over_nothing_stays_a_failure() {
        assert_eq!(
            Item::judge("X-001", "t", Verdict::Fail, seen(0, 3), "").verdict(),
            Verdict::Fail
        );
    }

    #[test]
    fn an_unreadable_item_is_unknown_and_says_why_w28() {
        let why = Unreadable::new(
            "ec2:DescribeNatGateways",
            "vpc-1",
            Cause::Denied,
            "not authorized",
        );
        let item = Item::unreadable("X-001", "t", 3, &why);
        assert_eq!(item.verdict(), Verdict::Unknown);
        assert!(item.seen.contains("ec2:DescribeNatGateways") && item.seen.contains("permission denied"));
    }
}
