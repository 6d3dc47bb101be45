//! Every version under a prefix (API `ListObjectVersions`, IAM action `s3:ListBucketVersions`).

use aws_sdk_s3::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::{Cause, Observed, Unreadable};

use super::LIST;
use crate::facts::{Listing, Marker, Version};

/// Most versions that are listed: what some thousand captures hold. More are an error and no silent end.
const MOST: usize = 100_000;

/// Lists versions and delete markers.
///
/// # Errors
///
/// When the list could not be read completely.
pub(super) async fn versions(s3: &Client, bucket: &str, prefix: &str) -> Observed<Listing> {
    let place = format!("{bucket}/{prefix}");
    let malformed = |what: &str| Unreadable::new(LIST, place.as_str(), Cause::Malformed, what);
    let mut listing = Listing::default();
    let mut pages = Pages::new(LIST, place.as_str());
    let (mut key_marker, mut version_marker) = (None, None);
    loop {
        let page = s3
            .list_object_versions()
            .bucket(bucket)
            .prefix(prefix)
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .send()
            .await
            .map_err(|error| unreadable(LIST, place.as_str(), &error))?;
        // An answer without the name of the bucket is not this answer, but for example an empty body.
        if page.name() != Some(bucket) {
            return Err(malformed("the answer does not name the bucket"));
        }
        for seen in page.versions() {
            let version = seen
                .key()
                .zip(seen.version_id())
                .zip(seen.last_modified().and_then(timestamp));
            let ((key, id), written_at) =
                version.ok_or_else(|| malformed("a version has no key, id or time"))?;
            listing.versions.push(Version {
                key: key.to_owned(),
                id: id.to_owned(),
                bytes: seen
                    .size()
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or(u64::MAX),
                written_at,
            });
        }
        for seen in page.delete_markers() {
            let (key, id) = seen
                .key()
                .zip(seen.version_id())
                .ok_or_else(|| malformed("a delete marker has no key or id"))?;
            listing.markers.push(Marker {
                key: key.to_owned(),
                id: id.to_owned(),
            });
        }
        if listing.versions.len() + listing.markers.len() > MOST {
            let why = format!("more than {MOST} versions");
            return Err(Unreadable::new(LIST, place.as_str(), Cause::Partial, why));
        }
        if page.is_truncated() != Some(true) {
            return Ok(listing);
        }
        let next = page
            .next_key_marker()
            .ok_or_else(|| malformed("the list goes on and does not say where"))?;
        let token = format!("{next} {}", page.next_version_id_marker().unwrap_or_default());
        pages.next(Some(&token))?;
        key_marker = Some(next.to_owned());
        version_marker = page.next_version_id_marker().map(str::to_owned);
    }
}
