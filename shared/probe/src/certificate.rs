//! The certificates that an endpoint serves.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, Error};
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

/// The chain that a text holds, in PEM, leaf first; other sections, such as keys, are passed over. Source: RFC 7468; RFC 8446,
/// section 4.4.2, for the order.
///
/// # Errors
///
/// Which certificate cannot be read, and why; also when there is none.
pub fn chain_of_pem(pem: &str) -> Result<Chain, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.map_err(|error| format!("it is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    chain(&certificates)
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
        .map_err(|error| format!("the certificate cannot be read: {error}"))?;
    let time = |seconds| {
        Timestamp::from_second(seconds)
            .map_err(|error| format!("the certificate begins or ends at no time: {error}"))
    };
    Ok(Certificate {
        names: names(&parsed),
        issuer: parsed.issuer().to_string(),
        serial: parsed.raw_serial_as_string(),
        begins: time(parsed.validity().not_before.timestamp())?,
        ends: time(parsed.validity().not_after.timestamp())?,
    })
}

/// When the certificate ended that a handshake was refused for, if that was the reason.
pub(crate) fn ended(refused: &std::io::Error) -> Option<Timestamp> {
    let inner = refused.get_ref()?.downcast_ref::<Error>()?;
    match inner {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Timestamp::from_second(i64::try_from(not_after.as_secs()).ok()?).ok()
        }
        _ => None,
    }
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
