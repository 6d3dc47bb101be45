//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.
//!
//! The cluster is read in two steps: namespaces and nodes first, because what a pod means depends on them; then all lists
//! side by side. AWS is read beside both.

mod aws;
mod cluster;

use day2_core::Observed;
use day2_core::target::Target;
use day2_kube::ClusterClient;
use day2_reads::clusters;
use day2_reads::times::Times;

use crate::Task;
use crate::facts::Facts;
use crate::settings::{Group, Plan};
pub use aws::AwsClients;

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Everything else of AWS.
    pub aws: AwsClients,
    /// Signs the cluster's token.
    pub credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        Self {
            eks: aws_sdk_eks::Client::new(aws),
            aws: AwsClients::new(aws),
            credentials: aws.credentials_provider(),
        }
    }
}

/// Reads everything that the plan looks at.
pub async fn gather(clients: &Clients, target: &Target, plan: &Plan, task: Task, times: &Times) -> Facts {
    let inside = async {
        let client = connect(clients, target, times).await;
        let cluster = async {
            match plan.looks_at(Group::Cluster) {
                true => Some(cluster::cluster(&client, times).await),
                false => None,
            }
        };
        futures::join!(cluster::namespaces(&client, &plan.ownership, times), cluster)
    };
    let outside = Box::pin(aws::aws(&clients.eks, &clients.aws, target, plan, task, times));
    let ((namespaces, cluster), aws) = futures::join!(inside, outside);
    Facts {
        namespaces,
        cluster,
        aws,
    }
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}
