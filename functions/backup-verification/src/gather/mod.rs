//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.
//!
//! Reads that do not need each other's answer run together.

mod aws_backup;
mod database;
mod dumps;
mod proof;
mod velero;

#[cfg(test)]
mod tests;

use aws_config::{Region, SdkConfig};
use day2_core::target::Target;
use day2_core::{Cause, Unreadable};
use day2_reads::times::Times;
use futures::future::join_all;

use crate::Task;
use crate::facts::{Facts, ProofFacts};
use crate::settings::Plan;

pub(crate) use database::describe;
pub(crate) use velero::connect;

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The target's configuration, for other regions of the same account.
    pub aws: SdkConfig,
    /// The function's own, for other accounts.
    pub own: SdkConfig,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// AWS Backup.
    pub backup: aws_sdk_backup::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Signs the cluster's token.
    pub credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over the target's configuration; `own` is the function's.
    #[must_use]
    pub fn new(aws: &SdkConfig, own: &SdkConfig) -> Self {
        Self {
            aws: aws.clone(),
            own: own.clone(),
            rds: aws_sdk_rds::Client::new(aws),
            kms: aws_sdk_kms::Client::new(aws),
            backup: aws_sdk_backup::Client::new(aws),
            s3: aws_sdk_s3::Client::new(aws),
            eks: aws_sdk_eks::Client::new(aws),
            credentials: aws.credentials_provider(),
        }
    }

    /// The target's configuration in another region.
    pub(crate) fn in_region(&self, region: &str) -> SdkConfig {
        self.aws
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build()
    }
}

/// Reads everything the task looks at.
pub async fn gather(clients: &Clients, target: &Target, plan: &Plan, task: Task, times: &Times) -> Facts {
    // Who needs the database's ARN asks RDS for it: for an instance it holds the account of its owner.
    let (of_database, velero, dumps, record) = futures::join!(
        of_database(clients, target, plan, task, times),
        velero::velero(clients, target, plan, times),
        join_all(
            plan.dumps
                .iter()
                .map(|dump| dumps::dumps(clients, target, dump, times))
        ),
        proof::record(clients, plan, times),
    );
    let (velero, restores) = velero;
    let mut facts = of_database;
    facts.velero = velero;
    facts.dumps = dumps;
    if let Some(proof) = &mut facts.proof {
        proof.velero = restores;
        proof.record = record;
    }
    facts
}

/// What RDS and AWS Backup say of the database.
async fn of_database(clients: &Clients, target: &Target, plan: &Plan, task: Task, times: &Times) -> Facts {
    let mut facts = Facts {
        proof: plan.restore_proof.is_some().then(ProofFacts::default),
        ..Facts::default()
    };
    if !plan.is_about_the_database() {
        return facts;
    }
    let described = database::describe(clients, target, times).await;
    let arn = database::arn(&described);
    let (database, copies, aws_backup) = futures::join!(
        async {
            match &plan.database {
                Some(_) => Some(Box::pin(database::facts(clients, target, &described, times)).await),
                None => None,
            }
        },
        async {
            match task {
                Task::Weekly => {
                    join_all(
                        plan.copies
                            .iter()
                            .map(|copy| database::copies(clients, target, copy, &arn, times)),
                    )
                    .await
                }
                Task::Daily => Vec::new(),
            }
        },
        aws_backup::facts(clients, plan, task, &arn, times),
    );
    facts.database = database;
    facts.copies = copies;
    let (aws_backup, restores) = aws_backup;
    facts.aws_backup = aws_backup;
    if let Some(proof) = &mut facts.proof {
        proof.restore_jobs = restores;
    }
    facts
}

fn undeclared(what: &str) -> Unreadable {
    Unreadable::new(
        "settings",
        what,
        Cause::NotFound,
        format!("the target declares no {what}"),
    )
}
