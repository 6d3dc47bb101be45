//! The judgement.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{AlarmReading, Datapoint, MissingData, Rule};

/// The figures behind a judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Datapoints that breach and have samples enough.
    pub breaching: usize,
    /// Datapoints that were judged.
    pub judged: usize,
    /// Datapoints that must breach.
    pub needed: u32,
    /// Periods that the alarm looks at.
    pub of: u32,
    /// The newest value; nothing when none was judged.
    pub latest: Option<f64>,
    /// The worst value; nothing when none was judged.
    pub worst: Option<f64>,
    /// Datapoints that would breach and have too few samples to count.
    pub thin: usize,
}

/// What an alarm is now.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmNow {
    /// In ALARM, and its metric breaches. The only answer to act on.
    Breaching(Figures),
    /// It was, and is not any more, by its state or by its metric.
    NoLonger {
        /// What was seen.
        says: String,
    },
    /// It is about data that did not come, and not about load.
    MissingData {
        /// What was seen.
        says: String,
    },
    /// Somebody set the state by hand, and the metric does not breach.
    Forced {
        /// What was seen.
        says: String,
    },
    /// Too few datapoints, or too few samples behind them, to say.
    NotEnough {
        /// What was seen.
        says: String,
    },
    /// It cannot be evaluated again.
    Unknown {
        /// Why.
        says: String,
    },
}

impl AlarmNow {
    /// Whether there is something to act on.
    #[must_use]
    pub const fn is_breaching(&self) -> bool {
        matches!(self, Self::Breaching(_))
    }

    /// The word for a report and for a metric.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Breaching(_) => "breaching",
            Self::NoLonger { .. } => "no longer breaching",
            Self::MissingData { .. } => "missing data",
            Self::Forced { .. } => "set by hand",
            Self::NotEnough { .. } => "not enough data",
            Self::Unknown { .. } => "not known",
        }
    }
}

impl fmt::Display for AlarmNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Breaching(figures) => write!(f, "the alarm is breaching: {figures}"),
            Self::NoLonger { says }
            | Self::MissingData { says }
            | Self::Forced { says }
            | Self::NotEnough { says }
            | Self::Unknown { says } => f.write_str(says),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of the last {} datapoints breach, {} of {} are needed",
            self.breaching, self.judged, self.needed, self.of
        )?;
        if let (Some(latest), Some(worst)) = (self.latest, self.worst) {
            write!(f, "; newest {}, worst {}", short(latest), short(worst))?;
        }
        Ok(())
    }
}

/// Datapoints arrive late: RDS and Container Insights publish a minute up to two or three behind the clock. The alarm
/// itself looks further back than its periods for the same reason.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>.
const LATE_PERIODS: u32 = 2;
/// At least so much lateness is forgiven, however short the periods are.
const LATE_AT_LEAST: SignedDuration = SignedDuration::from_mins(5);

/// Judges an alarm and its metric at `now`.
///
/// Only datapoints that are numbers, lie in the periods that the alarm looks at, and not in the future count (`cases.md`
/// W21). Missing periods never count as breaching here, whatever the alarm makes of them: missing data is no load.
#[must_use]
pub fn judge(reading: &AlarmReading<'_>, now: Timestamp) -> AlarmNow {
    match reading.state {
        "ALARM" => {}
        "OK" => {
            return AlarmNow::NoLonger {
                says: "the alarm is OK by now".to_owned(),
            };
        }
        "INSUFFICIENT_DATA" => {
            return AlarmNow::MissingData {
                says: "the alarm is in INSUFFICIENT_DATA: its metric has no data, which is no load"
                    .to_owned(),
            };
        }
        _ => {
            return AlarmNow::Unknown {
                says: "the alarm is in a state that is not known".to_owned(),
            };
        }
    }
    let Some(rule) = reading.rule.filter(|rule| rule.is_sound()) else {
        return AlarmNow::Unknown {
            says: "the alarm has no fixed threshold on one metric (composite alarm or anomaly detection), so it \
                   cannot be evaluated again; bind the metric alarm behind it"
                .to_owned(),
        };
    };
    let figures = figures(rule, reading, now);
    let needed = usize::try_from(rule.datapoints_to_alarm).unwrap_or(usize::MAX);
    if figures.breaching >= needed {
        return AlarmNow::Breaching(figures);
    }
    if figures.breaching + figures.thin >= needed {
        return AlarmNow::NotEnough {
            says: format!(
                "{} of {} breaching datapoints have fewer than {} samples, which is noise",
                figures.thin,
                figures.breaching + figures.thin,
                short(reading.least_samples)
            ),
        };
    }
    if figures.judged == 0 || by_missing_data(rule, reading, &figures, needed) {
        return AlarmNow::MissingData {
            says: format!(
                "the alarm is in ALARM and its metric has {} of {} datapoints: this is about missing data, not \
                 about load",
                figures.judged, figures.of
            ),
        };
    }
    if figures.judged < needed {
        return AlarmNow::NotEnough {
            says: format!(
                "{} of {} datapoints came, and {} must breach",
                figures.judged, figures.of, figures.needed
            ),
        };
    }
    let says = format!(
        "the metric does not breach: {figures}; the alarm rings {} {}",
        rule.comparison.words(),
        short(rule.threshold)
    );
    if is_forced(reading.reason_data) {
        return AlarmNow::Forced {
            says: format!("the alarm was set by hand (SetAlarmState gave no data); {says}"),
        };
    }
    AlarmNow::NoLonger { says }
}

