//! Certificates in the Secrets that the settings name.

use day2_core::Observed;
use day2_probe::Chain;

/// One declared Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What was found there.
    pub found: Observed<Stored>,
}

/// What a Secret holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// There is no such Secret.
    Nothing,
    /// It has no certificate under `tls.crt`, or one that cannot be read, and why.
    Unusable(String),
    /// A certificate, with those of the authorities that stand behind it.
    Chain(Chain),
}
