//! Auto Scaling groups (`autoscaling:DescribeAutoScalingGroups`).

mod launch;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use futures::future::join_all;

use crate::answer::{lacks, listed};
use crate::times::Times;
pub use launch::{LaunchChoice, LaunchSource, Template};

const ACTION: &str = "autoscaling:DescribeAutoScalingGroups";

/// Most names of one request (`AutoScalingGroupNames` of API `DescribeAutoScalingGroups`).
const BATCH: usize = 50;

/// One Auto Scaling group (API `AutoScalingGroup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Auto Scaling group name.
    pub name: String,
    /// Desired capacity, in instances.
    pub desired: i64,
    /// Minimum size, in instances.
    pub min: i64,
    /// Maximum size, in instances.
    pub max: i64,
    /// Names of suspended processes, for example `Launch`, with the reason AWS keeps.
    pub suspended: Vec<(String, String)>,
    /// Members.
    pub instances: Vec<Member>,
    /// Subnets it launches into (`VPCZoneIdentifier`).
    pub subnets: Vec<String>,
    /// Tags, key and value. EKS tags the groups of every managed node group also for Cluster Autoscaler: such a tag
    /// proves nobody's ownership.
    pub tags: Vec<(String, String)>,
    /// Why it cannot be changed any more, for example `Delete in progress`.
    pub status: Option<String>,
    /// What it makes its instances from; empty when the answer does not say.
    pub launches_from: Vec<LaunchChoice>,
}

/// One instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Instance id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// `InService`, `Pending:Wait`, `Terminating:Wait`, …
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`.
    pub health: String,
    /// Protected from scale-in.
    pub protected: bool,
    /// Instance type, when the API names it.
    pub instance_type: Option<String>,
}

/// Describes the named groups, in their order. A group that AWS does not return stays in the answer as "not found".
pub async fn describe(client: &Client, times: &Times, names: &[String]) -> Vec<(String, Observed<Group>)> {
    let batches = join_all(names.chunks(BATCH).map(async |batch| {
        let all = batch.join(", ");
        let answer = times.within(ACTION, &all, read(client, batch, &all)).await;
        batch
            .iter()
            .map(move |name| {
                let one = match &answer {
                    Ok(found) => found
                        .iter()
                        .find(|(seen, _)| seen == name)
                        .map_or_else(|| Err(missing(name)), |(_, group)| group.clone()),
                    Err(why) => Err(why.clone()),
                };
                (name.clone(), one)
            })
            .collect::<Vec<_>>()
    }));
    batches.await.into_iter().flatten().collect()
}

fn missing(name: &str) -> Unreadable {
    Unreadable::new(
        ACTION,
        name,
        Cause::NotFound,
        "no Auto Scaling group has this name",
    )
}

async fn read(client: &Client, names: &[String], all: &str) -> Observed<Vec<(String, Observed<Group>)>> {
    let mut found = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, all);
    loop {
        let page = client
            .describe_auto_scaling_groups()
            .set_auto_scaling_group_names(Some(names.to_vec()))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, all, &error))?;
        let groups = listed(
            ACTION,
            all,
            "AutoScalingGroups",
            page.auto_scaling_groups.as_deref(),
        )?;
        found.extend(groups.iter().map(|seen| {
            let name = seen.auto_scaling_group_name().unwrap_or_default();
            (name.to_owned(), group(name, seen))
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn group(name: &str, seen: &types::AutoScalingGroup) -> Observed<Group> {
    // A size that is not there must not become 0: somebody computes the next one from it.
    let size = |value: Option<i32>, member| value.map(i64::from).ok_or_else(|| lacks(ACTION, name, member));
    Ok(Group {
        name: name.to_owned(),
        desired: size(seen.desired_capacity(), "DesiredCapacity")?,
        min: size(seen.min_size(), "MinSize")?,
        max: size(seen.max_size(), "MaxSize")?,
        suspended: seen
            .suspended_processes()
            .iter()
            .map(|process| {
                let reason = process.suspension_reason().unwrap_or_default().to_owned();
                (process.process_name().unwrap_or_default().to_owned(), reason)
            })
            .collect(),
        instances: seen
            .instances()
            .iter()
            .map(|instance| Member {
                id: instance.instance_id().unwrap_or_default().to_owned(),
                zone: instance.availability_zone().unwrap_or_default().to_owned(),
                lifecycle_state: instance
                    .lifecycle_state()
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                health: instance.health_status().unwrap_or_default().to_owned(),
                protected: instance.protected_from_scale_in().unwrap_or_default(),
                instance_type: instance.instance_type().map(str::to_owned),
            })
            .collect(),
        subnets: seen
            .vpc_zone_identifier()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect(),
        tags: seen
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
            .collect(),
        status: seen.status().map(str::to_owned),
        launches_from: launch::choices(seen),
    })
}
