//! The declared endpoints, all at once.

use std::time::Duration;

use day2_probe::{Probe, Seen};
use day2_reads::times::Times;
use futures::future::join_all;

pub(super) async fn read(probes: &[Probe], times: &Times) -> Vec<Seen> {
    join_all(probes.iter().map(|probe| {
        // A little longer than its limit, so that a slow answer is seen as slow and not as missing.
        let patience =
            Duration::from_millis(probe.max_latency_ms.saturating_mul(2)).max(Duration::from_secs(5));
        day2_probe::ask(probe, crate::NAME, patience.min(times.left()))
    }))
    .await
}
