//! The cause of each broken pod, in one sentence.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, put, sick};

fn waiting(reason: &str, message: &str) -> Value {
    json!({"waiting": {"reason": reason, "message": message}})
}

pub(super) fn with_last(mut pod: Value, restarts: i64, minutes: i64, end: &Value) -> Value {
    let mut end = end.clone();
    end["finishedAt"] = json!(ago(minutes));
    put(
        &mut pod,
        "/status/containerStatuses/0/restartCount",
        json!(restarts),
    );
    put(
        &mut pod,
        "/status/containerStatuses/0/lastState",
        json!({"terminated": end}),
    );
    pod
}

/// Each pod is the only complaint, under this code and with these words.
fn each_is_named(table: Vec<(&str, Value, &str, &str)>) {
    for (what, pod, code, says) in table {
        let (seen_code, name, seen) = World::well().with("pods", pod).only();
        assert_eq!(
            (seen_code.as_str(), name.as_str()),
            (code, "shop/Deployment/sick"),
            "{what}"
        );
        assert!(seen.contains(says), "{what}: {seen}");
    }
}

#[test]
fn what_keeps_a_container_down_is_named_with_its_evidence() {
    let crash = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container");
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "no such image",
            sick("p", &waiting("ImagePullBackOff", "rpc error: manifest unknown")),
            "HLT-122",
            "app cannot pull registry/app:1 (ImagePullBackOff): there is no such image or tag",
        ),
        (
            "registry refuses",
            sick("p", &waiting("ErrImagePull", "401 Unauthorized")),
            "HLT-122",
            "the registry refuses the node's credentials",
        ),
        (
            "config map missing",
            sick(
                "p",
                &waiting("CreateContainerConfigError", "configmap \"web\" not found"),
            ),
            "HLT-122",
            "app lacks its configuration: configmap \"web\" not found",
        ),
        (
            "key missing",
            sick(
                "p",
                &waiting(
                    "CreateContainerConfigError",
                    "couldn't find key url in Secret shop/db",
                ),
            ),
            "HLT-122",
            "couldn't find key url in Secret shop/db",
        ),
        (
            "runtime",
            sick("p", &waiting("CreateContainerError", "exec: \"run\": not found")),
            "HLT-122",
            "cannot be started (CreateContainerError)",
        ),
        (
            "exit code",
            with_last(
                sick("p", &crash),
                12,
                3,
                &json!({"reason": "Error", "exitCode": 1, "message": "no\nDATABASE_URL"}),
            ),
            "HLT-122",
            "app crashes: exit code 1, \"no DATABASE_URL\", 12 restarts",
        ),
        (
            "out of memory",
            with_last(
                sick("p", &crash),
                4,
                3,
                &json!({"reason": "OOMKilled", "exitCode": 137}),
            ),
            "HLT-122",
            "more memory than its limit (OOMKilled), 4 restarts",
        ),
        (
            "signal",
            with_last(
                sick("p", &crash),
                4,
                3,
                &json!({"reason": "Error", "exitCode": 139}),
            ),
            "HLT-122",
            "segmentation fault (signal 11)",
        ),
        (
            "ends at once and well",
            with_last(
                sick("p", &crash),
                4,
                3,
                &json!({"reason": "Completed", "exitCode": 0}),
            ),
            "HLT-122",
            "exit code 0, but it should keep running",
        ),
        (
            "between restarts",
            sick(
                "p",
                &json!({"terminated": {"reason": "Error", "exitCode": 2, "finishedAt": ago(0)}}),
            ),
            "HLT-122",
            "app ended: exit code 2",
        ),
    ];
    each_is_named(table);
}

