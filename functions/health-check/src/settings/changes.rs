//! How far `triage` looks back.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// How far `triage` looks back.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ChangeLimits {
    /// How far back changes count, in minutes.
    #[deserr(default = 60)]
    pub minutes: u32,
}

impl Default for ChangeLimits {
    fn default() -> Self {
        Self { minutes: 60 }
    }
}
