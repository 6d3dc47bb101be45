//! Wiring of the `scale-window` Lambda. Nothing here is worth a test; see the library.

use scale_window::ScaleWindow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<ScaleWindow>()).await
}
