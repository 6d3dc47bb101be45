//! A `PodDisruptionBudget`: which pods it protects, and whether one more may go.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::meta::{Int, Meta, count};
use super::{Condition, Kind, LabelSelector};

/// A `PodDisruptionBudget`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct PodDisruptionBudget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Which pods it protects; none protects nothing, the empty selector protects the whole namespace
    /// (source: Kubernetes API reference, `PodDisruptionBudgetSpec`, policy/v1).
    pub selector: Option<LabelSelector>,
    /// `spec.minAvailable` as written: a number or a percentage.
    pub min_available: Option<String>,
    /// `spec.maxUnavailable` as written: a number or a percentage.
    pub max_unavailable: Option<String>,
    /// Evictions that would be granted now.
    pub disruptions_allowed: i64,
    /// Healthy pods now.
    pub current_healthy: i64,
    /// Healthy pods below which nothing may be evicted.
    pub desired_healthy: i64,
    /// Pods counted.
    pub expected_pods: i64,
    /// Version of the spec.
    pub generation: i64,
    /// Version of the spec that the status speaks about.
    pub observed_generation: i64,
    /// `DisruptionAllowed`, with the reason when it is false.
    pub conditions: Vec<Condition>,
}

impl Kind for PodDisruptionBudget {
    type Object = Self;
    const GROUP: &'static str = "policy";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "poddisruptionbudgets";
}

impl PodDisruptionBudget {
    /// Whether it protects a pod of this namespace with these labels.
    #[must_use]
    pub fn protects(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.namespace == namespace
            && self
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(labels))
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
    selector: Option<LabelSelector>,
    min_available: Option<serde_json::Value>,
    max_unavailable: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    disruptions_allowed: Option<Int>,
    current_healthy: Option<Int>,
    desired_healthy: Option<Int>,
    expected_pods: Option<Int>,
    observed_generation: Option<Int>,
    conditions: Option<Vec<Condition>>,
}

/// `IntOrString`, as an operator wrote it.
fn int_or_string(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

impl From<Wire> for PodDisruptionBudget {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            selector: spec.selector,
            min_available: spec.min_available.map(int_or_string),
            max_unavailable: spec.max_unavailable.map(int_or_string),
            disruptions_allowed: count(state.disruptions_allowed),
            current_healthy: count(state.current_healthy),
            desired_healthy: count(state.desired_healthy),
            expected_pods: count(state.expected_pods),
            generation: count(meta.generation),
            observed_generation: count(state.observed_generation),
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
