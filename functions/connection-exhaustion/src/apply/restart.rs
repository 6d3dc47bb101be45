//! Restarts one Deployment by its own rollout.

use day2_aws::{Applied, OpsError};
use day2_core::target::Target;
use day2_kube::change::{Change, Restart};
use day2_reads::times::Times;

use crate::gather::{self, Clients};
use crate::plan::restart::{is_restarted_for, may_restart};
use crate::settings::Client;

pub(super) async fn restart(
    clients: &Clients,
    target: &Target,
    client: &Client,
    uid: &str,
    key: &str,
    times: &Times,
) -> Applied {
    const NOTHING: &str = "nothing was changed";
    let cluster = match clients.cluster(target, times).await {
        Ok(cluster) => cluster,
        Err(why) => return failed(why, NOTHING),
    };
    // What was planned for may have changed since: its pods, its budgets, the settings.
    let facts = gather::client(&cluster, client, times.deadline).await;
    let done = matches!(&facts.deployment, Ok(Some(one)) if is_restarted_for(one, key));
    if !done {
        if !client.may_restart {
            return Applied::Refused(format!("may_restart of the client {} is off", client.name));
        }
        if let Err(why) = may_restart(&facts, client) {
            return Applied::Refused(why);
        }
    }
    let wish = Restart {
        namespace: client.namespace.as_str(),
        name: client.deployment.as_str(),
        uid: Some(uid),
        occasion: key,
        at: times.now,
    };
    match cluster.restart_deployment(&wish, times.deadline).await {
        Change::Applied(made) => {
            let generation = made
                .generation_after
                .map_or_else(String::new, |number| format!(" (generation {number})"));
            Applied::Done(format!(
                "{} restarts by its own rollout{generation}",
                client.resource()
            ))
        }
        Change::AlreadyDone(_) => Applied::AlreadyDone(format!(
            "{} was restarted for this occasion already",
            client.resource()
        )),
        Change::Refused(why) => Applied::Refused(why),
        Change::Conflict(why) => {
            Applied::Refused(format!("somebody else changes it at the same time: {why}"))
        }
        Change::Failed(why) => failed(why, NOTHING),
        Change::Unknown(why) => failed(why, "whether it restarts is not known: look at its rollout"),
    }
}

fn failed(why: day2_core::Unreadable, says: &str) -> Applied {
    Applied::Failed {
        error: OpsError::Read(why),
        says: says.to_owned(),
    }
}
