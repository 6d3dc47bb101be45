//! Mistakes that show only when fields are seen together.

use day2_core::action::Mode;
use day2_core::settings::{Checker, Validate};

use super::ThreatReleaseSettings;

/// Steps of a release at most: one for each kind of measure, one more for a pod with a role of IRSA and one of EKS Pod
/// Identity, and the one that closes the containment.
pub(crate) const MOST_STEPS: u32 = 9;

impl Validate for ThreatReleaseSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.nested("safety", &self.safety);
        at.field("safety", |at| {
            at.require(
                self.safety.mode != Mode::Auto,
                "mode",
                self.safety.mode,
                "would undo containments without a person",
                "write approve, or observe to plan only",
            );
            at.require(
                self.safety.max_steps >= MOST_STEPS,
                "max_steps",
                self.safety.max_steps,
                "is less than a whole release takes, which would be refused",
                format!("write at least {MOST_STEPS}"),
            );
        });
    }
}
