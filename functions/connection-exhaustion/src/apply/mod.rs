//! Carries one step out: looks again right before the change, never lowers, and says what is known of it afterwards.

pub(crate) mod capacity;
mod restart;

use day2_aws::{Applied, Inquiry, Moment};
use day2_core::action::Step;
use day2_core::database::Acu;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::Change;
use crate::gather::Clients;
use crate::settings::ConnectionExhaustionSettings;
use capacity::Wish;

/// Carries one step out.
pub async fn apply(
    clients: &Clients,
    settings: &Settings<ConnectionExhaustionSettings>,
    target: &Target,
    inquiry: Inquiry<'_>,
    step: &Step<Change>,
    at: Moment,
) -> Applied {
    let times = Times::of(at);
    match &step.change {
        Change::Restart { client, uid, .. } => {
            let policy = settings.function.targets.get(target.name.as_str());
            let known = policy.and_then(|policy| policy.clients.iter().find(|one| one.name == *client));
            match known {
                Some(known) => restart::restart(clients, target, known, uid, inquiry.key, &times).await,
                None => Applied::Refused(format!("the settings have no client {client} any more")),
            }
        }
        Change::RaiseAcu {
            cluster,
            before_halves,
            after_halves,
            ..
        } => {
            let wish = Wish::Raise {
                before: Acu::from_halves(*before_halves),
                after: Acu::from_halves(*after_halves),
            };
            capacity::set(&clients.rds, cluster, wish, &times, capacity::PAUSES).await
        }
        Change::RestoreAcu {
            cluster,
            raised_halves,
            before_halves,
        } => {
            let wish = Wish::Restore {
                raised: Acu::from_halves(*raised_halves),
                before: Acu::from_halves(*before_halves),
            };
            capacity::set(&clients.rds, cluster, wish, &times, capacity::PAUSES).await
        }
    }
}
