//! The Auto Scaling group of an instance (`autoscaling:DescribeAutoScalingInstances`).

use aws_sdk_autoscaling::Client;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "autoscaling:DescribeAutoScalingInstances";

/// An instance as a member of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The group.
    pub group: String,
    /// Whether scale-in leaves it alone (`ProtectedFromScaleIn`).
    pub protected: bool,
}

/// The membership of an instance; none when it is in no group, or gone.
///
/// # Errors
///
/// When it could not be read.
pub async fn of_instance(client: &Client, times: &Times, instance: &str) -> Observed<Option<Member>> {
    times.within(ACTION, instance, read(client, instance)).await
}

async fn read(client: &Client, instance: &str) -> Observed<Option<Member>> {
    let answer = client
        .describe_auto_scaling_instances()
        .instance_ids(instance)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, instance, &error))?;
    let all = answer.auto_scaling_instances.as_deref();
    let mut all = listed(ACTION, instance, "AutoScalingInstances", all)?.iter();
    let Some(seen) = all.find(|one| one.instance_id() == Some(instance)) else {
        return Ok(None);
    };
    Ok(Some(Member {
        group: seen
            .auto_scaling_group_name()
            .ok_or_else(|| lacks(ACTION, instance, "AutoScalingGroupName"))?
            .to_owned(),
        protected: seen
            .protected_from_scale_in()
            .ok_or_else(|| lacks(ACTION, instance, "ProtectedFromScaleIn"))?,
    }))
}
