//! Wiring of the `backup-verification` Lambda. Nothing here is worth a test; see the library.

use backup_verification::BackupVerification;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<BackupVerification>()).await
}
