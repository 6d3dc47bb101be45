//! Waiting out what AWS says is busy at the moment: a few short pauses, and never past the deadline.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use day2_reads::times::Times;

/// Codes after which the same request succeeds in a moment (errors of API `SetDesiredCapacity` and
/// `TerminateInstanceInAutoScalingGroup`, and of `UpdateNodegroupConfig`).
const BUSY: [&str; 5] = [
    "ScalingActivityInProgress",
    "ScalingActivityInProgressFault",
    "ResourceContention",
    "ResourceContentionFault",
    "ResourceInUseException",
];

/// Attempts, the first included.
const ATTEMPTS: u32 = 3;

/// Pause before the second attempt; it doubles. Tests do not wait.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 2_000 });

/// Time that an attempt needs at least; without it no other is begun.
const LEAST: Duration = Duration::from_secs(5);

/// Whether the service is only busy.
fn is_busy(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| BUSY.contains(&code))
}

/// Calls until the service is no longer busy, or patience or time is at its end.
pub(super) async fn patiently<T, E: ProvideErrorMetadata>(
    times: &Times,
    mut call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut pause = FIRST_PAUSE;
    let mut tried = 1;
    loop {
        match call().await {
            Err(error) if is_busy(&error) && tried < ATTEMPTS && times.left() > pause + LEAST => {
                tokio::time::sleep(pause).await;
                pause *= 2;
                tried += 1;
            }
            answer => return answer,
        }
    }
}
