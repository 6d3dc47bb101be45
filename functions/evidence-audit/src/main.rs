//! Wiring of the `evidence-audit` Lambda. Nothing here is worth a test; see the library.

use evidence_audit::EvidenceAudit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve::<EvidenceAudit>()).await
}
