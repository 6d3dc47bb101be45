//! Restore jobs of AWS Backup (`backup:ListRestoreJobs`), those of restore testing among them.

use aws_sdk_backup::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "backup:ListRestoreJobs";

/// One restore (API `RestoreJobsListMember`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreJob {
    /// Id.
    pub id: String,
    /// `PENDING`, `RUNNING`, `COMPLETED`, `ABORTED`, `FAILED`.
    pub status: String,
    /// Why, where AWS Backup says so.
    pub message: Option<String>,
    /// Recovery point that it restored.
    pub recovery_point: Option<String>,
    /// Resource that the recovery point is of.
    pub source: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Plan of restore testing that started it; a restore by a person has none.
    pub testing_plan: Option<String>,
    /// What the validation said (`PutRestoreValidationResult`): `SUCCESSFUL`, `FAILED`, `TIMED_OUT`, `VALIDATING`; nothing when
    /// nobody validated, and then the restore proves that AWS made a resource and not that it holds the data.
    pub validation: Option<String>,
    /// Its words.
    pub validation_message: Option<String>,
}

/// Every restore job of the account and region that was created since then. `resource` is for the report: the API
/// filters by type of resource only.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn since(
    client: &Client,
    times: &Times,
    resource: &str,
    since: Timestamp,
) -> Observed<Vec<RestoreJob>> {
    times
        .within(ACTION, resource, read(client, resource, since))
        .await
}

async fn read(client: &Client, resource: &str, since: Timestamp) -> Observed<Vec<RestoreJob>> {
    let mut jobs = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .list_restore_jobs()
            .by_created_after(sdk_time(since))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        for seen in listed(ACTION, resource, "RestoreJobs", page.restore_jobs.as_deref())? {
            let id = seen.restore_job_id().unwrap_or_default();
            jobs.push(RestoreJob {
                id: id.to_owned(),
                status: seen
                    .status()
                    .ok_or_else(|| lacks(ACTION, id, "Status"))?
                    .as_str()
                    .to_owned(),
                message: seen.status_message().map(str::to_owned),
                recovery_point: seen.recovery_point_arn().map(str::to_owned),
                source: seen.source_resource_arn().map(str::to_owned),
                created_at: seen.creation_date().and_then(timestamp),
                completed_at: seen.completion_date().and_then(timestamp),
                testing_plan: seen
                    .created_by()
                    .and_then(|by| by.restore_testing_plan_arn())
                    .map(str::to_owned),
                validation: seen.validation_status().map(|status| status.as_str().to_owned()),
                validation_message: seen.validation_status_message().map(str::to_owned),
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(jobs);
        }
    }
}
