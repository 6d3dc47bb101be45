//! Stateful sets: which of their pods are missing, whatever rollout is under way.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, put, sick};

/// A stateful set of five that was given a new template: how many of its pods are there, Ready, available, of that template.
fn db([there, ready, available, updated]: [i64; 4]) -> Value {
    json!({"metadata": {"name": "db", "namespace": "shop", "generation": 7},
           "spec": {"replicas": 5, "podManagementPolicy": "OrderedReady", "updateStrategy": {"type": "RollingUpdate"}},
           "status": {"observedGeneration": 7, "replicas": there, "readyReplicas": ready, "availableReplicas": available,
                      "updatedReplicas": updated, "currentRevision": "db-1", "updateRevision": "db-2"}})
}

/// The same with one field replaced.
fn with(mut set: Value, pointer: &str, value: Value) -> Value {
    put(&mut set, pointer, value);
    set
}

/// The same with all pods above the second to be of the new template.
fn partitioned(numbers: [i64; 4]) -> Value {
    with(
        db(numbers),
        "/spec/updateStrategy/rollingUpdate",
        json!({"partition": 2}),
    )
}

/// A pod of it that is not Ready for half an hour, its container in this state.
fn hanging(state: &Value) -> Value {
    with(
        sick("db-4", state),
        "/metadata/ownerReferences/0",
        json!({"kind": "StatefulSet", "name": "db", "controller": true}),
    )
}

#[test]
fn a_stateful_set_lacks_pods_that_are_not_there_and_no_rollout_or_partition_hides_them() {
    let four = "4 of 5 available, and no pod tells why";
    let three = "3 of 5 available, and no pod tells why";
    for (what, set, says) in [
        (
            "no rollout, and what is missing is of no template",
            with(db([4, 4, 4, 4]), "/status/updateRevision", json!("db-1")),
            four,
        ),
        ("a rollout never ends", db([4, 4, 4, 1]), four),
        ("two are missing in a rollout", db([3, 3, 3, 1]), three),
        ("the partition is reached", partitioned([4, 4, 4, 3]), four),
        (
            "one above the partition is missing",
            partitioned([4, 4, 4, 2]),
            four,
        ),
        (
            "nobody updates it but who deletes its pods",
            with(db([4, 4, 4, 0]), "/spec/updateStrategy/type", json!("OnDelete")),
            four,
        ),
        (
            "none waits for another, and one of those that are there has gone",
            with(db([4, 3, 3, 5]), "/spec/podManagementPolicy", json!("Parallel")),
            three,
        ),
        (
            "a status without the number of those that are there",
            db([0, 4, 4, 5]),
            four,
        ),
    ] {
        let (code, name, seen) = World::well().with("statefulsets", set).only();
        assert_eq!(
            (code.as_str(), name.as_str(), seen.as_str()),
            ("HLT-121", "shop/StatefulSet/db", says),
            "{what}"
        );
    }
}

#[test]
fn a_pod_that_a_rollout_replaces_or_that_is_ready_by_now_or_waits_for_its_turn_is_not_missing() {
    for (what, set) in [
        ("the rollout waits for an old pod to end", db([5, 4, 4, 1])),
        ("the new pod is Ready since the set was read", db([5, 4, 4, 2])),
        ("the same above a partition", partitioned([5, 4, 4, 1])),
        ("Ready for less than minReadySeconds", db([5, 5, 4, 5])),
        (
            "no rollout, and a pod is Ready since the set was read",
            with(db([5, 4, 4, 5]), "/status/updateRevision", json!("db-1")),
        ),
        (
            "two are Ready since the set was read, and none waits for another",
            with(db([5, 3, 3, 5]), "/spec/podManagementPolicy", json!("Parallel")),
        ),
        (
            "scaled up, and the third waits for minReadySeconds of the second",
            db([2, 2, 1, 2]),
        ),
        (
            "scaled up, and the second is Ready since the set was read",
            db([2, 1, 1, 2]),
        ),
        (
            "the status is about an older spec",
            with(db([3, 3, 3, 3]), "/status/observedGeneration", json!(6)),
        ),
        (
            "its pods go with it",
            with(db([1, 1, 1, 1]), "/metadata/deletionTimestamp", json!(ago(1))),
        ),
    ] {
        World::well().with("statefulsets", set).is_well(what);
    }
}

/// In order, a rollout waits for ever for a pod that does not become Ready, also after its template was mended. Source: Kubernetes,
/// `StatefulSets`, "Forced rollback".
#[test]
fn a_rollout_that_hangs_is_told_by_its_pod_and_by_the_set_where_no_pod_may_be_read() {
    let unplaced = with(
        with(hanging(&json!({})), "/spec/nodeName", json!(null)),
        "/status/conditions",
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0/2 nodes are available: 2 Insufficient cpu.", "lastTransitionTime": ago(50)}]),
    );
    for set in [db([5, 4, 4, 1]), partitioned([5, 4, 4, 1])] {
        let world = World::well().with("statefulsets", set);
        for (pod, named) in [
            (
                hanging(&json!({"waiting": {"reason": "ImagePullBackOff"}})),
                "HLT-122 shop/StatefulSet/db",
            ),
            (unplaced.clone(), "HLT-123 shop/StatefulSet/db"),
            (
                hanging(&json!({"running": {"startedAt": ago(30)}})),
                "HLT-124 shop/StatefulSet/db",
            ),
        ] {
            assert_eq!(world.clone().with("pods", pod).named(), [named]);
        }
        let unread = world.of("pods", json!("forbidden"));
        assert_eq!(unread.item("HLT-121").verdict(), Verdict::Fail);
    }
}
