//! One version: its bytes as a hash, and its lock.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::ObjectLockRetentionMode;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::evidence::Fingerprint;
use day2_core::{Cause, Observed, Unreadable};
use sha2::{Digest as _, Sha256};

use super::{LOCK, READ};
use crate::facts::{Content, Lock, LockMode, Version};

/// Reads a version to its end and hashes it piece by piece. The first `keep` bytes are handed back.
///
/// # Errors
///
/// When it could not be read to its end.
pub(super) async fn content(
    s3: &Client,
    bucket: &str,
    version: &Version,
    keep: usize,
) -> Observed<(Content, Vec<u8>)> {
    let place = format!("{bucket}/{} version {}", version.key, version.id);
    let mut object = s3
        .get_object()
        .bucket(bucket)
        .key(&version.key)
        .version_id(&version.id)
        .send()
        .await
        .map_err(|error| unreadable(READ, place.as_str(), &error))?;
    let key_arn = object.ssekms_key_id().map(str::to_owned);
    let (mut hash, mut bytes, mut kept) = (Sha256::new(), 0_u64, Vec::new());
    while let Some(piece) = object.body.next().await {
        let piece = piece.map_err(|_| {
            let why = "the connection broke off within the object";
            Unreadable::new(READ, place.as_str(), Cause::Partial, why)
        })?;
        hash.update(&piece);
        bytes = bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let more = keep.saturating_sub(kept.len()).min(piece.len());
        kept.extend_from_slice(piece.get(..more).unwrap_or_default());
    }
    let content = Content {
        sha256: Fingerprint::from_digest(hash.finalize().into()),
        bytes,
        key_arn,
    };
    Ok((content, kept))
}

/// How long a version is locked; `None` when it is not.
///
/// # Errors
///
/// When S3 does not say.
pub(super) async fn lock(s3: &Client, bucket: &str, version: &Version) -> Observed<Option<Lock>> {
    let place = format!("{bucket}/{} version {}", version.key, version.id);
    let answer = s3
        .get_object_retention()
        .bucket(bucket)
        .key(&version.key)
        .version_id(&version.id)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        // Source: Amazon S3 API reference, "Error responses", list of error codes.
        Err(error) if error.code() == Some("NoSuchObjectLockConfiguration") => return Ok(None),
        Err(error) => return Err(unreadable(LOCK, place.as_str(), &error)),
    };
    let malformed = |what: &str| Unreadable::new(LOCK, place.as_str(), Cause::Malformed, what);
    // The SDK answers an empty body with an empty output: no lock would then be made up.
    let retention = answer
        .retention()
        .ok_or_else(|| malformed("the answer holds no retention"))?;
    let mode = match retention.mode() {
        Some(ObjectLockRetentionMode::Compliance) => LockMode::Compliance,
        Some(ObjectLockRetentionMode::Governance) => LockMode::Governance,
        _ => return Err(malformed("the retention has no mode that is known")),
    };
    let until = retention
        .retain_until_date()
        .and_then(timestamp)
        .ok_or_else(|| malformed("the retention has no end"))?;
    Ok(Some(Lock { mode, until }))
}
