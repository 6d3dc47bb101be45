//! The cordon, and the protection from scale-in.

use aws_sdk_autoscaling::Client;
use day2_aws::error::{OpsError, aws};
use day2_core::containment::{Measure, MeasureState, Taken};
use day2_kube::ClusterClient;
use day2_kube::change::Cordon;
use day2_reads::times::Times;
use futures::future::join_all;

use super::Came;
use crate::gather::{Clients, node};

const PROTECT: &str = "autoscaling:SetInstanceProtection";

/// Takes these measures at the same time; what came of each, in their order.
pub async fn take(
    clients: &Clients,
    cluster: &ClusterClient,
    measures: &[Taken],
    times: &Times,
) -> Vec<Came> {
    join_all(measures.iter().map(async |taken| match &taken.measure {
        Measure::Cordon { node, uid, owner } => {
            let cordon = Cordon {
                node,
                uid: Some(uid),
                owner,
            };
            let change = cluster.cordon(&cordon, times.deadline).await;
            Came::of(change, |made| {
                let says = if made.ours {
                    "cordoned"
                } else {
                    "cordoned by somebody else"
                };
                (made.ours, says.to_owned())
            })
        }
        Measure::ScaleInProtection { group, instance } => protect(clients, group, instance, times).await,
        _ => Came::refused("it is no measure about a node"),
    }))
    .await
}

/// Protects, and looks whether it is: the answer of the call holds nothing.
async fn protect(clients: &Clients, group: &str, instance: &str, times: &Times) -> Came {
    match node::member(clients, instance, times).await {
        Ok(Some(member)) if member.group == group && member.protected => {
            return Came::found("protected already");
        }
        Ok(Some(member)) if member.group == group => {}
        Ok(_) => return Came::refused(format!("the instance is no longer in {group}")),
        Err(why) => {
            return Came {
                state: MeasureState::Failed,
                now: false,
                says: format!("{why}; nothing was changed"),
                uid: None,
                error: Some(OpsError::Read(why)),
            };
        }
    }
    let sent = tokio::time::timeout(times.left(), send(&clients.autoscaling, group, instance)).await;
    let failed = match sent {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(OpsError::Read(day2_core::Unreadable::new(
            PROTECT,
            instance,
            day2_core::Cause::TimedOut,
            "the time of this run was used up",
        ))),
    };
    match (node::member(clients, instance, times).await, failed) {
        (Ok(Some(member)), _) if member.protected => Came::made(format!("protected in {}", member.group)),
        (Ok(_), Some(error)) => Came {
            state: MeasureState::Failed,
            now: false,
            says: format!("{}; it is not protected", day2_aws::error::chain(&error)),
            uid: None,
            error: Some(error),
        },
        (Ok(_), None) => Came {
            state: MeasureState::Pending,
            now: true,
            says: "Auto Scaling took it, and does not show it yet".to_owned(),
            uid: None,
            error: None,
        },
        (Err(why), error) => Came {
            state: MeasureState::Pending,
            now: error.is_none(),
            says: format!("whether it is protected could not be read: {why}"),
            uid: None,
            error,
        },
    }
}

async fn send(client: &Client, group: &str, instance: &str) -> Result<(), OpsError> {
    client
        .set_instance_protection()
        .auto_scaling_group_name(group)
        .instance_ids(instance)
        .protected_from_scale_in(true)
        .send()
        .await
        .map(|_| ())
        .map_err(aws(PROTECT, instance))
}
