//! Wiring of the `health-check` Lambda. Nothing here is worth a test; see the library.

use health_check::HealthCheck;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<HealthCheck>()).await
}
