//! What EKS found out about a cluster by itself (`eks:ListInsights`, `eks:DescribeInsight`).

use aws_sdk_eks::Client;
use aws_sdk_eks::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "eks:ListInsights";
const DESCRIBE: &str = "eks:DescribeInsight";

/// Insights that are described at once.
const AT_ONCE: usize = 8;

/// The state in which an insight has nothing to say.
pub const PASSING: &str = "PASSING";

/// One insight (API `Insight`). EKS refreshes them once a day and looks 30 days back in the audit log, so that one stays
/// red long after what it found is mended (*Amazon EKS User Guide*, "Prepare for Kubernetes version upgrades with cluster
/// insights").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insight {
    /// Id.
    pub id: String,
    /// Name, for example `Kubelet version skew`.
    pub name: String,
    /// `UPGRADE_READINESS`, `MISCONFIGURATION`, `ROLLBACK_READINESS`.
    pub category: String,
    /// `PASSING`, `WARNING`, `ERROR` or `UNKNOWN`.
    pub status: String,
    /// Why, in the words of EKS.
    pub reason: String,
    /// Kubernetes version that it is about, for example the next one.
    pub version: Option<String>,
    /// When EKS looked last.
    pub refreshed_at: Option<Timestamp>,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
}

/// What only the description of one insight tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What to do, in the words of EKS.
    pub recommendation: String,
    /// Resources that it complains about: ARNs, or addresses in the Kubernetes API.
    pub resources: Vec<String>,
}

/// Every insight of a cluster, and the details of those that do not pass. Details that cannot be read stay, with the reason.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_cluster(
    client: &Client,
    times: &Times,
    cluster: &str,
) -> Observed<Vec<(Insight, Option<Observed<Details>>)>> {
    let all = times.within(LIST, cluster, list(client, cluster)).await?;
    let described = stream::iter(all).map(async |insight| {
        if insight.status == PASSING {
            return (insight, None);
        }
        let resource = format!("{cluster}/{}", insight.name);
        let details = times
            .within(
                DESCRIBE,
                &resource,
                describe(client, &resource, cluster, &insight.id),
            )
            .await;
        (insight, Some(details))
    });
    Ok(described.buffered(AT_ONCE).collect().await)
}

async fn list(client: &Client, cluster: &str) -> Observed<Vec<Insight>> {
    let mut insights = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, cluster);
    loop {
        let page = client
            .list_insights()
            .cluster_name(cluster)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, cluster, &error))?;
        for seen in listed(LIST, cluster, "insights", page.insights.as_deref())? {
            insights.push(insight(cluster, seen)?);
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(insights);
        }
    }
}

fn insight(cluster: &str, seen: &types::InsightSummary) -> Observed<Insight> {
    let state = seen.insight_status();
    let status = state
        .and_then(types::InsightStatus::status)
        .ok_or_else(|| lacks(LIST, cluster, "insightStatus.status"))?;
    Ok(Insight {
        id: seen.id().ok_or_else(|| lacks(LIST, cluster, "id"))?.to_owned(),
        name: seen.name().unwrap_or_default().to_owned(),
        category: seen
            .category()
            .map(|category| category.as_str().to_owned())
            .unwrap_or_default(),
        status: status.as_str().to_owned(),
        reason: state
            .and_then(types::InsightStatus::reason)
            .unwrap_or_default()
            .to_owned(),
        version: seen.kubernetes_version().map(str::to_owned),
        refreshed_at: seen.last_refresh_time().and_then(timestamp),
        since: seen.last_transition_time().and_then(timestamp),
    })
}

async fn describe(client: &Client, resource: &str, cluster: &str, id: &str) -> Observed<Details> {
    let answer = client
        .describe_insight()
        .cluster_name(cluster)
        .id(id)
        .send()
        .await
        .map_err(|error| unreadable(DESCRIBE, resource, &error))?;
    let seen = answer
        .insight()
        .ok_or_else(|| lacks(DESCRIBE, resource, "insight"))?;
    Ok(Details {
        recommendation: seen.recommendation().unwrap_or_default().to_owned(),
        // A resource that passes is listed beside those that do not.
        resources: seen
            .resources()
            .iter()
            .filter(|one| {
                one.insight_status()
                    .and_then(types::InsightStatus::status)
                    .is_none_or(|status| status.as_str() != PASSING)
            })
            .filter_map(|one| one.kubernetes_resource_uri().or_else(|| one.arn()))
            .map(str::to_owned)
            .collect(),
    })
}
