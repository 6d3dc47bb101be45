//! Can the nodes that came run pods: taints, daemon sets, and pods that have a node.

use day2_core::{Item, Verdict};
use serde_json::{Value, json};

use super::joining::{postscale, with_a_daemon};
use super::world::{ago, complaint, complaints, item, pod, pods, taint, world};
use crate::facts::Facts;
use day2_kube::objects::DaemonSet;

fn names(line: &Item) -> Vec<&str> {
    line.subjects.iter().map(|subject| &*subject.name).collect()
}

#[test]
fn a_taint_that_the_group_is_not_made_with_keeps_pods_off_and_the_group_s_own_does_not() {
    const ALL: [&str; 4] = ["w1", "w2", "w3", "w4"];
    type Row = (
        usize,
        &'static [&'static str],
        &'static str,
        &'static str,
        &'static [&'static str],
    );
    let rows: [Row; 13] = [
        (4, &["w1"], "maintenance", "NoSchedule", &["w1"]),
        (4, &["w1"], "maintenance", "NoExecute", &["w1"]),
        (4, &["w1"], "maintenance", "PreferNoSchedule", &[]),
        // Half of the nodes are not most of them.
        (4, &["w1", "w2"], "maintenance", "NoSchedule", &["w1", "w2"]),
        (4, &["w1", "w2", "w3"], "dedicated", "NoSchedule", &[]),
        (4, &ALL, "dedicated", "NoSchedule", &[]),
        // No group is made with these, however many carry them.
        (4, &ALL, "node.kubernetes.io/disk-pressure", "NoSchedule", &ALL),
        (4, &ALL, "efs.csi.aws.com/agent-not-ready", "NoExecute", &ALL),
        (4, &ALL, "cni.istio.io/not-ready", "NoSchedule", &ALL),
        (
            4,
            &["w2"],
            "aws-node-termination-handler/spot-itn",
            "NoSchedule",
            &["w2"],
        ),
        // A node that is alone compares with nobody.
        (1, &["w1"], "maintenance", "NoSchedule", &[]),
        (
            1,
            &["w1"],
            "aws-node-termination-handler/spot-itn",
            "NoSchedule",
            &["w1"],
        ),
        (
            1,
            &["w1"],
            "ToBeDeletedByClusterAutoscaler",
            "NoSchedule",
            &["w1"],
        ),
    ];
    for (workspace_nodes, tainted, key, effect, named) in rows {
        let mut facts = with_a_daemon(world(workspace_nodes));
        for node in facts.cluster.nodes.as_mut().unwrap() {
            if tainted.contains(&node.name.as_str()) {
                node.taints = vec![taint(key, effect)];
            }
        }
        let line = item(&postscale(&facts), "SCW-105");
        assert_eq!(names(&line), named, "{key} {effect} on {tainted:?}");
        let verdict = if named.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        assert_eq!(line.verdict(), verdict, "{key} {effect} on {tainted:?}");
        for subject in &line.subjects {
            assert_eq!(subject.says, format!("tainted: {key}"));
        }
    }
}

/// Four nodes, each with its daemon pod, and a set that should run on so many.
fn with_a_set(desired: i64) -> Facts {
    let mut facts = with_a_daemon(world(4));
    let set: DaemonSet = serde_json::from_value(json!({
        "metadata": {"namespace": "work", "name": "aws-node"},
        "status": {"desiredNumberScheduled": desired}
    }))
    .unwrap();
    facts.cluster.daemon_sets = Ok(vec![set]);
    facts
}

fn without_pods_on(mut facts: Facts, node: &str) -> Facts {
    let all = facts.cluster.pods.as_mut().unwrap();
    all.retain(|pod| pod.node.as_deref() != Some(node));
    facts
}

fn young(mut facts: Facts, name: &str) -> Facts {
    let all = facts.cluster.nodes.as_mut().unwrap();
    let node = all.iter_mut().find(|node| node.name == name).unwrap();
    node.created_at = Some(ago(1));
    facts
}

#[test]
fn a_daemon_pod_that_has_no_node_is_missing_from_one() {
    let judged = |minutes: i64| {
        let mut facts = without_pods_on(with_a_set(4), "w4");
        let mut waiting = pod("aws-node-w4", "");
        waiting["metadata"]["ownerReferences"] =
            json!([{"kind": "DaemonSet", "name": "aws-node", "controller": true}]);
        waiting["metadata"]["creationTimestamp"] = json!(ago(minutes).to_string());
        waiting["spec"] = json!({});
        waiting["status"] = json!({"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu."}]});
        facts.cluster.pods.as_mut().unwrap().extend(pods(&[waiting]));
        postscale(&facts)
    };
    let items = judged(2);
    assert_eq!(
        complaints(&items),
        [
            complaint("SCW-106", &["work/aws-node"]),
            complaint("SCW-107", &["work/aws-node-w4"])
        ]
    );
    assert_eq!(
        item(&items, "SCW-106").subjects[0].says,
        "3 of 4 nodes that should run it have a pod of it; work/aws-node-w4 waits: 1 Insufficient cpu."
    );
    // The scheduler has had no time yet.
    assert_eq!(complaints(&judged(1)), []);
}

