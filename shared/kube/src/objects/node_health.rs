//! A node, as far as its health, its cordon and its room are judged by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::meta::{Int, Time, strings};
use super::node::TaintWire;
use super::resources::ResourcesWire;
use super::{Condition, Kind, Readiness, Resources, Status, Taint};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct NodeHealth {
    /// Object name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Availability zone, if it is labelled.
    pub zone: Option<String>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Cordoned.
    pub unschedulable: bool,
    /// When it was cordoned: the time of the taint that Kubernetes adds, else of the change as `managedFields` records it.
    pub cordoned_at: Option<Timestamp>,
    /// Taints that keep pods off (`NoSchedule`, `NoExecute`).
    pub taints: Vec<Taint>,
    /// CPU and memory for pods.
    pub allocatable: Resources,
    /// Pods that it takes.
    pub allocatable_pods: i64,
    /// For example `v1.33.5-eks-113cf36`.
    pub kubelet_version: Option<String>,
    /// When the Node object was created: the moment at which the kubelet joined.
    pub created_at: Option<Timestamp>,
    /// Set while the object is being deleted.
    pub deleting_since: Option<Timestamp>,
}

impl Kind for NodeHealth {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodes";
}

impl NodeHealth {
    /// The `Ready` condition.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let ready = self.conditions.iter().find(|one| one.kind == "Ready");
        let since = ready.and_then(|ready| ready.since);
        match ready.map(|ready| ready.status) {
            Some(Status::True) => Readiness::Ready { since },
            Some(Status::False) => Readiness::NotReady { since },
            Some(Status::Unknown) | None => Readiness::Silent { since },
        }
    }

    /// Made by EKS Auto Mode (source: EKS user guide, "Control if a workload is deployed on EKS Auto Mode nodes").
    #[must_use]
    pub fn is_auto_mode(&self) -> bool {
        self.labels
            .get("eks.amazonaws.com/compute-type")
            .map(String::as_str)
            == Some("auto")
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Metadata>,
    spec: Option<Spec>,
    status: Option<State>,
}

/// Named one by one: a flattened part would make serde keep the whole object in memory first, a third of which is
/// `managedFields`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    labels: Option<BTreeMap<String, Option<String>>>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    managed_fields: Option<Vec<Managed>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed {
    time: Option<Time>,
    fields_v1: Option<Managing>,
}

/// Of all fields that a manager has set, the cordon.
#[derive(Deserialize)]
struct Managing {
    #[serde(rename = "f:spec")]
    spec: Option<ManagingSpec>,
}

