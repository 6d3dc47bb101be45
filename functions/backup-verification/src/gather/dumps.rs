//! The newest objects below a prefix, however many there are.

use day2_core::Observed;
use day2_core::target::Target;
use day2_reads::objects::{self, Object};
use day2_reads::times::Times;

use super::Clients;
use crate::facts::{Dump, Dumps};
use crate::settings::DumpPolicy;

/// Lists one prefix.
pub(super) async fn dumps(
    clients: &Clients,
    target: &Target,
    policy: &DumpPolicy,
    times: &Times,
) -> Observed<Dumps> {
    let elsewhere = policy.region.as_ref().filter(|region| **region != target.region);
    let client = elsewhere.map_or_else(
        || clients.s3.clone(),
        |region| aws_sdk_s3::Client::new(&clients.in_region(region.as_str())),
    );
    let most = usize::try_from(policy.compare_last)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let suffix = policy.suffix.as_deref().unwrap_or_default();
    let mut found = Dumps::default();
    objects::below(&client, times, policy.bucket.as_str(), &policy.prefix, |object| {
        // What a console makes of a "folder" is an empty object whose key ends with a slash.
        if object.key.ends_with(suffix) && !object.key.ends_with('/') {
            newest(&mut found, object, most);
        }
    })
    .await?;
    Ok(found)
}

/// Keeps an object if it is among the `most` newest, so that memory does not grow with the bucket.
pub(super) fn newest(found: &mut Dumps, object: Object, most: usize) {
    found.count = found.count.saturating_add(1);
    let place = found
        .newest
        .partition_point(|known| known.at >= object.modified_at);
    if place < most {
        found.newest.insert(
            place,
            Dump {
                key: object.key,
                at: object.modified_at,
                bytes: object.bytes,
            },
        );
        found.newest.truncate(most);
    }
}
