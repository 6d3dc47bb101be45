//! Whether `GuardDuty`'s agents report (`guardduty:ListCoverage`).

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types::{
    CoverageEksClusterDetails, CoverageFilterCondition, CoverageFilterCriteria, CoverageFilterCriterion,
    CoverageFilterCriterionKey, CoverageResource, ResourceType,
};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "guardduty:ListCoverage";

/// Coverage of one EKS cluster (API `CoverageResource`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Account of the cluster: an administrator sees the clusters of its members too.
    pub account: String,
    /// Cluster name.
    pub cluster: String,
    /// `HEALTHY` or `UNHEALTHY`.
    pub status: String,
    /// What is wrong, in the words of `GuardDuty`.
    pub issue: Option<String>,
    /// Nodes with an agent that reports.
    pub covered_nodes: Option<i64>,
    /// Nodes that could have one.
    pub compatible_nodes: Option<i64>,
    /// `AUTO_MANAGED`, `MANUAL` or `DISABLED`: who installs the agent.
    pub managed: Option<String>,
    /// When the status was written.
    pub updated_at: Option<Timestamp>,
}

/// Coverage of the EKS clusters of this name. An empty list means that Runtime Monitoring does not know the cluster.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_cluster(
    client: &Client,
    times: &Times,
    detector: &str,
    cluster: &str,
) -> Observed<Vec<Coverage>> {
    times
        .within(ACTION, cluster, read(client, detector, cluster))
        .await
}

fn criterion(key: CoverageFilterCriterionKey, value: &str) -> CoverageFilterCriterion {
    CoverageFilterCriterion::builder()
        .criterion_key(key)
        .filter_condition(CoverageFilterCondition::builder().equals(value).build())
        .build()
}

async fn read(client: &Client, detector: &str, cluster: &str) -> Observed<Vec<Coverage>> {
    // `CLUSTER_NAME` is deprecated (API `CoverageFilterCriterion`).
    let criteria = CoverageFilterCriteria::builder()
        .filter_criterion(criterion(
            CoverageFilterCriterionKey::ResourceType,
            ResourceType::Eks.as_str(),
        ))
        .filter_criterion(criterion(CoverageFilterCriterionKey::EksClusterName, cluster))
        .build();
    let mut found = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, cluster);
    loop {
        let page = client
            .list_coverage()
            .detector_id(detector)
            .filter_criteria(criteria.clone())
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, cluster, &error))?;
        for seen in listed(ACTION, cluster, "resources", page.resources.as_deref())? {
            found.push(coverage(cluster, seen)?);
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn coverage(cluster: &str, seen: &CoverageResource) -> Observed<Coverage> {
    let details = seen
        .resource_details()
        .and_then(|details| details.eks_cluster_details());
    let status = seen
        .coverage_status()
        .ok_or_else(|| lacks(ACTION, cluster, "coverageStatus"))?;
    Ok(Coverage {
        account: seen.account_id().unwrap_or_default().to_owned(),
        cluster: details
            .and_then(|details| details.cluster_name())
            .unwrap_or(cluster)
            .to_owned(),
        status: status.as_str().to_owned(),
        issue: seen.issue().filter(|issue| !issue.is_empty()).map(str::to_owned),
        covered_nodes: details.and_then(CoverageEksClusterDetails::covered_nodes),
        compatible_nodes: details.and_then(CoverageEksClusterDetails::compatible_nodes),
        managed: details
            .and_then(|details| details.management_type())
            .map(|kind| kind.as_str().to_owned()),
        updated_at: seen.updated_at().and_then(timestamp),
    })
}