#[test]
fn what_keeps_a_pod_from_its_place_its_volume_or_readiness_is_named_with_its_evidence() {
    let unplaced = |message: &str| {
        let mut pod = sick("p", &json!({}));
        put(&mut pod, "/spec/nodeName", json!(null));
        put(&mut pod, "/status/phase", json!("Pending"));
        put(
            &mut pod,
            "/status/conditions",
            json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": ago(50)}]),
        );
        pod
    };
    let creating = |claims: Value| {
        let mut pod = sick("p", &waiting("ContainerCreating", ""));
        put(&mut pod, "/status/phase", json!("Pending"));
        put(&mut pod, "/spec/volumes", claims);
        pod
    };
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "no room",
            unplaced(
                "0/5 nodes are available: 2 node(s) had untolerated taint {for: gpu}, 3 Insufficient cpu. preemption: 0/5 nodes are available: 5 No preemption victims found.",
            ),
            "HLT-123",
            "no node takes it: Insufficient cpu (3 of 5 nodes)",
        ),
        (
            "dynamic resources were tried before the preemption, which counts nodes too",
            unplaced(
                "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
            ),
            "HLT-123",
            "no node takes it: didn't match Pod's node affinity/selector (2 of 3 nodes)",
        ),
        (
            "dynamic resources, and nobody preempts",
            unplaced("0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate"),
            "HLT-123",
            "no node takes it: Insufficient cpu (3 of 3 nodes)",
        ),
        (
            "the pod may not preempt",
            unplaced(
                "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory. preemption: not eligible due to preemptionPolicy=Never.",
            ),
            "HLT-123",
            "no node takes it: Insufficient memory (2 of 3 nodes)",
        ),
        (
            "zone of the volume",
            unplaced("0/3 nodes are available: 3 node(s) had volume node affinity conflict."),
            "HLT-123",
            "had volume node affinity conflict (3 of 3 nodes)",
        ),
        (
            "other words",
            unplaced("persistentvolumeclaim \"data\" not found"),
            "HLT-123",
            "persistentvolumeclaim \"data\" not found",
        ),
        (
            "volume",
            creating(json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])),
            "HLT-126",
            "waits for its volume, claim data, for 30 min",
        ),
        (
            "starting",
            creating(json!(null)),
            "HLT-124",
            "has been starting for 30 min",
        ),
        (
            "probe",
            sick("p", &json!({"running": {"startedAt": ago(59)}})),
            "HLT-124",
            "not Ready for 30 min: the readiness probe of app fails",
        ),
    ];
    each_is_named(table);
}

#[test]
fn why_an_image_cannot_be_had_is_told_from_the_words_of_the_registry() {
    let pull = |reason: &str, message: &str| sick("p", &waiting(reason, message));
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "rate limit",
            pull(
                "ImagePullBackOff",
                "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit",
            ),
            "HLT-122",
            "app cannot pull registry/app:1 (ImagePullBackOff): the registry limits the rate",
        ),
        (
            "no answer",
            pull("ErrImagePull", "dial tcp 10.0.0.9:443: i/o timeout"),
            "HLT-122",
            "app cannot pull registry/app:1 (ErrImagePull): the registry cannot be reached from the node",
        ),
        (
            "no address",
            pull("ErrImagePull", "dial tcp: lookup registry: no such host"),
            "HLT-122",
            "the registry cannot be reached from the node",
        ),
        (
            "no listener",
            pull(
                "ErrImagePull",
                "dial tcp 10.0.0.9:443: connect: connection refused",
            ),
            "HLT-122",
            "the registry cannot be reached from the node",
        ),
        (
            "not a name",
            pull("InvalidImageName", "couldn't parse image name \"Registry/App\""),
            "HLT-122",
            "app cannot pull registry/app:1 (InvalidImageName): the name of the image is not valid",
        ),
        (
            "words that nobody knows",
            pull("ErrImagePull", "layer sha256:5f has\na wrong size"),
            "HLT-122",
            "app cannot pull registry/app:1 (ErrImagePull): layer sha256:5f has a wrong size",
        ),
        (
            "no words",
            pull("ErrImagePull", ""),
            "HLT-122",
            "app cannot pull registry/app:1 (ErrImagePull): the kubelet does not say why",
        ),
    ];
    each_is_named(table);
}

