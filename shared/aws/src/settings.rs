//! Where the settings document comes from: the environment, or an object in S3 whose hash Terraform wrote beside it.

use std::time::Duration;

use day2_core::settings::{Mistakes, Settings, Validate, read};
use deserr::Deserr;
use sha2::{Digest, Sha256};

use crate::boot::{ATTEMPT_TIMEOUT, Environment};
use crate::error::{OpsError, aws};

/// Longest wait for the body of the document, which the time-outs of the call do not cover.
const BODY_TIMEOUT: Duration = ATTEMPT_TIMEOUT;

/// Reads the document and every mistake in it.
///
/// # Errors
///
/// [`OpsError::SettingsSource`] when the variable is missing, or the object is not the one that was deployed;
/// [`OpsError::Settings`] with all mistakes; [`OpsError::Aws`] when S3 does not give it.
pub async fn load<F>(environment: &Environment, s3: &aws_sdk_s3::Client) -> Result<Settings<F>, OpsError>
where
    F: Deserr<Mistakes> + Validate,
{
    let source = environment.settings.as_deref().map(str::trim).unwrap_or_default();
    if source.is_empty() {
        return Err(refused(
            "DAY2_SETTINGS is not set; deploy the function with its Terraform module",
        ));
    }
    let Some(place) = source.strip_prefix("s3://") else {
        return read(source).map_err(OpsError::Settings);
    };
    let (bucket, key) = place
        .split_once('/')
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        .ok_or_else(|| refused("DAY2_SETTINGS begins with s3:// and is not s3://bucket/key"))?;
    let expected = environment
        .settings_sha256
        .as_deref()
        .ok_or_else(|| refused("DAY2_SETTINGS names an object and DAY2_SETTINGS_SHA256 is not set"))?;
    let text = fetch(s3, bucket, key).await?;
    verify(&text, expected, source)?;
    let text = String::from_utf8(text).map_err(|_| refused(&format!("{source} is not UTF-8")))?;
    read(&text).map_err(OpsError::Settings)
}

async fn fetch(s3: &aws_sdk_s3::Client, bucket: &str, key: &str) -> Result<Vec<u8>, OpsError> {
    let resource = format!("s3://{bucket}/{key}");
    let object = s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(aws("s3:GetObject", &resource))?;
    let partial = |why: String| {
        let cause = day2_core::Cause::Partial;
        OpsError::Read(day2_core::Unreadable::new("s3:GetObject", &resource, cause, why))
    };
    match tokio::time::timeout(BODY_TIMEOUT, object.body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_vec()),
        Ok(Err(why)) => Err(partial(crate::error::chain(&why))),
        Err(_) => Err(partial(format!(
            "no whole body within {} s",
            BODY_TIMEOUT.as_secs()
        ))),
    }
}

fn verify(text: &[u8], expected: &str, source: &str) -> Result<(), OpsError> {
    let actual = hex(&Sha256::digest(text));
    if actual.eq_ignore_ascii_case(expected.trim()) {
        return Ok(());
    }
    Err(refused(&format!(
        "{source} hashes to {actual}, and DAY2_SETTINGS_SHA256 is {expected}: the object is not the deployed one; apply Terraform again"
    )))
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

fn refused(why: &str) -> OpsError {
    OpsError::SettingsSource(why.to_owned())
}

#[cfg(test)]
mod tests;
