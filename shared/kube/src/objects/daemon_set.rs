//! A DaemonSet: on how many nodes it should run, and on how many it does.

use serde::Deserialize;

use super::meta::{Int, Meta, count};
use super::{Kind, LabelSelector};

/// A DaemonSet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct DaemonSet {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Nodes that should run it.
    pub desired: i64,
    /// Nodes that should run it and have a pod of it, well or not.
    pub scheduled: i64,
    /// Nodes that run it although they should not.
    pub misscheduled: i64,
    /// Nodes where it is ready.
    pub ready: i64,
    /// Nodes where it has been ready for `minReadySeconds`.
    pub available: i64,
    /// Nodes that should run it and where it is not available.
    pub unavailable: i64,
    /// Version of the spec.
    pub generation: i64,
    /// Version of the spec that the status speaks about.
    pub observed_generation: i64,
    /// Which pods are its own.
    pub selector: Option<LabelSelector>,
}

impl Kind for DaemonSet {
    type Object = Self;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "daemonsets";
}

impl DaemonSet {
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
struct Spec {
    selector: Option<LabelSelector>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    desired_number_scheduled: Option<Int>,
    current_number_scheduled: Option<Int>,
    number_misscheduled: Option<Int>,
    number_ready: Option<Int>,
    number_available: Option<Int>,
    number_unavailable: Option<Int>,
    observed_generation: Option<Int>,
}

impl From<Wire> for DaemonSet {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            desired: count(state.desired_number_scheduled),
            scheduled: count(state.current_number_scheduled),
            misscheduled: count(state.number_misscheduled),
            ready: count(state.number_ready),
            available: count(state.number_available),
            unavailable: count(state.number_unavailable),
            generation: count(meta.generation),
            observed_generation: count(state.observed_generation),
            selector: wire.spec.and_then(|spec| spec.selector),
        }
    }
}
