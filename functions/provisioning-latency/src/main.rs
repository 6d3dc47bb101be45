//! Wiring of the `provisioning-latency` Lambda. Nothing here is worth a test; see the library.

use provisioning_latency::ProvisioningLatency;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_action::<ProvisioningLatency>()).await
}
