//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::SweeperSettings;
use crate::NAME;

/// Longest time-out of an owner, in seconds: the sweeper's own run, of 900 at most, must outlast it.
/// Source: AWS Lambda Developer Guide, "Lambda quotas", function timeout.
const LONGEST_OWNER_SECONDS: u32 = 890;

impl Validate for SweeperSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.owners.is_empty(),
            "owners",
            "{}",
            "names nobody who could take a change back",
            "name each function that changes something, with its time-out",
        );
        at.field("owners", |at| {
            for (name, owner) in self.owners.iter() {
                at.require(
                    is_function(name) && name != NAME,
                    name,
                    name,
                    "is not the name of a function that makes changes",
                    "write its name without the deployment's, for example provisioning-latency",
                );
                at.field(name, |at| {
                    at.require(
                        (1..=LONGEST_OWNER_SECONDS).contains(&owner.timeout_seconds),
                        "timeout_seconds",
                        owner.timeout_seconds,
                        format!("is not within 1 and {LONGEST_OWNER_SECONDS}"),
                        "write the time-out of the function",
                    );
                });
            }
        });
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "sweeps nothing",
            "add an entry for each target, {} for the defaults",
        );
        at.field("targets", |at| {
            for (target, sweep) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| {
                    let ranges = [
                        ("max_per_run", sweep.max_per_run, 1, 100),
                        ("overdue_minutes", sweep.overdue_minutes, 5, 1_440),
                    ];
                    for (field, value, least, most) in ranges {
                        at.within(field, value, least, most);
                    }
                });
            }
        });
    }
}

/// Whether this can be the name of one of our functions: it becomes part of the name of a Lambda function.
fn is_function(name: &str) -> bool {
    (1..=30).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
