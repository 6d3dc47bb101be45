//! Wiring of the `doctor` Lambda. Nothing here is worth a test; see the library.

use doctor::Doctor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<Doctor>()).await
}
