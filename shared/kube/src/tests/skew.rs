//! API servers newer, older or odder than this code.

use serde_json::json;

use crate::objects::{
    DaemonSet, Deployment, Node, Owner, Pod, PodDisruptionBudget, Readiness, ReplicaSet, Status,
};

fn read<T: serde::de::DeserializeOwned>(json: &serde_json::Value) -> T {
    serde_json::from_str(&json.to_string()).unwrap()
}

#[test]
fn an_object_with_nothing_in_it_is_still_an_object_k26() {
    for json in [
        json!({}),
        json!({"metadata": null, "spec": null, "status": null}),
        json!({"metadata": {"name": "x", "managedFields": [{"fieldsV1": {"f:a": {}}}], "new": 1}, "status": {}}),
    ] {
        let node: Node = read(&json);
        assert_eq!(node.readiness(), Readiness::Silent { since: None });
        assert!(!read::<Pod>(&json).ready());
        assert_eq!(read::<Deployment>(&json).replicas, 1);
        assert_eq!(read::<DaemonSet>(&json).desired, 0);
        assert_eq!(read::<ReplicaSet>(&json).owner, None);
        assert!(!read::<PodDisruptionBudget>(&json).protects("", &std::collections::BTreeMap::new()));
    }
}

#[test]
fn null_lists_and_maps_are_empty_k26() {
    let node: Node = read(&json!({
        "metadata": {"name": "n", "labels": null, "annotations": null, "ownerReferences": null},
        "spec": {"taints": null},
        "status": {"conditions": null, "allocatable": null, "nodeInfo": null},
    }));
    assert!(node.labels.is_empty() && node.taints.is_empty() && node.conditions.is_empty());
    let pod: Pod = read(&json!({
        "metadata": {"labels": {"a": null}},
        "spec": {"volumes": null},
        "status": {"containerStatuses": null, "initContainerStatuses": null, "conditions": null},
    }));
    assert_eq!(pod.labels["a"], "");
    assert!(pod.waiting.is_empty());
}

#[test]
fn huge_numbers_saturate_k26() {
    let text = r#"{"spec":{"replicas":1e400},"status":{"readyReplicas":99999999999999999999999,"availableReplicas":-5}}"#;
    // 1e400 is no number in any JSON reader that keeps to 64 bits; a long integer is.
    assert!(serde_json::from_str::<Deployment>(text).is_err());
    let deployment: Deployment = serde_json::from_str(&text.replace("1e400", "1e30")).unwrap();
    assert_eq!(
        (deployment.replicas, deployment.ready, deployment.available),
        (i64::MAX, i64::MAX, -5)
    );
}

#[test]
fn odd_times_are_absent_and_odd_conditions_unknown_k26() {
    let node: Node = read(&json!({
        "metadata": {"creationTimestamp": "yesterday"},
        "status": {"conditions": [{"type": "Ready", "status": "Perhaps", "lastTransitionTime": null}]},
    }));
    assert_eq!(node.created_at, None);
    assert_eq!(node.condition("Ready").unwrap().status, Status::Unknown);
    assert!(!node.readiness().is_ready());
}

#[test]
fn a_node_tells_its_instance_zone_and_readiness() {
    let node: Node = read(&json!({
        "metadata": {"name": "ip-10-0-0-1.ec2.internal", "creationTimestamp": "2026-03-29T05:40:00Z",
            "labels": {"topology.kubernetes.io/zone": "us-east-1b"}},
        "spec": {"providerID": "aws:///us-east-1a/i-0123456789abcdef0", "unschedulable": true,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"pods": "110", "cpu": "3920m"},
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-03-29T05:41:00Z"}],
            "nodeInfo": {"kubeletVersion": "v1.33.5"}},
    }));
    assert_eq!(node.instance_id(), Some("i-0123456789abcdef0"));
    assert_eq!(node.zone(), Some("us-east-1b"));
    assert_eq!(node.allocatable_pods, Some(110));
    assert!(node.unschedulable && node.readiness().is_ready());
    assert_eq!(
        node.readiness().since().unwrap().to_string(),
        "2026-03-29T05:41:00Z"
    );
    assert_eq!(node.taints[0].effect, "NoSchedule");
}

#[test]
fn a_fargate_or_foreign_node_has_no_instance() {
    for id in [
        "aws:///us-east-1a/4d2f6a/fargate-ip-10-0-0-1",
        "kind://docker/x/y",
        "",
    ] {
        let node: Node = read(&json!({"spec": {"providerID": id}}));
        assert_eq!(node.instance_id(), None, "{id}");
    }
    let node: Node = read(&json!({"spec": {"providerID": "aws:///us-east-1a/i-0"}}));
    assert_eq!(node.zone(), Some("us-east-1a"));
}

#[test]
fn a_pod_tells_why_it_waits_and_why_it_may_not_be_moved() {
    let pod: Pod = read(&json!({
        "metadata": {"name": "p", "namespace": "apps", "uid": "u",
            "annotations": {"karpenter.sh/do-not-disrupt": "true", "big": "x".repeat(5000)},
            "ownerReferences": [{"kind": "Other", "name": "o"}, {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u-rs", "controller": true}]},
        "spec": {"nodeName": "", "volumes": [{"name": "v", "emptyDir": {}}]},
        "status": {"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0/5 nodes are available: 5 Insufficient cpu."}],
            "initContainerStatuses": [{"name": "init", "restartCount": 2,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}}],
            "containerStatuses": [{"name": "main", "restartCount": 1, "state": {"waiting": {"reason": "PodInitializing"}}},
                {"name": "side", "state": {"running": {"startedAt": null}}}]},
    }));
    assert_eq!(pod.node, None);
    assert_eq!(
        pod.owner,
        Some(Owner {
            api_version: "apps/v1".to_owned(),
            kind: "ReplicaSet".to_owned(),
            name: "rs".to_owned(),
            uid: "u-rs".to_owned(),
        })
    );
    assert_eq!(
        pod.unscheduled(),
        Some(("Unschedulable", "0/5 nodes are available: 5 Insufficient cpu."))
    );
    assert_eq!(
        pod.may_not_be_moved(),
        Some(("karpenter.sh/do-not-disrupt", "true"))
    );
    assert_eq!(pod.annotations.len(), 1, "the others are not kept");
    let waiting: Vec<(&str, bool)> = pod.waiting.iter().map(|w| (w.reason.as_str(), w.init)).collect();
    assert_eq!(waiting, [("ImagePullBackOff", true), ("PodInitializing", false)]);
    assert_eq!((pod.restarts, pod.local_storage), (3, true));
}

#[test]
fn a_budget_protects_its_own_namespace_and_labels() {
    let budget: PodDisruptionBudget = read(&json!({
        "metadata": {"name": "b", "namespace": "apps"},
        "spec": {"minAvailable": "50%", "maxUnavailable": null, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2, "expectedPods": 3},
    }));
    let web = [("app".to_owned(), "web".to_owned())].into();
    assert!(budget.protects("apps", &web));
    assert!(!budget.protects("other", &web));
    assert_eq!(
        (budget.min_available.as_deref(), budget.max_unavailable),
        (Some("50%"), None)
    );
}
