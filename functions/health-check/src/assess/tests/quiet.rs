//! What is as it should be and must not be reported.

use day2_core::Verdict;
use serde_json::json;

use super::world::{World, ago, deployment, node, pod, put, sick};

#[test]
fn a_cluster_that_is_well_gives_no_complaint_and_says_how_much_it_looked_at() {
    World::well().is_well("nothing is wrong");
    let item = World::well().item("HLT-122");
    assert_eq!(item.population().examined, 4);
}

#[test]
fn finished_pods_and_pods_of_jobs_are_no_trouble() {
    let mut done = sick(
        "migrate-1",
        &json!({"terminated": {"reason": "Completed", "exitCode": 0}}),
    );
    put(&mut done, "/status/phase", json!("Succeeded"));
    put(
        &mut done,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "migrate", "controller": true}),
    );
    let mut failed = sick(
        "migrate-2",
        &json!({"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(20)}}),
    );
    put(&mut failed, "/status/phase", json!("Failed"));
    put(
        &mut failed,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "migrate", "controller": true}),
    );
    let job = json!({"metadata": {"name": "migrate", "namespace": "shop"}, "status": {"failed": 1, "conditions": [{"type": "Complete", "status": "True"}]}});
    World::well()
        .with("pods", done)
        .with("pods", failed)
        .with("jobs", job)
        .is_well("an attempt failed, the Job succeeded");
}

#[test]
fn a_job_whose_sidecar_goes_on_is_not_called_unready() {
    let mut running = sick(
        "report-1",
        &json!({"terminated": {"reason": "Completed", "exitCode": 0}}),
    );
    put(
        &mut running,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "report", "controller": true}),
    );
    World::well().with("pods", running).is_well("Jobs serve nobody");
}

#[test]
fn daemon_pods_on_a_cordoned_node_are_where_they_belong() {
    let mut daemon = pod("agent-1", "shop", "n1", "agent");
    put(
        &mut daemon,
        "/metadata/ownerReferences/0",
        json!({"kind": "DaemonSet", "name": "agent", "controller": true}),
    );
    let set = json!({"metadata": {"name": "agent", "namespace": "shop"}, "status": {"desiredNumberScheduled": 2, "numberReady": 2, "numberAvailable": 2}});
    World::well()
        .set("nodes", 0, "/spec/unschedulable", json!(true))
        .set("nodes", 0, "/spec/taints", json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(10)}]))
        .with("pods", daemon)
        .with("daemonsets", set)
        .is_well("cordoned for ten minutes, a drain");
}

#[test]
fn a_daemon_set_that_lacks_its_pod_on_a_new_node_is_young() {
    let set = json!({"metadata": {"name": "agent", "namespace": "shop"}, "status": {"desiredNumberScheduled": 3, "numberReady": 2, "numberAvailable": 2}});
    let mut young = node("n3");
    put(&mut young, "/metadata/creationTimestamp", json!(ago(1)));
    put(
        &mut young,
        "/status/conditions/0",
        json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(1)}),
    );
    let world = World::well().with("daemonsets", set);
    assert_eq!(
        world.named(),
        ["HLT-121 shop/DaemonSet/agent"],
        "without a new node it is a complaint"
    );
    world
        .with("nodes", young)
        .is_well("the third node has just joined");
}

/// A daemon set for three nodes: on how many of them it has a pod, a Ready one, an available one, one of the newest template.
fn agent([there, ready, available, updated]: [i64; 4]) -> serde_json::Value {
    json!({"metadata": {"name": "agent", "namespace": "shop"}, "status": {"desiredNumberScheduled": 3,
           "currentNumberScheduled": there, "numberReady": ready, "numberAvailable": available, "updatedNumberScheduled": updated}})
}

#[test]
fn a_daemon_set_lacks_pods_that_are_not_there_and_those_that_are_tell_by_themselves() {
    for (what, numbers) in [
        ("Ready for less than minReadySeconds", [3, 3, 2, 3]),
        ("a rollout waits for an old pod to end", [3, 2, 2, 1]),
        ("Ready since the daemon set was read", [3, 2, 2, 3]),
    ] {
        World::well().with("daemonsets", agent(numbers)).is_well(what);
    }
    for (what, numbers) in [
        ("a pod is missing", [2, 2, 2, 2]),
        ("a pod is missing, and a rollout never ends", [2, 2, 2, 0]),
        (
            "a status without the number of those that are there",
            [0, 2, 2, 2],
        ),
    ] {
        let (code, name, says) = World::well().with("daemonsets", agent(numbers)).only();
        assert_eq!(
            (code.as_str(), name.as_str()),
            ("HLT-121", "shop/DaemonSet/agent"),
            "{what}"
        );
        assert_eq!(says, "2 of 3 available, and no pod tells why", "{what}");
    }
}

