//! One object by name, and what the larger projections read.

use day2_core::Cause;
use http::Method;
use serde_json::json;

use super::server::{Reply, Server};
use super::{Hands, client};
use crate::objects::{
    DeploymentDetail, HorizontalPodAutoscaler, NodeClass, NodePool, Pod, StatefulSet, TlsSecret,
};

fn read<T: serde::de::DeserializeOwned>(json: &serde_json::Value) -> T {
    serde_json::from_str(&json.to_string()).unwrap()
}

/// As an API server says that an object is not there.
fn no_such_object() -> Reply {
    let body = json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound",
        "message": "deployments.apps \"web\" not found"});
    Reply::Answer(404, Vec::new(), body.to_string())
}

#[tokio::test]
async fn one_object_is_read_by_its_name() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| {
        let name = seen.path.rsplit('/').next().unwrap();
        Reply::ok(json!({"metadata": {"name": name}}).to_string())
    })
    .await;
    let client = client(&server, &hands).await;
    let deployment = client
        .get_deployment("shop", "web", hands.within(20))
        .await
        .unwrap();
    assert_eq!(deployment.unwrap().name, "web");
    let pod = client.get_pod("shop", "web-1.a", hands.within(20)).await.unwrap();
    assert_eq!(pod.unwrap().name, "web-1.a");
    let node = client
        .get_node("ip-10-0-0-1.ec2.internal", hands.within(20))
        .await
        .unwrap();
    assert_eq!(node.unwrap().name, "ip-10-0-0-1.ec2.internal");
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.method == Method::GET));
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/apis/apps/v1/namespaces/shop/deployments/web",
            "/api/v1/namespaces/shop/pods/web-1.a",
            "/api/v1/nodes/ip-10-0-0-1.ec2.internal"
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_an_answer_and_a_404_of_something_else_is_not() {
    let hands = Hands::new();
    let server = Server::start(|_, _| no_such_object()).await;
    let here = client(&server, &hands).await;
    assert_eq!(
        here.get_deployment("shop", "web", hands.within(20)).await,
        Ok(None)
    );
    for reply in [
        || Reply::Answer(404, Vec::new(), "<html>no such site</html>".to_owned()),
        || Reply::Answer(404, Vec::new(), "404 page not found".to_owned()),
    ] {
        let server = Server::start(move |_, _| reply()).await;
        let other = client(&server, &hands).await;
        let why = other
            .get_deployment("shop", "web", hands.within(20))
            .await
            .unwrap_err();
        assert_eq!(
            (why.cause, why.operation.as_str()),
            (Cause::NotFound, "get deployments shop/web")
        );
    }
}

#[tokio::test]
async fn a_forbidden_object_is_unreadable_and_names_itself_k02() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::status(403, "nodes \"n\" is forbidden")).await;
    let client = client(&server, &hands).await;
    let why = client.get_node("n", hands.within(20)).await.unwrap_err();
    assert_eq!(
        (why.cause, why.operation.as_str()),
        (Cause::Denied, "get nodes n")
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_name_that_is_none_never_becomes_part_of_a_path() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let client = client(&server, &hands).await;
    for name in [
        "",
        "a/b",
        "..",
        "a?b",
        "a..b",
        ".a",
        "A",
        "%2e",
        "a#",
        "-a",
        "a\0",
        &"a".repeat(254),
    ] {
        assert!(client.get_node(name, hands.within(20)).await.is_err(), "{name:?}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_deployment_tells_its_rollout_and_what_it_runs() {
    let deployment: DeploymentDetail = read(&json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "77", "generation": 9,
            "annotations": {"deployment.kubernetes.io/revision": "4"}},
        "spec": {"replicas": 3, "paused": true, "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"annotations": {"a": "b", "none": null}}, "spec": {
                "initContainers": [{"name": "init", "image": "busybox"}],
                "containers": [{"name": "main", "image": "web:1", "command": ["/web"], "args": ["--x", "--y"]}]}}},
        "status": {"observedGeneration": 8, "replicas": 4, "updatedReplicas": 2, "readyReplicas": 3,
            "availableReplicas": 3, "unavailableReplicas": 1,
            "conditions": [{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}]},
    }));
    assert_eq!(deployment.full_name(), "shop/web");
    assert_eq!(
        (deployment.uid.as_str(), deployment.resource_version.as_str()),
        ("u", "77")
    );
    let counts = [
        deployment.desired,
        deployment.present,
        deployment.updated,
        deployment.ready,
        deployment.available,
        deployment.unavailable,
    ];
    assert_eq!(counts, [3, 4, 2, 3, 3, 1]);
    assert_eq!((deployment.generation, deployment.observed_generation), (9, 8));
    assert!(deployment.paused && deployment.strategy == "Recreate");
    assert_eq!(deployment.template_annotations["a"], "b");
    assert_eq!(deployment.annotations.len(), 1);
    let main = &deployment.containers[0];
    assert_eq!(
        (main.name.as_str(), main.image.as_str(), main.init),
        ("main", "web:1", false)
    );
    assert_eq!(main.arguments, ["/web", "--x", "--y"]);
    assert!(deployment.containers[1].init);
    let available = deployment.condition("Available").unwrap();
    assert_eq!(available.reason.as_deref(), Some("MinimumReplicasUnavailable"));
}

