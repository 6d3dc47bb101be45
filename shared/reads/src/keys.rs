//! Keys of KMS (`kms:DescribeKey`).

use aws_sdk_kms::Client;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "kms:DescribeKey";

/// One key (API `KeyMetadata`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// ARN, or the id that was asked for.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion`, `PendingImport`, `Unavailable`, …
    pub state: String,
    /// When it will be gone, for one whose deletion is scheduled.
    pub deleted_at: Option<Timestamp>,
    /// Managed by AWS (`aws/rds`): it cannot be shared, so that what it encrypts cannot be copied to another account.
    pub managed_by_aws: bool,
}

/// Describes one key, by its ARN. A snapshot is as good as its key: without it nothing can be restored.
///
/// # Errors
///
/// When it could not be read, or does not exist.
pub async fn describe(client: &Client, times: &Times, key: &str) -> Observed<Key> {
    times.within(ACTION, key, read(client, key)).await
}

async fn read(client: &Client, key: &str) -> Observed<Key> {
    let answer = client
        .describe_key()
        .key_id(key)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, key, &error))?;
    let seen = answer
        .key_metadata()
        .ok_or_else(|| lacks(ACTION, key, "KeyMetadata"))?;
    Ok(Key {
        arn: seen.arn().unwrap_or(key).to_owned(),
        state: seen
            .key_state()
            .ok_or_else(|| lacks(ACTION, key, "KeyState"))?
            .as_str()
            .to_owned(),
        deleted_at: seen.deletion_date().and_then(timestamp),
        managed_by_aws: seen
            .key_manager()
            .is_some_and(|manager| manager.as_str() == "AWS"),
    })
}
