//! What an alarm compares, as far as it can be evaluated again.

/// How an alarm compares its metric with its threshold (API `ComparisonOperator`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `GreaterThanOrEqualToThreshold`
    AtLeast,
    /// `GreaterThanThreshold`
    Above,
    /// `LessThanOrEqualToThreshold`
    AtMost,
    /// `LessThanThreshold`
    Below,
}

impl Comparison {
    /// The comparison of this API word; nothing for those of anomaly detection, whose limits are a band that moves.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "GreaterThanOrEqualToThreshold" => Self::AtLeast,
            "GreaterThanThreshold" => Self::Above,
            "LessThanOrEqualToThreshold" => Self::AtMost,
            "LessThanThreshold" => Self::Below,
            _ => return None,
        })
    }

    /// Whether a value breaches. `NaN` never does.
    #[must_use]
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
            Self::AtMost => value <= threshold,
            Self::Below => value < threshold,
        }
    }

    /// The words for a report, followed by the threshold: `above 100`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::AtLeast => "at least",
            Self::Above => "above",
            Self::AtMost => "at most",
            Self::Below => "below",
        }
    }

    /// The worse of two values.
    pub(super) fn worse(self, one: f64, other: f64) -> f64 {
        match self {
            Self::AtLeast | Self::Above => one.max(other),
            Self::AtMost | Self::Below => one.min(other),
        }
    }
}

/// What an alarm makes of periods without a datapoint (API `TreatMissingData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissingData {
    /// `missing`: they are left out. The default of the API.
    #[default]
    Missing,
    /// `ignore`: the state stays.
    Ignore,
    /// `breaching`: they count as breaching.
    Breaching,
    /// `notBreaching`: they count as good.
    NotBreaching,
}

impl MissingData {
    /// The treatment of this API word. Absent and unknown words are `missing`, as in the API.
    #[must_use]
    pub fn named(word: Option<&str>) -> Self {
        match word {
            Some("ignore") => Self::Ignore,
            Some("breaching") => Self::Breaching,
            Some("notBreaching") => Self::NotBreaching,
            _ => Self::Missing,
        }
    }
}

/// What an alarm with a fixed threshold compares, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The comparison.
    pub comparison: Comparison,
    /// The threshold, in the metric's unit.
    pub threshold: f64,
    /// Length of a period in seconds.
    pub period_seconds: u32,
    /// Periods that are looked at (the N of "M out of N").
    pub evaluation_periods: u32,
    /// How many of them must breach (the M); as many as are looked at where the alarm does not say.
    pub datapoints_to_alarm: u32,
    /// What a period without a datapoint means to the alarm.
    pub missing: MissingData,
}
