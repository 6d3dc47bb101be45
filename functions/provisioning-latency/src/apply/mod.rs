//! Carries one step out. Each looks again just before it writes, and holds to what was planned.

mod give_back;
mod patience;
mod raise;
mod restart;
#[cfg(test)]
mod tests;
mod uncordon;

use day2_aws::{Applied, Inquiry};
use day2_core::action::Step;
use day2_core::target::Target;
use day2_reads::times::Times;

pub(crate) use raise::fresh;

use crate::change::Change;
use crate::gather::Clients;

/// Carries one step out.
pub(crate) async fn apply(
    clients: &Clients,
    target: &Target,
    inquiry: Inquiry<'_>,
    step: &Step<Change>,
    times: &Times,
) -> Applied {
    match &step.change {
        Change::Raise(change) => raise::raise(clients, target, inquiry.key, change, times).await,
        Change::Restart(change) => restart::restart(clients, target, inquiry.key, change, times).await,
        Change::GiveBack(change) => {
            let owner = give_back::owner(inquiry);
            give_back::give_back(clients, target, &owner, change, times).await
        }
        Change::Uncordon(change) => {
            let owner = give_back::owner(inquiry);
            uncordon::uncordon(clients, target, &owner, change, times).await
        }
    }
}
