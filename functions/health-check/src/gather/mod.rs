//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.
//!
//! The cluster is read in two steps: namespaces and nodes first, because what a pod means depends on them; then all lists
//! side by side. AWS is read beside both.

mod aws;
mod changes;
mod cluster;
mod inside;
pub(crate) mod stored;

use day2_core::Observed;
use day2_core::target::Target;
use day2_kube::ClusterClient;
use day2_reads::clusters;
use day2_reads::times::Times;

use crate::Task;
use crate::counted::Before;
use crate::facts::Facts;
use crate::facts::changes::Changes;
use crate::facts::cluster::ClusterFacts;
use crate::facts::inside::Inside;
use crate::facts::namespaces::Namespaces;
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

/// Reads everything that the plan looks at. `before` is what the run before has left, which may come while lists are read.
pub async fn gather(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    task: Task,
    before: impl Future<Output = Option<Before>>,
    times: &Times,
) -> Facts {
    let ((namespaces, inside, cluster, changes), aws) = futures::join!(
        Box::pin(of_the_cluster(clients, target, plan, task, before, times)),
        Box::pin(aws::aws(&clients.eks, &clients.aws, target, plan, task, times)),
    );
    Facts {
        namespaces,
        cluster,
        inside,
        changes,
        aws,
    }
}

async fn of_the_cluster(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    task: Task,
    before: impl Future<Output = Option<Before>>,
    times: &Times,
) -> (
    Observed<Namespaces>,
    Inside,
    Option<ClusterFacts>,
    Option<Changes>,
) {
    let client = connect(clients, target, times).await;
    let api = async {
        if plan.looks_at(Group::Cluster) {
            Some(cluster::cluster(&client, times).await)
        } else {
            None
        }
    };
    let changes = async {
        match task {
            Task::Triage => Some(Box::pin(changes::changes(&client, plan.changes.minutes, times)).await),
            Task::Morning => None,
        }
    };
    let namespaces = cluster::namespaces(&client, &plan.ownership, times);
    let (api, (namespaces, inside), changes, stored) = futures::join!(
        api,
        Box::pin(inside::inside(
            &client,
            plan,
            &target.node_groups,
            namespaces,
            before,
            times
        )),
        Box::pin(changes),
        stored::stored(&client, plan, times),
    );
    let inside = Inside { stored, ..inside };
    (namespaces, inside, api, changes)
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}
