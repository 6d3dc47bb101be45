//! How far a group is raised: arithmetic on counts of nodes, and nothing else.

use super::words::count;
use crate::settings::StepSize;

/// The numbers that decide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numbers {
    /// Desired capacity now.
    pub(crate) desired: i64,
    /// Maximum size.
    pub(crate) max: i64,
    /// The size before our raises that are still in force; the desired capacity when there are none. Steps are counted
    /// from here, so that a second alarm, a redelivery or a flapping alarm never add up (`cases.md` D08, D11, D12).
    pub(crate) baseline: i64,
    /// Nodes that were asked for and are not Ready yet.
    pub(crate) coming: i64,
    /// Nodes that the waiting pods need at most.
    pub(crate) needed: i64,
    /// Nodes that the free addresses allow beyond the desired capacity; none when they are not known to limit.
    pub(crate) by_addresses: i64,
    /// Size of the group that the quota allows; none when no quota is declared.
    pub(crate) by_quota: Option<i64>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Size {
    /// Raise to this size. With what made it smaller than the step, in words.
    Raise {
        /// The size to set.
        to: i64,
        /// Limits that bound it.
        bounds: Vec<String>,
    },
    /// Our raise that is in force is as large as a step may be.
    StepTaken {
        /// The largest size that a step allows.
        ceiling: i64,
    },
    /// Enough nodes are on their way.
    Coming {
        /// How many are.
        coming: i64,
    },
    /// The group is as large as it may become.
    AtMaximum,
    /// Addresses or quota allow no more. Says which.
    NoRoom(String),
}

/// The largest size above `baseline`: by share or count, whichever is smaller, and at least one node.
pub(crate) fn ceiling(baseline: i64, step: &StepSize) -> i64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "node counts are far below 2^52, and a float saturates"
    )]
    let by_share = (baseline as f64 * step.share() / 100.0).floor() as i64;
    let nodes = by_share.min(i64::from(step.max_nodes)).max(1);
    baseline.saturating_add(nodes)
}

/// Computes the size. Never below the desired capacity, never above the maximum, never more than one step above the
/// baseline.
pub(crate) fn size(numbers: &Numbers, step: &StepSize) -> Size {
    let Numbers { desired, max, .. } = *numbers;
    let ceiling = ceiling(numbers.baseline, step);
    if desired >= max {
        return Size::AtMaximum;
    }
    if desired >= ceiling {
        return Size::StepTaken { ceiling };
    }
    let missing = numbers.needed - numbers.coming;
    if missing <= 0 {
        return Size::Coming {
            coming: numbers.coming,
        };
    }
    let mut to = desired.saturating_add(missing);
    let mut bounds = Vec::new();
    let mut bound = |limit: i64, words: String| {
        if limit < to {
            to = limit;
            bounds.push(words);
        }
    };
    bound(
        ceiling,
        format!("a step ends at {ceiling}, counted from {}", numbers.baseline),
    );
    bound(max, format!("the maximum size is {max}"));
    let room = numbers.by_addresses.max(0);
    bound(
        desired.saturating_add(room),
        format!("the subnets have addresses for {}", count(room, "more node")),
    );
    if let Some(quota) = numbers.by_quota {
        bound(
            quota,
            format!("the quota allows a group of {}", count(quota, "node")),
        );
    }
    if to <= desired {
        return Size::NoRoom(bounds.pop().unwrap_or_default());
    }
    Size::Raise { to, bounds }
}

#[cfg(test)]
mod tests {
    use day2_core::settings::Percent;
    use proptest::prelude::*;

    use super::*;

    const STEP: StepSize = StepSize {
        percent: None,
        max_nodes: 25,
    };

    /// 50 of at most 100 nodes, room for all.
    const PLAIN: Numbers = Numbers {
        desired: 50,
        max: 100,
        baseline: 50,
        coming: 0,
        needed: 25,
        by_addresses: 1_000,
        by_quota: None,
    };

    fn raised(numbers: Numbers) -> Option<i64> {
        match size(&numbers, &STEP) {
            Size::Raise { to, .. } => Some(to),
            _ => None,
        }
    }

