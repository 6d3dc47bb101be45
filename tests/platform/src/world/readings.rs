//! What is measured at present, as the metrics tell it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::database::{READER, WRITER};
use crate::aws::control::Point;

/// The 95th percentile of provisioning on a good day, in seconds.
const GOOD_PROVISIONING: f64 = 45.0;

/// How many connections an instance has.
#[derive(Debug, Clone, PartialEq)]
enum Connections {
    /// About so many, with a little up and down.
    About(f64, f64),
    /// One count a minute, the newest last, the newest in the minute of the time; it goes on as it is then.
    Series(Vec<f64>, Timestamp),
}

/// A size that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    /// The volume of the database cluster. Aurora lets it grow to 128 TiB.
    Database,
    /// What is used of the volume of the claim.
    Claim,
}

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// What fits into the volume of the claim, in bytes.
pub(super) const CLAIM_CAPACITY: f64 = 100.0 * GIB;

impl Size {
    /// In bytes, on a good day.
    const fn good(self) -> f64 {
        match self {
            Self::Database => 410.0 * GIB,
            Self::Claim => 38.0 * GIB,
        }
    }

    /// In bytes, when little is left.
    pub(super) const fn nearly_full(self) -> f64 {
        match self {
            Self::Database => 126.0 * 1024.0 * GIB,
            Self::Claim => 93.0 * GIB,
        }
    }
}

#[derive(Debug)]
struct Present {
    provisioning_p95: f64,
    sizes: BTreeMap<Size, f64>,
    connections: BTreeMap<String, Connections>,
}

/// Shared between who changes it and who sends it.
#[derive(Debug, Clone)]
pub(super) struct Readings(Arc<Mutex<Present>>);

impl Readings {
    /// A good day.
    pub(super) fn good() -> Self {
        let connections = [WRITER, READER].map(|name| (name.to_owned(), ordinary(name)));
        Self(Arc::new(Mutex::new(Present {
            provisioning_p95: GOOD_PROVISIONING,
            sizes: BTreeMap::new(),
            connections: BTreeMap::from(connections),
        })))
    }

    /// Sets the 95th percentile of provisioning in seconds, or that of a good day.
    pub(super) fn set_provisioning_p95(&self, seconds: Option<f64>) {
        self.locked().provisioning_p95 = seconds.unwrap_or(GOOD_PROVISIONING);
    }

    /// The 95th percentile of provisioning in seconds.
    pub(super) fn provisioning_p95(&self) -> f64 {
        self.locked().provisioning_p95
    }

    /// One count a minute until `now`, the newest last; none for those of a good day.
    pub(super) fn set_connections(&self, instance: &str, counts: &[f64], now: Timestamp) {
        let told = if counts.is_empty() {
            ordinary(instance)
        } else {
            Connections::Series(counts.to_vec(), now)
        };
        self.locked().connections.insert(instance.to_owned(), told);
    }

    /// The connections of an instance at these minutes.
    pub(super) fn connections(&self, instance: &str, at: &[Timestamp]) -> Vec<Point> {
        match self.locked().connections.get(instance) {
            Some(Connections::About(value, wobble)) => series(at, *value, *wobble),
            Some(Connections::Series(counts, newest)) => {
                let point = |timestamp: &Timestamp| Point {
                    timestamp: *timestamp,
                    value: counted(counts, *newest, *timestamp),
                };
                at.iter().map(point).collect()
            }
            None => Vec::new(),
        }
    }

    /// Sets a size in bytes, or that of a good day.
    pub(super) fn set_size(&self, size: Size, bytes: Option<f64>) {
        self.locked().sizes.insert(size, bytes.unwrap_or(size.good()));
    }

    /// A size in bytes.
    pub(super) fn size(&self, size: Size) -> f64 {
        self.locked().sizes.get(&size).copied().unwrap_or(size.good())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Present> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ordinary(instance: &str) -> Connections {
    if instance == READER {
        Connections::About(87.0, 4.0)
    } else {
        Connections::About(212.0, 9.0)
    }
}

/// The count of the minute; before the first count that one, after the last that one.
fn counted(counts: &[f64], newest: Timestamp, at: Timestamp) -> f64 {
    let minute = |moment: Timestamp| moment.as_second().div_euclid(60);
    let ago = usize::try_from(minute(newest) - minute(at)).unwrap_or(0);
    let index = counts.len().saturating_sub(1).saturating_sub(ago);
    counts.get(index).copied().unwrap_or_default()
}

/// A value at each time, with a little up and down over the minutes.
pub(super) fn series(at: &[Timestamp], value: f64, wobble: f64) -> Vec<Point> {
    let point = |timestamp: &Timestamp| {
        let minute = u32::try_from(timestamp.as_second().div_euclid(60).rem_euclid(7)).unwrap_or(0);
        Point {
            timestamp: *timestamp,
            value: value + wobble * f64::from(minute),
        }
    };
    at.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_ends_now_stays_at_its_last_count_and_began_at_its_first() {
        let now: Timestamp = "2026-06-02T11:52:30Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let counts = [100.0, 200.0, 300.0];
        for (moment, expected) in [
            ("2026-06-02T11:40:00Z", 100.0),
            ("2026-06-02T11:50:00Z", 100.0),
            ("2026-06-02T11:51:00Z", 200.0),
            ("2026-06-02T11:52:00Z", 300.0),
            ("2026-06-02T11:53:00Z", 300.0),
        ] {
            assert!(
                (counted(&counts, now, at(moment)) - expected).abs() < f64::EPSILON,
                "{moment}"
            );
        }
    }
}
