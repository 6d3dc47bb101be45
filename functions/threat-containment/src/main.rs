//! Wiring of the `threat-containment` Lambda. Nothing here is worth a test; see the library.

use threat_containment::{NAME, ThreatContainment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_app::<ThreatContainment>(NAME)).await
}
