//! Wiring of the `ha-status` Lambda. Nothing here is worth a test; see the library.

use ha_status::HaStatus;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<HaStatus>()).await
}
