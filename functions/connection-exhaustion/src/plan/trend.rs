//! Connections of one instance: how many now, how fast they rise, and when they reach a limit.

use day2_core::Observed;
use day2_core::slope::slope;
use day2_reads::metric::Points;
use jiff::{SignedDuration, Timestamp};

use crate::settings::Limits;

/// Connections of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The newest value.
    pub now: u64,
    /// The largest value of the last hour.
    pub peak: u64,
    /// How fast they rise, or why that is not known.
    pub trend: Result<Trend, String>,
}

/// A straight line through the last minutes, by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Connections per minute; negative when they fall.
    pub per_minute: f64,
    /// Standard error of that slope.
    pub error: f64,
    /// Datapoints behind it.
    pub points: usize,
}

/// When a limit is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Forecast {
    /// It is reached.
    Full,
    /// Connections do not clearly rise, or reach it in more than a day only.
    NotRising,
    /// Minutes until it is reached.
    Minutes {
        /// When the slope is as steep as it may be.
        soonest: f64,
        /// By the line.
        likely: f64,
        /// When the slope is as flat as it may be.
        latest: f64,
    },
}

/// The newest datapoint may be so old: RDS publishes each minute, and CloudWatch shows it a minute or two later.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Fewer points than this make a line of two clusters of noise.
const LEAST_FOR_A_LINE: usize = 10;
/// Two standard errors: about 95 % of slopes lie within.
const ERRORS: f64 = 2.0;
/// Nobody trusts a line for longer than a day.
const LONGEST_MINUTES: f64 = 1_440.0;

/// Judges the datapoints of one instance. Those that are no numbers, or lie in the future, do not count (`cases.md` W21).
///
/// # Errors
///
/// In words: why nothing can be said about now.
pub fn level(points: &Observed<Points>, limits: &Limits, now: Timestamp) -> Result<Level, String> {
    let points = points.as_ref().map_err(ToString::to_string)?;
    let hour = since(points, now, 60);
    let least = usize::try_from(limits.min_datapoints).unwrap_or(usize::MAX);
    let Some((newest, value)) = hour.last().copied() else {
        return Err("no datapoint of DatabaseConnections in the last hour".to_owned());
    };
    if now.duration_since(newest) > FRESH {
        let age = now.duration_since(newest).as_mins();
        return Err(format!(
            "the newest datapoint of DatabaseConnections is {age} minutes old"
        ));
    }
    // The newest must not stand alone: so many more, in the minutes right before it.
    let recent = since(points, now, limits.min_datapoints.saturating_add(5)).len();
    if recent < least {
        return Err(format!(
            "{recent} datapoints of DatabaseConnections in the last minutes, and at least {least} are needed"
        ));
    }
    Ok(Level {
        now: whole(value),
        peak: whole(hour.iter().map(|(_, value)| *value).fold(0.0, f64::max)),
        trend: trend(&since(points, now, limits.look_back_minutes)),
    })
}

/// Usable datapoints of the last minutes, oldest first, one per moment.
pub(crate) fn since(points: &Points, now: Timestamp, minutes: u32) -> Points {
    let from = now
        .saturating_sub(SignedDuration::from_mins(i64::from(minutes)))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut usable: Points = points
        .iter()
        .filter(|(at, value)| value.is_finite() && *value >= 0.0 && *at >= from && *at <= now)
        .copied()
        .collect();
    usable.sort_by_key(|(at, _)| *at);
    usable.dedup_by_key(|(at, _)| *at);
    usable
}

fn trend(points: &Points) -> Result<Trend, String> {
    if points.len() < LEAST_FOR_A_LINE {
        return Err(format!(
            "{} datapoints, and a slope needs {LEAST_FOR_A_LINE}",
            points.len()
        ));
    }
    let line = slope(points).ok_or("all datapoints are of one moment")?;
    Ok(Trend {
        per_minute: line.per_minute,
        error: line.error,
        points: points.len(),
    })
}

