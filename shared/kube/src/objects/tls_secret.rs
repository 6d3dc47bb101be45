//! A Secret that holds a certificate, of which only the certificate is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Kind;

/// What is kept of a Secret: its certificate, which is public by nature. All other values, the private key among them, are
/// skipped while the answer is read and have no place in any type of ours.
///
/// The key of the certificate is that of the type `kubernetes.io/tls`; other types may use it too. Source: Kubernetes,
/// "Secrets", "TLS Secrets".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct TlsSecret {
    /// The value of `tls.crt`, in PEM; none where the Secret has no such key, or its value is no text.
    pub certificate: Option<String>,
}

impl Kind for TlsSecret {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "secrets";
}

#[derive(Deserialize)]
struct Wire {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "tls.crt")]
    certificate: Option<String>,
}

impl From<Wire> for TlsSecret {
    fn from(wire: Wire) -> Self {
        let encoded = wire.data.and_then(|data| data.certificate);
        let text = encoded
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        Self { certificate: text }
    }
}
