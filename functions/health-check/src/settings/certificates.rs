//! Limits of the group `certificates`.

use day2_core::names::{DnsLabel, DnsName};
use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// Limits of the group `certificates`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct CertificateLimits {
    /// Least remaining validity, in days.
    #[deserr(default = 14)]
    pub min_days: u32,
    /// Time that a renewal may be late, in hours: until it is issued, and once it is, until the declared endpoints serve it.
    #[deserr(default = 24)]
    pub renewal_hours: u32,
    /// Time that issuing a new certificate may take, in minutes.
    #[deserr(default = 60)]
    pub issuing_minutes: u32,
    /// Secrets whose certificate is judged, for those that no cert-manager renews and no declared endpoint serves. Nothing else
    /// is read of them, and no other Secret; each needs a right of its own (`docs/functions/health-check.md`).
    #[deserr(default)]
    pub secrets: Vec<SecretName>,
}

/// One Secret with a certificate in `tls.crt`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct SecretName {
    /// Its namespace.
    pub namespace: DnsLabel,
    /// Its name.
    pub name: DnsName,
}

pub(super) fn validate(limits: &CertificateLimits, looked_at: bool, at: &mut Checker<'_>) {
    at.unique(
        "secrets",
        "name",
        "Secret",
        limits
            .secrets
            .iter()
            .map(|one| format!("{}/{}", one.namespace, one.name)),
    );
    at.require(
        looked_at || limits.secrets.is_empty(),
        "secrets",
        limits.secrets.len(),
        "are declared, and the group `certificates` is left out",
        "keep one of the two",
    );
}

impl Default for CertificateLimits {
    fn default() -> Self {
        Self {
            min_days: 14,
            renewal_hours: 24,
            issuing_minutes: 60,
            secrets: Vec::new(),
        }
    }
}
