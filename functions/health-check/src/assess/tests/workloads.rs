//! Workloads that lack pods, autoscalers, budgets, Jobs.

use serde_json::{Value, json};

use super::world::{World, ago, deployment, put, sick};

fn refused(message: &str) -> Value {
    let mut one = deployment("shop", "api", 2);
    put(
        &mut one,
        "/status",
        json!({"replicas": 0, "observedGeneration": 3, "unavailableReplicas": 2, "conditions": [
        {"type": "Available", "status": "False", "lastTransitionTime": ago(40)},
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}]}),
    );
    one
}

#[test]
fn a_workload_without_pods_says_who_refuses_them() {
    for (message, part) in [
        (
            "pods \"api-1\" is forbidden: exceeded quota: small, requested: cpu=1, used: cpu=4, limited: cpu=4",
            "exceeded quota: small",
        ),
        (
            "admission webhook \"policy.example.com\" denied the request: no owner label",
            "admission webhook",
        ),
    ] {
        let (code, name, says) = World::well().with("deployments", refused(message)).only();
        assert_eq!((code.as_str(), name.as_str()), ("HLT-121", "shop/Deployment/api"));
        assert!(
            says.starts_with("0 of 2 available, its pods are refused: ") && says.contains(part),
            "{says}"
        );
    }
    let set = json!({"metadata": {"name": "db", "namespace": "shop"}, "spec": {"replicas": 2}, "status": {"readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 2}});
    let event = json!({"involvedObject": {"kind": "StatefulSet", "namespace": "shop", "name": "db"}, "reason": "FailedCreate", "message": "exceeded quota: small", "lastTimestamp": ago(3)});
    let (_, name, says) = World::well()
        .with("statefulsets", set)
        .with("events", event)
        .only();
    assert_eq!(name, "shop/StatefulSet/db");
    assert!(
        says.contains("1 of 2 available, its pods are refused: exceeded quota"),
        "{says}"
    );
}

#[test]
fn a_workload_whose_pods_tell_the_cause_is_named_once() {
    let mut one = deployment("shop", "sick", 3);
    put(&mut one, "/status/availableReplicas", json!(2));
    put(
        &mut one,
        "/status/conditions/0",
        json!({"type": "Available", "status": "False", "lastTransitionTime": ago(40)}),
    );
    let pod = sick("p", &json!({"waiting": {"reason": "ImagePullBackOff"}}));
    let world = World::well().with("deployments", one.clone()).with("pods", pod);
    assert_eq!(world.named(), ["HLT-122 shop/Deployment/sick"]);
    let silent = World::well().with("deployments", one);
    assert_eq!(
        silent.named(),
        ["HLT-121 shop/Deployment/sick"],
        "without a pod that tells, the workload does"
    );
}

#[test]
fn an_autoscaler_at_its_end_or_without_eyes_is_told_and_a_fixed_or_resting_one_is_not() {
    let hpa = |max: i64, conditions: Value| {
        json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"minReplicas": 2, "maxReplicas": max, "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
        "status": {"currentReplicas": max, "desiredReplicas": max, "conditions": conditions}})
    };
    let limited = |minutes| json!([{"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas", "lastTransitionTime": ago(minutes)}]);
    let scaled = |minutes| {
        let mut one = hpa(10, limited(60 * 24 * 3));
        put(&mut one, "/status/lastScaleTime", json!(ago(minutes)));
        one
    };
    let step = json!([{"type": "ScalingLimited", "status": "True", "reason": "ScaleUpLimit", "lastTransitionTime": ago(600)}]);
    let active = |reason: &str| json!([{"type": "ScalingActive", "status": "False", "reason": reason, "message": "no metrics"}]);
    for (what, one, says) in [
        (
            "long at its maximum",
            hpa(10, limited(60)),
            Some("at its maximum of 10 for 60 min"),
        ),
        ("just at its maximum", hpa(10, limited(5)), None),
        (
            "for days at its minimum, and since a minute at its maximum",
            scaled(1),
            None,
        ),
        (
            "for days at its minimum, and since an hour at its maximum",
            scaled(60),
            Some("at its maximum of 10 for 60 min"),
        ),
        ("limited in its step", hpa(10, step), None),
        ("fixed on purpose", hpa(2, limited(600)), None),
        (
            "blind",
            hpa(10, active("FailedGetResourceMetric")),
            Some("blind: FailedGetResourceMetric no metrics"),
        ),
        ("scaled to zero", hpa(10, active("ScalingDisabled")), None),
    ] {
        let world = World::well().with("horizontalpodautoscalers", one);
        match says {
            None => world.is_well(what),
            Some(says) => {
                let (code, name, seen) = world.only();
                assert_eq!(
                    (code.as_str(), name.as_str()),
                    ("HLT-128", "shop/HorizontalPodAutoscaler/web"),
                    "{what}"
                );
                assert!(seen.contains(says), "{what}: {seen}");
            }
        }
    }
}

#[test]
fn a_budget_that_can_never_be_met_is_told_before_the_drain_that_it_stops() {
    let budget = |least: &str, desired: i64, pods: i64, healthy: i64| {
        json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"minAvailable": least},
        "status": {"desiredHealthy": desired, "expectedPods": pods, "currentHealthy": healthy, "disruptionsAllowed": 0}})
    };
    let (code, _, says) = World::well()
        .with("poddisruptionbudgets", budget("100%", 3, 3, 3))
        .only();
    assert_eq!(code, "HLT-129");
    assert!(
        says.contains("minAvailable 100% demands 3 healthy of 3 pods"),
        "{says}"
    );
    World::well()
        .with("poddisruptionbudgets", budget("2", 2, 3, 2))
        .is_well("it allows one when all are healthy");
    World::well()
        .with("poddisruptionbudgets", budget("1", 1, 0, 0))
        .is_well("it protects nothing");
}

