//! A `ReplicaSet`: the link between a pod and its Deployment.

use serde::Deserialize;

use super::meta::{Int, Meta, count};
use super::{Kind, Owner};

/// A `ReplicaSet`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ReplicaSet {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its Deployment or other controller (Argo `Rollout`, …); none for a bare one.
    pub owner: Option<Owner>,
    /// `spec.replicas`; 1 when left out.
    pub replicas: i64,
    /// Ready pods.
    pub ready: i64,
}

impl Kind for ReplicaSet {
    type Object = Self;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "replicasets";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct Spec {
    replicas: Option<Int>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    ready_replicas: Option<Int>,
}

impl From<Wire> for ReplicaSet {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        Self {
            owner: meta.owner(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            replicas: wire
                .spec
                .and_then(|spec| spec.replicas)
                .map_or(1, |replicas| replicas.0),
            ready: count(wire.status.and_then(|state| state.ready_replicas)),
        }
    }
}
