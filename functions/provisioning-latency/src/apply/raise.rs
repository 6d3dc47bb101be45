//! Raises the desired capacity of a group, to what was planned and never further, and never lowers it.

use aws_sdk_eks::types::NodegroupScalingConfig;
use day2_aws::error::aws;
use day2_aws::{Applied, OpsError};
use day2_core::action::Lease;
use day2_core::target::Target;
use day2_core::{Cause, Observed};
use day2_reads::node_groups;
use day2_reads::scaling_groups::{self, Group};
use day2_reads::times::Times;

use super::patience::patiently;
use crate::change::{Raise, Through};
use crate::gather::Clients;

const SET_DESIRED: &str = "autoscaling:SetDesiredCapacity";
const UPDATE_CONFIG: &str = "eks:UpdateNodegroupConfig";

const NOTHING: &str = "nothing was changed";

/// What a fresh look says about a planned raise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// Set this size.
    Set(i64),
    /// It has that size or more.
    Done(String),
    /// Leave it.
    Refuse(String),
}

/// Decides from the group as it is now (`cases.md` W12 to W14).
pub(super) fn look(group: &Group, raise: &Raise) -> Look {
    if let Some(status) = &group.status {
        return Look::Refuse(format!("the group cannot be changed: {status}"));
    }
    if group.desired >= raise.to {
        return Look::Done(format!(
            "the desired capacity is {} already, {} were wanted",
            group.desired, raise.to
        ));
    }
    // Raising from a smaller size than was planned from would be a larger step than was agreed to.
    if group.desired < raise.from {
        return Look::Refuse(format!(
            "the desired capacity was lowered from {} to {} since the plan: somebody scales down",
            raise.from, group.desired
        ));
    }
    if group.suspended.iter().any(|(process, _)| process == "Launch") {
        return Look::Refuse("Launch was suspended since the plan".to_owned());
    }
    let to = raise.to.min(group.max);
    if to <= group.desired {
        return Look::Refuse(format!(
            "at maximum: desired {}, maximum {}",
            group.desired, group.max
        ));
    }
    Look::Set(to)
}

/// Carries the raise out.
pub(super) async fn raise(
    clients: &Clients,
    target: &Target,
    key: &str,
    raise: &Raise,
    times: &Times,
) -> Applied {
    // Asked before the size, so that nothing stands between the look at the size and the write: whoever raises the group
    // in between would be lowered again (`cases.md` W14).
    let most = match &raise.through {
        Through::AutoScaling => None,
        Through::Eks { cluster, node_group } => match managed(clients, cluster, node_group, times).await {
            Ok(most) => Some((node_group, most)),
            Err(applied) => return applied,
        },
    };
    let group = match fresh(clients, &raise.group, times).await {
        Ok(group) => group,
        Err(why) if why.cause == Cause::NotFound => {
            return Applied::Refused("the Auto Scaling group is gone; there is nothing to raise".to_owned());
        }
        Err(why) => {
            return Applied::Failed {
                error: OpsError::Read(why),
                says: NOTHING.to_owned(),
            };
        }
    };
    let to = match look(&group, raise) {
        Look::Set(to) => to,
        Look::Done(says) => return Applied::AlreadyDone(says),
        Look::Refuse(says) => return Applied::Refused(says),
    };
    if let Some((node_group, most)) = most
        && most < to
    {
        return Applied::Refused(format!(
            "the maximum of the managed node group {node_group} is {most}, below {to}"
        ));
    }
    let Ok(size) = i32::try_from(to) else {
        return Applied::Refused(format!("{to} is no size of a group"));
    };
    let clamped = if to < raise.to {
        format!(" (not {}: the maximum became {})", raise.to, group.max)
    } else {
        String::new()
    };
    let sent = match &raise.through {
        Through::AutoScaling => by_auto_scaling(clients, &raise.group, size, times).await,
        Through::Eks { cluster, node_group } => {
            // Within the 64 characters of the API, and the same for every delivery of the occasion.
            let token = Lease::id_of(
                crate::NAME,
                target.name.as_str(),
                key,
                &format!("{node_group}@{size}"),
            );
            by_eks(clients, (cluster, node_group), size, &token, times).await
        }
    };
    match sent {
        Ok(answer) => Applied::Done(format!("{} -> {to} nodes{clamped}; {answer}", group.desired)),
        Err(Unsent::Refused(says)) => Applied::Refused(says),
        Err(Unsent::Failed(error)) => found_out(clients, raise, to, error, times).await,
    }
}

