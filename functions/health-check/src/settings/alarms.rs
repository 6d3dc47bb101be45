//! Limits of the group `alarms`.

use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// Which alarms count, and how far back they are looked at.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct AlarmPolicy {
    /// Only alarms whose name begins with this; empty means every alarm of the account and region.
    #[deserr(default)]
    pub prefix: String,
    /// Alarms that do not count, by name or by the beginning of a name with a final `*`. Those of Auto Scaling's target
    /// tracking never count: they alarm whenever a group could shrink.
    #[deserr(default)]
    pub ignore: Vec<String>,
    /// Least number of alarms that must exist; a region with none proves nothing.
    #[deserr(default = 1)]
    pub expected_at_least: u32,
    /// How far back the history is read, in hours. The default of 8 is the night before a look in the morning.
    #[deserr(default = 8)]
    pub history_hours: u32,
}

impl AlarmPolicy {
    /// Whether an alarm of this name counts.
    #[must_use]
    pub fn counts(&self, name: &str) -> bool {
        let ignored = self.ignore.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        });
        name.starts_with(&self.prefix) && !ignored && !name.starts_with("TargetTracking-")
    }
}

impl Default for AlarmPolicy {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            ignore: Vec::new(),
            expected_at_least: 1,
            history_hours: 8,
        }
    }
}

pub(super) fn validate(policy: &AlarmPolicy, at: &mut Checker<'_>) {
    at.require(
        (1..=720).contains(&policy.history_hours),
        "history_hours",
        policy.history_hours,
        "is not within 1 and 720",
        "write at most 720: CloudWatch keeps the history for 30 days",
    );
    at.require(
        policy.expected_at_least > 0,
        "expected_at_least",
        0,
        "would pass without any alarm",
        "write at least 1",
    );
}
