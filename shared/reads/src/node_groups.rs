//! EKS managed node groups (`eks:ListNodegroups`, `eks:DescribeNodegroup`).

use aws_sdk_eks::Client;
use aws_sdk_eks::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;
use futures::stream::{self, StreamExt};

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "eks:ListNodegroups";
const DESCRIBE: &str = "eks:DescribeNodegroup";

/// Groups that are described at once: a cluster may have many, and the API is throttled per account.
const AT_ONCE: usize = 8;

/// One managed node group (API `Nodegroup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeGroup {
    /// Name.
    pub name: String,
    /// Cluster.
    pub cluster: String,
    /// `ACTIVE`, `UPDATING`, `DEGRADED`, …
    pub status: String,
    /// Minimum size, in nodes.
    pub min: i64,
    /// Maximum size, in nodes.
    pub max: i64,
    /// Desired size, in nodes; what EKS was told last, from which an autoscaler may have moved the Auto Scaling group.
    pub desired: i64,
    /// `ON_DEMAND`, `SPOT`, `CAPACITY_BLOCK`.
    pub capacity_type: Option<String>,
    /// Health issues, code and message, for example `AsgInstanceLaunchFailures`.
    pub issues: Vec<(String, String)>,
    /// Its Auto Scaling groups.
    pub scaling_groups: Vec<String>,
    /// Subnets.
    pub subnets: Vec<String>,
}

/// Every managed node group of a cluster. One that cannot be described stays, with the reason.
///
/// # Errors
///
/// When the *list* could not be read completely, because then nothing is known of the others.
pub async fn of_cluster(
    client: &Client,
    times: &Times,
    cluster: &str,
) -> Observed<Vec<(String, Observed<NodeGroup>)>> {
    let names = times.within(LIST, cluster, names(client, cluster)).await?;
    let described = stream::iter(names).map(async |name| {
        let group = describe(client, times, cluster, &name).await;
        (name, group)
    });
    Ok(described.buffered(AT_ONCE).collect().await)
}

/// Describes one managed node group.
///
/// # Errors
///
/// When it could not be read, does not exist, or the answer lacks its sizes.
pub async fn describe(client: &Client, times: &Times, cluster: &str, name: &str) -> Observed<NodeGroup> {
    let resource = format!("{cluster}/{name}");
    times
        .within(DESCRIBE, &resource, read(client, &resource, cluster, name))
        .await
}

async fn names(client: &Client, cluster: &str) -> Observed<Vec<String>> {
    let mut names = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, cluster);
    loop {
        let page = client
            .list_nodegroups()
            .cluster_name(cluster)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, cluster, &error))?;
        names.extend_from_slice(listed(LIST, cluster, "nodegroups", page.nodegroups.as_deref())?);
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(names);
        }
    }
}

async fn read(client: &Client, resource: &str, cluster: &str, name: &str) -> Observed<NodeGroup> {
    let answer = client
        .describe_nodegroup()
        .cluster_name(cluster)
        .nodegroup_name(name)
        .send()
        .await
        .map_err(|error| unreadable(DESCRIBE, resource, &error))?;
    let seen = answer
        .nodegroup()
        .ok_or_else(|| lacks(DESCRIBE, resource, "nodegroup"))?;
    let sizes = seen
        .scaling_config()
        .ok_or_else(|| lacks(DESCRIBE, resource, "scalingConfig"))?;
    // A size that is not there must not become 0: somebody computes the next one from it.
    let size = |value: Option<i32>, member| {
        value
            .map(i64::from)
            .ok_or_else(|| lacks(DESCRIBE, resource, member))
    };
    Ok(NodeGroup {
        name: name.to_owned(),
        cluster: cluster.to_owned(),
        status: seen
            .status()
            .ok_or_else(|| lacks(DESCRIBE, resource, "status"))?
            .as_str()
            .to_owned(),
        min: size(sizes.min_size(), "minSize")?,
        max: size(sizes.max_size(), "maxSize")?,
        desired: size(sizes.desired_size(), "desiredSize")?,
        capacity_type: seen.capacity_type().map(|kind| kind.as_str().to_owned()),
        issues: seen
            .health()
            .map(types::NodegroupHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(issue)
            .collect(),
        scaling_groups: seen
            .resources()
            .map(types::NodegroupResources::auto_scaling_groups)
            .unwrap_or_default()
            .iter()
            .filter_map(|group| group.name().map(str::to_owned))
            .collect(),
        subnets: seen.subnets().to_vec(),
    })
}

fn issue(seen: &types::Issue) -> (String, String) {
    let code = seen
        .code()
        .map(|code| code.as_str().to_owned())
        .unwrap_or_default();
    (code, seen.message().unwrap_or_default().to_owned())
}