impl Rule {
    /// What is needed to evaluate at all; an answer may lack any of it.
    fn is_sound(&self) -> bool {
        self.threshold.is_finite()
            && self.period_seconds > 0
            && self.evaluation_periods > 0
            && (1..=self.evaluation_periods).contains(&self.datapoints_to_alarm)
    }

    /// Begin of the oldest period that is looked at.
    fn since(&self, now: Timestamp) -> Timestamp {
        let period = i64::from(self.period_seconds);
        let late =
            SignedDuration::from_secs(period.saturating_mul(i64::from(LATE_PERIODS))).max(LATE_AT_LEAST);
        let looked_at = period.saturating_mul(i64::from(self.evaluation_periods));
        now.saturating_sub(SignedDuration::from_secs(looked_at).saturating_add(late))
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn figures(rule: &Rule, reading: &AlarmReading<'_>, now: Timestamp) -> Figures {
    let since = rule.since(now);
    let mut usable: Vec<&Datapoint> = reading
        .points
        .iter()
        .filter(|point| point.value.is_finite() && point.at >= since && point.at <= now)
        .collect();
    usable.sort_by_key(|point| std::cmp::Reverse(point.at));
    usable.dedup_by_key(|point| point.at);
    usable.truncate(usize::try_from(rule.evaluation_periods).unwrap_or(usize::MAX));
    let (mut breaching, mut thin) = (0, 0);
    for point in &usable {
        if rule.comparison.breaches(point.value, rule.threshold) {
            let enough = reading.least_samples <= 0.0
                || point
                    .samples
                    .is_some_and(|samples| samples >= reading.least_samples);
            if enough {
                breaching += 1;
            } else {
                thin += 1;
            }
        }
    }
    Figures {
        breaching,
        judged: usable.len(),
        needed: rule.datapoints_to_alarm,
        of: rule.evaluation_periods,
        latest: usable.first().map(|point| point.value),
        worst: usable
            .iter()
            .map(|point| point.value)
            .reduce(|one, other| rule.comparison.worse(one, other)),
        thin,
    }
}

/// Whether the alarm rings because periods without data count as breaching.
fn by_missing_data(rule: &Rule, reading: &AlarmReading<'_>, figures: &Figures, needed: usize) -> bool {
    let of = usize::try_from(rule.evaluation_periods).unwrap_or(usize::MAX);
    let missing = of.saturating_sub(figures.judged);
    let counted =
        rule.missing == MissingData::Breaching && missing > 0 && figures.breaching + missing >= needed;
    // The only place where the data says it in words; a text that somebody else wrote can only keep us from acting.
    counted || (figures.judged < needed && reading.reason.contains("no datapoints were received"))
}

/// `CloudWatch` always gives its own evaluation as data, with the datapoints that it looked at; `SetAlarmState` gives
/// what its caller wrote, mostly nothing.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html>.
fn is_forced(reason_data: Option<&str>) -> bool {
    let data = reason_data.and_then(|text| serde_json::from_str::<Value>(text).ok());
    !data.is_some_and(|data| data.get("recentDatapoints").is_some_and(Value::is_array))
}

/// At most two digits behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}
