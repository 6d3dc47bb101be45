//! Takes empty nodes back, one after the other: cordon, so that nothing lands on it; wait a moment; look; terminate with decrement; and if
//! anything speaks against it, uncordon, so that no node is left half-cordoned.

use std::time::Duration;

use day2_aws::error::aws;
use day2_aws::{Applied, Inquiry, OpsError};
use day2_core::target::Target;
use day2_kube::change::{Change, Cordon};
use day2_kube::{ClusterClient, ListQuery, Listed, Occupancy};
use day2_reads::scaling_groups::Group;
use day2_reads::times::Times;

use super::patience::patiently;
use super::raise::fresh;
use crate::change::{Change as Ours, GiveBack, Leaving};
use crate::gather::{Clients, connect};
use crate::plan::words::{count, whole};

const TERMINATE: &str = "autoscaling:TerminateInstanceInAutoScalingGroup";

/// Time that one node needs; with less left no other is begun.
const ONE_NODE: Duration = Duration::from_secs(15);

/// How long after the cordon a node is looked at: the scheduler decides by what it has seen, and may still bind a pod that
/// it had chosen the node for. Tests do not wait.
const SETTLE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 2_500 });

/// In whose name the cordon stands: the lease, so that another attempt at the same lease finds its own.
pub(super) fn owner(inquiry: Inquiry<'_>) -> String {
    let lease = inquiry.lease.map_or(inquiry.key, |lease| lease.id.as_str());
    Ours::cordon_owner(lease)
}

/// What came of one node.
enum Came {
    /// It goes.
    Taken,
    /// It stays, in words.
    Kept(String),
    /// It stays, because a call failed.
    Failed(String, OpsError),
}

/// Carries the taking back out.
pub(super) async fn give_back(
    clients: &Clients,
    target: &Target,
    owner: &str,
    change: &GiveBack,
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
    let (mut taken, mut kept) = (0_i64, Vec::new());
    for leaving in &change.nodes {
        // What does not fit stays due: another attempt goes on where this one ended.
        if times.left() < ONE_NODE {
            return Applied::Failed {
                error: OpsError::Deadline {
                    what: format!("taking back {}", leaving.node),
                    needed_seconds: ONE_NODE.as_secs(),
                    left_seconds: times.left().as_secs(),
                },
                says: so_far(taken, &kept),
            };
        }
        match fresh(clients, &change.group, times).await {
            Ok(group) => {
                if let Some(says) = ends(&group, change, taken) {
                    kept.push(says);
                    break;
                }
                if let Some(why) = stays(&group, leaving) {
                    kept.push(format!("{}: {why}", leaving.node));
                    continue;
                }
            }
            Err(why) => {
                let (error, says) = (OpsError::Read(why), so_far(taken, &kept));
                return Applied::Failed { error, says };
            }
        }
        match one(clients, &cluster, owner, leaving, (change, taken), times).await {
            Came::Taken => taken += 1,
            Came::Kept(why) => kept.push(format!("{}: {why}", leaving.node)),
            Came::Failed(why, error) => {
                kept.push(format!("{}: {why}", leaving.node));
                let says = so_far(taken, &kept);
                return Applied::Failed { error, says };
            }
        }
    }
    came_of(whole(change.nodes.len()), taken, &kept)
}

/// What taking `planned` nodes back came to.
pub(super) fn came_of(planned: i64, taken: i64, kept: &[String]) -> Applied {
    if taken == 0 {
        Applied::Refused(so_far(0, kept))
    } else if taken < planned {
        Applied::Partly {
            says: so_far(taken, &[]),
            left: match planned - taken {
                1 => format!("1 node stays: {}", kept.join("; ")),
                more => format!("{} stay: {}", count(more, "node"), kept.join("; ")),
            },
        }
    } else {
        Applied::Done(so_far(taken, kept))
    }
}

fn so_far(taken: i64, kept: &[String]) -> String {
    let kept = if kept.is_empty() {
        String::new()
    } else {
        format!("; {}", kept.join("; "))
    };
    match taken {
        0 => format!("no node was taken back{kept}"),
        1 => format!("1 node was taken back{kept}"),
        more => format!("{more} nodes were taken back{kept}"),
    }
}

/// What stands against taking another node, by a fresh look at the group: a size that is not the one that we left behind, or
/// one where taking back ends.
pub(super) fn ends(group: &Group, change: &GiveBack, taken: i64) -> Option<String> {
    let expected = change.from - taken;
    if group.desired != expected {
        return Some(format!(
            "the size is {} and not the {expected} that we left: somebody else sets it",
            group.desired
        ));
    }
    (group.desired <= change.floor.max(group.min))
        .then(|| format!("the size is {}, where taking back ends", group.desired))
}

/// What stands against taking this node, by a fresh look at the group. `TerminateInstanceInAutoScalingGroup` itself minds
/// no scale-in protection.
pub(super) fn stays(group: &Group, leaving: &Leaving) -> Option<String> {
    match group.instances.iter().find(|one| one.id == leaving.instance) {
        None => Some("its instance is not in the group any more".to_owned()),
        Some(one) if one.protected => Some("it was protected from scale-in in the meantime".to_owned()),
        Some(one) if one.lifecycle_state != "InService" => {
            Some(format!("its instance is {} by now", one.lifecycle_state))
        }
        Some(_) => None,
    }
}

