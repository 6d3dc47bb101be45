//! Every opinion of `lease-sweeper`. Pure: same facts, same settings, same moment, same items.

mod due;
mod figures;
mod force;
mod readiness;
mod storms;
#[cfg(test)]
mod tests;

use day2_core::Item;
use day2_core::action::Lease;
use day2_core::item::Population;
use day2_core::judging::{count, minutes_since};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::facts::Facts;
use crate::settings::Sweep;
pub use figures::figures;
pub(crate) use readiness::{asks_every_day, asks_owners};

/// Judges one sweep.
#[must_use]
pub fn assess(facts: &Facts, sweep: &Sweep, zone: &TimeZone, now: Timestamp) -> Vec<Item> {
    let scene = Scene { zone, now };
    vec![
        due::taken_back(facts, &scene),
        due::overdue(facts, sweep, &scene),
        force::in_force(facts, &scene),
        storms::told(facts, &scene),
        force::reminders(facts, &scene),
    ]
}

/// When and where it is judged.
struct Scene<'a> {
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Scene<'_> {
    /// `Fri 6 Mar 06:30 EST`.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%a %-d %b %H:%M %Z")
            .to_string()
    }

    fn minutes_since(&self, at: Timestamp) -> i64 {
        minutes_since(at, self.now)
    }
}

/// A change by a name that stays the same from run to run and can be copied into a call by hand.
fn name_of(lease: &Lease) -> String {
    format!("{} (lease {})", lease.resource, lease.id)
}

/// `provisioning-latency, 10 nodes -> 20 nodes`.
fn change_of(lease: &Lease) -> String {
    format!("{}, {} -> {}", lease.function, lease.before, lease.after)
}

/// All of `number` looked at, at least the journal itself: that nothing is in force is a finding and no gap.
fn all_of(number: usize) -> Population {
    let number = u64::try_from(number).unwrap_or(u64::MAX).max(1);
    Population {
        examined: number,
        expected_at_least: number,
    }
}
