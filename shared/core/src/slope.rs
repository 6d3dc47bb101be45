//! A straight line through datapoints, by least squares.

use jiff::Timestamp;

/// How fast a value rises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Change per minute; negative when it falls.
    pub per_minute: f64,
    /// Standard error of that change: two of them hold about 95 % of the slopes that the same noise may give.
    pub error: f64,
}

/// The slope through points that are one per moment; nothing for fewer than three, which have no error, or when all are of
/// one moment.
#[must_use]
pub fn slope(points: &[(Timestamp, f64)]) -> Option<Slope> {
    let first = points.first()?.0;
    if points.len() < 3 {
        return None;
    }
    let minutes = |at: Timestamp| at.duration_since(first).as_secs_f64() / 60.0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window of metrics holds thousands of datapoints at most"
    )]
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(at, _)| minutes(*at)).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, value)| value).sum::<f64>() / count;
    let (mut xx, mut xy) = (0.0, 0.0);
    for (at, value) in points {
        let x = minutes(*at) - mean_x;
        xx += x * x;
        xy += x * (value - mean_y);
    }
    // A division by the spread must not depend on points being one per moment.
    if xx <= 0.0 {
        return None;
    }
    let per_minute = xy / xx;
    let squares: f64 = points
        .iter()
        .map(|(at, value)| {
            let miss = value - mean_y - per_minute * (minutes(*at) - mean_x);
            miss * miss
        })
        .sum();
    Some(Slope {
        per_minute,
        error: (squares / (count - 2.0) / xx).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn points(values: &[f64]) -> Vec<(Timestamp, f64)> {
        let begin: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        let moments = (0..).map(|minute| begin + SignedDuration::from_mins(minute));
        moments.zip(values.iter().copied()).collect()
    }

    #[test]
    fn a_straight_rise_has_its_slope_and_no_error() {
        let rise = slope(&points(&[1.0, 3.0, 5.0, 7.0])).unwrap();
        assert!(
            (rise.per_minute - 2.0).abs() < 1e-9 && rise.error < 1e-9,
            "{rise:?}"
        );
    }

    #[test]
    fn noise_has_an_error_as_large_as_its_slope() {
        let noise = slope(&points(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0])).unwrap();
        assert!(noise.per_minute.abs() < 2.0 * noise.error, "{noise:?}");
    }

    #[test]
    fn two_points_and_points_of_one_moment_have_no_slope() {
        assert_eq!(slope(&points(&[1.0, 2.0])), None);
        let at = points(&[1.0])[0].0;
        assert_eq!(slope(&[(at, 1.0), (at, 2.0), (at, 3.0)]), None);
        assert_eq!(slope(&[]), None);
    }
}
