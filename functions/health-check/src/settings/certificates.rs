//! Limits of the group `certificates`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `certificates`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct CertificateLimits {
    /// Least remaining validity, in days.
    #[deserr(default = 14)]
    pub min_days: u32,
    /// Time that a renewal may be late, in hours.
    #[deserr(default = 24)]
    pub renewal_hours: u32,
    /// Time that issuing a new certificate may take, in minutes.
    #[deserr(default = 60)]
    pub issuing_minutes: u32,
}

impl Default for CertificateLimits {
    fn default() -> Self {
        Self {
            min_days: 14,
            renewal_hours: 24,
            issuing_minutes: 60,
        }
    }
}
