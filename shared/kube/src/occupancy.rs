//! Whether a node holds anything that would be missed if it went.

use crate::objects::Pod;

/// The pods of one node, sorted by whether they keep it busy.
///
/// `DaemonSet` pods come and go with the node, mirror pods are the kubelet's own, and a finished pod runs nothing. All
/// else occupies, also a pod that is terminating: it may be writing its last data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// `namespace/name` of the pods that would be missed.
    pub occupants: Vec<String>,
    /// Pods of `DaemonSets`.
    pub daemons: usize,
    /// Static pods.
    pub mirrors: usize,
    /// `Succeeded` or `Failed` pods.
    pub finished: usize,
}

impl Occupancy {
    /// Sorts the pods that are bound to `node`; others are passed over.
    ///
    /// `pods` must be a list that was read to its end: a part proves occupation, never emptiness.
    #[must_use]
    pub fn of<'a>(node: &str, pods: impl IntoIterator<Item = &'a Pod>) -> Self {
        let mut occupancy = Self::default();
        let here = pods.into_iter().filter(|pod| pod.node.as_deref() == Some(node));
        for pod in here {
            if pod.is_mirror() {
                occupancy.mirrors += 1;
            } else if pod.is_daemon() {
                occupancy.daemons += 1;
            } else if pod.finished() {
                occupancy.finished += 1;
            } else {
                occupancy.occupants.push(pod.full_name());
            }
        }
        occupancy
    }

    /// Nothing would be missed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.occupants.is_empty()
    }

    /// Pods looked at.
    #[must_use]
    pub const fn examined(&self) -> usize {
        self.occupants.len() + self.daemons + self.mirrors + self.finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(name: &str, node: &str, owner: &str, phase: &str, metadata: &Value) -> Pod {
        let mut object = json!({
            "metadata": {"name": name, "namespace": "apps"}, "spec": {"nodeName": node}, "status": {"phase": phase},
        });
        if !owner.is_empty() {
            object["metadata"]["ownerReferences"] = json!([{"kind": owner, "name": "o", "controller": true}]);
        }
        for (key, value) in metadata.as_object().unwrap() {
            object["metadata"][key] = value.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn each_pod_occupies_its_node_or_does_not() {
        let mirror = json!({"annotations": {"kubernetes.io/config.mirror": "abc"}});
        let terminating = json!({"deletionTimestamp": "2026-03-29T05:40:00Z"});
        let plain = json!({});
        for (what, owner, phase, metadata, occupies) in [
            ("a pod of a Deployment", "ReplicaSet", "Running", &plain, true),
            ("a pod that still starts", "ReplicaSet", "Pending", &plain, true),
            ("a bare pod", "", "Running", &plain, true),
            ("a running pod of a Job", "Job", "Running", &plain, true),
            ("a pod of a StatefulSet", "StatefulSet", "Running", &plain, true),
            ("a terminating pod", "ReplicaSet", "Running", &terminating, true),
            ("a pod of unknown phase", "ReplicaSet", "Unknown", &plain, true),
            ("a pod without a phase", "ReplicaSet", "", &plain, true),
            ("a finished pod of a Job", "Job", "Succeeded", &plain, false),
            ("a failed pod", "ReplicaSet", "Failed", &plain, false),
            ("a pod of a DaemonSet", "DaemonSet", "Running", &plain, false),
            (
                "a terminating pod of a DaemonSet",
                "DaemonSet",
                "Running",
                &terminating,
                false,
            ),
            ("a static pod", "Node", "Running", &mirror, false),
        ] {
            let pods = [pod("it", "here", owner, phase, metadata)];
            let seen = Occupancy::of("here", &pods);
            assert_eq!((!seen.is_empty(), seen.examined()), (occupies, 1), "{what}");
        }
    }

    #[test]
    fn only_the_pods_of_the_node_count_and_the_occupants_are_named() {
        let pods = [
            pod("web", "here", "ReplicaSet", "Running", &json!({})),
            pod("agent", "here", "DaemonSet", "Running", &json!({})),
            pod("other", "there", "ReplicaSet", "Running", &json!({})),
            pod("unbound", "", "ReplicaSet", "Pending", &json!({})),
        ];
        let here = Occupancy::of("here", &pods);
        assert_eq!(
            (here.occupants.as_slice(), here.daemons),
            (["apps/web".to_owned()].as_slice(), 1)
        );
        assert!(!Occupancy::of("there", &pods).is_empty());
        assert_eq!(Occupancy::of("nowhere", &pods).examined(), 0);
    }
}