/// Why a request did not succeed.
enum Unsent {
    /// EKS answered that it failed at once.
    Refused(String),
    /// It was sent and failed; whether the change was made is not known.
    Failed(OpsError),
}

/// An answer may be lost and the change made: the group itself tells.
async fn found_out(clients: &Clients, raise: &Raise, to: i64, error: OpsError, times: &Times) -> Applied {
    match fresh(clients, &raise.group, times).await {
        Ok(group) if group.desired >= to => Applied::Done(format!(
            "the answer was an error, and the desired capacity is {} all the same",
            group.desired
        )),
        // EKS passes a size on in its own time, so that the group may not show it yet.
        Ok(group) if matches!(raise.through, Through::Eks { .. }) => Applied::Failed {
            error,
            says: format!(
                "the desired capacity is still {}; whether EKS will set it is not known",
                group.desired
            ),
        },
        Ok(group) => Applied::Failed {
            error,
            says: format!("{NOTHING}: the desired capacity is {}", group.desired),
        },
        Err(_) => Applied::Failed {
            error,
            says: "whether it was made is not known".to_owned(),
        },
    }
}

/// The group as it is now.
pub(crate) async fn fresh(clients: &Clients, name: &str, times: &Times) -> Observed<Group> {
    let names = [name.to_owned()];
    let answers = scaling_groups::describe(&clients.autoscaling, times, &names).await;
    answers
        .into_iter()
        .next()
        .map_or_else(|| Err(crate::gather::unanswered(name)), |(_, group)| group)
}

async fn by_auto_scaling(clients: &Clients, group: &str, size: i32, times: &Times) -> Result<String, Unsent> {
    patiently(times, async || {
        clients
            .autoscaling
            .set_desired_capacity()
            .auto_scaling_group_name(group)
            .desired_capacity(size)
            // The cool-down of the group is about its policies; ours is kept in the journal.
            .honor_cooldown(false)
            .send()
            .await
    })
    .await
    .map(|_| "accepted by Auto Scaling".to_owned())
    .map_err(|error| Unsent::Failed(aws(SET_DESIRED, group)(error)))
}

/// The maximum of a managed node group that takes changes now; else why nothing is changed.
async fn managed(clients: &Clients, cluster: &str, node_group: &str, times: &Times) -> Result<i64, Applied> {
    let seen = node_groups::describe(&clients.eks, times, cluster, node_group)
        .await
        .map_err(|why| Applied::Failed {
            error: OpsError::Read(why),
            says: NOTHING.to_owned(),
        })?;
    if matches!(seen.status.as_str(), "ACTIVE" | "DEGRADED") {
        return Ok(seen.max);
    }
    Err(Applied::Refused(format!(
        "the managed node group {node_group} is {}",
        seen.status
    )))
}

/// Minimum and maximum are not sent: what is left out stays as it is (API `NodegroupScalingConfig`), and what was read
/// could be old.
async fn by_eks(
    clients: &Clients,
    (cluster, node_group): (&str, &str),
    size: i32,
    token: &str,
    times: &Times,
) -> Result<String, Unsent> {
    let answer = patiently(times, async || {
        clients
            .eks
            .update_nodegroup_config()
            .cluster_name(cluster)
            .nodegroup_name(node_group)
            .scaling_config(NodegroupScalingConfig::builder().desired_size(size).build())
            .client_request_token(token)
            .send()
            .await
    })
    .await
    .map_err(|error| Unsent::Failed(aws(UPDATE_CONFIG, format!("{cluster}/{node_group}"))(error)))?;
    let update = answer.update();
    let id = update.and_then(|update| update.id()).unwrap_or("without an id");
    let status = update
        .and_then(|update| update.status())
        .map_or("of unknown status", |status| status.as_str());
    if matches!(status, "Failed" | "Cancelled") {
        return Err(Unsent::Refused(format!("EKS update {id} is {status}; {NOTHING}")));
    }
    Ok(format!("EKS update {id} is {status}"))
}
