//! What a pod asks of the node it goes to: labels and tolerated taints, matched the way the scheduler does it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Taint;
use super::selector::{Requirement, RequirementWire};

/// The label that each node has for itself alone.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Taints that say how a node is at the moment, or that it has just come or is about to go (Kubernetes,
/// "Well-Known Labels, Annotations and Taints"; Cluster Autoscaler, `taints.go`). A new node of the same kind does not
/// have them for long.
const PASSING: [&str; 4] = [
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/",
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
];

/// The node selector, the required node affinity and the tolerations of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// `nodeSelector`: all must be there.
    pub node_selector: BTreeMap<String, String>,
    /// Terms of the required node affinity, of which one must hold; none where it has no such affinity.
    pub affinity: Option<Vec<Term>>,
    /// Taints that it bears.
    pub tolerations: Vec<Toleration>,
}

/// One term of a node affinity: all its requirements must hold, and a term without any matches no node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// About labels.
    pub labels: Vec<Requirement>,
    /// About fields, of which there is only `metadata.name`.
    pub fields: Vec<Requirement>,
}

/// One toleration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toleration {
    /// Key of the taint; empty for every key.
    pub key: String,
    /// Whether any value is borne (`Exists`).
    pub any_value: bool,
    /// Value otherwise.
    pub value: String,
    /// Effect; empty for every effect.
    pub effect: String,
}

impl Placement {
    /// Whether a *new* node of the same kind as one with these labels and taints would be allowed to take the pod. Its name
    /// is not known, so that nothing that asks for a certain node holds.
    #[must_use]
    pub fn fits(&self, labels: &BTreeMap<String, String>, taints: &[Taint]) -> bool {
        let mut labels = labels.clone();
        if let Some(hostname) = labels.get_mut(HOSTNAME) {
            hostname.clear();
        }
        let unnamed = BTreeMap::from([("metadata.name".to_owned(), String::new())]);
        self.node_selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .affinity
                .as_ref()
                .is_none_or(|terms| terms.iter().any(|term| term.holds(&labels, &unnamed)))
            && taints.iter().all(|taint| self.bears(taint))
    }

    fn bears(&self, taint: &Taint) -> bool {
        !matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
            || PASSING.iter().any(|key| taint.key.starts_with(key))
            || self.tolerations.iter().any(|toleration| toleration.bears(taint))
    }
}

impl Term {
    fn holds(&self, labels: &BTreeMap<String, String>, fields: &BTreeMap<String, String>) -> bool {
        !(self.labels.is_empty() && self.fields.is_empty())
            && self.labels.iter().all(|one| one.holds(labels))
            && self.fields.iter().all(|one| one.holds(fields))
    }
}

