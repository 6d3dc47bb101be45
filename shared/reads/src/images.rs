//! Machine images (`ec2:DescribeImages`).

use aws_sdk_ec2::Client;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "ec2:DescribeImages";

/// One Amazon Machine Image (API `Image`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Id.
    pub id: String,
    /// `available`, `pending`, `disabled`, `deregistered`, `failed`, …
    pub state: String,
    /// `x86_64`, `arm64`, …
    pub architecture: String,
    /// From when on it is deprecated. That hides it from those who search; who knows its id still launches it.
    pub deprecated_at: Option<Timestamp>,
    /// Whether the account's Allowed AMIs let it be launched; absent where they are not in force.
    pub allowed: Option<bool>,
}

/// One image by its id, also a deprecated and a disabled one, which are otherwise left out. One call for each id: a call for
/// several fails as a whole when one of them is gone.
///
/// # Errors
///
/// [`Cause::NotFound`] when it does not exist or is not shared with this account; any other when it could not be read.
pub async fn by_id(client: &Client, times: &Times, id: &str) -> Observed<Image> {
    times.within(ACTION, id, read(client, id)).await
}

async fn read(client: &Client, id: &str) -> Observed<Image> {
    let answer = client
        .describe_images()
        .image_ids(id)
        .include_deprecated(true)
        .include_disabled(true)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, id, &error))?;
    let images = listed(ACTION, id, "imagesSet", answer.images.as_deref())?;
    let seen = images.first().ok_or_else(|| {
        let why = "no image has this id";
        Unreadable::new(ACTION, id, Cause::NotFound, why)
    })?;
    Ok(Image {
        id: id.to_owned(),
        state: seen
            .state()
            .map(|state| state.as_str().to_owned())
            .ok_or_else(|| lacks(ACTION, id, "imageState"))?,
        architecture: seen
            .architecture()
            .map(|architecture| architecture.as_str().to_owned())
            .ok_or_else(|| lacks(ACTION, id, "architecture"))?,
        deprecated_at: seen.deprecation_time().and_then(|at| at.parse().ok()),
        allowed: seen.image_allowed(),
    })
}
