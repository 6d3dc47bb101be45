//! Snapshots of DB instances (`rds:DescribeDBSnapshots`).

use aws_sdk_rds::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;

use crate::answer::{lacks, listed};
use crate::backups::DbSnapshot;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBSnapshots";

/// Snapshots per page, the most that the API gives. The least that it takes is 20.
/// Source: *Amazon RDS API Reference*, `DescribeDBSnapshots`, `MaxRecords`.
const PAGE: i32 = 100;

/// Every automated and manual snapshot of a instance, in the order of the API, which is none. Those of AWS Backup are not among
/// them: [`recovery_points`](crate::recovery_points) are.
///
/// A instance without snapshots, and one that does not exist, both give an empty list.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_instance(client: &Client, times: &Times, instance: &str) -> Observed<Vec<DbSnapshot>> {
    times
        .within(ACTION, instance, read(client, instance, false))
        .await
}

/// Every copy of the instance's snapshots in a region, or an account, where the instance itself is not. They are manual ones, and RDS
/// filters by the identifier of a instance only where it exists, so that all manual snapshots there are read.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn copies_of_instance(client: &Client, times: &Times, instance: &str) -> Observed<Vec<DbSnapshot>> {
    times.within(ACTION, instance, read(client, instance, true)).await
}

async fn read(client: &Client, instance: &str, elsewhere: bool) -> Observed<Vec<DbSnapshot>> {
    let mut snapshots = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, instance);
    loop {
        let page = client
            .describe_db_snapshots()
            .set_db_instance_identifier((!elsewhere).then(|| instance.to_owned()))
            .set_snapshot_type(elsewhere.then(|| "manual".to_owned()))
            .max_records(PAGE)
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, instance, &error))?;
        for seen in listed(ACTION, instance, "DBSnapshots", page.db_snapshots.as_deref())? {
            if seen.db_instance_identifier() != Some(instance) {
                continue;
            }
            let id = seen.db_snapshot_identifier().unwrap_or_default();
            // A copy made today of an old snapshot has today's `SnapshotCreateTime`.
            let taken = seen
                .original_snapshot_create_time()
                .or(seen.snapshot_create_time());
            snapshots.push(DbSnapshot {
                id: id.to_owned(),
                status: seen
                    .status()
                    .ok_or_else(|| lacks(ACTION, id, "Status"))?
                    .to_owned(),
                kind: seen.snapshot_type().unwrap_or_default().to_owned(),
                taken_at: taken.and_then(timestamp),
                encrypted: seen.encrypted(),
                key: seen.kms_key_id().map(str::to_owned),
                copy_of: seen.source_db_snapshot_identifier().map(str::to_owned),
            });
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(snapshots);
        }
    }
}
