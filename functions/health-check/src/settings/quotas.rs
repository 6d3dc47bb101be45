//! Limits of the group `quotas`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `quotas`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct QuotaLimits {
    /// From how much use on a quota counts as nearly full, in percent.
    #[deserr(default = 80)]
    pub used_percent: u32,
}

impl Default for QuotaLimits {
    fn default() -> Self {
        Self { used_percent: 80 }
    }
}
