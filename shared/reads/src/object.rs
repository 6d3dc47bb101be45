//! One small object of a bucket (`s3:GetObject`).

use aws_sdk_s3::Client;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};

use crate::times::Times;

const ACTION: &str = "s3:GetObject";

/// Reads an object of at most `most_bytes`.
///
/// # Errors
///
/// When it does not exist, could not be read, or is larger.
pub async fn small(
    client: &Client,
    times: &Times,
    bucket: &str,
    key: &str,
    most_bytes: usize,
) -> Observed<Vec<u8>> {
    let place = format!("s3://{bucket}/{key}");
    times
        .within(ACTION, &place, read(client, bucket, key, &place, most_bytes))
        .await
}

async fn read(client: &Client, bucket: &str, key: &str, place: &str, most_bytes: usize) -> Observed<Vec<u8>> {
    let refused = |detail: String| Err(Unreadable::new(ACTION, place, Cause::Malformed, detail));
    let mut answer = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, place, &error))?;
    let mut bytes = Vec::new();
    loop {
        match answer.body.try_next().await {
            Ok(None) => return Ok(bytes),
            Ok(Some(piece)) if bytes.len() + piece.len() > most_bytes => {
                return refused(format!("it is larger than {most_bytes} bytes"));
            }
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Err(error) => return refused(format!("the answer broke off: {error}")),
        }
    }
}
