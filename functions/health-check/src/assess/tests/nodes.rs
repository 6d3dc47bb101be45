//! Nodes, their room, and what makes them.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, node, now, pod, put};

fn condition(kind: &str, status: &str, minutes: i64) -> Value {
    json!({"type": kind, "status": status, "reason": "Because", "lastTransitionTime": ago(minutes)})
}

#[test]
fn a_node_that_is_not_ready_is_told_with_what_stands_on_it_and_its_pods_are_not() {
    let mut lost = pod("web-5f-3", "shop", "n2", "web");
    put(
        &mut lost,
        "/status/conditions/2",
        json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(20)}),
    );
    let world = World::well()
        .set(
            "nodes",
            1,
            "/status/conditions/0",
            condition("Ready", "Unknown", 20),
        )
        .with("pods", lost);
    let (code, name, says) = world.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-111", "n2"));
    assert_eq!(
        says,
        "its kubelet is silent for 20 min: Because; 3 pods bound to it"
    );
    // Where nobody looks at nodes, the pods tell.
    let alone = world.plan("not_checked", json!(["nodes"]));
    assert_eq!(alone.named(), ["HLT-124 shop/Deployment/web"]);
}

/// A world whose second node has been silent for so many minutes and bears this taint.
fn silent(minutes: i64, taint: &Value) -> World {
    World::well().set("nodes", 1, "/spec/taints", json!([taint])).set(
        "nodes",
        1,
        "/status/conditions/0",
        condition("Ready", "Unknown", minutes),
    )
}

#[test]
fn a_node_that_is_taken_out_may_be_silent_for_as_long_as_a_drain_takes_and_not_for_ever() {
    let valued = |value: &str| json!({"key": "ToBeDeletedByClusterAutoscaler", "value": value, "effect": "NoSchedule"});
    let of_autoscaler = |minutes: i64| valued(&(now().as_second() - minutes * 60).to_string());
    let of_cloud = |minutes: i64| json!({"key": "node.cloudprovider.kubernetes.io/shutdown", "effect": "NoSchedule", "timeAdded": ago(minutes)});
    let of_karpenter = json!({"key": "karpenter.sh/disrupted", "effect": "NoSchedule"});
    for (what, minutes, taint) in [
        ("both ten minutes ago", 10, of_autoscaler(10)),
        ("broken for hours, and lately given up", 300, of_autoscaler(10)),
        ("it ended after a long drain", 10, of_autoscaler(300)),
        ("Kubernetes has the time", 300, of_cloud(10)),
        ("nobody has the time", 10, of_karpenter.clone()),
    ] {
        silent(minutes, &taint).is_well(what);
    }
    for (what, taint) in [
        ("in the value", of_autoscaler(300)),
        ("recorded with the taint", of_cloud(300)),
        ("not recorded", of_karpenter.clone()),
        ("a value that is no time", valued("true")),
        ("a time that lies ahead", of_autoscaler(-300)),
    ] {
        let (code, name, says) = silent(300, &taint).only();
        assert_eq!((code.as_str(), name.as_str()), ("HLT-111", "n2"), "{what}");
        assert_eq!(
            says,
            "its kubelet is silent for 5 h: Because; a taint says that it is being taken out; 2 pods bound to it",
            "{what}"
        );
    }
    silent(300, &of_karpenter)
        .plan("nodes", json!({"cordon_minutes": 400}))
        .is_well("drains may take longer here");
}

#[test]
fn pressure_and_the_conditions_of_auto_mode_are_told_of_a_node_that_is_ready() {
    for (bad, says) in [
        (
            condition("DiskPressure", "True", 30),
            "DiskPressure=True (Because) for 30 min",
        ),
        (
            condition("KernelReady", "False", 30),
            "KernelReady=False (Because) for 30 min",
        ),
        (
            condition("ContainerRuntimeReady", "False", 30),
            "ContainerRuntimeReady=False (Because) for 30 min",
        ),
        (
            condition("StorageReady", "False", 30),
            "StorageReady=False (Because) for 30 min",
        ),
        (
            condition("NetworkingReady", "False", 30),
            "NetworkingReady=False (Because) for 30 min",
        ),
        (
            condition("MemoryPressure", "True", 30),
            "MemoryPressure=True (Because) for 30 min",
        ),
        (
            condition("PIDPressure", "True", 30),
            "PIDPressure=True (Because) for 30 min",
        ),
        (
            condition("AcceleratedHardwareReady", "False", 30),
            "AcceleratedHardwareReady=False",
        ),
        (
            condition("NetworkUnavailable", "True", 30),
            "NetworkUnavailable=True",
        ),
    ] {
        let (code, name, seen) = World::well().set("nodes", 0, "/status/conditions/2", bad).only();
        assert_eq!((code.as_str(), name.as_str()), ("HLT-112", "n1"));
        assert!(seen.contains(says), "{seen}");
    }
    for fine in [
        condition("KernelReady", "True", 30),
        condition("PIDPressure", "False", 30),
        condition("StorageReady", "Unknown", 30),
        condition("SomethingNew", "True", 30),
    ] {
        World::well()
            .set("nodes", 0, "/status/conditions/2", fine)
            .is_well("as it should be");
    }
}

