//! EKS clusters (`eks:DescribeCluster`): what one is, and a client that may talk to it.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eks::Client;
use aws_sdk_eks::types::{ClusterHealth, ClusterIssue};
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::{ClusterClient, ClusterParams};
use jiff::Timestamp;

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "eks:DescribeCluster";

/// One EKS cluster (API `Cluster`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Name.
    pub name: String,
    /// `ACTIVE`, `UPDATING`, …
    pub status: String,
    /// Kubernetes version, for example `1.33`.
    pub version: Option<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`; the last has no access entries.
    pub authentication_mode: Option<String>,
    /// EKS Auto Mode makes and removes nodes (`computeConfig.enabled`).
    pub auto_mode: bool,
    /// Built-in node pools of Auto Mode, for example `general-purpose`.
    pub node_pools: Vec<String>,
    /// What EKS itself finds wrong with it (`health.issues`): code and message, for example `SubnetNotFound`. `ACTIVE` says
    /// nothing about them.
    pub issues: Vec<(String, String)>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// Describes one cluster.
///
/// # Errors
///
/// When it could not be read or does not exist.
pub async fn describe(client: &Client, times: &Times, name: &str) -> Observed<Cluster> {
    times.within(ACTION, name, read(client, name)).await
}

async fn read(client: &Client, name: &str) -> Observed<Cluster> {
    let answer = client
        .describe_cluster()
        .name(name)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, name, &error))?;
    let seen = answer.cluster().ok_or_else(|| lacks(ACTION, name, "cluster"))?;
    let compute = seen.compute_config();
    Ok(Cluster {
        name: seen.name().unwrap_or(name).to_owned(),
        status: seen
            .status()
            .ok_or_else(|| lacks(ACTION, name, "status"))?
            .as_str()
            .to_owned(),
        version: seen.version().map(str::to_owned),
        authentication_mode: seen
            .access_config()
            .and_then(|access| access.authentication_mode())
            .map(|mode| mode.as_str().to_owned()),
        // A cluster that never had Auto Mode has no such part.
        auto_mode: compute.is_some_and(|compute| compute.enabled() == Some(true)),
        node_pools: compute
            .map(|compute| compute.node_pools().to_vec())
            .unwrap_or_default(),
        issues: seen
            .health()
            .map(ClusterHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(issue)
            .collect(),
        created_at: seen.created_at().and_then(timestamp),
    })
}

fn issue(seen: &ClusterIssue) -> (String, String) {
    let code = seen
        .code()
        .map(|code| code.as_str().to_owned())
        .unwrap_or_default();
    let resources = seen.resource_ids().join(", ");
    let message = seen.message().unwrap_or_default();
    let message = if resources.is_empty() {
        message.to_owned()
    } else {
        format!("{message} ({resources})")
    };
    (code, message)
}

/// Connects to the target's cluster. `credentials` sign its token, so that they must be those of the target's role if it
/// has one.
///
/// # Errors
///
/// When the target declares no cluster, there are no credentials, or as [`ClusterClient::connect`] says.
pub async fn connect(
    client: &Client,
    credentials: Option<SharedCredentialsProvider>,
    target: &Target,
    times: &Times,
) -> Observed<ClusterClient> {
    let refused = |why: &str| Unreadable::new("settings", target.name.as_str(), Cause::NotFound, why);
    let cluster = target
        .cluster
        .as_ref()
        .ok_or_else(|| refused("the target declares no cluster"))?;
    let credentials = credentials.ok_or_else(|| refused("there are no AWS credentials"))?;
    let params = ClusterParams {
        name: cluster.name.as_str().to_owned(),
        region: target.region.as_str().to_owned(),
        partition: target.region.partition(),
        account_id: target.account_id.as_str().to_owned(),
        endpoint: cluster.endpoint.as_ref().map(|url| url.as_str().to_owned()),
    };
    ClusterClient::connect(client, credentials, &params, times.clock.clone(), times.deadline).await
}
