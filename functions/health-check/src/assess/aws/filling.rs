//! How full something is, and when it will be full if it goes on like the last day.

use day2_core::slope::slope;
use jiff::Timestamp;

use super::super::words;

/// Fewer hourly points than this make a line of two clusters of noise.
const LEAST_FOR_A_LINE: usize = 6;

/// The newest point may be so old: one carries the begin of its hour, and an agent may be late.
const FRESH_MINUTES: i64 = 180;

/// Two standard errors: a rise that the noise alone may give is none.
const ERRORS: f64 = 2.0;

/// How full something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Filling {
    /// Bytes in use.
    pub(super) used: f64,
    /// In use, in percent of what fits.
    pub(super) percent: f64,
    /// Hours until it is full; nothing where it does not clearly grow, or where a day has too few points to tell.
    pub(super) hours_to_full: Option<f64>,
    /// Whether there were enough points to tell.
    pub(super) growth_is_known: bool,
}

/// Judges bytes in use by hour against the bytes that fit. Points that are no numbers or lie in the future do not count.
///
/// # Errors
///
/// In words: why nothing can be said.
pub(super) fn filling(points: &[(Timestamp, f64)], capacity: f64, now: Timestamp) -> Result<Filling, String> {
    let points = usable(points, now);
    let Some((newest, used)) = points.last().copied() else {
        return Err("no datapoint in the last day".to_owned());
    };
    let age = words::minutes_since(newest, now);
    if age > FRESH_MINUTES {
        return Err(format!("the newest datapoint is {age} min old"));
    }
    if !capacity.is_finite() || capacity <= 0.0 {
        return Err("how much fits is not known".to_owned());
    }
    let line = (points.len() >= LEAST_FOR_A_LINE)
        .then(|| slope(&points))
        .flatten();
    let hours_to_full = line
        .filter(|line| line.per_minute - ERRORS * line.error > 0.0)
        .map(|line| (capacity - used).max(0.0) / line.per_minute / 60.0);
    Ok(Filling {
        used,
        percent: used / capacity * 100.0,
        hours_to_full,
        growth_is_known: line.is_some(),
    })
}

/// The newest point, where it is too old to be judged by.
pub(super) fn outdated(points: &[(Timestamp, f64)], now: Timestamp) -> Option<(Timestamp, f64)> {
    let newest = usable(points, now).last().copied()?;
    (words::minutes_since(newest.0, now) > FRESH_MINUTES).then_some(newest)
}

/// Points that carry a verdict, oldest first, one per moment.
pub(super) fn usable(points: &[(Timestamp, f64)], now: Timestamp) -> Vec<(Timestamp, f64)> {
    let mut usable: Vec<_> = points
        .iter()
        .filter(|(at, value)| value.is_finite() && *value >= 0.0 && *at <= now)
        .copied()
        .collect();
    usable.sort_by_key(|(at, _)| *at);
    usable.dedup_by_key(|(at, _)| *at);
    usable
}

impl Filling {
    /// What is wrong with it, if something is.
    pub(super) fn complaint(&self, most_percent: f64, within_hours: u32) -> Option<String> {
        let soon = self
            .hours_to_full
            .filter(|hours| *hours < f64::from(within_hours));
        let full = self.percent > most_percent;
        match (full, soon) {
            (false, None) => None,
            (_, Some(hours)) => Some(format!("{:.0} % full, and full in {}", self.percent, span(hours))),
            (true, None) => Some(format!("{:.0} % full", self.percent)),
        }
    }
}

/// `5 h`, `3 d`.
fn span(hours: f64) -> String {
    if hours < 1.0 {
        "less than an hour".to_owned()
    } else if hours < 48.0 {
        format!("{hours:.0} h")
    } else {
        format!("{:.0} d", hours / 24.0)
    }
}

/// `12.4 GiB`.
pub(super) fn gib(bytes: f64) -> String {
    format!("{:.1} GiB", bytes / 1_073_741_824.0)
}