    #[test]
    fn a_step_is_the_smaller_of_share_and_count_and_at_least_one_node() {
        let step = |percent: f64, max_nodes| StepSize {
            percent: Percent::new(percent),
            max_nodes,
        };
        for (baseline, step, expected) in [
            (50, step(50.0, 25), 75),
            (50, step(50.0, 10), 60),
            (10, step(50.0, 25), 15),
            (3, step(50.0, 25), 4),
            (1, step(50.0, 25), 2),
            (0, step(50.0, 25), 1),
            (50, step(0.1, 25), 51),
        ] {
            assert_eq!(ceiling(baseline, &step), expected, "{baseline}");
        }
    }

    #[test]
    fn the_step_is_clamped_to_the_maximum_w13() {
        let clamped = size(&Numbers { max: 60, ..PLAIN }, &STEP);
        let Size::Raise { to, bounds } = clamped else {
            panic!("{clamped:?}")
        };
        assert_eq!(to, 60);
        assert_eq!(bounds, ["the maximum size is 60"]);
        assert_eq!(raised(Numbers { max: 75, ..PLAIN }), Some(75));
    }

    #[test]
    fn at_or_above_the_maximum_nothing_is_raised_w12() {
        for max in [50, 49, 0] {
            assert_eq!(size(&Numbers { max, ..PLAIN }, &STEP), Size::AtMaximum);
        }
    }

    #[test]
    fn no_more_is_asked_for_than_the_waiting_pods_need_beyond_what_is_coming() {
        for (needed, coming, expected) in [
            (5, 0, Some(55)),
            (5, 2, Some(53)),
            (5, 5, None),
            (40, 0, Some(75)),
            (40, 20, Some(70)),
            (0, 0, None),
        ] {
            let numbers = Numbers {
                coming,
                needed,
                ..PLAIN
            };
            assert_eq!(raised(numbers), expected, "{needed} {coming}");
        }
    }

    #[test]
    fn addresses_and_quota_bound_the_size_and_are_named() {
        let few = Numbers {
            by_addresses: 3,
            ..PLAIN
        };
        assert_eq!(raised(few), Some(53));
        let none = Numbers {
            by_addresses: -2,
            ..PLAIN
        };
        assert_eq!(
            size(&none, &STEP),
            Size::NoRoom("the subnets have addresses for 0 more nodes".to_owned())
        );
        let quota = Numbers {
            by_quota: Some(52),
            ..PLAIN
        };
        assert_eq!(raised(quota), Some(52));
        let used_up = Numbers {
            by_quota: Some(40),
            ..PLAIN
        };
        assert_eq!(
            size(&used_up, &STEP),
            Size::NoRoom("the quota allows a group of 40 nodes".to_owned())
        );
    }

    #[test]
    fn a_second_alarm_goes_on_from_the_size_before_the_first_and_never_compounds_d08_d11() {
        let second = Numbers { desired: 75, ..PLAIN };
        assert_eq!(size(&second, &STEP), Size::StepTaken { ceiling: 75 });
        let part = Numbers {
            desired: 60,
            needed: 40,
            ..PLAIN
        };
        assert_eq!(raised(part), Some(75));
    }

    proptest! {
        #[test]
        fn a_size_is_never_lowered_never_above_the_maximum_and_never_more_than_one_step_d12_w13(
            desired in 0_i64..500, max in 0_i64..500, below in 0_i64..200, coming in 0_i64..100,
            needed in 0_i64..500, by_addresses in -10_i64..500,
            by_quota in proptest::option::of(0_i64..500), percent in 0.1_f64..100.0, max_nodes in 1_u32..200,
        ) {
            let baseline = (desired - below).max(0);
            let step = StepSize { percent: Percent::new(percent), max_nodes };
            let numbers = Numbers { desired, max, baseline, coming, needed, by_addresses, by_quota };
            if let Size::Raise { to, .. } = size(&numbers, &step) {
                prop_assert!(to > desired);
                prop_assert!(to <= max);
                prop_assert!(to <= ceiling(baseline, &step));
                prop_assert!(to - desired <= by_addresses.max(0));
                prop_assert!(by_quota.is_none_or(|quota| to <= quota));
                // Planned again after it was done, nothing is left to do.
                let again = Numbers { desired: to, coming: coming + (to - desired), ..numbers };
                let further = match size(&again, &step) { Size::Raise { to: further, .. } => further, _ => to };
                prop_assert!(further <= ceiling(baseline, &step));
            }
        }
    }
}
