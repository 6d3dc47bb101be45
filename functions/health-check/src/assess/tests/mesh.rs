//! The mesh, and KEDA.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, pod, put};

#[test]
fn the_mesh_is_asked_for_in_five_ways_and_a_proxy_comes_in_two() {
    let proxy = json!([{"name": "app", "image": "registry/app:1"}, {"name": "istio-proxy", "image": "istio/proxyv2:1.26.3"}]);
    let native = json!([{"name": "istio-proxy", "image": "istio/proxyv2:1.27.1", "restartPolicy": "Always"}]);
    let table: Vec<Row> = vec![
        (
            "istio-injection",
            json!({"istio-injection": "enabled"}),
            json!({}),
            false,
        ),
        ("istio.io/rev", json!({"istio.io/rev": "1-27"}), json!({}), false),
        (
            "a container",
            json!({"istio.io/rev": "1-27"}),
            json!({"/spec/containers": proxy}),
            true,
        ),
        (
            "a native sidecar",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/initContainers": native}),
            true,
        ),
        (
            "an init container of that name is none",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/initContainers": [{"name": "istio-proxy"}]}),
            false,
        ),
        (
            "refused by the namespace",
            json!({"istio-injection": "disabled", "istio.io/rev": "1-27"}),
            json!({}),
            true,
        ),
        ("nobody asks", json!({}), json!({}), true),
    ];
    judge(table);
}

#[test]
fn a_pod_asks_by_its_own_labels_and_the_ambient_mesh_has_no_proxies() {
    let table: Vec<Row> = vec![
        (
            "a revision that the pod asks for",
            json!({}),
            json!({"/metadata/labels/istio.io~rev": "1-27"}),
            false,
        ),
        (
            "a revision of a pod that refuses, as istiod itself",
            json!({}),
            json!({"/metadata/labels/istio.io~rev": "default", "/metadata/labels/sidecar.istio.io~inject": "false"}),
            true,
        ),
        (
            "a revision of a pod in a namespace that refuses",
            json!({"istio-injection": "disabled"}),
            json!({"/metadata/labels/istio.io~rev": "1-27"}),
            true,
        ),
        (
            "refused by the pod",
            json!({"istio-injection": "enabled"}),
            json!({"/metadata/labels/sidecar.istio.io~inject": "false"}),
            true,
        ),
        (
            "asked for by the pod",
            json!({}),
            json!({"/metadata/labels/sidecar.istio.io~inject": "true"}),
            false,
        ),
        (
            "in the network of the node",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/hostNetwork": true}),
            true,
        ),
        (
            "ambient, taken over",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({"/metadata/annotations/ambient.istio.io~redirection": "enabled"}),
            true,
        ),
        (
            "ambient, not taken over",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({}),
            false,
        ),
        (
            "ambient, beside a label that refuses proxies in pods",
            json!({"istio-injection": "disabled", "istio.io/dataplane-mode": "ambient"}),
            json!({}),
            false,
        ),
        (
            "ambient, refused by the pod",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({"/metadata/labels/istio.io~dataplane-mode": "none"}),
            true,
        ),
    ];
    judge(table);
}

#[test]
fn a_pod_that_has_not_started_is_not_called_out_of_the_ambient_mesh_and_one_that_runs_is() {
    let ambient = json!({"metadata": {"name": "pay", "labels": {"istio.io/dataplane-mode": "ambient"}}});
    let world = World::well().with("namespaces", ambient);
    // Bound to its node, where its network is not set up yet.
    let creating = |minutes: i64| {
        let mut one = pod("meshed-1", "pay", "n1", "meshed");
        put(&mut one, "/metadata/creationTimestamp", json!(ago(minutes)));
        put(
            &mut one,
            "/status",
            json!({"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"},
                           {"type": "Ready", "status": "False", "lastTransitionTime": ago(minutes)}],
            "containerStatuses": [{"name": "app", "ready": false, "started": false, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}]}),
        );
        one
    };
    world
        .clone()
        .with("pods", creating(1))
        .is_well("it has just been bound");
    let event = json!({"involvedObject": {"kind": "Pod", "namespace": "pay", "name": "meshed-1"}, "reason": "FailedMount",
                       "message": "MountVolume.SetUp failed for volume \"data\" : timed out", "lastTimestamp": ago(2)});
    let stuck = world.clone().with("pods", creating(30)).with("events", event);
    assert_eq!(stuck.named(), ["HLT-126 pay/Deployment/meshed"], "named once");
    let runs = world.with("pods", pod("meshed-1", "pay", "n1", "meshed"));
    assert_eq!(runs.named(), ["HLT-161 pay/Deployment/meshed"]);
}