impl Toleration {
    fn bears(&self, taint: &Taint) -> bool {
        (self.effect.is_empty() || self.effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && (self.any_value || self.value == taint.value)
    }
}

/// `spec.affinity`, as far as it is about nodes and required.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AffinityWire {
    node_affinity: Option<NodeAffinityWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeAffinityWire {
    required_during_scheduling_ignored_during_execution: Option<TermsWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TermsWire {
    node_selector_terms: Option<Vec<TermWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TermWire {
    match_expressions: Option<Vec<RequirementWire>>,
    match_fields: Option<Vec<RequirementWire>>,
}

#[derive(Deserialize)]
pub(super) struct TolerationWire {
    key: Option<String>,
    operator: Option<String>,
    value: Option<String>,
    effect: Option<String>,
}

impl Placement {
    pub(super) fn of(
        node_selector: Option<BTreeMap<String, Option<String>>>,
        affinity: Option<AffinityWire>,
        tolerations: Option<Vec<TolerationWire>>,
    ) -> Self {
        let required = affinity
            .and_then(|affinity| affinity.node_affinity)
            .and_then(|nodes| nodes.required_during_scheduling_ignored_during_execution);
        Self {
            node_selector: super::meta::strings(node_selector),
            affinity: required.map(|required| {
                let terms = required.node_selector_terms.unwrap_or_default();
                terms.into_iter().map(Term::from).collect()
            }),
            tolerations: tolerations
                .unwrap_or_default()
                .into_iter()
                .map(Toleration::from)
                .collect(),
        }
    }
}

impl From<TermWire> for Term {
    fn from(wire: TermWire) -> Self {
        let read = |all: Option<Vec<RequirementWire>>| {
            let all = all.unwrap_or_default();
            all.into_iter().map(Requirement::from).collect()
        };
        Self {
            labels: read(wire.match_expressions),
            fields: read(wire.match_fields),
        }
    }
}

impl From<TolerationWire> for Toleration {
    fn from(wire: TolerationWire) -> Self {
        Self {
            key: wire.key.unwrap_or_default(),
            any_value: wire.operator.as_deref() == Some("Exists"),
            value: wire.value.unwrap_or_default(),
            effect: wire.effect.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Node, Pod};

    fn fits(spec: &Value) -> bool {
        let pod: Pod = serde_json::from_value(json!({"spec": spec})).unwrap();
        let node: Node = serde_json::from_value(json!({
            "metadata": {"labels": {"group": "workspace", "cpus": "8", "kubernetes.io/hostname": "w1"}},
            "spec": {"taints": [
                {"key": "for", "value": "workspaces", "effect": "NoSchedule"},
                {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
                {"key": "rather-not", "effect": "PreferNoSchedule"}]}
        }))
        .unwrap();
        pod.placement.unwrap().fits(&node.labels, &node.taints)
    }

    fn tolerant(more: &Value) -> Value {
        let mut spec = json!({"tolerations": [{"key": "for", "value": "workspaces"}]});
        for (key, value) in more.as_object().unwrap() {
            spec[key] = value.clone();
        }
        spec
    }

    fn affinity(terms: &Value) -> Value {
        let required = json!({"nodeSelectorTerms": terms});
        let nodes = json!({"requiredDuringSchedulingIgnoredDuringExecution": required});
        tolerant(&json!({"affinity": {"nodeAffinity": nodes}}))
    }

    #[test]
    fn a_taint_is_borne_by_key_value_and_effect() {
        for (toleration, expected) in [
            (json!({"key": "for", "value": "workspaces"}), true),
            (json!({"key": "for", "operator": "Exists"}), true),
            (json!({"operator": "Exists"}), true),
            (
                json!({"key": "for", "operator": "Exists", "effect": "NoSchedule"}),
                true,
            ),
            (
                json!({"key": "for", "operator": "Exists", "effect": "NoExecute"}),
                false,
            ),
            (json!({"key": "for", "value": "builds"}), false),
            (json!({"key": "for"}), false),
            (json!({"key": "other", "operator": "Exists"}), false),
        ] {
            assert_eq!(
                fits(&json!({"tolerations": [toleration]})),
                expected,
                "{toleration}"
            );
        }
        assert!(!fits(&json!({})));
        assert!(!fits(&json!({"tolerations": null})));
    }

    #[test]
    fn labels_must_be_there_and_nothing_that_asks_for_one_node_fits_a_new_one() {
        for (selector, expected) in [
            (json!({"group": "workspace"}), true),
            (json!({"group": "workspace", "gpu": "a10"}), false),
            (json!({"group": "control"}), false),
            (json!({"kubernetes.io/hostname": "w1"}), false),
            (json!(null), true),
        ] {
            assert_eq!(
                fits(&tolerant(&json!({"nodeSelector": selector}))),
                expected,
                "{selector}"
            );
        }
    }

    #[test]
    fn one_term_of_the_required_affinity_must_hold_in_all_its_parts() {
        let needs = |key: &str, operator: &str, values: &[&str]| json!({"key": key, "operator": operator, "values": values});
        let (yes, no) = (
            needs("group", "In", &["workspace"]),
            needs("group", "NotIn", &["workspace"]),
        );
        for (terms, expected) in [
            (json!([{"matchExpressions": [yes]}]), true),
            (json!([{"matchExpressions": [yes, no]}]), false),
            (
                json!([{"matchExpressions": [no]}, {"matchExpressions": [yes]}]),
                true,
            ),
            (json!([{"matchExpressions": [no]}]), false),
            // A term without requirements matches nothing, and neither does a list without terms.
            (json!([{}]), false),
            (json!([]), false),
            (json!([{"matchExpressions": [needs("cpus", "Gt", &["4"])]}]), true),
            (
                json!([{"matchExpressions": [needs("cpus", "Gt", &["8"])]}]),
                false,
            ),
            (json!([{"matchExpressions": [needs("cpus", "Lt", &["9"])]}]), true),
            (
                json!([{"matchExpressions": [needs("group", "Gt", &["4"])]}]),
                false,
            ),
            (
                json!([{"matchFields": [needs("metadata.name", "In", &["w1"])]}]),
                false,
            ),
            (
                json!([{"matchFields": [needs("metadata.name", "NotIn", &["w1"])]}]),
                true,
            ),
        ] {
            assert_eq!(fits(&affinity(&terms)), expected, "{terms}");
        }
    }

    #[test]
    fn only_a_pod_that_has_no_node_keeps_what_it_asks_for_k27() {
        let bound: Pod =
            serde_json::from_value(json!({"spec": {"nodeName": "w1", "nodeSelector": {"a": "b"}}})).unwrap();
        assert_eq!(bound.placement, None);
    }
}
