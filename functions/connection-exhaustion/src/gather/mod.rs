//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.

mod alarm;
mod clients;
pub(crate) mod database;
mod engine;
#[cfg(test)]
mod tests;

use day2_aws::Inquiry;
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::facts::Facts;
use crate::settings::Policy;

pub(crate) use clients::one as client;

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// RDS and Aurora.
    pub rds: aws_sdk_rds::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Signs the cluster's token.
    pub credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
            rds: aws_sdk_rds::Client::new(aws),
            eks: aws_sdk_eks::Client::new(aws),
            credentials: aws.credentials_provider(),
        }
    }

    /// A client that may talk to the target's cluster.
    pub(crate) async fn cluster(
        &self,
        target: &Target,
        times: &Times,
    ) -> day2_core::Observed<day2_kube::ClusterClient> {
        day2_reads::clusters::connect(&self.eks, self.credentials.clone(), target, times).await
    }
}

/// Reads everything that is looked at. Parts that do not need each other's answer are read together.
pub async fn gather(
    clients: &Clients,
    target: &Target,
    policy: &Policy,
    inquiry: Inquiry<'_>,
    times: &Times,
) -> Facts {
    let (alarm, database, clients) = futures::join!(
        alarm::alarm(&clients.cloudwatch, inquiry.occasion.alarm_arn(), times),
        Box::pin(database::database(clients, target, times)),
        Box::pin(clients::clients(clients, target, policy, times)),
    );
    Facts {
        alarm,
        database,
        clients,
    }
}
