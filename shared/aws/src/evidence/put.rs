//! One object, written once and proven.

use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{ChecksumAlgorithm, ServerSideEncryption};
use aws_smithy_types::base64;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use day2_core::evidence::{Fingerprint, MAX_ATTEMPTS};
use day2_core::{Cause, Unreadable};
use tokio::time::sleep;

use super::{EvidenceStore, PUT};
use crate::error::{OpsError, aws};

/// Longest wait for one attempt. An artefact of 8 MiB takes a second within the region; twenty times that is a lost answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// Pause before the second attempt; doubled before the third.
const PAUSE: Duration = Duration::from_millis(200);

/// An object that S3 has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) key: String,
    pub(super) version_id: String,
}

/// Writes `bytes` under the key of an attempt, never over an object that is there, and compares the checksum that S3 has
/// computed of what it stored (`cases.md` K29). `abandon` is told of each key that may hold an object although it is not
/// proven.
///
/// The SDK does not try again by itself: after a lost answer its second attempt at the same key would be told that the
/// object is there already, and whether it is ours could not be seen without reading it.
///
/// # Errors
///
/// Of the last attempt.
pub(super) async fn proven(
    store: &EvidenceStore,
    key: &impl Fn(u32) -> String,
    bytes: Vec<u8>,
    sha256: Fingerprint,
    content_type: &str,
    abandon: impl Fn(&str, &str),
) -> Result<Stored, OpsError> {
    let body = SdkBody::from(bytes);
    let mut attempt = 1;
    loop {
        let key = key(attempt);
        // A body in memory can always be cloned, and the clone shares the bytes.
        let body = body.try_clone().unwrap_or_else(SdkBody::taken);
        let (error, again) = match send(store, &key, body, sha256, content_type).await {
            Ok(answer) => match examined(store, &answer, sha256) {
                Ok(version_id) => return Ok(Stored { key, version_id }),
                Err(why) => {
                    abandon(&key, &why);
                    let place = format!("{}/{key}", store.place.bucket);
                    (
                        OpsError::Read(Unreadable::new(PUT, place, Cause::Malformed, why)),
                        true,
                    )
                }
            },
            Err(error) => {
                let outcome = Outcome::of(&error);
                if outcome == Outcome::Unknown {
                    abandon(&key, "no answer says whether it was written");
                }
                let error = aws(PUT, format!("{}/{key}", store.place.bucket))(error);
                let again = outcome == Outcome::Occupied || error.is_transient();
                (error, again)
            }
        };
        if !again || attempt >= MAX_ATTEMPTS {
            return Err(error);
        }
        sleep(PAUSE * attempt).await;
        attempt += 1;
    }
}

async fn send(
    store: &EvidenceStore,
    key: &str,
    body: SdkBody,
    sha256: Fingerprint,
    content_type: &str,
) -> Result<PutObjectOutput, SdkError<PutObjectError>> {
    let once = aws_sdk_s3::config::Builder::default()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(crate::boot::CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(ATTEMPT_TIMEOUT)
                .build(),
        );
    store
        .s3
        .put_object()
        .bucket(store.place.bucket.as_str())
        .key(key)
        .if_none_match("*")
        .content_type(content_type)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .checksum_sha256(base64::encode(sha256.as_bytes()))
        .server_side_encryption(ServerSideEncryption::AwsKms)
        .ssekms_key_id(store.place.key_arn.as_str())
        .bucket_key_enabled(true)
        .body(ByteStream::new(body))
        .customize()
        .config_override(once)
        .send()
        .await
}

/// Whether the answer proves what was stored, and under which version. Source: API `PutObject`, response elements: S3
/// returns the checksum that it calculated, the version, and how the object is encrypted.
fn examined(store: &EvidenceStore, answer: &PutObjectOutput, sha256: Fingerprint) -> Result<String, String> {
    let expected = base64::encode(sha256.as_bytes());
    match answer.checksum_sha256() {
        None => return Err("S3 returned no checksum, so what it stored is not proven".to_owned()),
        Some(other) if other != expected => {
            return Err("S3 returned the checksum of other bytes than were sent".to_owned());
        }
        Some(_) => {}
    }
    if answer.server_side_encryption() != Some(&ServerSideEncryption::AwsKms) {
        return Err("S3 did not encrypt it with KMS".to_owned());
    }
    if answer.ssekms_key_id() != Some(store.place.key_arn.as_str()) {
        return Err("S3 encrypted it with another key than that of the evidence".to_owned());
    }
    // A bucket without versioning has no version, or the version `null`, which the next write replaces.
    answer
        .version_id()
        .filter(|version| !version.is_empty() && *version != "null")
        .map(str::to_owned)
        .ok_or_else(|| "the bucket keeps no versions, so the object could be replaced".to_owned())
}

/// What an error says about the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The key is taken, or just being written by somebody: 412, 409.
    /// Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
    Occupied,
    /// It was refused: nothing was written.
    Refused,
    /// It may have been written.
    Unknown,
}

impl Outcome {
    fn of(error: &SdkError<PutObjectError>) -> Self {
        match error {
            SdkError::ConstructionFailure(_) => Self::Refused,
            SdkError::ServiceError(answer) => match answer.raw().status().as_u16() {
                409 | 412 => Self::Occupied,
                _ if answer.err().code() == Some("PreconditionFailed") => Self::Occupied,
                400..500 => Self::Refused,
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}
