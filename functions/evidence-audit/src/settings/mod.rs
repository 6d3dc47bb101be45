//! Settings of `evidence-audit`: where evidence is, and what must hold for it.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::evidence::EvidenceBucket;
use day2_core::settings::{Mistakes, Named};
use deserr::Deserr;

use crate::facts::LockMode;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct AuditSettings {
    /// The bucket of evidence and its key.
    pub evidence: EvidenceBucket,
    /// One entry per target name.
    pub targets: Named<Audit>,
}

/// How the evidence of one target is audited.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Audit {
    /// The weakest lock that is accepted. Default governance: any lock.
    #[deserr(default = LockMode::Governance)]
    pub lock_mode: LockMode,
    /// Days before the end of a lock from which it is reported, 1 to 365. Default 30: four weekly reports.
    #[deserr(default = 30)]
    pub lock_ends_days: u32,
    /// Days for which an incomplete capture is reported, 1 to 365. Default 8: in one weekly report at least, and not for
    /// ever, because what is lost cannot be repaired.
    #[deserr(default = 8)]
    pub recent_days: u32,
    /// Minutes after its last object from which a capture without a manifest counts as interrupted, 15 to 240. Default 20:
    /// no run of a function lasts longer than 15.
    #[deserr(default = 20)]
    pub sealing_minutes: u32,
    /// Most mebibytes that one run reads to hash them, 1 to 100,000. Default 2,048: a minute or two within the region.
    #[deserr(default = 2_048)]
    pub max_mebibytes: u32,
}
