//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.
//!
//! Reads that do not need each other's answer run together, so that a run takes about as long as its slowest chain.

mod cluster;
mod database;
mod launching;
mod surroundings;
#[cfg(test)]
mod tests;

use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::instances::{self, Instance};
use day2_reads::subnets::Subnet;
use day2_reads::times::Times;
use day2_reads::{scaling_activities, scaling_groups, scheduled_actions};
use futures::future::{OptionFuture, join_all};
use jiff::Timestamp;

use crate::Task;
use crate::facts::{Facts, GroupFacts, Launching};
use crate::settings::{Part, Plan};
use cluster::Wanted;
pub(crate) use cluster::connect;

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Service Quotas.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Signs the cluster's token.
    pub credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        Self {
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            ec2: aws_sdk_ec2::Client::new(aws),
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
            rds: aws_sdk_rds::Client::new(aws),
            eks: aws_sdk_eks::Client::new(aws),
            quotas: aws_sdk_servicequotas::Client::new(aws),
            credentials: aws.credentials_provider(),
        }
    }
}

/// Reads everything the task looks at; launches since `since` ([`crate::window::since`]).
pub async fn gather(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    task: Task,
    since: Timestamp,
    times: &Times,
) -> Facts {
    let before = task == Task::Prescale;
    let (capacity, subnets, cluster, surroundings) = futures::join!(
        capacity(clients, target, plan, (task, since), times),
        subnets(clients, target, times),
        cluster::cluster(clients, target, Wanted::by(task, plan), times),
        async {
            let surroundings =
                before.then(|| Box::pin(surroundings::surroundings(clients, target, plan, times)));
            OptionFuture::from(surroundings).await
        },
    );
    let Capacity {
        groups,
        instances,
        launching,
    } = capacity;
    Facts {
        groups,
        instances,
        subnets,
        cluster,
        launching,
        surroundings,
    }
}

/// The groups and what hangs on them.
struct Capacity {
    groups: Vec<GroupFacts>,
    instances: Observed<Vec<Instance>>,
    launching: Option<Launching>,
}

async fn capacity(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    (task, since): (Task, Timestamp),
    times: &Times,
) -> Capacity {
    let names: Vec<String> = plan
        .groups
        .iter()
        .filter_map(|group| target.node_group(&group.node_group))
        .map(|group| group.auto_scaling_group.as_str().to_owned())
        .collect();
    let client = &clients.autoscaling;
    let before = task == Task::Prescale;
    let groups_and_instances = async {
        let groups = scaling_groups::describe(client, times, &names).await;
        let ids: Vec<String> = groups
            .iter()
            .filter_map(|(_, group)| group.as_ref().ok())
            .flat_map(|group| group.instances.iter().map(|instance| instance.id.clone()))
            .collect();
        let launching = (before && !plan.not_checked.contains(&Part::Templates))
            .then(|| launching::launching(&clients.ec2, times, &groups));
        let (instances, launching) = futures::join!(
            instances::by_ids(&clients.ec2, times, "instances of the groups", &ids),
            OptionFuture::from(launching),
        );
        (groups, instances, launching)
    };
    // A day more than is looked at, so that the oldest hour is whole.
    let days = plan.limits.history_days;
    let oldest = (before && days > 0).then(|| times.ago(days.saturating_add(1).saturating_mul(24 * 60)));
    let histories = join_all(names.iter().map(async |name| {
        futures::join!(
            scheduled_actions::of_group(client, times, name),
            scaling_activities::since(client, times, name, since),
            OptionFuture::from(
                oldest.map(|oldest| scaling_activities::failed_since(client, times, name, oldest))
            ),
        )
    }));
    let ((groups, instances, launching), histories) = futures::join!(groups_and_instances, histories);
    let groups = groups
        .into_iter()
        .zip(histories)
        .map(|((_, group), (actions, activities, earlier))| GroupFacts {
            group,
            actions,
            activities,
            earlier,
        })
        .collect();
    Capacity {
        groups,
        instances,
        launching,
    }
}

async fn subnets(clients: &Clients, target: &Target, times: &Times) -> Observed<Vec<Subnet>> {
    day2_reads::subnets::of_vpc(&clients.ec2, times, vpc(target)?).await
}

fn vpc(target: &Target) -> Observed<&str> {
    let undeclared = || {
        Unreadable::new(
            "settings",
            "vpc_id",
            Cause::NotFound,
            "the target declares no vpc_id",
        )
    };
    target
        .vpc_id
        .as_ref()
        .map(day2_core::names::VpcId::as_str)
        .ok_or_else(undeclared)
}