#[test]
fn an_exit_code_is_told_with_what_it_means() {
    let crash = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container");
    let ended = |code: i64| {
        let end = json!({"reason": "Error", "exitCode": code});
        with_last(sick("p", &crash), 4, 3, &end)
    };
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "not executable",
            ended(126),
            "HLT-122",
            "app crashes: exit code 126, the command cannot be executed, 4 restarts",
        ),
        (
            "no command",
            ended(127),
            "HLT-122",
            "app crashes: exit code 127, the command was not found, 4 restarts",
        ),
        (
            "aborted",
            ended(134),
            "HLT-122",
            "app crashes: exit code 134, aborted (signal 6), 4 restarts",
        ),
        (
            "killed, and not for its memory",
            ended(137),
            "HLT-122",
            "app crashes: exit code 137, killed (signal 9), as after a failed liveness probe or by the node, 4 restarts",
        ),
        (
            "told to end",
            ended(143),
            "HLT-122",
            "app crashes: exit code 143, told to end (signal 15), 4 restarts",
        ),
        (
            "another signal",
            ended(130),
            "HLT-122",
            "app crashes: exit code 130 (signal 2), 4 restarts",
        ),
    ];
    each_is_named(table);
}

#[test]
fn what_holds_a_pod_up_between_its_node_and_ready_is_named_with_its_evidence() {
    let mut unseen = sick("p", &json!({}));
    put(&mut unseen, "/spec/nodeName", json!(null));
    put(&mut unseen, "/status", json!({"phase": "Pending"}));
    let mut hangs = sick("p", &waiting("PodInitializing", ""));
    put(&mut hangs, "/status/phase", json!("Pending"));
    put(
        &mut hangs,
        "/spec/initContainers",
        json!([{"name": "migrate", "image": "registry/migrate:1"}]),
    );
    put(
        &mut hangs,
        "/status/initContainerStatuses",
        json!([{"name": "migrate", "state": {"running": {"startedAt": ago(59)}}}]),
    );
    put(
        &mut hangs,
        "/status/conditions/1",
        json!({"type": "Initialized", "status": "False"}),
    );
    let running = json!({"running": {"startedAt": ago(59)}});
    let mut starts = sick("p", &running);
    put(&mut starts, "/status/containerStatuses/0/started", json!(false));
    let mut gated = sick("p", &running);
    put(&mut gated, "/status/containerStatuses/0/ready", json!(true));
    put(
        &mut gated,
        "/status/conditions",
        json!([{"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "lastTransitionTime": ago(30)},
               {"type": "ContainersReady", "status": "True"},
               {"type": "target-health.elbv2.k8s.aws/web", "status": "False"},
               {"type": "example.com/warm", "status": "True"}]),
    );
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "no scheduler of that name",
            unseen,
            "HLT-123",
            "no scheduler has looked at it: see spec.schedulerName and the scheduler itself, since 60 min",
        ),
        (
            "init container",
            hangs,
            "HLT-124",
            "the init container migrate has been running for 30 min",
        ),
        (
            "startup probe",
            starts,
            "HLT-124",
            "runs but is not Ready for 30 min: the startup probe of app fails",
        ),
        (
            "readiness gate",
            gated,
            "HLT-124",
            "not Ready for 30 min: its readiness gate target-health.elbv2.k8s.aws/web does not pass",
        ),
    ];
    each_is_named(table);
}

