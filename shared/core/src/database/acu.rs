//! Aurora capacity units, counted in halves so that they can be compared and added without rounding.

use std::fmt;

/// A capacity of Aurora Serverless v2. The API speaks of doubles in steps of 0.5 (`ServerlessV2ScalingConfiguration`);
/// here it is a whole number of halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Acu(u32);

/// More than any engine has (256 ACU), and far below what a double holds exactly.
const MOST_HALVES: f64 = 2_000.0;

impl Acu {
    /// So many halves: `from_halves(1)` is 0.5 ACU.
    #[must_use]
    pub const fn from_halves(halves: u32) -> Self {
        Self(halves)
    }

    /// The capacity in halves.
    #[must_use]
    pub const fn halves(self) -> u32 {
        self.0
    }

    /// The capacity that the API names, or nothing when it is no half step.
    #[must_use]
    pub fn exactly(number: f64) -> Option<Self> {
        let halves = number * 2.0;
        (halves.fract() == 0.0).then(|| whole(halves)).flatten()
    }

    /// The next half step at or above a number; nothing for what is no capacity.
    #[must_use]
    pub fn at_least(number: f64) -> Option<Self> {
        whole((number * 2.0).ceil())
    }

    /// The number that the API wants.
    #[must_use]
    pub fn number(self) -> f64 {
        f64::from(self.0) / 2.0
    }
}

fn whole(halves: f64) -> Option<Acu> {
    if !(0.0..=MOST_HALVES).contains(&halves) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and 2,000"
    )]
    let halves = halves as u32;
    Some(Acu(halves))
}

impl fmt::Display for Acu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.0.is_multiple_of(2) { "" } else { ".5" };
        write!(f, "{}{half}", self.0 / 2)
    }
}

/// The capacity range of a Serverless v2 cluster; each instance scales within it on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AcuRange {
    /// Minimum; 0 pauses the instance when it is idle.
    pub min: Acu,
    /// Maximum.
    pub max: Acu,
}

impl fmt::Display for AcuRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} ACU", self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_half_steps_are_a_capacity_w09() {
        for (number, halves) in [
            (0.0, Some(0)),
            (0.5, Some(1)),
            (16.0, Some(32)),
            (256.0, Some(512)),
            (0.25, None),
            (1.3, None),
            (-0.5, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (1e9, None),
        ] {
            assert_eq!(Acu::exactly(number).map(Acu::halves), halves, "{number}");
        }
    }

    #[test]
    fn a_wish_between_two_steps_becomes_the_higher_one_w09() {
        for (number, text) in [(16.2, "16.5"), (16.5, "16.5"), (16.6, "17"), (0.1, "0.5")] {
            assert_eq!(Acu::at_least(number).unwrap().to_string(), text);
        }
        assert_eq!(Acu::at_least(f64::NAN), None);
        assert_eq!(Acu::at_least(-1.0), None);
    }

    #[test]
    fn what_is_read_is_what_is_written_back() {
        for halves in 0..=512 {
            let acu = Acu::from_halves(halves);
            assert_eq!(Acu::exactly(acu.number()), Some(acu));
        }
    }
}
