//! Snapshots of DB clusters (`rds:DescribeDBClusterSnapshots`).

use aws_sdk_rds::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;

use crate::answer::{lacks, listed};
use crate::backups::DbSnapshot;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBClusterSnapshots";

/// Snapshots per page, the most that the API gives. The least that it takes is 20.
/// Source: *Amazon RDS API Reference*, `DescribeDBClusterSnapshots`, `MaxRecords`.
const PAGE: i32 = 100;

/// Every automated and manual snapshot of a cluster, in the order of the API, which is none. Those of AWS Backup are not among
/// them: [`recovery_points`](crate::recovery_points) are.
///
/// A cluster without snapshots, and one that does not exist, both give an empty list.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_cluster(client: &Client, times: &Times, cluster: &str) -> Observed<Vec<DbSnapshot>> {
    times.within(ACTION, cluster, read(client, cluster, false)).await
}

/// Every copy of the cluster's snapshots in a region, or an account, where the cluster itself is not. They are manual ones, and RDS
/// filters by the identifier of a cluster only where it exists, so that all manual snapshots there are read.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn copies_of_cluster(client: &Client, times: &Times, cluster: &str) -> Observed<Vec<DbSnapshot>> {
    times.within(ACTION, cluster, read(client, cluster, true)).await
}

async fn read(client: &Client, cluster: &str, elsewhere: bool) -> Observed<Vec<DbSnapshot>> {
    let mut snapshots = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, cluster);
    loop {
        let page = client
            .describe_db_cluster_snapshots()
            .set_db_cluster_identifier((!elsewhere).then(|| cluster.to_owned()))
            .set_snapshot_type(elsewhere.then(|| "manual".to_owned()))
            .max_records(PAGE)
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, cluster, &error))?;
        for seen in listed(
            ACTION,
            cluster,
            "DBClusterSnapshots",
            page.db_cluster_snapshots.as_deref(),
        )? {
            if seen.db_cluster_identifier() != Some(cluster) {
                continue;
            }
            let id = seen.db_cluster_snapshot_identifier().unwrap_or_default();
            snapshots.push(DbSnapshot {
                id: id.to_owned(),
                status: seen
                    .status()
                    .ok_or_else(|| lacks(ACTION, id, "Status"))?
                    .to_owned(),
                kind: seen.snapshot_type().unwrap_or_default().to_owned(),
                taken_at: seen.snapshot_create_time().and_then(timestamp),
                encrypted: seen.storage_encrypted(),
                key: seen.kms_key_id().map(str::to_owned),
                copy_of: seen.source_db_cluster_snapshot_arn().map(str::to_owned),
            });
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(snapshots);
        }
    }
}