#[test]
fn an_autoscaler_of_pods_tells_its_target_bounds_and_conditions() {
    let hpa: HorizontalPodAutoscaler = read(&json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 40},
        "status": {"currentReplicas": 12, "desiredReplicas": 15,
            "conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}]},
    }));
    assert_eq!([hpa.min, hpa.max, hpa.current, hpa.desired], [1, 40, 12, 15]);
    assert!(hpa.scales_deployment("shop", "web"));
    assert!(!hpa.scales_deployment("other", "web") && !hpa.scales_deployment("shop", "api"));
    let active = hpa.condition("ScalingActive").unwrap();
    assert_eq!(active.reason.as_deref(), Some("FailedGetResourceMetric"));
    assert_eq!((hpa.created_at, hpa.metrics, hpa.unseen.len()), (None, 0, 0));
}

#[test]
fn an_autoscaler_of_pods_names_the_metrics_that_it_has_no_value_of() {
    let of = |values: serde_json::Value| -> HorizontalPodAutoscaler {
        read(&json!({
            "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": "2026-03-29T05:40:00Z"},
            "spec": {"maxReplicas": 40, "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app", "target": {}}},
                {"type": "Pods", "pods": {"metric": {"name": "packets"}, "target": {}}},
                {"type": "Object", "object": {"describedObject": {"kind": "Ingress", "name": "main"}, "metric": {"name": "requests"}}},
                {"type": "External", "external": {"metric": {"name": "queue_length", "selector": {}}, "target": {}}},
                {"type": "Later", "later": {}},
                {"type": null, "resource": null}]},
            "status": {"currentMetrics": values},
        }))
    };
    let none = of(json!(null));
    assert_eq!(none.created_at.unwrap().to_string(), "2026-03-29T05:40:00Z");
    assert_eq!(
        none.unseen,
        [
            "Resource cpu",
            "ContainerResource app cpu",
            "Pods packets",
            "Object requests",
            "External queue_length",
            "Later",
            ""
        ]
    );
    let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 41}}});
    let later = json!({"type": "Later"});
    let some = of(json!([cpu, {"type": ""}, {"type": "Pods"}, {"type": null}, {}, later, later, later]));
    assert_eq!(some.metrics, 7);
    assert_eq!(
        some.unseen,
        [
            "ContainerResource app cpu",
            "Object requests",
            "External queue_length"
        ]
    );
}

