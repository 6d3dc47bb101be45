//! Reads the containment from the journal, and what is there now of each measure. No opinions.

mod seen;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use day2_aws::journal::Journal;
use day2_core::containment::Containment;
use day2_core::target::Target;
use day2_core::{Observed, Unreadable};
use day2_kube::ClusterClient;
use day2_reads::times::Times;
use futures::future::join_all;

use crate::facts::Facts;
pub(crate) use seen::now;

/// The operation in the words of a failure to read the journal.
const QUERY: &str = "dynamodb:Query";

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The journal's: it belongs to the account of the deployment, whoever owns the target.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// IAM of the target's account; one endpoint for all regions of a partition.
    pub iam: aws_sdk_iam::Client,
    /// Signs the cluster's token.
    pub credentials: Option<SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over the configuration of the deployment and that of the target.
    #[must_use]
    pub fn new(own: &SdkConfig, target: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(own),
            autoscaling: aws_sdk_autoscaling::Client::new(target),
            eks: aws_sdk_eks::Client::new(target),
            iam: aws_sdk_iam::Client::new(target),
            credentials: target.credentials_provider(),
        }
    }

    /// A client that may talk to the target's cluster.
    pub(crate) async fn cluster(&self, target: &Target, times: &Times) -> Observed<ClusterClient> {
        day2_reads::clusters::connect(&self.eks, self.credentials.clone(), target, times).await
    }

    pub(crate) fn journal(&self, table: &str) -> Journal {
        Journal::new(self.dynamodb.clone(), table)
    }
}

/// Reads everything for the release of one containment.
pub async fn gather(clients: &Clients, table: &str, target: &Target, id: &str, times: &Times) -> Facts {
    let journal = clients.journal(table);
    let (containment, all) = futures::join!(
        within(times, table, journal.containment(id)),
        within(times, table, journal.containments(target.name.as_str())),
    );
    let others = all.map(|all| {
        let mut others = all;
        others.retain(|one| one.id != id && one.is_open());
        others
    });
    let measures = match &containment {
        Ok(Some(containment)) if containment.is_open() => measures(clients, target, containment, times).await,
        _ => Vec::new(),
    };
    Facts {
        containment,
        others,
        measures,
    }
}

async fn measures(
    clients: &Clients,
    target: &Target,
    containment: &Containment,
    times: &Times,
) -> Vec<(day2_core::containment::Taken, Observed<crate::facts::Seen>)> {
    let cluster = clients.cluster(target, times).await;
    let reads = containment.in_force().map(async |taken| {
        let seen = now(clients, &cluster, &containment.pod, &taken.measure, times).await;
        (taken.clone(), seen)
    });
    join_all(reads).await
}

async fn within<T>(
    times: &Times,
    table: &str,
    read: impl Future<Output = Result<T, day2_aws::OpsError>>,
) -> Observed<T> {
    let read = async { read.await.map_err(|error| error.to_unreadable(QUERY, table)) };
    times.within(QUERY, table, read).await
}

/// A text of the journal that is no name of Kubernetes.
pub(crate) fn no_name(what: &str, text: &str) -> Unreadable {
    let why = "the journal holds a name that cannot be one";
    Unreadable::new(format!("get {what}"), text, day2_core::Cause::Malformed, why)
}
