//! Whose the room of a node is: `HLT-114` sums up what any pod may use.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, node, pod, put};

/// A taint that keeps off pods which do not tolerate it.
fn taint(key: &str, value: &str) -> Value {
    json!([{"key": key, "value": value, "effect": "NoSchedule"}])
}

fn tainted(name: &str, taints: Value) -> Value {
    let mut node = node(name);
    put(&mut node, "/spec/taints", taints);
    node
}

fn of_gpu(name: &str) -> Value {
    tainted(name, taint("dedicated", "gpu"))
}

/// A node of Fargate, which takes one pod.
fn of_fargate(name: &str) -> Value {
    let mut node = tainted(name, taint("eks.amazonaws.com/compute-type", "fargate"));
    put(&mut node, "/status/allocatable/pods", json!("1"));
    node
}

/// With one more pod that asks a node for so much CPU.
fn asking(world: World, on: &str, cpu: &str) -> World {
    let mut large = pod(&format!("big-5f-{on}"), "shop", on, "big");
    put(
        &mut large,
        "/spec/containers/0/resources/requests",
        json!({"cpu": cpu, "memory": "1Gi"}),
    );
    world.with("pods", large)
}

fn is_absent(world: &World) -> bool {
    world.judged().absent.contains(&"HLT-114".to_owned())
}

fn pool() -> Value {
    json!({"metadata": {"name": "general"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
}

#[test]
fn idle_nodes_that_are_dedicated_are_no_room_for_other_pods() {
    let full = World::well().with("nodes", node("n3"));
    let full = [("n1", "3760m"), ("n2", "3760m"), ("n3", "3960m")]
        .into_iter()
        .fold(full, |world, (on, cpu)| asking(world, on, cpu));
    let world = (1..=10).fold(full, |world, number| {
        world.with("nodes", of_gpu(&format!("gpu{number}")))
    });
    let (code, name, says) = world.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-114", "requested CPU"));
    assert_eq!(says, "99 % of what the nodes have");
    let item = world.item("HLT-114");
    assert_eq!(
        item.seen,
        "CPU 99 %, memory 7 %, pods 4 % requested of 3 nodes (not judged: 10 tainted nodes and what runs there)"
    );
    assert_eq!(item.population().examined, 3);
}

#[test]
fn what_is_requested_of_dedicated_nodes_is_no_load_of_the_others() {
    let world = asking(World::well().with("nodes", of_gpu("gpu1")), "gpu1", "4");
    world.is_well("a full node for pods of one kind says nothing about the others");
    let seen = world.item("HLT-114").seen;
    assert!(seen.starts_with("CPU 5 %, "), "{seen}");
    assert!(
        seen.ends_with("requested of 2 nodes (not judged: 1 tainted node and what runs there)"),
        "{seen}"
    );
}

#[test]
fn a_taint_that_says_how_a_node_is_at_the_moment_dedicates_it_to_nobody() {
    let soft = json!([{"key": "dedicated", "value": "gpu", "effect": "PreferNoSchedule"}]);
    for taints in [
        taint("node.kubernetes.io/disk-pressure", ""),
        taint("ebs.csi.aws.com/agent-not-ready", ""),
        soft,
    ] {
        let item = World::well()
            .with("nodes", tainted("n3", taints.clone()))
            .item("HLT-114");
        assert_eq!(item.verdict(), Verdict::Pass, "{taints}");
        assert_eq!(item.population().examined, 3, "{taints}");
        assert!(item.seen.ends_with("requested of 3 nodes"), "{}", item.seen);
    }
}

#[test]
fn where_all_nodes_are_dedicated_their_own_room_is_judged() {
    let world = World::well().of("nodes", json!([of_gpu("n1"), of_gpu("n2")]));
    world.is_well("they have room");
    let item = world.item("HLT-114");
    assert_eq!(item.population().examined, 2);
    assert!(item.seen.ends_with("requested of 2 nodes"), "{}", item.seen);
    let full = asking(asking(world.clone(), "n1", "3760m"), "n2", "3760m");
    assert_eq!(full.only().1, "requested CPU");
    let made = world.with("nodepools", pool());
    made.is_well("what needs another node gets one");
    let threshold = made.item("HLT-114").threshold.unwrap();
    assert!(threshold.limit.starts_with("not judged"), "{threshold:?}");
}

#[test]
fn a_node_of_fargate_is_full_with_its_one_pod_and_nobody_misses_room_there() {
    let fargate = World::well().of("nodes", json!([of_fargate("n1"), of_fargate("n2")]));
    fargate.is_well("each node was made for the pod that it has");
    assert!(is_absent(&fargate));

    let beside = World::well().with("nodes", of_fargate("f1"));
    let beside = asking(beside, "f1", "4");
    beside.is_well("the other nodes have room");
    assert_eq!(beside.item("HLT-114").population().examined, 2);

    let dedicated = World::well().of("nodes", json!([of_fargate("n1"), of_gpu("n2")]));
    assert_eq!(dedicated.item("HLT-114").population().examined, 1);
    let closed = World::well().of("nodes", json!([of_fargate("n1"), node("n2")]));
    let closed = closed.set("nodes", 1, "/spec/unschedulable", json!(true));
    assert_eq!(
        closed.item("HLT-114").verdict(),
        Verdict::Unknown,
        "it is for any pod"
    );
    assert!(
        !is_absent(&World::well().of("nodes", json!([]))),
        "no node at all"
    );
}
