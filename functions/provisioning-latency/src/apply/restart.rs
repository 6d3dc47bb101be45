//! Restarts the provisioner by its own rollout, once per occasion.

use day2_aws::{Applied, OpsError};
use day2_core::target::Target;
use day2_kube::change::{Change, Restart as Wanted};
use day2_reads::times::Times;

use crate::change::Restart;
use crate::gather::{Clients, connect};

/// Carries the restart out.
pub(super) async fn restart(
    clients: &Clients,
    target: &Target,
    key: &str,
    change: &Restart,
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
    let wanted = Wanted {
        namespace: &change.namespace,
        name: &change.deployment,
        uid: Some(change.uid.as_str()).filter(|uid| !uid.is_empty()),
        occasion: key,
        at: times.now,
    };
    match cluster.restart_deployment(&wanted, times.deadline).await {
        Change::Applied(restarted) => Applied::Done(match restarted.generation_after {
            Some(generation) => format!("the rollout of generation {generation} begins"),
            None => "the rollout begins".to_owned(),
        }),
        Change::AlreadyDone(_) => {
            Applied::AlreadyDone("it was restarted for this occasion already".to_owned())
        }
        Change::Refused(why) => Applied::Refused(why),
        Change::Conflict(words) => Applied::Refused(format!(
            "somebody else changes the Deployment at the same time: {words}"
        )),
        Change::Failed(why) => Applied::Failed {
            error: OpsError::Read(why),
            says: "nothing was changed".to_owned(),
        },
        Change::Unknown(why) => Applied::Failed {
            error: OpsError::Read(why),
            says: "whether it was made is not known; another delivery will see".to_owned(),
        },
    }
}