/// The look after the cordon, once what was on its way has arrived.
pub(super) async fn settled<T>(look: impl AsyncFnOnce() -> T) -> T {
    tokio::time::sleep(SETTLE).await;
    look().await
}

async fn one(
    clients: &Clients,
    cluster: &ClusterClient,
    owner: &str,
    leaving: &Leaving,
    (change, taken): (&GiveBack, i64),
    times: &Times,
) -> Came {
    let cordon = Cordon {
        node: &leaving.node,
        uid: Some(leaving.uid.as_str()).filter(|uid| !uid.is_empty()),
        owner,
    };
    match cluster.cordon(&cordon, times.deadline).await {
        Change::Applied(_) => {}
        Change::AlreadyDone(cordoned) if cordoned.ours => {}
        Change::AlreadyDone(_) => {
            return Came::Kept("somebody else has cordoned it, and may be at work on it".to_owned());
        }
        Change::Refused(why) | Change::Conflict(why) => return Came::Kept(why),
        Change::Failed(why) => {
            return Came::Failed("it could not be cordoned".to_owned(), OpsError::Read(why));
        }
        Change::Unknown(why) => {
            let freed = uncordon(cluster, &cordon, times).await;
            return Came::Failed(
                format!("whether it is cordoned is not known{freed}"),
                OpsError::Read(why),
            );
        }
    }
    let look = async || {
        (
            occupants(cluster, &leaving.node, times).await,
            fresh(clients, &change.group, times).await,
        )
    };
    let (occupants, group) = settled(look).await;
    match occupants {
        Ok(occupants) => {
            if let Some(first) = occupants.first() {
                let freed = uncordon(cluster, &cordon, times).await;
                return Came::Kept(format!("pod {first} came in the meantime{freed}"));
            }
        }
        Err(error) => {
            let freed = uncordon(cluster, &cordon, times).await;
            return Came::Failed(format!("its pods could not be read{freed}"), error);
        }
    }
    let objection = match &group {
        Ok(group) => ends(group, change, taken).or_else(|| stays(group, leaving)),
        Err(why) => {
            let freed = uncordon(cluster, &cordon, times).await;
            return Came::Failed(
                format!("the group could not be read again{freed}"),
                OpsError::Read(why.clone()),
            );
        }
    };
    if let Some(why) = objection {
        let freed = uncordon(cluster, &cordon, times).await;
        return Came::Kept(format!("{why}{freed}"));
    }
    let Err(error) = terminate(clients, &leaving.instance, times).await else {
        return Came::Taken;
    };
    // An answer may be lost and the instance gone: the group itself tells.
    if is_leaving(clients, &change.group, &leaving.instance, times).await == Some(true) {
        return Came::Taken;
    }
    let freed = uncordon(cluster, &cordon, times).await;
    Came::Failed(format!("it could not be terminated{freed}"), error)
}

/// Pods that would be missed, after the cordon: from now on nothing lands there.
async fn occupants(cluster: &ClusterClient, node: &str, times: &Times) -> Result<Vec<String>, OpsError> {
    let query = ListQuery::all().with_fields(format!("spec.nodeName={node}"));
    let pods = cluster
        .list_pods(&query, times.deadline)
        .await
        .and_then(Listed::complete)
        .map_err(OpsError::Read)?;
    Ok(Occupancy::of(node, &pods).occupants)
}

async fn terminate(clients: &Clients, instance: &str, times: &Times) -> Result<(), OpsError> {
    patiently(times, async || {
        clients
            .autoscaling
            .terminate_instance_in_auto_scaling_group()
            .instance_id(instance)
            .should_decrement_desired_capacity(true)
            .send()
            .await
    })
    .await
    .map(|_| ())
    .map_err(|error| aws(TERMINATE, instance)(error))
}

/// Whether the group has let the instance go; none when that cannot be told.
async fn is_leaving(clients: &Clients, group: &str, instance: &str, times: &Times) -> Option<bool> {
    let group = fresh(clients, group, times).await.ok()?;
    let member = group.instances.iter().find(|member| member.id == instance);
    Some(member.is_none_or(|member| member.lifecycle_state.starts_with("Terminat")))
}

/// Takes the cordon back, and says so; a cordon that stays is said too, with the way to lift it.
async fn uncordon(cluster: &ClusterClient, cordon: &Cordon<'_>, times: &Times) -> String {
    match cluster.uncordon(cordon, times.deadline).await {
        Change::Applied(_) | Change::AlreadyDone(_) => ", and it takes pods again".to_owned(),
        Change::Refused(why) | Change::Conflict(why) => {
            format!(
                ", and it is still cordoned ({why}): kubectl uncordon {}",
                cordon.node
            )
        }
        Change::Failed(why) | Change::Unknown(why) => {
            format!(
                ", and it may still be cordoned ({why}): kubectl uncordon {}",
                cordon.node
            )
        }
    }
}
