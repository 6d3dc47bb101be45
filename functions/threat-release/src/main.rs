//! Wiring of the `threat-release` Lambda. Nothing here is worth a test; see the library.

use threat_release::ThreatRelease;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_action::<ThreatRelease>()).await
}
