//! What the VPC CNI's controller makes of a `NetworkPolicy` for its agents: resolved addresses. It is not proof that an
//! agent has enforced it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Kind;
use super::meta::Meta;

/// A `PolicyEndpoint` of `networking.k8s.aws/v1alpha1` (source: `aws/amazon-network-policy-controller-k8s`, API types).
/// One policy may have several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct PolicyEndpoint {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Name of the policy that it resolves, in its namespace.
    pub policy: String,
    /// Namespace of that policy.
    pub policy_namespace: String,
    /// Pods that it restricts.
    pub pods: Vec<RestrictedPod>,
    /// Its pods are isolated from what comes in.
    pub isolates_ingress: bool,
    /// Its pods are isolated from where they go.
    pub isolates_egress: bool,
    /// Addresses from which something may come in all the same.
    pub ingress: usize,
    /// Addresses to which something may go all the same.
    pub egress: usize,
    /// It is being deleted.
    pub deleting: bool,
}

/// A pod that a policy endpoint restricts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictedPod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its address, when this was resolved.
    pub ip: String,
}

impl Kind for PolicyEndpoint {
    type Object = Self;
    const GROUP: &'static str = "networking.k8s.aws";
    const VERSION: &'static str = "v1alpha1";
    const PLURAL: &'static str = "policyendpoints";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    policy_ref: Option<Reference>,
    pod_isolation: Option<Vec<String>>,
    pod_selector_endpoints: Option<Vec<PodWire>>,
    ingress: Option<Vec<IgnoredAny>>,
    egress: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
struct Reference {
    name: Option<String>,
    namespace: Option<String>,
}

#[derive(Deserialize)]
struct PodWire {
    name: Option<String>,
    namespace: Option<String>,
    #[serde(rename = "podIP")]
    ip: Option<String>,
}

impl From<Wire> for PolicyEndpoint {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let policy = spec.policy_ref.unwrap_or_default();
        let isolation = spec.pod_isolation.unwrap_or_default();
        let isolates = |direction: &str| isolation.iter().any(|one| one == direction);
        let pod = |wire: PodWire| RestrictedPod {
            namespace: wire.namespace.unwrap_or_default(),
            name: wire.name.unwrap_or_default(),
            ip: wire.ip.unwrap_or_default(),
        };
        Self {
            deleting: meta.deleting_since().is_some(),
            isolates_ingress: isolates("Ingress"),
            isolates_egress: isolates("Egress"),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            policy: policy.name.unwrap_or_default(),
            policy_namespace: policy.namespace.unwrap_or_default(),
            pods: spec
                .pod_selector_endpoints
                .unwrap_or_default()
                .into_iter()
                .map(pod)
                .collect(),
            ingress: spec.ingress.map_or(0, |rules| rules.len()),
            egress: spec.egress.map_or(0, |rules| rules.len()),
        }
    }
}
