//! Settings of `threat-release`.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::settings::{Mistakes, Safety};
use deserr::Deserr;
#[cfg(test)]
pub(crate) use validate::MOST_STEPS;

/// The `function` part of the settings document. Every target of the document may be released.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ThreatReleaseSettings {
    /// The safety belts. The mode is `observe` or `approve`.
    pub safety: Safety,
}
