//! A pod, as far as it matters whose quarantine it is in.

use serde::Deserialize;

use super::managed::{Managed, managers};
use super::meta::Meta;
use super::{Kind, PodDetail};
use crate::change::QUARANTINE_LABEL;

/// A pod's quarantine label and what is needed to change it safely.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct PodHold {
    /// Uid: a pod recreated under the same name has another one.
    pub(crate) uid: String,
    /// Version of the whole object; opaque.
    pub(crate) resource_version: String,
    /// The value of our label.
    pub(crate) label: Option<String>,
    /// Who set the label; empty when it is not told.
    pub(crate) label_managers: Vec<String>,
}

impl Kind for PodHold {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "pods";
}

impl PodHold {
    /// The same of a pod that was read already; none when it has the label, because who set it is not known then.
    pub(crate) fn of(pod: &PodDetail) -> Option<Self> {
        let labelled = pod.labels.contains_key(QUARANTINE_LABEL);
        (!labelled).then(|| Self {
            uid: pod.uid.clone(),
            resource_version: pod.resource_version.clone(),
            label: None,
            label_managers: Vec::new(),
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(flatten)]
    meta: Meta,
    managed_fields: Option<Vec<Managed>>,
}

impl From<Wire> for PodHold {
    fn from(wire: Wire) -> Self {
        let metadata = wire.metadata.unwrap_or_default();
        let label = format!("f:{QUARANTINE_LABEL}");
        Self {
            uid: metadata.meta.uid.unwrap_or_default(),
            resource_version: metadata.meta.resource_version.unwrap_or_default(),
            label: metadata
                .meta
                .labels
                .and_then(|mut labels| labels.remove(QUARANTINE_LABEL))
                .map(Option::unwrap_or_default),
            label_managers: managers(metadata.managed_fields, &["f:metadata", "f:labels", &label]),
        }
    }
}
