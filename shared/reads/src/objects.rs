//! Objects of a bucket (`s3:ListBucket`, which is what `ListObjectsV2` needs).

use aws_sdk_s3::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "s3:ListBucket";

/// One object, in its current version (API `Object`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Key.
    pub key: String,
    /// Size in bytes.
    pub bytes: u64,
    /// When it was written last.
    pub modified_at: Timestamp,
}

/// Goes through every object below a prefix, over all pages, and keeps of each what `keep` makes of it. S3 orders by key, not by
/// time, so that the newest may stand anywhere.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn below(
    client: &Client,
    times: &Times,
    bucket: &str,
    prefix: &str,
    keep: impl FnMut(Object),
) -> Observed<()> {
    let place = format!("s3://{bucket}/{prefix}");
    times
        .within(ACTION, &place, read(client, bucket, prefix, &place, keep))
        .await
}

async fn read(
    client: &Client,
    bucket: &str,
    prefix: &str,
    place: &str,
    mut keep: impl FnMut(Object),
) -> Observed<()> {
    let mut token = None;
    let mut pages = Pages::new(ACTION, place);
    loop {
        let page = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .set_continuation_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, place, &error))?;
        // An empty page has no `Contents` at all; its count tells it from an answer that was lost.
        let count = page.key_count().ok_or_else(|| lacks(ACTION, place, "KeyCount"))?;
        if usize::try_from(count) != Ok(page.contents().len()) {
            return Err(lacks(ACTION, place, "object for each that it counts"));
        }
        for seen in page.contents() {
            let key = seen.key().unwrap_or_default();
            keep(Object {
                key: key.to_owned(),
                bytes: seen
                    .size()
                    .and_then(|size| u64::try_from(size).ok())
                    .ok_or_else(|| lacks(ACTION, key, "Size"))?,
                modified_at: seen
                    .last_modified()
                    .and_then(timestamp)
                    .ok_or_else(|| lacks(ACTION, key, "LastModified"))?,
            });
        }
        token = pages.next(page.next_continuation_token())?;
        if token.is_none() {
            return Ok(());
        }
    }
}
