//! How far down the maximum may go while other raises of ours are open.

use day2_aws::Inquiry;
use day2_core::action::guard::Guard;
use day2_core::action::{Lease, LeaseState};
use day2_core::database::{Acu, AcuRange};
use serde::Deserialize as _;

use super::Verdicts;
use crate::Change;
use crate::change::cluster_resource;

/// The maximum that is never gone below: the one before, and what another raise of ours still holds. One that reaches as far
/// as this includes it, and takes both back.
pub(super) fn floor(
    inquiry: Inquiry<'_>,
    cluster: &str,
    (before, raised): (Acu, Acu),
    now: Acu,
) -> Result<Acu, Box<Verdicts>> {
    let resource = cluster_resource(cluster);
    let own = inquiry.lease.map(|lease| lease.id.as_str());
    let mut floor = before;
    let others = inquiry.standing.leases_on(&resource);
    for other in others.filter(|lease| Some(lease.id.as_str()) != own) {
        let Some((from, to)) = raise_of(other) else {
            return Err(Box::new(Verdicts::Later(
                Guard::Unreadable,
                format!("lease {} on the same cluster is not understood", other.id),
                "end that one by hand first".to_owned(),
            )));
        };
        // Remembered and never made: the range does not show it.
        if other.state == LeaseState::Pending && to > now {
            continue;
        }
        if to >= raised {
            let ends = other.expires_at.map_or_else(
                || "when it is ended".to_owned(),
                |at| format!("at {}", at.strftime("%H:%M UTC")),
            );
            return Err(Box::new(Verdicts::Stays(format!(
                "another raise to {to} ACU includes this one and is taken back {ends}, down to {} ACU (lease {})",
                from.max, other.id
            ))));
        }
        floor = floor.max(to);
    }
    Ok(floor)
}

fn raise_of(lease: &Lease) -> Option<(AcuRange, Acu)> {
    let change = Change::deserialize(&lease.change).ok()?;
    change.raised()
}