/// When `limit` is reached from `level`.
///
/// # Errors
///
/// In words: why no line is known.
pub fn forecast(level: &Level, limit: u64) -> Result<Forecast, String> {
    if level.now >= limit {
        return Ok(Forecast::Full);
    }
    let trend = level.trend.as_ref().map_err(Clone::clone)?;
    let flattest = trend.per_minute - ERRORS * trend.error;
    // Less than one connection in ten minutes is the pulse of a pool and no rise.
    if flattest <= 0.1 {
        return Ok(Forecast::NotRising);
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
    let room = (limit - level.now) as f64;
    let likely = room / trend.per_minute;
    if likely > LONGEST_MINUTES {
        return Ok(Forecast::NotRising);
    }
    Ok(Forecast::Minutes {
        soonest: room / (trend.per_minute + ERRORS * trend.error),
        likely,
        latest: room / flattest,
    })
}

/// A number of connections. The metric holds whole numbers; anything else is a fraction by the statistic.
#[must_use]
pub(crate) fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "kept between 0 and 2^32, where the cast is exact"
    )]
    let whole = value.clamp(0.0, f64::from(u32::MAX)).ceil() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:30Z".parse().unwrap()
    }

    fn minutes_ago(minutes: i64) -> Timestamp {
        "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_mins(minutes)
    }

    /// `count` points a minute apart, the newest one minute old, rising by `step` to `last`.
    fn rising(count: i64, step: f64, last: f64) -> Points {
        (1..=count)
            .rev()
            .map(|ago| {
                let back = i32::try_from(ago - 1).unwrap();
                (minutes_ago(ago), last - step * f64::from(back))
            })
            .collect()
    }

    fn judged(points: Points) -> Result<Level, String> {
        level(&Ok(points), &Limits::default(), now())
    }

    #[test]
    fn empty_nan_lonely_future_and_old_datapoints_say_nothing_about_now_w21() {
        for (points, says) in [
            (vec![], "no datapoint"),
            (vec![(minutes_ago(1), f64::NAN); 5], "no datapoint"),
            (vec![(minutes_ago(1), 700.0)], "1 datapoints"),
            (vec![(minutes_ago(1), 700.0); 5], "1 datapoints"),
            (vec![(minutes_ago(-10), 700.0); 5], "no datapoint"),
            (
                (20..30).map(|ago| (minutes_ago(ago), 700.0)).collect(),
                "20 minutes old",
            ),
            (vec![(minutes_ago(1), -1.0); 3], "no datapoint"),
        ] {
            let why = judged(points).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn a_straight_rise_is_full_when_the_line_says() {
        let level = judged(rising(30, 10.0, 700.0)).unwrap();
        assert_eq!((level.now, level.peak), (700, 700));
        let trend = level.trend.clone().unwrap();
        assert!(
            (trend.per_minute - 10.0).abs() < 1e-9 && trend.error < 1e-6,
            "{trend:?}"
        );
        let Ok(Forecast::Minutes {
            soonest,
            likely,
            latest,
        }) = forecast(&level, 800)
        else {
            panic!("{level:?}");
        };
        for minutes in [soonest, likely, latest] {
            assert!((minutes - 10.0).abs() < 1e-3, "{minutes}");
        }
        assert_eq!(forecast(&level, 700), Ok(Forecast::Full));
        assert_eq!(forecast(&level, 650), Ok(Forecast::Full));
    }

    #[test]
    fn noise_widens_the_range_around_the_likely_minute() {
        let mut points = rising(30, 10.0, 700.0);
        for (index, (_, value)) in points.iter_mut().enumerate() {
            *value += if index % 2 == 0 { 25.0 } else { -25.0 };
        }
        let level = judged(points).unwrap();
        let Ok(Forecast::Minutes {
            soonest,
            likely,
            latest,
        }) = forecast(&level, 900)
        else {
            panic!("{level:?}");
        };
        assert!(soonest < likely && likely < latest, "{soonest} {likely} {latest}");
    }

    #[test]
    fn what_falls_stands_or_sways_is_not_rising() {
        for points in [
            rising(30, 0.0, 700.0),
            rising(30, -5.0, 500.0),
            rising(30, 0.05, 700.0),
            (1..=30)
                .map(|ago| (minutes_ago(ago), if ago % 2 == 0 { 400.0 } else { 600.0 }))
                .collect(),
        ] {
            let level = judged(points).unwrap();
            assert_eq!(forecast(&level, 5000), Ok(Forecast::NotRising), "{level:?}");
        }
    }

    #[test]
    fn a_slope_needs_ten_datapoints_and_a_level_only_three_w21() {
        let level = judged(rising(5, 10.0, 700.0)).unwrap();
        assert_eq!(level.now, 700);
        let why = forecast(&level, 800).unwrap_err();
        assert!(why.contains("5 datapoints"), "{why}");
    }
}
