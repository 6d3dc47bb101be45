//! Lifts cordons that an attempt which was cut short has left behind.

use day2_aws::{Applied, OpsError};
use day2_core::target::Target;
use day2_core::{Cause, Unreadable};
use day2_kube::change::{Change, Cordon};
use day2_reads::times::Times;

use crate::change::Uncordon;
use crate::gather::{Clients, connect};

/// Lifts them, each by itself: one that fails hides no other.
pub(super) async fn uncordon(
    clients: &Clients,
    target: &Target,
    owner: &str,
    change: &Uncordon,
    times: &Times,
) -> Applied {
    let cluster = match connect(clients, target, times).await {
        Ok(cluster) => cluster,
        Err(why) => {
            return Applied::Failed {
                error: OpsError::Read(why),
                says: "nothing was changed".to_owned(),
            };
        }
    };
    let mut words = Vec::new();
    let mut failed = None;
    for held in &change.nodes {
        let cordon = Cordon {
            node: &held.node,
            uid: Some(held.uid.as_str()).filter(|uid| !uid.is_empty()),
            owner,
        };
        let came = match cluster.uncordon(&cordon, times.deadline).await {
            Change::Applied(_) => "it takes pods again".to_owned(),
            Change::AlreadyDone(_) => "somebody had lifted it".to_owned(),
            // Gone, another node of the same name, or cordoned by somebody else by now: not ours to lift.
            Change::Refused(why) => format!("left as it is: {why}"),
            Change::Conflict(why) => {
                let busy = Unreadable::new("patch nodes", held.node.as_str(), Cause::Throttled, why.as_str());
                failed.get_or_insert(busy);
                format!("still cordoned ({why})")
            }
            Change::Failed(why) | Change::Unknown(why) => {
                let words = format!("it may still be cordoned ({why})");
                failed.get_or_insert(why);
                words
            }
        };
        words.push(format!("{}: {came}", held.node));
    }
    let says = words.join("; ");
    match failed {
        None => Applied::Done(says),
        Some(why) => Applied::Failed {
            error: OpsError::Read(why),
            says,
        },
    }
}
