//! A `Certificate` of cert-manager.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, count};
use super::{Condition, Kind};

/// A `Certificate` of `cert-manager.io/v1`. Its dates are those of the certificate in the Secret that it names (source:
/// cert-manager API reference, `CertificateStatus`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Certificate {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The Secret that it fills; named, never read.
    pub secret: String,
    /// Host names that it is for (`spec.dnsNames`), as they are written; the first label may be `*`.
    pub dns_names: Vec<String>,
    /// `Ready`, `Issuing`.
    pub conditions: Vec<Condition>,
    /// Begin of validity of the certificate in the Secret: about when it was issued, less what its issuer dates it back.
    pub not_before: Option<Timestamp>,
    /// End of validity of the certificate in the Secret.
    pub not_after: Option<Timestamp>,
    /// When cert-manager will renew it.
    pub renewal_time: Option<Timestamp>,
    /// Attempts to issue that failed since the last success.
    pub failed_attempts: i64,
    /// When the last attempt failed.
    pub last_failure: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

impl Kind for Certificate {
    type Object = Self;
    const GROUP: &'static str = "cert-manager.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "certificates";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    secret_name: Option<String>,
    dns_names: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    conditions: Option<Vec<Condition>>,
    not_before: Option<Time>,
    not_after: Option<Time>,
    renewal_time: Option<Time>,
    failed_issuance_attempts: Option<Int>,
    last_failure_time: Option<Time>,
}

impl From<Wire> for Certificate {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let at = |time: Option<Time>| time.and_then(|time| time.0);
        Self {
            created_at: meta.created_at(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            secret: spec.secret_name.unwrap_or_default(),
            dns_names: spec.dns_names.unwrap_or_default(),
            conditions: state.conditions.unwrap_or_default(),
            not_before: at(state.not_before),
            not_after: at(state.not_after),
            renewal_time: at(state.renewal_time),
            failed_attempts: count(state.failed_issuance_attempts),
            last_failure: at(state.last_failure_time),
        }
    }
}