#[test]
fn a_cordon_is_told_when_it_is_old_and_unknown_when_nothing_says_since_when() {
    let cordoned = |more: Value| World::well().set("nodes", 0, "/spec", more);
    let taint = |minutes: i64| json!({"unschedulable": true, "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(minutes)}]});
    cordoned(taint(100)).is_well("a drain takes its time");
    assert_eq!(cordoned(taint(300)).only().2, "cordoned for 5 h");
    let unknown = cordoned(json!({"unschedulable": true}));
    assert_eq!(unknown.item("HLT-113").verdict(), Verdict::Unknown);
    let managed = unknown.set(
        "nodes",
        0,
        "/metadata/managedFields",
        json!([
        {"manager": "kubelet", "time": ago(1), "fieldsV1": {"f:status": {}}},
        {"manager": "kubectl-cordon", "time": ago(400), "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]),
    );
    assert_eq!(managed.only().2, "cordoned for 6 h");
}

#[test]
fn room_is_what_is_requested_of_nodes_that_take_pods() {
    let mut large = pod("big-5f-1", "shop", "n1", "big");
    put(
        &mut large,
        "/spec/containers/0/resources/requests",
        json!({"cpu": "3800m", "memory": "1Gi"}),
    );
    let mut other = large.clone();
    put(&mut other, "/spec/nodeName", json!("n2"));
    put(&mut other, "/metadata/name", json!("big-5f-2"));
    let full = World::well().with("pods", large).with("pods", other);
    let (code, name, says) = full.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-114", "requested CPU"));
    assert_eq!(says, "100 % of what the nodes have");
    let pool = json!({"metadata": {"name": "general"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    full.clone()
        .with("nodepools", pool)
        .is_well("nodes are made when pods need them");
    full.with("nodes", node("n3")).is_well("a third node has room");
}

#[test]
fn a_pod_asks_for_what_the_scheduler_counts() {
    let mut one = pod("big-5f-1", "shop", "n1", "big");
    put(
        &mut one,
        "/spec/containers/0/resources/requests",
        json!({"cpu": "1"}),
    );
    put(
        &mut one,
        "/spec/initContainers",
        json!([
        {"name": "sidecar", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
        {"name": "migrate", "resources": {"requests": {"cpu": "3"}}}]),
    );
    let read: day2_kube::objects::PodHealth = serde_json::from_value(one.clone()).unwrap();
    // The init container runs beside the sidecar that was started before it: 3.5, more than 1 and 0.5 together.
    assert_eq!(read.requests.cpu_milli, 3500);
    put(&mut one, "/spec/resources", json!({"requests": {"cpu": "2"}}));
    put(&mut one, "/spec/overhead", json!({"cpu": "250m"}));
    let read: day2_kube::objects::PodHealth = serde_json::from_value(one).unwrap();
    assert_eq!(read.requests.cpu_milli, 2250);
}

#[test]
fn a_node_that_was_asked_for_and_does_not_come_says_at_which_step() {
    let claim = |minutes: i64, registered: &str| {
        json!({"metadata": {"name": "general-x", "creationTimestamp": ago(minutes), "labels": {"karpenter.sh/nodepool": "general"}},
        "status": {"conditions": [{"type": "Launched", "status": "True"}, {"type": "Registered", "status": registered, "reason": "NodeNotFound", "message": "Node not registered with cluster"}]}})
    };
    let (code, _, says) = World::well().with("nodeclaims", claim(40, "Unknown")).only();
    assert_eq!(code, "HLT-115");
    assert_eq!(
        says,
        "asked for 40 min ago by general: not Registered NodeNotFound Node not registered with cluster"
    );
    World::well()
        .with("nodeclaims", claim(10, "Unknown"))
        .is_well("on its way");
    World::well()
        .with("nodeclaims", claim(40, "True"))
        .is_well("there");
}

#[test]
fn a_pool_at_its_limit_makes_no_more_nodes() {
    let pool = |used: &str| json!({"metadata": {"name": "general"}, "spec": {"limits": {"cpu": "100", "memory": "0"}}, "status": {"resources": {"cpu": used, "memory": "4Gi"}}});
    let (code, name, says) = World::well().with("nodepools", pool("96")).only();
    assert_eq!(
        (code.as_str(), name.as_str(), says.as_str()),
        ("HLT-116", "general cpu", "uses 96 % of its limit of cpu")
    );
    World::well().with("nodepools", pool("50")).is_well("half");
}

#[test]
fn a_kubelet_may_be_three_versions_behind_and_never_ahead() {
    for (version, fine) in [
        ("v1.33.1", true),
        ("v1.30.9-eks", true),
        ("v1.29.9", false),
        ("v1.34.0", false),
    ] {
        let world = World::well().set("nodes", 1, "/status/nodeInfo/kubeletVersion", json!(version));
        let item = world.item("HLT-102");
        assert_eq!(item.verdict() == Verdict::Pass, fine, "{version}");
        if !fine {
            assert_eq!(world.only().1, format!("kubelet {version}"));
        }
    }
    let odd = World::well().set("nodes", 1, "/status/nodeInfo/kubeletVersion", json!("unknown"));
    assert_eq!(odd.item("HLT-102").verdict(), Verdict::Unknown);
}

#[test]
fn a_cluster_without_nodes_is_not_a_healthy_one_w25() {
    let world = World::well().of("nodes", json!([]));
    let item = world.item("HLT-111");
    assert_eq!(item.verdict(), Verdict::Fail, "{item:?}");
    assert_ne!(world.item("HLT-112").verdict(), Verdict::Pass);
    let few = World::well().plan("nodes", json!({"min_ready": 3}));
    assert_eq!(few.item("HLT-111").verdict(), Verdict::Fail);
}
