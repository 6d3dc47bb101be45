//! The three values of every judgement.

use serde::{Deserialize, Serialize};

/// What a check item, or a whole report, says. Ordered by how bad it is: `Pass < Unknown < Fail`.
///
/// `Unknown` is not a softer failure: it means that nobody looked, or that what was seen does not carry a
/// verdict (zero objects, zero datapoints, denied, throttled). It is shown in the subject line like a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Enough was seen, and all of it is within its threshold.
    Pass,
    /// Not enough was seen to say anything.
    Unknown,
    /// Something seen is outside its threshold.
    Fail,
}

impl Verdict {
    /// The worst of several verdicts; `Unknown` for none at all, because an empty report proves nothing.
    #[must_use]
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Unknown)
    }

    /// The word printed in subjects, mails and pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Unknown => "UNKNOWN",
            Self::Fail => "FAIL",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Fail, Pass, Unknown};
    use super::*;

    #[test]
    fn one_failure_outweighs_everything_and_one_unknown_outweighs_every_pass() {
        assert_eq!(Verdict::worst([Pass, Unknown, Fail, Pass]), Fail);
        assert_eq!(Verdict::worst([Pass, Unknown, Pass]), Unknown);
        assert_eq!(Verdict::worst([Pass, Pass]), Pass);
    }

    #[test]
    fn no_verdict_at_all_is_unknown_never_pass() {
        assert_eq!(Verdict::worst([]), Unknown);
    }
}
