//! Wiring of the `connection-exhaustion` Lambda. Nothing here is worth a test; see the library.

use connection_exhaustion::ConnectionExhaustion;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_action::<ConnectionExhaustion>()).await
}