#[derive(Deserialize)]
struct ManagingSpec {
    #[serde(rename = "f:unschedulable")]
    unschedulable: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Spec {
    unschedulable: Option<bool>,
    taints: Option<Vec<TaintWire>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    conditions: Option<Vec<Condition>>,
    allocatable: Option<Allocatable>,
    node_info: Option<Info>,
}

#[derive(Deserialize)]
struct Allocatable {
    cpu: Option<Value>,
    memory: Option<Value>,
    pods: Option<Int>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    kubelet_version: Option<String>,
}

/// The taint that the node lifecycle controller adds to a cordoned node.
const CORDON_TAINT: &str = "node.kubernetes.io/unschedulable";

impl From<Wire> for NodeHealth {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let mut taints: Vec<Taint> = spec
            .taints
            .unwrap_or_default()
            .into_iter()
            .map(Taint::from)
            .collect();
        let tainted_at = taints
            .iter()
            .find(|taint| taint.key == CORDON_TAINT)
            .and_then(|taint| taint.since);
        taints.retain(|taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute"));
        let cordons = |entry: &Managed| {
            let spec = entry.fields_v1.as_ref().and_then(|fields| fields.spec.as_ref());
            spec.is_some_and(|spec| spec.unschedulable.is_some())
        };
        let changed_at = meta
            .managed_fields
            .unwrap_or_default()
            .into_iter()
            .filter(cordons)
            .filter_map(|entry| entry.time.and_then(|time| time.0))
            .max();
        let unschedulable = spec.unschedulable.unwrap_or_default();
        let labels = strings(meta.labels);
        let (allocatable, pods) = state.allocatable.map_or((Resources::default(), None), |room| {
            let resources = ResourcesWire::new(room.cpu, room.memory).read();
            (resources, room.pods)
        });
        Self {
            created_at: meta.creation_timestamp.and_then(|time| time.0),
            deleting_since: meta.deletion_timestamp.and_then(|time| time.0),
            name: meta.name.unwrap_or_default(),
            zone: labels.get("topology.kubernetes.io/zone").cloned(),
            labels,
            conditions: state.conditions.unwrap_or_default(),
            unschedulable,
            cordoned_at: tainted_at.or(changed_at).filter(|_| unschedulable),
            taints,
            allocatable,
            allocatable_pods: pods.map_or(0, |pods| pods.0),
            kubelet_version: state
                .node_info
                .and_then(|info| info.kubelet_version)
                .filter(|version| !version.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cordoned_at(spec: &Value, managed: &Value) -> Option<String> {
        let node = json!({
            "metadata": {"name": "n", "labels": {"topology.kubernetes.io/zone": "z"}, "managedFields": managed},
            "spec": spec,
            "status": {"allocatable": {"cpu": "15890m", "memory": "61470816Ki", "pods": "234"}},
        });
        let node: NodeHealth = serde_json::from_str(&node.to_string()).unwrap();
        assert_eq!((node.name.as_str(), node.zone.as_deref()), ("n", Some("z")));
        assert_eq!((node.allocatable.cpu_milli, node.allocatable_pods), (15_890, 234));
        assert_eq!(node.allocatable.memory_bytes, 61_470_816 * 1024);
        node.cordoned_at.map(|at| at.to_string())
    }

    #[test]
    fn the_time_of_a_cordon_is_that_of_its_taint_else_of_the_last_change_of_the_field() {
        let managed = json!([
            {"manager": "kubelet", "time": "2026-03-06T11:00:00Z", "fieldsV1": {"f:status": {"f:conditions": {}}}},
            {"manager": "kubectl", "time": "2026-03-06T09:00:00Z", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}},
            {"manager": "older", "time": "2026-03-06T08:00:00Z", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}},
            {"manager": "other", "time": null, "fieldsV1": null},
        ]);
        let of_field = Some("2026-03-06T09:00:00Z".to_owned());
        assert_eq!(cordoned_at(&json!({"unschedulable": true}), &managed), of_field);
        let taint =
            json!([{"key": CORDON_TAINT, "effect": "NoSchedule", "timeAdded": "2026-03-06T10:00:00Z"}]);
        let tainted = json!({"unschedulable": true, "taints": taint});
        assert_eq!(
            cordoned_at(&tainted, &managed),
            Some("2026-03-06T10:00:00Z".to_owned())
        );
        assert_eq!(cordoned_at(&json!({}), &managed), None);
        assert_eq!(cordoned_at(&json!({"unschedulable": true}), &Value::Null), None);
    }

    #[test]
    fn of_taints_those_that_keep_pods_off_are_kept_with_value_and_time() {
        let added = "2026-03-06T10:00:00Z";
        let node = json!({"spec": {"taints": [
            {"key": "valued", "value": "1772791200", "effect": "NoSchedule"},
            {"key": "timed", "effect": "NoExecute", "timeAdded": added},
            {"key": "soft", "effect": "PreferNoSchedule"},
            {"key": null, "effect": null},
        ]}});
        let node: NodeHealth = serde_json::from_str(&node.to_string()).unwrap();
        let taint = |key: &str, value: &str, effect: &str, since: Option<&str>| Taint {
            key: key.to_owned(),
            value: value.to_owned(),
            effect: effect.to_owned(),
            since: since.map(|at| at.parse().unwrap()),
        };
        let kept = [
            taint("valued", "1772791200", "NoSchedule", None),
            taint("timed", "", "NoExecute", Some(added)),
        ];
        assert_eq!(node.taints, kept);
    }
}