#[test]
fn why_a_pod_failed_is_told_by_its_reason_its_disruption_or_its_end() {
    let failed = |reason: &str, message: &str| {
        let mut pod = sick("p", &json!({}));
        put(
            &mut pod,
            "/status",
            json!({"phase": "Failed", "reason": reason, "message": message,
                   "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(30)}]}),
        );
        pod
    };
    let shutdown = "Pod was terminated in response to imminent node shutdown.";
    let mut disrupted = failed("", "");
    put(
        &mut disrupted,
        "/status/conditions/0",
        json!({"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "lastTransitionTime": ago(30)}),
    );
    let mut ended = failed("", "");
    put(
        &mut ended,
        "/status/containerStatuses",
        json!([{"name": "app", "state": {"terminated": {"reason": "Error", "exitCode": 2, "finishedAt": ago(30)}}}]),
    );
    let table: Vec<(&str, Value, &str, &str)> = vec![
        (
            "evicted",
            failed("Evicted", "The node was low on resource: memory."),
            "HLT-125",
            "evicted by the kubelet: The node was low on resource: memory.",
        ),
        (
            "ended while its node shuts down",
            failed("Terminated", shutdown),
            "HLT-125",
            "ended by the shutdown of its node: Pod was terminated in response to imminent node shutdown.",
        ),
        (
            "refused while its node shuts down",
            failed("NodeShutdown", "Pod was rejected as the node is shutting down."),
            "HLT-125",
            "ended by the shutdown of its node: Pod was rejected as the node is shutting down.",
        ),
        (
            "another reason",
            failed("UnexpectedAdmissionError", "no healthy devices"),
            "HLT-125",
            "failed with UnexpectedAdmissionError: no healthy devices",
        ),
        (
            "disrupted",
            disrupted,
            "HLT-125",
            "failed, disrupted by PreemptionByScheduler",
        ),
        ("ended", ended, "HLT-125", "failed: app exit code 2"),
        (
            "only words",
            failed("", "it was not to be"),
            "HLT-125",
            "failed: it was not to be",
        ),
    ];
    each_is_named(table);
}

#[test]
fn a_container_that_runs_between_two_crashes_is_in_a_crash_loop_all_the_same() {
    let mut between = super::world::pod("p", "shop", "n1", "sick");
    put(&mut between, "/status/containerStatuses/0/restartCount", json!(9));
    let end = json!({"reason": "Error", "exitCode": 1});
    let looping = with_last(between.clone(), 9, 4, &end);
    assert_eq!(
        World::well().with("pods", looping).named(),
        ["HLT-122 shop/Deployment/sick"]
    );
    // It crashed nine times in its life and has been up for a day: nothing.
    put(&mut between, "/metadata/creationTimestamp", json!(ago(9000)));
    World::well()
        .with("pods", with_last(between, 9, 1500, &end))
        .is_well("over");
}

#[test]
fn an_event_tells_more_than_the_state_of_a_pod_that_starts_for_long() {
    let mut creating = sick("p", &waiting("ContainerCreating", ""));
    put(&mut creating, "/status/phase", json!("Pending"));
    for (reason, message, code, says) in [
        (
            "FailedMount",
            "MountVolume.SetUp failed for volume \"c\" : configmap \"web\" not found",
            "HLT-122",
            "lacks its configuration",
        ),
        (
            "FailedAttachVolume",
            "Multi-Attach error for volume \"pvc-1\"",
            "HLT-126",
            "Multi-Attach error",
        ),
        (
            "FailedCreatePodSandBox",
            "failed to assign an IP address to container",
            "HLT-124",
            "failed to assign an IP address",
        ),
    ] {
        let event = json!({"metadata": {"namespace": "shop"}, "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "p"}, "reason": reason, "message": message, "lastTimestamp": ago(2)});
        let (seen, _, words) = World::well()
            .with("pods", creating.clone())
            .with("events", event)
            .only();
        assert_eq!(seen, code, "{reason}");
        assert!(words.contains(says), "{reason}: {words}");
    }
}

#[test]
fn many_pods_of_one_workload_with_one_cause_are_one_finding_with_their_number() {
    let world = (0..40).fold(World::well(), |world, number| {
        world.with(
            "pods",
            sick(&format!("p{number}"), &waiting("ImagePullBackOff", "not found")),
        )
    });
    let (code, name, says) = world.only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-122", "shop/Deployment/sick")
    );
    assert!(says.starts_with("40 pods, one is p0: "), "{says}");
    assert_eq!(world.item("HLT-122").population().examined, 44);
}

#[test]
fn a_deleted_pod_that_stays_says_what_holds_it_k13() {
    let mut held = super::world::pod("p", "shop", "n1", "sick");
    put(&mut held, "/metadata/deletionTimestamp", json!(ago(45)));
    let plain = World::well().with("pods", held.clone()).only();
    assert_eq!(plain.0, "HLT-130");
    put(&mut held, "/metadata/finalizers", json!(["example.com/drain"]));
    let (code, _, says) = World::well().with("pods", held).only();
    assert_eq!(code, "HLT-130");
    assert!(
        says.contains("45 min past its grace") && says.contains("example.com/drain"),
        "{says}"
    );
}

#[test]
fn restarts_count_by_the_time_of_their_end_and_not_over_the_whole_life() {
    let end = json!({"reason": "Error", "exitCode": 1});
    let mut pod = super::world::pod("p", "shop", "n1", "sick");
    // Five restarts, all in the four hours that it lives, the last two hours ago.
    put(&mut pod, "/metadata/creationTimestamp", json!(ago(240)));
    let (code, name, says) = World::well()
        .with("pods", with_last(pod.clone(), 5, 120, &end))
        .only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-127", "shop/Deployment/sick")
    );
    assert!(
        says.contains("5 restarts in 24 h, the last 2 h ago: app exit code 1"),
        "{says}"
    );
    // Five restarts in a month, the last two hours ago: one is certain, and the other four may be of today as well.
    put(&mut pod, "/metadata/creationTimestamp", json!(ago(43_200)));
    let unknown = World::well().with("pods", with_last(pod.clone(), 5, 120, &end));
    assert_eq!(unknown.item("HLT-127").verdict(), Verdict::Unknown);
    let mut after_days = end.clone();
    put(&mut after_days, "/startedAt", json!(ago(10_000)));
    World::well()
        .with("pods", with_last(pod.clone(), 5, 120, &after_days))
        .is_well("before that restart it had run for days, so that it is the only one");
    let strict = World::well()
        .plan("workloads", json!({"max_restarts": 0}))
        .with("pods", with_last(pod, 5, 120, &end));
    assert!(
        strict.only().2.contains("at least 1 restart in 24 h"),
        "{:?}",
        strict.only()
    );
}

#[test]
fn the_count_that_the_run_before_left_tells_the_restarts_of_a_pod_that_is_old() {
    let end = json!({"reason": "Error", "exitCode": 1});
    let mut pod = super::world::pod("p", "shop", "n1", "sick");
    put(&mut pod, "/metadata/creationTimestamp", json!(ago(43_200)));
    let world = |minutes: i64, count: i64| {
        World::well()
            .with("pods", with_last(pod.clone(), 25, 120, &end))
            .after(minutes, &[("p/app", count)])
    };
    // Yesterday's run counted 16: nine since then.
    assert!(
        world(1440, 16).only().2.starts_with("9 restarts in 24 h"),
        "{:?}",
        world(1440, 16).only()
    );
    // An hour ago it was 20: five in this hour, and perhaps more in the day.
    assert!(
        world(60, 20).only().2.starts_with("at least 5 restarts"),
        "{:?}",
        world(60, 20).only()
    );
    // A run of last week tells how many there can be at most, and a count above the present one is another pod's.
    for (world, bounds) in [(world(10_000, 2), "1 and 23"), (world(1440, 30), "1 and 25")] {
        let says = world.only().2;
        assert!(
            says.starts_with(&format!("between {bounds} restarts in 24 h")),
            "{says}"
        );
    }
}
