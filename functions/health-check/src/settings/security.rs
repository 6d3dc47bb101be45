//! Limits of the group `security`.

use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// Which findings count, and what has to be watching.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct SecurityPolicy {
    /// Least severity of a `GuardDuty` finding, 1 to 10. 7 is where *High* begins.
    #[deserr(default = 7)]
    pub severity_at_least: u8,
    /// Findings that did not change for so many days do not count. The default is as long as `GuardDuty` keeps them: a
    /// finding that nobody closed must not vanish from the report by itself.
    #[deserr(default = 90)]
    pub look_back_days: u32,
    /// Whether Runtime Monitoring must know the cluster. `false` says in writing that it is not used.
    #[deserr(default = true)]
    pub runtime_monitoring: bool,
    /// Whether Security Hub is read. `false` says in writing that it is not used.
    #[deserr(default = true)]
    pub security_hub: bool,
    /// How long a `CRITICAL` finding of Security Hub may stay open, in days.
    #[deserr(default)]
    pub critical_open_days: u32,
    /// How long a `HIGH` finding of Security Hub may stay open, in days.
    #[deserr(default = 7)]
    pub high_open_days: u32,
}

impl Default for SecurityPolicy {
    fn default() -> Self {
        Self {
            severity_at_least: 7,
            look_back_days: 90,
            runtime_monitoring: true,
            security_hub: true,
            critical_open_days: 0,
            high_open_days: 7,
        }
    }
}

pub(super) fn validate(policy: &SecurityPolicy, at: &mut Checker<'_>) {
    at.require(
        (1..=10).contains(&policy.severity_at_least),
        "severity_at_least",
        policy.severity_at_least,
        "is no severity of GuardDuty",
        "write 1 to 10; 4 begins Medium, 7 High, 9 Critical",
    );
    at.require(
        (1..=90).contains(&policy.look_back_days),
        "look_back_days",
        policy.look_back_days,
        "is not within 1 and 90",
        "write at most 90: GuardDuty keeps findings so long",
    );
}
