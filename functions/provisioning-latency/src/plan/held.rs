//! What our own open leases say about the group: the size before them, and the raise that this event has begun.

use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{Lease, LeaseState};
use day2_reads::scaling_groups::Group;

use crate::change::{Change, Raise};

/// Open leases on the group.
fn on<'a>(leases: &'a [Lease], group: &Group) -> impl Iterator<Item = &'a Lease> {
    let resource = Change::resource_of_group(&group.name);
    leases
        .iter()
        .filter(move |lease| lease.state.is_open() && lease.resource == resource)
}

/// Whether a raise may be part of the group's size. One that was remembered and whose size the group does not have was
/// not made, as far as can be seen: a call that was killed or refused in between.
pub(crate) fn may_be_made(lease: &Lease, raise: &Raise, group: &Group) -> bool {
    lease.state != LeaseState::Pending || group.desired >= raise.to.min(group.max)
}

/// The size before the oldest of our raises that are, or may be, in force. A size below it means that somebody lowered the
/// group since, and counts instead.
///
/// # Errors
///
/// When a lease on the group cannot be understood: then nobody knows how much of its size is ours.
pub(crate) fn baseline(leases: &[Lease], group: &Group) -> Result<i64, Refusal> {
    let mut found = group.desired;
    for lease in on(leases, group) {
        let raise = Change::raise_of(lease).ok_or_else(|| {
            Refusal::new(
                Guard::Unreadable,
                format!("lease {} on the group is not understood", lease.id),
                "end it by hand: {\"task\":\"revert\",\"lease\":\"…\"}",
            )
        })?;
        if may_be_made(lease, &raise, group) {
            found = found.min(raise.baseline);
        }
    }
    Ok(found)
}

/// The raise that an earlier delivery of this occasion has begun. Its lease says how far the group goes, and is all that
/// takes it back: a larger raise under the same lease would never be taken back (`cases.md` D12).
pub(crate) fn begun(leases: &[Lease], group: &Group, key: &str) -> Option<Raise> {
    on(leases, group)
        .find(|lease| lease.occasion == key)
        .and_then(Change::raise_of)
}

/// When the last of the open leases on the group ends, in words.
pub(crate) fn ends(leases: &[Lease], group: &Group) -> String {
    on(leases, group)
        .filter_map(|lease| lease.expires_at)
        .max()
        .map(|at| format!(" until {}", at.strftime("%H:%M UTC")))
        .unwrap_or_default()
}
