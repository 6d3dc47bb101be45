//! Who changed an object and when, from its metadata alone: what it holds is not read.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Meta, Time};
use super::{Kind, Owner};

/// The traces of changes in the metadata of an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Trace {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Controlling owner.
    pub owner: Option<Owner>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// The last change of anything but its status, and the client that made it, as `managedFields` records it.
    pub changed: Option<(Timestamp, String)>,
    /// A lock of a leader election, which its holder writes again every few seconds.
    pub is_lock: bool,
}

/// Config maps, of which the metadata is read only.
#[derive(Debug)]
pub enum ConfigMaps {}

/// Replica sets, of which the metadata is read only: each is one template of its Deployment.
#[derive(Debug)]
pub enum ReplicaSets {}

/// Controller revisions, of which the metadata is read only: each is one template of a `StatefulSet` or `DaemonSet`.
#[derive(Debug)]
pub enum ControllerRevisions {}

impl Kind for ConfigMaps {
    type Object = Trace;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "configmaps";
    const METADATA_ONLY: bool = true;
}

impl Kind for ReplicaSets {
    type Object = Trace;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "replicasets";
    const METADATA_ONLY: bool = true;
}

impl Kind for ControllerRevisions {
    type Object = Trace;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "controllerrevisions";
    const METADATA_ONLY: bool = true;
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

#[derive(Deserialize)]
struct Managed {
    manager: Option<String>,
    subresource: Option<String>,
    time: Option<Time>,
}

impl From<Wire> for Trace {
    fn from(wire: Wire) -> Self {
        let Metadata {
            mut meta,
            managed_fields,
        } = wire.metadata.unwrap_or_default();
        let changed = managed_fields
            .unwrap_or_default()
            .into_iter()
            .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty())
            .filter_map(|entry| Some((entry.time?.0?, entry.manager.unwrap_or_default())))
            .max();
        let is_lock = meta
            .annotations
            .as_ref()
            .is_some_and(|all| all.contains_key("control-plane.alpha.kubernetes.io/leader"));
        Self {
            is_lock,
            owner: meta.owner(),
            created_at: meta.created_at(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            changed,
        }
    }
}
