//! Maintenance that waits for databases (`rds:DescribePendingMaintenanceActions`).

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{Filter, PendingMaintenanceAction};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "rds:DescribePendingMaintenanceActions";

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// DB clusters.
    Clusters,
    /// DB instances.
    Instances,
}

/// One action that waits (API `PendingMaintenanceAction`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// ARN of the cluster or instance.
    pub resource: String,
    /// `system-update`, `db-upgrade`, `ca-certificate-rotation`, …
    pub action: String,
    /// What it is, in the words of RDS.
    pub description: String,
    /// From this maintenance window on it is applied by itself.
    pub auto_applied_after: Option<Timestamp>,
    /// It is applied then, whatever was opted.
    pub forced_at: Option<Timestamp>,
    /// When it is going to be applied, all dates considered.
    pub current_apply_at: Option<Timestamp>,
    /// `immediate`, `next-maintenance`, … if somebody opted in.
    pub opt_in: Option<String>,
}

/// Maintenance that waits for these clusters or instances; asks nothing when there are none. Most of the time nothing
/// waits, so that an empty list is a good answer.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn pending(
    client: &Client,
    times: &Times,
    source: Source,
    ids: &[String],
) -> Observed<Vec<Maintenance>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let all = ids.join(", ");
    times.within(ACTION, &all, read(client, source, ids, &all)).await
}

async fn read(client: &Client, source: Source, ids: &[String], resource: &str) -> Observed<Vec<Maintenance>> {
    let name = match source {
        Source::Clusters => "db-cluster-id",
        Source::Instances => "db-instance-id",
    };
    let filter = Filter::builder()
        .name(name)
        .set_values(Some(ids.to_vec()))
        .build();
    let mut found = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .describe_pending_maintenance_actions()
            .filters(filter.clone())
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        let resources = listed(
            ACTION,
            resource,
            "PendingMaintenanceActions",
            page.pending_maintenance_actions.as_deref(),
        )?;
        for one in resources {
            let arn = one.resource_identifier().unwrap_or_default();
            let details = one.pending_maintenance_action_details();
            found.extend(details.iter().map(|seen| maintenance(arn, seen)));
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

fn maintenance(arn: &str, seen: &PendingMaintenanceAction) -> Maintenance {
    Maintenance {
        resource: arn.to_owned(),
        action: seen.action().unwrap_or_default().to_owned(),
        description: seen.description().unwrap_or_default().to_owned(),
        auto_applied_after: seen.auto_applied_after_date().and_then(timestamp),
        forced_at: seen.forced_apply_date().and_then(timestamp),
        current_apply_at: seen.current_apply_date().and_then(timestamp),
        opt_in: seen.opt_in_status().map(str::to_owned),
    }
}
