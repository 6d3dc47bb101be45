//! A `NetworkPolicy`: which pods it restricts, and what it lets through all the same.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::meta::{Meta, strings};
use super::{Kind, LabelSelector};
use crate::change::{OWNER_ANNOTATION, POD_UID_ANNOTATION, QUARANTINE_LABEL};

/// A `NetworkPolicy` of `networking.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct NetworkPolicy {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// Version of the whole object; opaque.
    pub resource_version: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The owner that our annotation names; none for a policy that is not ours.
    pub owner: Option<String>,
    /// The uid of the pod that our annotation names.
    pub pod_uid: Option<String>,
    /// Which pods of the namespace it is for; the empty selector means all of them.
    pub selector: LabelSelector,
    /// What comes in; none when it says nothing about that direction.
    pub ingress: Option<Opening>,
    /// What goes out; none when it says nothing about that direction.
    pub egress: Option<Opening>,
    /// It is being deleted.
    pub deleting: bool,
}

/// What a policy lets through in one direction. Without rules it lets through nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening {
    /// Number of rules. Each opens something; what exactly is not resolved here.
    pub rules: usize,
    /// One of them opens everything: it names neither peers nor ports.
    pub everything: bool,
}

impl Kind for NetworkPolicy {
    type Object = Self;
    const GROUP: &'static str = "networking.k8s.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "networkpolicies";
}

/// A policy of the VPC CNI with domain names, in the same shape (source: EKS user guide, "Use application network
/// policies").
#[derive(Debug)]
pub(crate) enum ApplicationNetworkPolicies {}

impl Kind for ApplicationNetworkPolicies {
    type Object = NetworkPolicy;
    const GROUP: &'static str = "networking.k8s.aws";
    const VERSION: &'static str = "v1alpha1";
    const PLURAL: &'static str = "applicationnetworkpolicies";
}

impl Opening {
    /// Nothing passes by this policy.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.rules == 0
    }
}

impl NetworkPolicy {
    /// Whether it restricts a pod with these labels, of the same namespace.
    #[must_use]
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.selector.matches(labels)
    }

    /// Whether it is a quarantine as we make it, of the pod with this uid and by this value of the label: it selects by the
    /// label alone, restricts both directions and opens nothing.
    #[must_use]
    pub fn is_quarantine_of(&self, pod_uid: &str, value: &str) -> bool {
        let closed = |opening: Option<Opening>| opening.is_some_and(|opening| opening.is_closed());
        let by_label_alone = self.selector.match_expressions.is_empty()
            && self.selector.match_labels.len() == 1
            && self
                .selector
                .match_labels
                .get(QUARANTINE_LABEL)
                .map(String::as_str)
                == Some(value);
        self.owner.is_some()
            && self.pod_uid.as_deref() == Some(pod_uid)
            && by_label_alone
            && closed(self.ingress)
            && closed(self.egress)
            && !self.deleting
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    pod_selector: Option<LabelSelector>,
    policy_types: Option<Vec<String>>,
    ingress: Option<Vec<Value>>,
    egress: Option<Vec<Value>>,
}

/// A rule names peers (`from`, `to`) and `ports`; an empty or missing list of either stands for all of them.
fn opening(rules: &[Value]) -> Opening {
    let names = |rule: &Value, field: &str| {
        rule.get(field)
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty())
    };
    let everything = |rule: &&Value| !["from", "to", "ports"].iter().any(|field| names(rule, field));
    Opening {
        rules: rules.len(),
        everything: rules.iter().any(|rule| everything(&rule)),
    }
}

impl From<Wire> for NetworkPolicy {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let mut annotations = strings(meta.annotations.take());
        let (ingress, egress) = (spec.ingress.unwrap_or_default(), spec.egress.unwrap_or_default());
        // Without types, ingress is always meant, and egress if there is a rule for it (Kubernetes API reference).
        let restricts = |kind: &str, by_default: bool| match spec.policy_types.as_deref() {
            None | Some([]) => by_default,
            Some(kinds) => kinds.iter().any(|one| one == kind),
        };
        Self {
            deleting: meta.deleting_since().is_some(),
            ingress: restricts("Ingress", true).then(|| opening(&ingress)),
            egress: restricts("Egress", !egress.is_empty()).then(|| opening(&egress)),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            labels: strings(meta.labels),
            owner: annotations.remove(OWNER_ANNOTATION),
            pod_uid: annotations.remove(POD_UID_ANNOTATION),
            selector: spec.pod_selector.unwrap_or_default(),
        }
    }
}