/// What is so, the labels of the namespace, parts of the pod, and whether it is well.
type Row = (&'static str, Value, Value, bool);

fn judge(table: Vec<Row>) {
    for (what, labels, pod_parts, fine) in table {
        let mut one = pod("meshed-1", "pay", "n1", "meshed");
        for (pointer, value) in pod_parts.as_object().unwrap() {
            let mut at = &mut one;
            for key in pointer.split('/').skip(1) {
                at = &mut at[key.replace('~', "/")];
            }
            *at = value.clone();
        }
        let world = World::well()
            .with(
                "namespaces",
                json!({"metadata": {"name": "pay", "labels": labels}}),
            )
            .with("pods", one);
        if fine {
            world.is_well(what);
        } else {
            assert_eq!(world.named(), ["HLT-161 pay/Deployment/meshed"], "{what}");
        }
    }
}

#[test]
fn keda_is_told_when_it_is_blind_in_fallback_or_paused() {
    let object = |annotations: Value, conditions: Value| json!({"metadata": {"name": "queue", "namespace": "shop", "annotations": annotations}, "spec": {"scaleTargetRef": {"name": "worker"}}, "status": {"conditions": conditions}});
    let ready = json!([{"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "False"}, {"type": "Paused", "status": "False"}]);
    World::well()
        .with("scaledobjects", object(json!({}), ready.clone()))
        .is_well("it scales");
    let (code, name, says) = World::well()
        .with("scaledobjects", object(json!({}), json!([{"type": "Ready", "status": "False", "reason": "TriggerError", "message": "error reading queue"}])))
        .only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-166", "shop/ScaledObject/queue")
    );
    assert!(
        says.contains("Deployment/worker is not scaled: TriggerError error reading queue"),
        "{says}"
    );
    let fallback = World::well().with("scaledobjects", object(json!({}), json!([{"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "True", "reason": "FallbackExists"}])));
    assert!(fallback.only().2.contains("in fallback"), "{:?}", fallback.only());
    let paused = World::well().with(
        "scaledobjects",
        object(json!({"autoscaling.keda.sh/paused-replicas": "0"}), ready.clone()),
    );
    assert_eq!(paused.only().0, "HLT-167");
    for (pauses, told) in [
        (
            json!({"paused-scale-out": "true"}),
            Some("scaling out is paused: autoscaling.keda.sh/paused-scale-out=true"),
        ),
        (
            json!({"paused-scale-in": "true"}),
            Some("scaling in is paused: autoscaling.keda.sh/paused-scale-in=true"),
        ),
        (
            json!({"paused-scale-in": "true", "paused-scale-out": "true"}),
            Some(
                "scaling in and out is paused: autoscaling.keda.sh/paused-scale-in=true, autoscaling.keda.sh/paused-scale-out=true",
            ),
        ),
        (
            json!({"paused": "true", "paused-scale-out": "true"}),
            Some("paused: autoscaling.keda.sh/paused=true, autoscaling.keda.sh/paused-scale-out=true"),
        ),
        (
            json!({"paused": "false", "paused-scale-in": "false", "paused-scale-out": "false"}),
            None,
        ),
    ] {
        let annotations: Value = pauses
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (format!("autoscaling.keda.sh/{name}"), value.clone()))
            .collect();
        let world = World::well().with("scaledobjects", object(annotations, ready.clone()));
        match told {
            Some(told) => assert_eq!(world.only().2, told),
            None => world.is_well("nothing is paused"),
        }
    }
    let stuck = World::well().with(
        "scaledobjects",
        object(
            json!({}),
            json!([{"type": "Ready", "status": "True"}, {"type": "Paused", "status": "True"}]),
        ),
    );
    assert!(stuck.only().2.contains("still paused"), "{:?}", stuck.only());
    let silent = World::well().with("scaledobjects", object(json!({}), json!(null)));
    assert_eq!(silent.item("HLT-166").verdict(), Verdict::Unknown);
}

#[test]
fn one_failing_trigger_of_several_is_told_in_kedas_words_and_what_keda_cannot_say_is_unknown() {
    // As KEDA makes its conditions, before it has looked.
    let fresh = json!({"type": "Ready", "status": "Unknown"});
    let partly = json!({"type": "Ready", "status": "Unknown", "reason": "PartialTriggerError",
        "message": "Some triggers defined in ScaledObject are not working correctly"});
    let other =
        json!({"type": "Ready", "status": "Unknown", "reason": "NewReason", "message": "of a later version"});
    for (ready, verdict, told) in [
        (
            fresh,
            Verdict::Unknown,
            "KEDA has not said yet whether it is Ready",
        ),
        (
            partly,
            Verdict::Fail,
            "one of its triggers fails: PartialTriggerError Some triggers defined in ScaledObject are not working correctly",
        ),
        (
            other,
            Verdict::Unknown,
            "KEDA cannot say whether it is Ready: NewReason of a later version",
        ),
    ] {
        let object = json!({"metadata": {"name": "queue", "namespace": "shop"}, "spec": {"scaleTargetRef": {"name": "worker"}}, "status": {"conditions": [ready]}});
        let world = World::well().with("scaledobjects", object);
        assert_eq!(world.item("HLT-166").verdict(), verdict, "{told}");
        let (_, name, says) = world.only();
        assert_eq!((name.as_str(), says.as_str()), ("shop/ScaledObject/queue", told));
    }
}
