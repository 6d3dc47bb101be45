//! Policies of the administrators' tier. They are judged before every `NetworkPolicy`: what one accepts, no quarantine of
//! ours can refuse.

use serde::Deserialize;

use super::Kind;
use super::meta::Meta;

/// A policy above all policies of namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct HigherPolicy {
    /// Name.
    pub name: String,
    /// A rule accepts something that comes in. Whom it is for is not resolved here.
    pub accepts_ingress: bool,
    /// A rule accepts something that goes out. Whom it is for is not resolved here.
    pub accepts_egress: bool,
}

/// `ClusterNetworkPolicy` of the VPC CNI (source: EKS user guide, "Use admin network policies").
#[derive(Debug)]
pub(crate) enum EksClusterPolicies {}

/// `AdminNetworkPolicy` (source: Network Policy API, `v1alpha1`).
#[derive(Debug)]
pub(crate) enum AdminPolicies {}

/// `ClusterNetworkPolicy` (source: Network Policy API, `v1alpha2`).
#[derive(Debug)]
pub(crate) enum ClusterPolicies {}

impl Kind for EksClusterPolicies {
    type Object = HigherPolicy;
    const GROUP: &'static str = "networking.k8s.aws";
    const VERSION: &'static str = "v1alpha1";
    const PLURAL: &'static str = "clusternetworkpolicies";
}

impl Kind for AdminPolicies {
    type Object = HigherPolicy;
    const GROUP: &'static str = "policy.networking.k8s.io";
    const VERSION: &'static str = "v1alpha1";
    const PLURAL: &'static str = "adminnetworkpolicies";
}

impl Kind for ClusterPolicies {
    type Object = HigherPolicy;
    const GROUP: &'static str = "policy.networking.k8s.io";
    const VERSION: &'static str = "v1alpha2";
    const PLURAL: &'static str = "clusternetworkpolicies";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
struct Spec {
    tier: Option<String>,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Rule {
    action: Option<String>,
}

impl From<Wire> for HigherPolicy {
    fn from(wire: Wire) -> Self {
        let spec = wire.spec.unwrap_or_default();
        // `Baseline` is judged after the policies of namespaces. `Deny` opens nothing, and `Pass` leaves the word to them;
        // a word that is not known may open.
        let above = spec.tier.as_deref() != Some("Baseline");
        let accepts = |rules: Option<Vec<Rule>>| {
            let accepts = |rule: &Rule| !matches!(rule.action.as_deref(), Some("Deny" | "Pass"));
            above && rules.unwrap_or_default().iter().any(accepts)
        };
        Self {
            name: wire.metadata.unwrap_or_default().name.unwrap_or_default(),
            accepts_ingress: accepts(spec.ingress),
            accepts_egress: accepts(spec.egress),
        }
    }
}