#[test]
fn a_rollout_of_a_daemon_set_that_hangs_is_told_by_its_pod_and_by_the_set_where_no_pod_may_be_read() {
    let mut hangs = sick("agent-3", &json!({"running": {"startedAt": ago(30)}}));
    put(
        &mut hangs,
        "/metadata/ownerReferences/0",
        json!({"kind": "DaemonSet", "name": "agent", "controller": true}),
    );
    let world = World::well().with("daemonsets", agent([3, 2, 2, 1]));
    assert_eq!(
        world.clone().with("pods", hangs).named(),
        ["HLT-124 shop/DaemonSet/agent"]
    );
    let unread = world.of("pods", json!("forbidden"));
    assert_eq!(unread.item("HLT-121").verdict(), Verdict::Fail);
}

#[test]
fn the_surge_of_a_rollout_is_not_missing_pods() {
    let mut rolling = deployment("shop", "api", 4);
    put(
        &mut rolling,
        "/status",
        json!({"replicas": 5, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3, "unavailableReplicas": 2,
        "observedGeneration": 3, "conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]}),
    );
    World::well()
        .with("deployments", rolling.clone())
        .is_well("three of four serve while two are replaced");
    put(
        &mut rolling,
        "/status/conditions/0",
        json!({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}),
    );
    let stuck = World::well().with("deployments", rolling);
    assert_eq!(
        stuck.named(),
        ["HLT-121 shop/Deployment/api"],
        "a rollout that stands still is one"
    );
}

/// A Deployment of four in a rollout, whose new pod has been starting for half an hour while all old ones serve.
fn slow_rollout() -> (serde_json::Value, serde_json::Value) {
    let mut rolling = deployment("shop", "sick", 4);
    put(
        &mut rolling,
        "/status",
        json!({"replicas": 5, "updatedReplicas": 1, "readyReplicas": 4, "availableReplicas": 4, "unavailableReplicas": 1,
        "observedGeneration": 3, "conditions": [
            {"type": "Available", "status": "True"},
            {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]}),
    );
    let starting = sick("sick-7c-1", &json!({"running": {"startedAt": ago(30)}}));
    (rolling, starting)
}

#[test]
fn a_pod_that_takes_its_time_in_a_rollout_that_goes_on_is_no_trouble() {
    let (rolling, starting) = slow_rollout();
    let world = |rolling: &serde_json::Value| {
        World::well()
            .with("deployments", rolling.clone())
            .with("pods", starting.clone())
    };
    world(&rolling).is_well("the owner gave the rollout its deadline, and it is not over");
    let not_ready = ["HLT-124 shop/Deployment/sick"];
    for (pointer, value, why) in [
        (
            "/status/conditions/1",
            json!({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}),
            "the deadline is over",
        ),
        (
            "/status/conditions/1",
            json!({"type": "Progressing", "status": "Unknown", "reason": "DeploymentPaused"}),
            "nobody goes on with it",
        ),
        (
            "/status/conditions/1",
            json!({"type": "ReplicaFailure", "status": "False"}),
            "no deadline is set",
        ),
        (
            "/status/conditions/0",
            json!({"type": "Available", "status": "False"}),
            "fewer serve than its strategy promises",
        ),
        ("/status/replicas", json!(1), "there is no second template"),
    ] {
        let mut other = rolling.clone();
        put(&mut other, pointer, value);
        if pointer == "/status/replicas" {
            put(&mut other, "/status/updatedReplicas", json!(4));
            put(&mut other, "/status/replicas", json!(4));
        }
        assert_eq!(world(&other).named(), not_ready, "{why}");
    }
}

#[test]
fn what_breaks_a_rollout_for_a_reason_is_told_at_once() {
    let (rolling, starting) = slow_rollout();
    let crashing = sick("sick-7c-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    let world = World::well().with("deployments", rolling.clone());
    assert_eq!(
        world.clone().with("pods", crashing).named(),
        ["HLT-122 shop/Deployment/sick"]
    );
    let event = |reason: &str, message: &str| {
        json!({"metadata": {"name": "e", "namespace": "shop"}, "type": "Warning", "reason": reason, "message": message,
               "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "sick-7c-1"}, "lastTimestamp": ago(3), "count": 4})
    };
    let told = world.clone().with("pods", starting.clone()).with(
        "events",
        event(
            "FailedCreatePodSandBox",
            "failed to assign an IP address to container",
        ),
    );
    assert_eq!(told.named(), ["HLT-124 shop/Deployment/sick"]);
    world
        .with("pods", starting)
        .with(
            "events",
            event("Unhealthy", "Readiness probe failed: connection refused"),
        )
        .is_well("its probe fails, as long as it starts");
}

/// Only an event tells such a pod from one that cannot start.
#[test]
fn a_rollout_that_waits_for_a_pod_is_not_called_well_while_events_are_denied_w28() {
    let (rolling, starting) = slow_rollout();
    let world = World::well().with("deployments", rolling).with("pods", starting);
    world.is_well("no event says more than that it starts");
    let denied = world.of("events", json!("forbidden"));
    for (code, verdict) in [
        ("HLT-121", Verdict::Unknown),
        ("HLT-122", Verdict::Unknown),
        ("HLT-123", Verdict::Pass),
        ("HLT-124", Verdict::Unknown),
        ("HLT-125", Verdict::Pass),
        ("HLT-126", Verdict::Unknown),
    ] {
        assert_eq!(denied.item(code).verdict(), verdict, "{code}");
    }
}

#[test]
fn native_sidecars_run_as_long_as_the_pod_and_are_no_init_containers_that_hang() {
    let mut pod = pod("meshed-1", "shop", "n1", "meshed");
    put(
        &mut pod,
        "/spec/initContainers",
        json!([{"name": "istio-proxy", "image": "istio/proxyv2:1.27.1", "restartPolicy": "Always"}]),
    );
    put(
        &mut pod,
        "/status/initContainerStatuses",
        json!([{"name": "istio-proxy", "ready": true, "started": true, "state": {"running": {"startedAt": ago(59)}}}]),
    );
    let world = World::well()
        .of("namespaces", json!([{"metadata": {"name": "kube-system"}}, {"metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}}]))
        .of("pods", json!([pod]));
    // The Deployments of the well world have lost their pods here; only the mesh is looked at.
    let item = world.item("HLT-161");
    assert_eq!(
        (item.verdict(), item.population().examined),
        (day2_core::Verdict::Pass, 1)
    );
    assert!(item.seen.contains("1.27.1"), "{}", item.seen);
}

#[test]
fn nothing_in_kube_system_is_normal_on_auto_mode_and_only_there() {
    let bare = World::well()
        .of("deployments", json!([deployment("shop", "web", 2)]))
        .of(
            "pods",
            json!([
                pod("web-5f-1", "shop", "n1", "web"),
                pod("web-5f-2", "shop", "n2", "web")
            ]),
        );
    assert_eq!(bare.item("HLT-103").verdict(), day2_core::Verdict::Unknown);
    let auto = |world: World, at: usize| {
        world.set(
            "nodes",
            at,
            "/metadata/labels",
            json!({"eks.amazonaws.com/compute-type": "auto"}),
        )
    };
    auto(auto(bare, 0), 1).is_well("DNS, network and storage are no pods there");
}

#[test]
fn pods_that_are_being_deleted_or_have_just_been_made_are_left_in_peace() {
    let mut leaving = sick(
        "old-1",
        &json!({"terminated": {"reason": "Error", "exitCode": 137, "finishedAt": ago(1)}}),
    );
    put(&mut leaving, "/metadata/deletionTimestamp", json!(ago(1)));
    let mut young = sick("new-1", &json!({"waiting": {"reason": "ContainerCreating"}}));
    put(&mut young, "/metadata/creationTimestamp", json!(ago(2)));
    let mut pulls = sick(
        "new-2",
        &json!({"waiting": {"reason": "ErrImagePull", "message": "timeout"}}),
    );
    put(&mut pulls, "/metadata/creationTimestamp", json!(ago(2)));
    let mut unplaced = sick("new-3", &json!({"waiting": {"reason": ""}}));
    put(&mut unplaced, "/metadata/creationTimestamp", json!(ago(2)));
    put(&mut unplaced, "/spec/nodeName", json!(""));
    put(
        &mut unplaced,
        "/status/conditions",
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes are available: 2 Insufficient cpu."}]),
    );
    World::well()
        .with("pods", leaving)
        .with("pods", young)
        .with("pods", pulls)
        .with("pods", unplaced)
        .is_well("minutes old");
}

#[test]
fn a_pod_that_is_held_back_on_purpose_does_not_wait_for_a_node() {
    let mut gated = sick("queued-1", &json!({}));
    put(&mut gated, "/spec/nodeName", json!(null));
    put(
        &mut gated,
        "/status/conditions",
        json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
    );
    World::well().with("pods", gated).is_well("gated");
}

#[test]
fn old_failures_are_not_told_for_ever() {
    let mut evicted = sick("web-5f-9", &json!({}));
    put(
        &mut evicted,
        "/status",
        json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory.",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(3000)}]}),
    );
    World::well()
        .with("pods", evicted.clone())
        .is_well("two days ago");
    put(
        &mut evicted,
        "/status/conditions/0/lastTransitionTime",
        json!(ago(30)),
    );
    let world = World::well().with("pods", evicted);
    assert_eq!(world.named(), ["HLT-125 shop/Deployment/sick"]);
}

#[test]
fn fields_that_are_null_absent_or_huge_are_read_and_nothing_is_made_of_them_k26() {
    World::well()
        .with("pods", json!({"metadata": {"name": "odd", "namespace": "shop", "creationTimestamp": ago(1), "labels": null, "managedFields": [{"manager": "x"}]}, "spec": null, "status": null}))
        .with("deployments", json!({"metadata": {"name": "odd", "namespace": "shop", "generation": 1e30}, "spec": {"replicas": 0}, "status": {"conditions": null, "observedGeneration": 1e30}}))
        .with("resourcequotas", json!({"metadata": {"name": "odd", "namespace": "shop"}, "status": {"hard": null, "used": {"cpu": 7}}}))
        .with("certificates", json!({"metadata": {"name": "odd", "namespace": "shop", "creationTimestamp": ago(1)}, "status": null}))
        .is_well("nothing is known to be wrong");
}
