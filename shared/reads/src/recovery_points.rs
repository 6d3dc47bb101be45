//! Recovery points of AWS Backup (`backup:ListRecoveryPointsByResource`).

use aws_sdk_backup::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "backup:ListRecoveryPointsByResource";

/// One recovery point (API `RecoveryPointByResource`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// ARN.
    pub arn: String,
    /// `COMPLETED`, `PARTIAL`, `DELETING`, `EXPIRED`, `CREATING`, …
    pub status: String,
    /// Why, where AWS Backup says so.
    pub message: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Vault that holds it.
    pub vault: Option<String>,
    /// ARN of the key that encrypts it.
    pub key: Option<String>,
    /// Bytes.
    pub bytes: Option<i64>,
}

/// Every recovery point of a resource in the client's region, those of RDS's own automated backups left out.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_resource(client: &Client, times: &Times, arn: &str) -> Observed<Vec<RecoveryPoint>> {
    times.within(ACTION, arn, read(client, arn)).await
}

async fn read(client: &Client, arn: &str) -> Observed<Vec<RecoveryPoint>> {
    let mut points = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, arn);
    loop {
        let page = client
            .list_recovery_points_by_resource()
            .resource_arn(arn)
            .managed_by_aws_backup_only(true)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, arn, &error))?;
        for seen in listed(ACTION, arn, "RecoveryPoints", page.recovery_points.as_deref())? {
            let id = seen.recovery_point_arn().unwrap_or_default();
            points.push(RecoveryPoint {
                arn: id.to_owned(),
                status: seen
                    .status()
                    .ok_or_else(|| lacks(ACTION, id, "Status"))?
                    .as_str()
                    .to_owned(),
                message: seen.status_message().map(str::to_owned),
                created_at: seen.creation_date().and_then(timestamp),
                vault: seen.backup_vault_name().map(str::to_owned),
                key: seen.encryption_key_arn().map(str::to_owned),
                bytes: seen.backup_size_bytes(),
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(points);
        }
    }
}
