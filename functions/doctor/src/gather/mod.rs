//! Asks AWS and the functions. No opinions.

mod alarm_topic;
mod functions;
mod mails;
mod rights;
mod rules;
mod schedules;
mod world;

#[cfg(test)]
mod tests;

use aws_config::SdkConfig;
use day2_aws::boot::patient;
use day2_aws::check::Moment;
use day2_core::{Cause, Unreadable};
use day2_reads::times::Times;

use crate::facts::Facts;
use crate::settings::DoctorSettings;

/// The clients. All but those of platforms belong to the account of the deployment.
#[derive(Debug, Clone)]
pub struct Clients {
    aws: SdkConfig,
    /// Asks the functions for their self-checks: patiently, and once.
    asking: aws_sdk_lambda::Client,
    lambda: aws_sdk_lambda::Client,
    events: aws_sdk_eventbridge::Client,
    iam: aws_sdk_iam::Client,
    kms: aws_sdk_kms::Client,
    scheduler: aws_sdk_scheduler::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        Self {
            aws: aws.clone(),
            asking: aws_sdk_lambda::Client::new(&patient(aws)),
            lambda: aws_sdk_lambda::Client::new(aws),
            events: aws_sdk_eventbridge::Client::new(aws),
            iam: aws_sdk_iam::Client::new(aws),
            kms: aws_sdk_kms::Client::new(aws),
            scheduler: aws_sdk_scheduler::Client::new(aws),
            sns: aws_sdk_sns::Client::new(aws),
            sqs: aws_sdk_sqs::Client::new(aws),
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
        }
    }
}

/// Asks everything at once, within the time of `at`: each part has its own service, and each bounds what it asks at a time.
pub async fn gather(clients: &Clients, settings: &DoctorSettings, at: Moment) -> Facts {
    let times = Times::of(at);
    let (functions, rights, mails, alarm_topic, schedules, event_rules, policies, world) = tokio::join!(
        Box::pin(functions::ask(clients, settings, &times)),
        Box::pin(rights::simulate(&clients.iam, settings, &times)),
        Box::pin(mails::look(clients, settings, &times)),
        Box::pin(alarm_topic::look(&clients.sns, &clients.kms, settings, &times)),
        Box::pin(schedules::read(&clients.scheduler, settings, &times)),
        Box::pin(rules::read(&clients.events, settings, &times)),
        Box::pin(rules::policies(&clients.lambda, settings, &times)),
        Box::pin(world::look(clients, settings, &times)),
    );
    let (answers, configurations) = functions;
    let (topics, canary) = mails;
    Facts {
        answers,
        configurations,
        rights,
        clusters: world.clusters,
        entries: world.entries,
        topics,
        alarm_topic,
        canary,
        schedules,
        event_rules,
        policies,
        groups: world.groups,
        databases: world.databases,
        calling_alarms: world.calling_alarms,
        health_alarms: world.health_alarms,
    }
}

/// An answer without something that the API always gives: the body was lost on its way.
fn lacks(action: &str, resource: &str, member: &str) -> Unreadable {
    Unreadable::new(
        action,
        resource,
        Cause::Malformed,
        format!("the answer holds no {member}"),
    )
}
