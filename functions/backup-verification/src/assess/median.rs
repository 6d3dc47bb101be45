//! The middle of what was there before.

/// Fewest values whose median says something.
pub(crate) const LEAST: usize = 3;

/// The median of at least [`LEAST`] values. Of an even number the lower middle, which is one of them.
pub(crate) fn median(values: &[u64]) -> Option<u64> {
    if values.len() < LEAST {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() - 1) / 2).copied()
}

/// By how many percent a value lies below another; negative when it lies above.
#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage of bytes or items needs no more than 52 bits"
)]
pub(crate) fn below_percent(value: u64, median: u64) -> f64 {
    if median == 0 {
        return 0.0;
    }
    (1.0 - value as f64 / median as f64) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_not_moved_by_one_freak_and_needs_three_values() {
        assert_eq!(median(&[5, 1]), None);
        assert_eq!(median(&[100, 1, 90]), Some(90));
        assert_eq!(median(&[100, 1, 90, 95]), Some(90));
    }

    #[test]
    fn a_loss_is_a_percentage_and_zero_divides_nothing() {
        assert!((below_percent(60, 100) - 40.0).abs() < 1e-9);
        assert!(below_percent(120, 100) < 0.0);
        assert!(below_percent(0, 0).abs() < 1e-9);
    }
}
