//! Whether an alarm, read again, really says what its event said: the state is read from `CloudWatch`, and the metric
//! behind it is judged once more. An event can be late, out of order, forged, forced by `SetAlarmState`, or about data
//! that never came; none of these is a load to act on (`cases.md` D06, W21, W23, W24, E10).
//!
//! Pure, and not for reading: who reads hands over an [`AlarmReading`].

mod claim;
mod judged;
mod rule;

pub use claim::{NOTICE, refuted};
pub use judged::{AlarmNow, Figures, judge};
pub use rule::{Comparison, MissingData, Rule};

use jiff::Timestamp;

/// One period of the alarm's metric as `GetMetricData` gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// Begin of the period.
    pub at: Timestamp,
    /// The statistic of the alarm; may be `NaN`.
    pub value: f64,
    /// How many samples are behind it, where that was read.
    pub samples: Option<f64>,
}

/// An alarm and its metric as they were read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmReading<'a> {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA` (API `StateValue`).
    pub state: &'a str,
    /// The reason in the words of `CloudWatch`, or of whoever called `SetAlarmState`: hostile text.
    pub reason: &'a str,
    /// The reason as JSON (API `StateReasonData`): hostile text too. `SetAlarmState` gives none unless its caller does.
    pub reason_data: Option<&'a str>,
    /// What is compared with what. Nothing for alarms that cannot be evaluated again from one metric: composite
    /// alarms and anomaly detection.
    pub rule: Option<&'a Rule>,
    /// The metric, in any order.
    pub points: &'a [Datapoint],
    /// A datapoint with fewer samples does not count as breaching; 0 where samples do not matter. A percentile over
    /// a handful of samples is noise.
    pub least_samples: f64,
}

#[cfg(test)]
mod tests;
