//! What AWS and the endpoints say. Every group is read beside the others; one that is refused hides none.

mod alarms;
mod changes;
mod database;
mod eks;
mod endpoints;
mod security;
#[cfg(test)]
mod tests;
mod volumes;

use day2_core::target::Target;
use day2_core::{Cause, Unreadable};
use day2_reads::times::Times;

use crate::Task;
use crate::facts::aws::AwsFacts;
use crate::settings::{Group, Plan};

/// The SDK clients besides that of EKS, which the cluster's connection needs too.
#[derive(Debug, Clone)]
pub struct AwsClients {
    /// Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// `GuardDuty`.
    pub guardduty: aws_sdk_guardduty::Client,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// Security Hub.
    pub securityhub: aws_sdk_securityhub::Client,
}

impl AwsClients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        Self {
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
            guardduty: aws_sdk_guardduty::Client::new(aws),
            rds: aws_sdk_rds::Client::new(aws),
            securityhub: aws_sdk_securityhub::Client::new(aws),
        }
    }
}

/// Reads every group that the plan looks at.
pub(crate) async fn aws(
    eks: &aws_sdk_eks::Client,
    clients: &AwsClients,
    target: &Target,
    plan: &Plan,
    task: Task,
    times: &Times,
) -> AwsFacts {
    let (alarms, security, eks_facts, database, endpoints, volumes, changes) = futures::join!(
        only(plan, Group::Alarms, alarms::read(clients, &plan.alarms, times)),
        only(
            plan,
            Group::Security,
            Box::pin(security::read(clients, target, &plan.security, times)),
        ),
        only(plan, Group::Eks, Box::pin(eks::read(eks, target, times))),
        only(
            plan,
            Group::Database,
            Box::pin(database::read(clients, target, &plan.database, times)),
        ),
        only(plan, Group::Endpoints, endpoints::read(&plan.probes, times)),
        only(
            plan,
            Group::Volumes,
            Box::pin(volumes::read(clients, target, &plan.volumes, times)),
        ),
        async {
            match task {
                Task::Morning => None,
                Task::Triage => Some(Box::pin(changes::read(eks, clients, target, plan, times)).await),
            }
        },
    );
    AwsFacts {
        alarms,
        security,
        eks: eks_facts,
        database,
        endpoints,
        volumes,
        changes,
    }
}

/// Reads a group, or nothing where the plan leaves it out.
async fn only<T>(plan: &Plan, group: Group, read: impl Future<Output = T>) -> Option<T> {
    if plan.looks_at(group) {
        Some(read.await)
    } else {
        None
    }
}

/// What a target does not declare and a group needs.
fn undeclared(what: &str, group: Group) -> Unreadable {
    let way_out = format!(
        "the target declares no {what}; declare it, or add \"{}\" to not_checked",
        group.word()
    );
    Unreadable::new("settings", what, Cause::NotFound, way_out)
}
