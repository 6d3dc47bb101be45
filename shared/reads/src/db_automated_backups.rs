//! Automated backups of DB instances (`rds:DescribeDBInstanceAutomatedBackups`): from when to when one can be restored.

use aws_sdk_rds::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBInstanceAutomatedBackups";

/// The automated backups of one instance (API `DBInstanceAutomatedBackup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomatedBackup {
    /// `active` for an instance that is there, `retained` for one that was deleted, `creating`.
    pub status: String,
    /// Begin of `RestoreWindow`.
    pub earliest: Option<Timestamp>,
    /// End of `RestoreWindow`.
    pub latest: Option<Timestamp>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
}

/// The automated backups of an instance in the client's region: its own, and where they are replicated the replicas.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_instance(client: &Client, times: &Times, instance: &str) -> Observed<Vec<AutomatedBackup>> {
    times.within(ACTION, instance, read(client, instance)).await
}

async fn read(client: &Client, instance: &str) -> Observed<Vec<AutomatedBackup>> {
    let mut backups = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, instance);
    loop {
        let page = client
            .describe_db_instance_automated_backups()
            .db_instance_identifier(instance)
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, instance, &error))?;
        let list = page.db_instance_automated_backups.as_deref();
        for seen in listed(ACTION, instance, "DBInstanceAutomatedBackups", list)? {
            let window = seen.restore_window();
            backups.push(AutomatedBackup {
                status: seen.status().unwrap_or_default().to_owned(),
                earliest: window
                    .and_then(|window| window.earliest_time())
                    .and_then(timestamp),
                latest: window.and_then(|window| window.latest_time()).and_then(timestamp),
                encrypted: seen.encrypted(),
            });
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(backups);
        }
    }
}
