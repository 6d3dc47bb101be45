//! The record that a drill left in S3.

use day2_core::{Cause, Observed, Unreadable};
use day2_reads::object;
use day2_reads::times::Times;

use super::Clients;
use crate::facts::DrillRecord;
use crate::settings::Plan;

/// Most bytes of a record; ours is a few hundred.
const MOST_BYTES: usize = 64 * 1024;

/// Reads the record, if the plan names one.
pub(super) async fn record(clients: &Clients, plan: &Plan, times: &Times) -> Option<Observed<DrillRecord>> {
    let place = plan.restore_proof.as_ref()?.record.as_ref()?;
    let bucket = place.bucket.as_str();
    let bytes = object::small(&clients.s3, times, bucket, &place.key, MOST_BYTES).await;
    Some(bytes.and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|error| {
            Unreadable::new(
                "read the drill's record",
                format!("s3://{bucket}/{}", place.key),
                Cause::Malformed,
                error.to_string(),
            )
        })
    }))
}
