//! Nodes that are being made and nodes that do not go away, and who waits for them.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, node, put, sick};

/// A claim of this age in minutes, for a node that has joined or not.
fn claim(minutes: i64, registered: &str) -> Value {
    json!({"metadata": {"name": "general-x", "creationTimestamp": ago(minutes), "labels": {"karpenter.sh/nodepool": "general"}},
           "status": {"conditions": [{"type": "Launched", "status": "True"}, {"type": "Registered", "status": registered}]}})
}

/// A pod that no node has taken for so many minutes.
pub(super) fn waiting(minutes: i64) -> Value {
    let mut pod = sick("p", &json!({"waiting": {"reason": "ContainerCreating"}}));
    put(&mut pod, "/metadata/creationTimestamp", json!(ago(minutes)));
    put(&mut pod, "/spec/nodeName", Value::Null);
    put(&mut pod, "/status/phase", json!("Pending"));
    put(&mut pod, "/status/containerStatuses", json!([]));
    put(
        &mut pod,
        "/status/conditions",
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": ago(minutes),
                "message": "0/2 nodes are available: 2 Insufficient cpu."}]),
    );
    pod
}

/// What somebody said so many minutes ago about a pod that has no node.
fn event(minutes: i64, message: &str) -> Value {
    json!({"metadata": {"name": format!("e{minutes}"), "namespace": "shop"}, "type": "Warning", "reason": "FailedScheduling",
           "message": message, "lastTimestamp": ago(minutes),
           "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "p"}})
}

#[test]
fn a_pod_may_wait_for_a_node_that_is_being_made_and_no_longer_than_that_may_take() {
    // A node may take 15 minutes.
    for (what, world, fails) in [
        ("nothing is being made", World::well(), true),
        (
            "a node is",
            World::well().with("nodeclaims", claim(6, "Unknown")),
            false,
        ),
        (
            "a node has joined",
            World::well().with("nodeclaims", claim(6, "True")),
            true,
        ),
        (
            "a node goes again",
            {
                let mut gone = claim(6, "Unknown");
                put(&mut gone, "/metadata/deletionTimestamp", json!(ago(1)));
                World::well().with("nodeclaims", gone)
            },
            true,
        ),
        (
            "a node is, and was asked for before",
            World::well().with("nodeclaims", claim(12, "Unknown")),
            true,
        ),
        (
            "a node is, and none for this pod",
            World::well().with("nodeclaims", claim(6, "Unknown")).with(
                "events",
                event(2, "Failed to schedule pod, incompatible with nodepool general"),
            ),
            true,
        ),
    ] {
        let item = world.clone().with("pods", waiting(10)).item("HLT-123");
        assert_eq!(item.verdict() == Verdict::Fail, fails, "{what}: {item:?}");
        let told = item.seen.ends_with("; 1 pod may wait while 1 node is being made");
        assert_eq!(told, !fails, "{what}: {}", item.seen);
        // Whoever waits longer fits on nothing that is made.
        let late = world.with("pods", waiting(16)).item("HLT-123");
        assert_eq!(late.verdict(), Verdict::Fail, "{what}: {late:?}");
    }
}

#[test]
fn why_no_node_is_made_is_told_in_the_words_of_who_would_make_it() {
    let says = |world: World| {
        world.with("pods", waiting(30)).item("HLT-123").subjects[0]
            .says
            .clone()
    };
    let of_the_scheduler = event(1, "0/2 nodes are available: 2 Insufficient cpu.");
    let of_karpenter = event(
        2,
        "Failed to schedule pod, incompatible with nodepool general, no instance type has enough resources",
    );
    assert_eq!(
        says(World::well().with("events", of_the_scheduler.clone())),
        "p: no node takes it: Insufficient cpu (2 of 2 nodes), since 30 min"
    );
    assert_eq!(
        says(
            World::well()
                .with("events", of_the_scheduler)
                .with("events", of_karpenter)
        ),
        "p: no node takes it: Insufficient cpu (2 of 2 nodes): Failed to schedule pod, incompatible with nodepool general, no \
         instance type has enough resources, since 30 min"
    );
}

#[test]
fn what_was_said_while_a_pod_had_no_node_explains_nothing_of_a_pod_that_has_one() {
    let crashes = sick("p", &json!({"running": {"startedAt": ago(59)}}));
    let says = |world: World| {
        world.with("pods", crashes.clone()).item("HLT-124").subjects[0]
            .says
            .clone()
    };
    let old = event(50, "Failed to schedule pod, incompatible with nodepool general");
    assert_eq!(says(World::well().with("events", old)), says(World::well()));
}

#[test]
fn a_node_whose_deletion_hangs_is_told_and_one_that_is_just_leaving_is_not() {
    let leaving = |minutes: i64| {
        let mut node = node("n9");
        put(&mut node, "/metadata/deletionTimestamp", json!(ago(minutes)));
        put(&mut node, "/spec/unschedulable", json!(true));
        World::well().with("nodes", node)
    };
    leaving(1440).is_well("a drain may take a day");
    let (code, name, says) = leaving(1441).only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-113", "n9"));
    assert_eq!(
        says,
        "being deleted for 24 h, and still there: a pod that may not be evicted, or a finalizer, keeps it"
    );
}