#[test]
fn a_pod_tells_its_images_that_wait_and_how_its_containers_ended() {
    let pod: Pod = read(&json!({
        "metadata": {"name": "p", "namespace": "apps"},
        "status": {"phase": "Running", "startTime": "2026-03-29T05:40:00Z",
            "initContainerStatuses": [{"name": "init", "state": {"terminated": {"reason": "Completed", "exitCode": 0,
                "finishedAt": "2026-03-29T05:41:00Z"}}}],
            "containerStatuses": [
                {"name": "main", "image": "registry.example/web:2", "restartCount": 7,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
                    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-03-29T06:00:00Z"}}},
                {"name": "side", "image": "registry.example/side:1", "state": {"waiting": {"reason": "ErrImagePull"}}},
                {"name": "well", "restartCount": 0, "state": {"running": {}}, "lastState": {}}]},
    }));
    assert_eq!(pod.started_at.unwrap().to_string(), "2026-03-29T05:40:00Z");
    let waiting: Vec<(&str, &str, &str)> = pod
        .waiting
        .iter()
        .map(|one| (one.container.as_str(), one.reason.as_str(), one.image.as_str()))
        .collect();
    assert_eq!(
        waiting,
        [
            ("main", "CrashLoopBackOff", "registry.example/web:2"),
            ("side", "ErrImagePull", "registry.example/side:1")
        ]
    );
    let ended: Vec<(&str, bool, &str, i64, i64)> = pod
        .ended
        .iter()
        .map(|one| {
            (
                one.container.as_str(),
                one.init,
                one.reason.as_str(),
                one.exit_code,
                one.restarts,
            )
        })
        .collect();
    assert_eq!(
        ended,
        [
            ("init", true, "Completed", 0, 0),
            ("main", false, "OOMKilled", 137, 7)
        ]
    );
    assert_eq!(
        pod.ended[1].finished_at.unwrap().to_string(),
        "2026-03-29T06:00:00Z"
    );
    assert_eq!(pod.restarts, 7);
}

#[test]
fn an_owner_tells_its_group_and_uid_so_that_kinds_of_one_name_differ_k14() {
    for (api_version, kind) in [
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("argoproj.io/v1alpha1", "Rollout"),
        ("v1", "Node"),
    ] {
        let pod: Pod = read(&json!({"metadata": {"name": "p", "ownerReferences": [
            {"apiVersion": "v1", "kind": "Other", "name": "x", "uid": "u0"},
            {"apiVersion": api_version, "kind": kind, "name": "o", "uid": "u1", "controller": true}]}}));
        let owner = pod.owner.unwrap();
        assert_eq!(
            (
                owner.api_version.as_str(),
                owner.kind.as_str(),
                owner.uid.as_str()
            ),
            (api_version, kind, "u1")
        );
    }
    assert_eq!(read::<Pod>(&json!({"metadata": {"name": "naked"}})).owner, None);
}

#[test]
fn a_node_pool_tells_whose_nodes_it_makes() {
    let pool: NodePool = read(&json!({
        "metadata": {"name": "general-purpose"},
        "spec": {"template": {"spec": {"nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "default"}}}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodes": 3},
    }));
    assert_eq!(
        (
            pool.name.as_str(),
            pool.class_group.as_str(),
            pool.class_kind.as_str(),
            pool.class_name.as_str()
        ),
        ("general-purpose", "eks.amazonaws.com", "NodeClass", "default")
    );
    assert_eq!(pool.conditions.len(), 1);
}

#[test]
fn a_stateful_set_tells_how_many_pods_are_there_and_whether_each_waits_for_the_one_before() {
    let set = |policy: &str| -> StatefulSet {
        read(&json!({
            "metadata": {"name": "db", "namespace": "shop", "deletionTimestamp": "2026-11-20T10:00:00Z"},
            "spec": {"replicas": 3, "podManagementPolicy": policy, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            "status": {"replicas": 2, "readyReplicas": 1},
        }))
    };
    let one = set("OrderedReady");
    assert_eq!((one.replicas, one.present, one.ready), (3, 2, 1));
    assert!(one.in_order && one.deleting_since.is_some());
    assert!(!set("Parallel").in_order);
}

#[test]
fn empty_null_and_huge_fields_are_read_k26() {
    for json in [
        json!({}),
        json!({"metadata": null, "spec": null, "status": null}),
        json!({"metadata": {"name": "x", "managedFields": null, "annotations": null}, "spec": {"template": null,
            "strategy": null, "scaleTargetRef": null, "minReplicas": null}, "status": {"conditions": null,
            "containerStatuses": null, "startTime": "yesterday"}}),
        json!({"spec": {"template": {"metadata": null, "spec": {"containers": [{"args": null, "command": null}]}}},
            "status": {"containerStatuses": [{"state": null, "lastState": {"terminated": null}}]}}),
    ] {
        let deployment: DeploymentDetail = read(&json);
        assert_eq!((deployment.desired, deployment.paused), (1, false));
        assert_eq!(read::<HorizontalPodAutoscaler>(&json).min, 1);
        let set: StatefulSet = read(&json);
        assert_eq!((set.replicas, set.present, set.in_order), (1, 0, false));
        assert!(read::<Pod>(&json).ended.is_empty());
        assert_eq!(read::<NodePool>(&json).class_group, "");
        assert!(read::<NodeClass>(&json).conditions.is_empty());
    }
    let huge = r#"{"spec":{"maxReplicas":99999999999999999999999},"status":{"desiredReplicas":"7"}}"#;
    let hpa: HorizontalPodAutoscaler = serde_json::from_str(huge).unwrap();
    assert_eq!((hpa.max, hpa.desired), (i64::MAX, 7));
}

/// The names are checked before they reach a path, so that nobody reads another Secret, or all of them.
#[tokio::test]
async fn of_a_secret_only_the_certificate_is_kept_and_it_is_asked_for_by_its_name() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let hands = Hands::new();
    let server = Server::start(|_, seen| {
        if seen.path.ends_with("gone-tls") {
            return no_such_object();
        }
        let (certificate, key) = (STANDARD.encode("-- public --"), STANDARD.encode("-- private --"));
        Reply::ok(
            json!({"kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "web-tls"},
            "data": {"tls.key": key, "tls.crt": certificate, "other": "%%%"}})
            .to_string(),
        )
    })
    .await;
    let client = client(&server, &hands).await;
    let (namespace, name) = ("shop".parse().unwrap(), "web-tls".parse().unwrap());
    let read_it = client.get_tls_secret(&namespace, &name, hands.within(20)).await;
    let secret = read_it.unwrap().unwrap();
    assert_eq!(secret.certificate.as_deref(), Some("-- public --"));
    assert!(!format!("{secret:?}").contains("private"));
    let gone = client
        .get_tls_secret(&namespace, &"gone-tls".parse().unwrap(), hands.within(20))
        .await;
    assert_eq!(gone, Ok(None));
    let paths: Vec<String> = server.seen().iter().map(|seen| seen.path.clone()).collect();
    assert_eq!(
        paths,
        [
            "/api/v1/namespaces/shop/secrets/web-tls",
            "/api/v1/namespaces/shop/secrets/gone-tls"
        ]
    );
    for data in [
        json!(null),
        json!({}),
        json!({"tls.crt": null}),
        json!({"tls.crt": "%%%"}),
        json!({"tls.crt": "/w=="}),
    ] {
        assert_eq!(
            read::<TlsSecret>(&json!({"data": data})).certificate,
            None,
            "{data}"
        );
    }
}

#[tokio::test]
async fn a_cron_job_tells_when_it_last_succeeded_although_no_job_of_it_is_left_k26() {
    let hands = Hands::new();
    let server = Server::start(|_, _| {
        let nightly = json!({"metadata": {"namespace": "batch", "name": "backup", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"schedule": "0 2 * * *", "timeZone": "Asia/Tokyo", "suspend": false, "concurrencyPolicy": "Forbid"},
            "status": {"active": [{"kind": "Job", "name": "backup-2"}], "lastScheduleTime": "2026-11-20T02:00:00Z",
                       "lastSuccessfulTime": "2026-11-19T02:09:00Z"}});
        let new = json!({"metadata": {"name": "new"}, "spec": {"schedule": "@daily", "suspend": true, "timeZone": null},
            "status": {"active": null}});
        Reply::ok(json!({"metadata": {}, "items": [nightly, new]}).to_string())
    })
    .await;
    let client = client(&server, &hands).await;
    let listed = client.list_cron_jobs(hands.within(20)).await.unwrap();
    let all = listed.complete().unwrap();
    assert_eq!(server.seen()[0].path, "/apis/batch/v1/cronjobs?limit=500");
    let one = &all[0];
    assert_eq!(
        (one.schedule.as_str(), one.time_zone.as_deref()),
        ("0 2 * * *", Some("Asia/Tokyo"))
    );
    assert_eq!((one.running, one.suspended), (true, false));
    let at = |text: &str| Some(text.parse().unwrap());
    assert_eq!(one.last_scheduled, at("2026-11-20T02:00:00Z"));
    assert_eq!(one.last_succeeded, at("2026-11-19T02:09:00Z"));
    let new = &all[1];
    assert_eq!((new.running, new.suspended), (false, true));
    assert_eq!(
        (&new.time_zone, new.last_scheduled, new.last_succeeded),
        (&None, None, None)
    );
}
