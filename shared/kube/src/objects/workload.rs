//! A Deployment or `StatefulSet`: what was asked for, and how far its controller has come.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, count};
use super::{Condition, Kind, LabelSelector};

/// A Deployment, read as [`Deployments`].
pub type Deployment = Workload;

/// A `StatefulSet`, read as [`StatefulSets`].
pub type StatefulSet = Workload;

/// Replicas asked for and there. Deployments and stateful sets say it in the same fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Workload {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `spec.replicas`; 1 when left out, as the API defaults it.
    pub replicas: i64,
    /// `status.replicas`: pods that are there, well or not. Those of a `StatefulSet` count until they are gone (source: Kubernetes,
    /// `pkg/controller/statefulset/stateful_set_control.go`, `computeReplicaStatus`).
    pub present: i64,
    /// Ready pods.
    pub ready: i64,
    /// Pods ready for `minReadySeconds`.
    pub available: i64,
    /// Pods of the newest template.
    pub updated: i64,
    /// `spec.podManagementPolicy` is `OrderedReady`: no pod is made before all of lower number are available (source: the same file,
    /// `processReplica`). Only a `StatefulSet` has it.
    pub in_order: bool,
    /// Version of the spec.
    pub generation: i64,
    /// Version of the spec that the status speaks about; a smaller number than `generation` means that the
    /// counts above are about an older spec.
    pub observed_generation: i64,
    /// Which pods are its own.
    pub selector: Option<LabelSelector>,
    /// `Available`, `Progressing`, `ReplicaFailure`; a `StatefulSet` has none by itself.
    pub conditions: Vec<Condition>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// The kind of list that yields a [`Deployment`].
#[derive(Debug)]
pub enum Deployments {}

/// The kind of list that yields a [`StatefulSet`].
#[derive(Debug)]
pub enum StatefulSets {}

impl Kind for StatefulSets {
    type Object = Workload;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "statefulsets";
}

impl Kind for Deployments {
    type Object = Workload;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "deployments";
}

impl Workload {
    /// Whether the counts speak about the present spec.
    #[must_use]
    pub const fn is_observed(&self) -> bool {
        self.observed_generation >= self.generation
    }
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
    replicas: Option<Int>,
    pod_management_policy: Option<String>,
    selector: Option<LabelSelector>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    replicas: Option<Int>,
    ready_replicas: Option<Int>,
    available_replicas: Option<Int>,
    updated_replicas: Option<Int>,
    observed_generation: Option<Int>,
    conditions: Option<Vec<Condition>>,
}

impl From<Wire> for Workload {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            deleting_since: meta.deleting_since(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            replicas: spec.replicas.map_or(1, |replicas| replicas.0),
            present: count(state.replicas),
            ready: count(state.ready_replicas),
            available: count(state.available_replicas),
            updated: count(state.updated_replicas),
            in_order: spec.pod_management_policy.as_deref() == Some("OrderedReady"),
            generation: count(meta.generation),
            observed_generation: count(state.observed_generation),
            selector: spec.selector,
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
