//! Copy jobs of AWS Backup (`backup:ListCopyJobs`).

use aws_sdk_backup::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "backup:ListCopyJobs";

/// One copy to another vault (API `CopyJob`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyJob {
    /// Id.
    pub id: String,
    /// `CREATED`, `RUNNING`, `COMPLETED`, `FAILED`, `PARTIAL`.
    pub state: String,
    /// Why, where AWS Backup says so.
    pub message: Option<String>,
    /// ARN of the vault that it copies to.
    pub destination: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// The copy jobs of a resource that were created since then. AWS Backup keeps jobs for 30 days.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_resource_since(
    client: &Client,
    times: &Times,
    arn: &str,
    since: Timestamp,
) -> Observed<Vec<CopyJob>> {
    times.within(ACTION, arn, read(client, arn, since)).await
}

async fn read(client: &Client, arn: &str, since: Timestamp) -> Observed<Vec<CopyJob>> {
    let mut jobs = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, arn);
    loop {
        let page = client
            .list_copy_jobs()
            .by_resource_arn(arn)
            .by_created_after(sdk_time(since))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, arn, &error))?;
        for seen in listed(ACTION, arn, "CopyJobs", page.copy_jobs.as_deref())? {
            let id = seen.copy_job_id().unwrap_or_default();
            jobs.push(CopyJob {
                id: id.to_owned(),
                state: seen
                    .state()
                    .ok_or_else(|| lacks(ACTION, id, "State"))?
                    .as_str()
                    .to_owned(),
                message: seen.status_message().map(str::to_owned),
                destination: seen.destination_backup_vault_arn().unwrap_or_default().to_owned(),
                created_at: seen.creation_date().and_then(timestamp),
                completed_at: seen.completion_date().and_then(timestamp),
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(jobs);
        }
    }
}
