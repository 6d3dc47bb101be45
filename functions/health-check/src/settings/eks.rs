//! Limits of the group `eks`.

use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// Which insights count.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct EksPolicy {
    /// Insights that do not count, by name, for example `EKS add-on version compatibility`.
    #[deserr(default)]
    pub ignore_insights: Vec<String>,
    /// Whether an insight in `WARNING` counts as one in `ERROR` does.
    #[deserr(default = true)]
    pub insight_warnings: bool,
    /// How old an insight may be, in hours. EKS refreshes them once a day.
    #[deserr(default = 48)]
    pub insight_max_age_hours: u32,
}

impl Default for EksPolicy {
    fn default() -> Self {
        Self {
            ignore_insights: Vec::new(),
            insight_warnings: true,
            insight_max_age_hours: 48,
        }
    }
}

pub(super) fn validate(policy: &EksPolicy, at: &mut Checker<'_>) {
    at.require(
        policy.insight_max_age_hours >= 24,
        "insight_max_age_hours",
        policy.insight_max_age_hours,
        "is less than a day, after which EKS looks again",
        "write at least 24",
    );
}
