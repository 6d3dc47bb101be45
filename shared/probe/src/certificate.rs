//! The certificates that an endpoint serves, kept whether or not they are accepted.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

/// What a client was served, leaf first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The endpoint's own certificate.
    pub leaf: Certificate,
    /// Certificates of authorities that came with it. One of them that ends takes the endpoint down as well.
    pub authorities: Vec<Certificate>,
}

impl Chain {
    /// The certificate that ends first.
    #[must_use]
    pub fn first_to_end(&self) -> &Certificate {
        self.authorities.iter().fold(
            &self.leaf,
            |first, one| {
                if one.ends < first.ends { one } else { first }
            },
        )
    }
}

/// One certificate, as it says of itself. All texts are those of whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for: the DNS names and addresses of its alternative names, or its subject where it has none.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Serial number in hexadecimal, by which a renewed certificate is told from the one before.
    pub serial: String,
    /// Begin of its validity.
    pub begins: Timestamp,
    /// End of its validity.
    pub ends: Timestamp,
}

/// The chain in words of its own.
///
/// # Errors
///
/// Which certificate cannot be read, and why.
pub(crate) fn chain(served: &[CertificateDer<'_>]) -> Result<Chain, String> {
    let mut read = served.iter().map(certificate);
    let leaf = read.next().ok_or("no certificate was served")??;
    Ok(Chain {
        leaf,
        authorities: read.collect::<Result<_, _>>()?,
    })
}

fn certificate(der: &CertificateDer<'_>) -> Result<Certificate, String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(der)
        .map_err(|error| format!("the served certificate cannot be read: {error}"))?;
    let time = |seconds| {
        Timestamp::from_second(seconds)
            .map_err(|error| format!("the served certificate begins or ends at no time: {error}"))
    };
    Ok(Certificate {
        names: names(&parsed),
        issuer: parsed.issuer().to_string(),
        serial: parsed.raw_serial_as_string(),
        begins: time(parsed.validity().not_before.timestamp())?,
        ends: time(parsed.validity().not_after.timestamp())?,
    })
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let alternative = parsed
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| extension.value.general_names.as_slice())
        .unwrap_or_default();
    let names: Vec<String> = alternative.iter().filter_map(name).collect();
    if names.is_empty() {
        vec![parsed.subject().to_string()]
    } else {
        names
    }
}

fn name(seen: &GeneralName<'_>) -> Option<String> {
    match seen {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
            longer => <[u8; 16]>::try_from(longer)
                .ok()
                .map(|octets| std::net::Ipv6Addr::from(octets).to_string()),
        },
        _ => None,
    }
}

/// Verifies as always, and keeps what was served before it decides. A refused chain ends the handshake, so that nothing
/// is sent to a server that was not verified.
#[derive(Debug)]
pub(crate) struct Keeping {
    verifier: Arc<WebPkiServerVerifier>,
    served: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Keeping {
    pub(crate) fn new(verifier: Arc<WebPkiServerVerifier>) -> Self {
        Self {
            verifier,
            served: OnceLock::new(),
        }
    }

    /// What was served, if the handshake came that far.
    pub(crate) fn served(&self) -> Option<&[CertificateDer<'static>]> {
        self.served.get().map(Vec::as_slice)
    }
}

impl ServerCertVerifier for Keeping {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        authorities: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(leaf).chain(authorities);
        // One connection has one handshake, and a later one would not be another server.
        let _ = self.served.set(all.map(|one| one.clone().into_owned()).collect());
        self.verifier
            .verify_server_cert(leaf, authorities, name, stapled, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
