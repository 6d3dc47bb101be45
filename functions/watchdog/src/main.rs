//! Wiring of the `watchdog` Lambda. Nothing here is worth a test; see the library.

use watchdog::Watchdog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<Watchdog>()).await
}
