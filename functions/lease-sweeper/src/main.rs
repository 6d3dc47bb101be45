//! Wiring of the `lease-sweeper` Lambda. Nothing here is worth a test; see the library.

use lease_sweeper::LeaseSweeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<LeaseSweeper>()).await
}
