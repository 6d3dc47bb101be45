//! The keys and certificates of one cluster: made anew for each platform, kept in its state folder.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Use, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its private key (PKCS#8).
    pub key: String,
}

/// The authority that the cluster's clients and servers trust.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pair: Pair,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(..)")
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pair(..)")
    }
}

impl Authority {
    /// A new authority with a new key (ECDSA P-256).
    ///
    /// # Errors
    ///
    /// When the key cannot be made.
    pub fn new(common_name: &str) -> Result<Self> {
        let mut params = named(common_name, None, Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let key = KeyPair::generate()?;
        let pair = Pair {
            certificate: params.self_signed(&key)?.pem(),
            key: key.serialize_pem(),
        };
        Ok(Self {
            issuer: Issuer::new(params, key),
            pair,
        })
    }

    /// The authority's own certificate and key.
    #[must_use]
    pub const fn pair(&self) -> &Pair {
        &self.pair
    }

    /// A certificate for a server known by `names` (host names and IP addresses).
    ///
    /// # Errors
    ///
    /// When a name is no host name.
    pub fn server(&self, common_name: &str, names: &[&str]) -> Result<Pair> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.issue(named(common_name, None, names)?, Use::ServerAuth)
    }

    /// A certificate for a client: Kubernetes reads the user from the common name, the group from the organisation.
    ///
    /// # Errors
    ///
    /// When the key cannot be made.
    pub fn client(&self, user: &str, group: &str) -> Result<Pair> {
        self.issue(named(user, Some(group), Vec::new())?, Use::ClientAuth)
    }

    fn issue(&self, mut params: CertificateParams, usage: Use) -> Result<Pair> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok(Pair {
            certificate: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// A key that signs service account tokens: private key and public key, PEM.
///
/// # Errors
///
/// When the key cannot be made.
pub fn signing_key() -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn named(common_name: &str, group: Option<&str>, names: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.remove(DnType::CommonName);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

/// Writes `content` to a file that only its owner may read, and gives its path.
///
/// # Errors
///
/// When the file cannot be written.
pub fn save(folder: &Path, name: &str, content: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut file = std::fs::File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    std::io::Write::write_all(&mut file, content.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