#[test]
fn the_last_run_of_a_cron_job_counts_and_its_pods_are_its_own() {
    let job = |name: &str, made: i64, kind: &str| {
        json!({"metadata": {"name": name, "namespace": "shop", "creationTimestamp": ago(made), "ownerReferences": [{"kind": "CronJob", "name": "backup", "controller": true}]},
        "status": {"conditions": [{"type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached the specified backoff limit", "lastTransitionTime": ago(made - 5)}]}})
    };
    let failed = World::well()
        .with("jobs", job("backup-1", 300, "Complete"))
        .with("jobs", job("backup-2", 60, "Failed"));
    let (code, name, says) = failed.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-131", "shop/CronJob/backup"));
    assert!(
        says.contains("backup-2 failed 55 min ago: BackoffLimitExceeded"),
        "{says}"
    );
    World::well()
        .with("jobs", job("backup-1", 300, "Failed"))
        .with("jobs", job("backup-2", 60, "Complete"))
        .is_well("made up for");
    // A pod of such a Job that cannot start is the CronJob's.
    let mut pod = sick("backup-3-x", &json!({"waiting": {"reason": "ImagePullBackOff"}}));
    put(
        &mut pod,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "backup-2", "controller": true}),
    );
    let world = World::well()
        .with("jobs", job("backup-2", 60, "Complete"))
        .with("pods", pod);
    assert_eq!(world.named(), ["HLT-122 shop/CronJob/backup"]);
}

#[test]
fn what_is_broken_in_the_clusters_own_namespaces_is_told_there_and_not_twice() {
    let mut dns = sick(
        "coredns-5f-3",
        &json!({"waiting": {"reason": "CrashLoopBackOff"}}),
    );
    put(&mut dns, "/metadata/namespace", json!("kube-system"));
    put(&mut dns, "/metadata/ownerReferences/0/name", json!("coredns-5f"));
    assert_eq!(
        World::well().with("pods", dns.clone()).named(),
        ["HLT-103 kube-system/Deployment/coredns"]
    );
    let left_out = World::well()
        .plan("not_checked", json!(["cluster"]))
        .with("pods", dns);
    assert!(
        left_out
            .named()
            .contains(&"HLT-122 kube-system/Deployment/coredns".to_owned()),
        "{:?}",
        left_out.named()
    );
}
