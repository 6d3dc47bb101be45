//! Global databases of Aurora (`rds:DescribeGlobalClusters`).

use aws_sdk_rds::Client;
use aws_sdk_rds::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "rds:DescribeGlobalClusters";

/// One global database (API `GlobalCluster`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalCluster {
    /// Identifier.
    pub id: String,
    /// `available`, `switching-over`, `failing-over`, …
    pub status: String,
    /// Its clusters in all regions.
    pub members: Vec<Member>,
}

/// One cluster of a global database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// ARN of the cluster.
    pub cluster_arn: String,
    /// The primary, which alone takes writes.
    pub primary: bool,
    /// Whether a secondary forwards writes to the primary.
    pub write_forwarding: Option<String>,
}

/// What a cluster is in a global database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Global database.
    pub global_cluster: String,
    /// State of the global database.
    pub status: String,
    /// Whether the cluster is its primary; a secondary takes no writes.
    pub primary: bool,
}

/// What the cluster of this ARN is in the global databases of the account: nothing when it is in none.
///
/// All are read: the API promises a filter only for regions.
///
/// # Errors
///
/// When the list could not be read completely. A cluster that was not found in a part of the list may be a secondary.
pub async fn membership(client: &Client, times: &Times, cluster_arn: &str) -> Observed<Option<Membership>> {
    let all = times
        .within(ACTION, cluster_arn, read(client, cluster_arn))
        .await?;
    Ok(all.into_iter().find_map(|global| {
        let member = global
            .members
            .iter()
            .find(|member| member.cluster_arn == cluster_arn)?;
        Some(Membership {
            primary: member.primary,
            global_cluster: global.id.clone(),
            status: global.status.clone(),
        })
    }))
}

/// Every global database of the account with a cluster in the client's region.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn all(client: &Client, times: &Times) -> Observed<Vec<GlobalCluster>> {
    const ALL: &str = "all global clusters";
    times.within(ACTION, ALL, read(client, ALL)).await
}

async fn read(client: &Client, resource: &str) -> Observed<Vec<GlobalCluster>> {
    let mut clusters = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .describe_global_clusters()
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        for seen in listed(
            ACTION,
            resource,
            "GlobalClusters",
            page.global_clusters.as_deref(),
        )? {
            clusters.push(global_cluster(resource, seen)?);
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(clusters);
        }
    }
}

fn global_cluster(resource: &str, seen: &types::GlobalCluster) -> Observed<GlobalCluster> {
    let members = listed(
        ACTION,
        resource,
        "GlobalClusterMembers",
        seen.global_cluster_members.as_deref(),
    )?;
    Ok(GlobalCluster {
        id: seen.global_cluster_identifier().unwrap_or_default().to_owned(),
        status: seen.status().unwrap_or_default().to_owned(),
        members: members
            .iter()
            .map(|member| Member {
                cluster_arn: member.db_cluster_arn().unwrap_or_default().to_owned(),
                primary: member.is_writer().unwrap_or_default(),
                write_forwarding: member
                    .global_write_forwarding_status()
                    .map(|status| status.as_str().to_owned()),
            })
            .collect(),
    })
}
