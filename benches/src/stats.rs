//! Medians and their intervals, without any assumption about how times are distributed.

/// A median and an interval that holds it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The chance that the interval misses the median, at most.
const MISS: f64 = 0.05;

/// The median of `values`, with the interval of the sign test: between the k-th smallest and the k-th largest value, where
/// k is the largest for which the true median lies outside with a probability of at most 5 %. With fewer than six values no
/// such k exists, and the interval is the whole range. None for no value.
#[must_use]
pub fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = cut(sorted.len());
    let low = *sorted.get(cut)?;
    let high = *sorted.get(sorted.len().checked_sub(cut + 1)?)?;
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    let median = if sorted.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(upper, *sorted.get(middle.checked_sub(1)?)?)
    };
    Some(Spread { median, low, high })
}

/// How many values may be left out at each end: the sum of the binomial probabilities of both tails stays below [`MISS`].
fn cut(count: usize) -> usize {
    let mut probability = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut tail = 0.0;
    let mut cut: usize = 0;
    for index in 0..count / 2 {
        tail += probability;
        if 2.0 * tail > MISS {
            break;
        }
        cut = index + 1;
        let (done, left) = (as_f64(index + 1), as_f64(count - index));
        probability *= left / done;
    }
    // `cut` values lie strictly outside; the interval begins at the next.
    cut.saturating_sub(1)
}

#[expect(clippy::cast_precision_loss, reason = "a number of rounds")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}

/// The ratios `peer / ours` of the same round.
#[must_use]
pub fn ratios(peer: &[f64], ours: &[f64]) -> Vec<f64> {
    let pairs = peer.iter().zip(ours);
    pairs
        .filter(|(_, ours)| **ours > 0.0)
        .map(|(peer, ours)| peer / ours)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_fifteen_rounds_is_that_of_the_sign_test() {
        // Tables of the sign test, n = 15, two-sided 5 %: critical value 3, so the 4th smallest and the 4th largest.
        let values: Vec<f64> = (1..=15).rev().map(f64::from).collect();
        assert_eq!(
            spread(&values),
            Some(Spread {
                median: 8.0,
                low: 4.0,
                high: 12.0
            })
        );
    }

    #[test]
    fn few_rounds_have_their_whole_range_as_interval_and_none_have_nothing() {
        assert_eq!(
            spread(&[3.0, 1.0, 2.0, 4.0]),
            Some(Spread {
                median: 2.5,
                low: 1.0,
                high: 4.0
            })
        );
        assert_eq!(
            spread(&[7.0]),
            Some(Spread {
                median: 7.0,
                low: 7.0,
                high: 7.0
            })
        );
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round_and_never_of_nothing() {
        assert_eq!(ratios(&[10.0, 30.0, 5.0], &[1.0, 2.0, 0.0]), [10.0, 15.0]);
    }
}
