//! TLS that trusts one cluster and nobody else: the roots are the CA certificates that `DescribeCluster` returned.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Reads `certificateAuthority.data` (base64 of one or more PEM certificates) and trusts all of it.
///
/// # Errors
///
/// In words: not base64, no certificate in it, or a certificate that cannot serve as a root.
pub(crate) fn trusting(ca_data: &str) -> Result<ClientConfig, String> {
    let pem = STANDARD
        .decode(ca_data.trim())
        .map_err(|error| format!("certificate authority data is not base64: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| format!("certificate authority data is not PEM: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("a certificate of the cluster's CA cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        return Err("certificate authority data holds no certificate".to_owned());
    }
    // The provider is named here rather than installed for the process, so that no other crate can change it.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
