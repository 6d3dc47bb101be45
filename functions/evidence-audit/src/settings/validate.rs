//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::AuditSettings;

impl Validate for AuditSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.nested("evidence", &self.evidence);
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "audits nothing",
            "add an entry for each target, {} for the defaults",
        );
        at.field("targets", |at| {
            for (target, audit) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| {
                    let ranges = [
                        ("lock_ends_days", audit.lock_ends_days, 1, 365),
                        ("recent_days", audit.recent_days, 1, 365),
                        ("sealing_minutes", audit.sealing_minutes, 15, 240),
                        ("max_mebibytes", audit.max_mebibytes, 1, 100_000),
                    ];
                    for (field, value, least, most) in ranges {
                        at.within(field, value, least, most);
                    }
                });
            }
        });
    }
}