#[test]
fn a_node_that_has_just_joined_excuses_one_missing_daemon_pod_and_no_other() {
    let missing = [complaint("SCW-106", &["work/aws-node"])];
    let fresh = |desired: i64| young(without_pods_on(with_a_set(desired), "w4"), "w4");
    assert_eq!(complaints(&postscale(&fresh(4))), []);
    assert_eq!(complaints(&postscale(&fresh(6))), missing);
    // One that has its pod already excuses none.
    assert_eq!(complaints(&postscale(&young(with_a_set(5), "w4"))), missing);
    // One that has had its time excuses none either.
    assert_eq!(
        complaints(&postscale(&without_pods_on(with_a_set(4), "w4"))),
        missing
    );
}

/// The lines of a morning on which `number` pods, made so long ago, have a node and this status.
fn on_a_node(number: usize, minutes: i64, status: &Value) -> Vec<Item> {
    let all: Vec<Value> = (0..number)
        .map(|index| {
            let mut one = pod(&format!("ws-{index:02}"), "w1");
            one["metadata"]["creationTimestamp"] = json!(ago(minutes).to_string());
            one["status"] = status.clone();
            one
        })
        .collect();
    let mut facts = with_a_daemon(world(4));
    facts.cluster.pods.as_mut().unwrap().extend(pods(&all));
    postscale(&facts)
}

/// A pod whose container waits with these words of the kubelet.
fn waits(reason: &str, message: &str, conditions: &Value) -> Value {
    let state = json!({"waiting": {"reason": reason, "message": message}});
    json!({"phase": "Pending", "conditions": conditions, "containerStatuses": [
        {"name": "main", "image": "registry.example/ws:1", "restartCount": 0, "state": state}]})
}

#[test]
fn pods_that_have_a_node_and_do_not_start_are_named_once_they_had_the_time_of_a_node() {
    let creating = waits("ContainerCreating", "", &json!([]));
    assert_eq!(complaints(&on_a_node(40, 9, &creating)), []);
    let items = on_a_node(40, 10, &creating);
    assert_eq!(
        complaints(&items),
        [complaint("SCW-107", &["work/ws-00 and 39 more"])]
    );
    let line = item(&items, "SCW-107");
    assert_eq!(
        line.seen,
        "0 of 46 pods wait for a node, 40 have one and do not start"
    );
    assert_eq!(
        line.subjects[0].says,
        "has a node and does not start: ContainerCreating, its network, volumes or image are not ready"
    );
}

#[test]
fn a_pod_that_got_its_node_before_the_scaling_began_is_not_of_it() {
    let status = waits("ImagePullBackOff", "Back-off", &json!([]));
    assert_eq!(complaints(&on_a_node(1, 24 * 60, &status)), []);
}

#[test]
fn each_reason_why_a_pod_does_not_start_is_told_and_what_has_started_or_had_no_time_is_not() {
    let none = json!([]);
    let unmade = json!([{"type": "PodReadyToStartContainers", "status": "False"}]);
    let made = json!([{"type": "PodReadyToStartContainers", "status": "True"}]);
    for (status, says) in [
        (
            waits("ImagePullBackOff", "Back-off", &none),
            "ImagePullBackOff of registry.example/ws:1",
        ),
        (
            waits("CreateContainerConfigError", "secret \"token\" not found", &none),
            "CreateContainerConfigError: secret \"token\" not found",
        ),
        (
            waits("CrashLoopBackOff", "of pod 1234", &none),
            "CrashLoopBackOff",
        ),
        (
            waits("PodInitializing", "", &unmade),
            "PodInitializing, its network, volumes or image are not ready",
        ),
        (
            json!({"phase": "Pending"}),
            "its kubelet has told nothing of its containers",
        ),
    ] {
        let line = item(&on_a_node(1, 30, &status), "SCW-107");
        assert_eq!(line.verdict(), Verdict::Fail, "{says}");
        assert_eq!(
            line.subjects[0].says,
            format!("has a node and does not start: {says}")
        );
    }
    let placed_just_now = json!([
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(9).to_string()}]);
    for status in [
        // An init container runs.
        waits("PodInitializing", "", &made),
        waits("PodInitializing", "", &none),
        // It waited for a node for long, and has had one for nine minutes.
        waits("ContainerCreating", "", &placed_just_now),
        json!({"phase": "Running", "conditions": []}),
    ] {
        assert_eq!(complaints(&on_a_node(1, 30, &status)), [], "{status}");
    }
}

#[test]
fn a_daemon_pod_that_does_not_start_is_told_once() {
    let mut facts = with_a_daemon(world(4));
    let mut sick = pod("csi-w1", "w1");
    sick["metadata"]["ownerReferences"] = json!([{"kind": "DaemonSet", "name": "csi", "controller": true}]);
    sick["status"] = waits("ContainerCreating", "", &json!([]));
    facts.cluster.pods.as_mut().unwrap().extend(pods(&[sick]));
    assert_eq!(
        complaints(&postscale(&facts)),
        [complaint("SCW-106", &["work/csi-w1"])]
    );
}
