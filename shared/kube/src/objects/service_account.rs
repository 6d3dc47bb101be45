//! A service account: as whom a pod acts, in the cluster and in AWS.

use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, strings};

/// A `ServiceAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ServiceAccount {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// The IAM role of IRSA, from the annotation `eks.amazonaws.com/role-arn` (source: EKS user guide, "IAM roles for
    /// service accounts"). A role of EKS Pod Identity does not stand here.
    pub role_arn: Option<String>,
}

impl Kind for ServiceAccount {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "serviceaccounts";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
}

impl From<Wire> for ServiceAccount {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        Self {
            role_arn: strings(meta.annotations.take())
                .remove("eks.amazonaws.com/role-arn")
                .filter(|arn| !arn.is_empty()),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
        }
    }
}
