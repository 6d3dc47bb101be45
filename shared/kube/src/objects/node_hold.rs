//! A node, as far as it matters whose cordon it has.

use serde::Deserialize;

use super::Kind;
use super::managed::{Managed, managers};
use super::meta::Meta;
use crate::change::CORDON_ANNOTATION;

/// A node's cordon and what is needed to change it safely.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct NodeHold {
    /// Uid: a node that joined again under the same name has another one.
    pub(crate) uid: String,
    /// Version of the whole object; opaque.
    pub(crate) resource_version: String,
    /// Cordoned.
    pub(crate) unschedulable: bool,
    /// The owner that our annotation names.
    pub(crate) cordon_owner: Option<String>,
    /// Who set `spec.unschedulable` to what it is, as `metadata.managedFields` tells; empty when it does not tell.
    pub(crate) unschedulable_managers: Vec<String>,
    /// Whether it is being deleted.
    pub(crate) deleting: bool,
}

impl Kind for NodeHold {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodes";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Metadata>,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(flatten)]
    meta: Meta,
    managed_fields: Option<Vec<Managed>>,
}

#[derive(Default, Deserialize)]
struct Spec {
    unschedulable: Option<bool>,
}

impl From<Wire> for NodeHold {
    fn from(wire: Wire) -> Self {
        let metadata = wire.metadata.unwrap_or_default();
        let unschedulable_managers = managers(metadata.managed_fields, &["f:spec", "f:unschedulable"]);
        let deleting = metadata.meta.deleting_since().is_some();
        Self {
            uid: metadata.meta.uid.unwrap_or_default(),
            resource_version: metadata.meta.resource_version.unwrap_or_default(),
            unschedulable: wire.spec.and_then(|spec| spec.unschedulable).unwrap_or_default(),
            cordon_owner: metadata
                .meta
                .annotations
                .and_then(|mut annotations| annotations.remove(CORDON_ANNOTATION))
                .flatten(),
            unschedulable_managers,
            deleting,
        }
    }
}
