//! An `EndpointSlice`: which pods a Service sends its traffic to.

use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, strings};

/// An `EndpointSlice` of `discovery.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct EndpointSlice {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Name of its Service; none for one that was made by hand.
    pub service: Option<String>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint that a pod stands behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Uid of the pod.
    pub pod_uid: String,
    /// It gets traffic; a missing condition counts as ready (source: Kubernetes API reference, `EndpointConditions`).
    pub ready: bool,
}

impl Kind for EndpointSlice {
    type Object = Self;
    const GROUP: &'static str = "discovery.k8s.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "endpointslices";
}

impl EndpointSlice {
    /// The endpoint of the pod with this uid, if it is among them.
    #[must_use]
    pub fn endpoint(&self, pod_uid: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.pod_uid == pod_uid)
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    endpoints: Option<Vec<EndpointWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndpointWire {
    target_ref: Option<Target>,
    conditions: Option<Conditions>,
}

#[derive(Deserialize)]
struct Target {
    kind: Option<String>,
    uid: Option<String>,
}

#[derive(Default, Deserialize)]
struct Conditions {
    ready: Option<bool>,
}

impl From<Wire> for EndpointSlice {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let endpoint = |wire: EndpointWire| {
            let target = wire.target_ref?;
            let pod = target.kind.as_deref() == Some("Pod");
            Some(Endpoint {
                pod_uid: target.uid.filter(|_| pod)?,
                ready: wire.conditions.unwrap_or_default().ready.unwrap_or(true),
            })
        };
        Self {
            service: strings(meta.labels.take()).remove("kubernetes.io/service-name"),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            endpoints: wire
                .endpoints
                .unwrap_or_default()
                .into_iter()
                .filter_map(endpoint)
                .collect(),
        }
    }
}
