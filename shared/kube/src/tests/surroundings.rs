//! What surrounds a pod, as it is asked for and read.

use day2_core::Cause;
use day2_core::names::DnsLabel;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::{Hands, client};
use crate::objects::{EndpointSlice, Event, NodeAgent, PolicyEndpoint, ScaledObject, ServiceAccount};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn shop() -> DnsLabel {
    "shop".parse().unwrap()
}

fn list(items: &Value) -> Reply {
    Reply::ok(json!({"metadata": {}, "items": items}).to_string())
}

#[tokio::test]
async fn rights_of_an_account_include_those_of_its_groups_and_nothing_like_its_name() {
    let hands = Hands::new();
    let binding = |name: &str, kind: &str, subject: &str, namespace: &str| {
        json!({"metadata": {"name": name, "namespace": "shop"}, "roleRef": {"kind": "ClusterRole", "name": "edit"},
            "subjects": [{"kind": kind, "name": subject, "namespace": namespace}]})
    };
    let items = json!([
        binding("itself", "ServiceAccount", "web", "shop"),
        binding("like-it", "ServiceAccount", "web-2", "shop"),
        binding("of-the-name-elsewhere", "ServiceAccount", "web", "other"),
        binding("all-accounts", "Group", "system:serviceaccounts", ""),
        binding("of-the-namespace", "Group", "system:serviceaccounts:shop", ""),
        binding("of-another-namespace", "Group", "system:serviceaccounts:other", ""),
        binding("as-a-user", "User", "system:serviceaccount:shop:web", ""),
        binding("everybody", "Group", "system:authenticated", ""),
        {"metadata": {"name": "nobody"}, "subjects": null},
    ]);
    let server = Server::start(move |_, _| list(&items)).await;
    let client = client(&server, &hands).await;
    let expected = [
        "itself",
        "all-accounts",
        "of-the-namespace",
        "as-a-user",
        "everybody",
    ];
    let one = client.list_role_bindings(&shop(), "web", hands.within(20)).await;
    let all = client
        .list_cluster_role_bindings(&shop(), "web", hands.within(20))
        .await;
    for listed in [one, all] {
        let bindings = listed.unwrap().complete().unwrap();
        let names: Vec<&str> = bindings.iter().map(|binding| binding.name.as_str()).collect();
        assert_eq!(names, expected);
    }
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(
        paths,
        [
            "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings?limit=500",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=500",
        ]
    );
}

#[tokio::test]
async fn events_are_asked_for_by_uid_and_slices_kept_where_the_pod_stands_k17() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| {
        if seen.path.contains("events") {
            return list(&json!([{"type": "Warning", "reason": "BackOff", "message": "again", "count": 4,
                "source": {"component": "kubelet"}, "lastTimestamp": "2026-03-29T02:30:00Z"}]));
        }
        let slice = |name: &str, uid: &str| {
            json!({"metadata": {"name": name, "labels": {"kubernetes.io/service-name": "web"}}, "endpoints": [
                {"targetRef": {"kind": "Pod", "uid": uid}, "conditions": {"ready": false}}, {"targetRef": null}]})
        };
        list(&json!([slice("web-a", "u1"), slice("web-b", "u2")]))
    })
    .await;
    let client = client(&server, &hands).await;
    let uid: DnsLabel = "u1".parse().unwrap();
    let events = client
        .list_events_of(&shop(), &uid, hands.within(20))
        .await
        .unwrap()
        .complete()
        .unwrap();
    assert_eq!(
        (
            events[0].reason.as_str(),
            events[0].count,
            events[0].source.as_str()
        ),
        ("BackOff", 4, "kubelet")
    );
    let slices = client
        .list_endpoint_slices(&shop(), "u1", hands.within(20))
        .await
        .unwrap()
        .complete()
        .unwrap();
    assert_eq!(
        (
            slices.len(),
            slices[0].name.as_str(),
            slices[0].service.as_deref()
        ),
        (1, "web-a", Some("web"))
    );
    assert!(!slices[0].endpoint("u1").unwrap().ready);
    let path = &server.seen()[0].path;
    assert_eq!(
        path,
        "/api/v1/namespaces/shop/events?limit=500&fieldSelector=involvedObject.uid%3Du1"
    );
}

#[tokio::test]
async fn policies_above_namespaces_are_read_where_they_are_served() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| match seen.path.split('?').next().unwrap() {
        "/apis/networking.k8s.aws/v1alpha1/clusternetworkpolicies" => list(&json!([
            {"metadata": {"name": "allow"}, "spec": {"tier": "Admin", "ingress": [{"action": "Accept"}], "egress": [{"action": "Deny"}]}},
        ])),
        "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies" => Reply::refusal(403, "Forbidden", "may not"),
        _ => Reply::Answer(404, Vec::new(), "404 page not found\n".to_owned()),
    })
    .await;
    let client = client(&server, &hands).await;
    let [eks, admin, cluster] = client.list_higher_policies(hands.within(20)).await;
    let policies = eks.policies.unwrap().unwrap();
    assert_eq!(
        (policies[0].accepts_ingress, policies[0].accepts_egress),
        (true, false)
    );
    assert_eq!(eks.kind, "clusternetworkpolicies.networking.k8s.aws");
    assert_eq!(admin.policies.unwrap_err().cause, Cause::Denied);
    assert_eq!(cluster.policies, Ok(None));
}

#[tokio::test]
async fn kinds_of_add_ons_that_are_not_installed_are_an_answer() {
    let hands = Hands::new();
    let server =
        Server::start(|_, _| Reply::Answer(404, Vec::new(), "404 page not found\n".to_owned())).await;
    let client = client(&server, &hands).await;
    let deadline = hands.within(20);
    assert_eq!(client.list_scaled_objects(&shop(), deadline).await, Ok(None));
    assert_eq!(client.list_policy_endpoints(&shop(), deadline).await, Ok(None));
    assert_eq!(
        client.list_application_network_policies(&shop(), deadline).await,
        Ok(None)
    );
    let first = &server.seen()[0].path;
    assert_eq!(
        first,
        "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects?limit=500"
    );
}

#[test]
fn the_agent_enforces_only_when_it_is_told_to_k20() {
    let of = |name: &str, args: Value| -> NodeAgent {
        read(
            json!({"spec": {"template": {"spec": {"containers": [{"name": "aws-node"}, {"name": name, "args": args}]}}},
            "status": {"desiredNumberScheduled": 3, "numberReady": 2}}),
        )
    };
    let on = json!(["--enable-ipv6=false", "--enable-network-policy=true"]);
    assert!(of("aws-eks-nodeagent", on.clone()).enforces);
    assert!(!of("aws-eks-nodeagent", json!(["--enable-network-policy=false"])).enforces);
    assert!(!of("aws-eks-nodeagent", Value::Null).enforces);
    assert!(!of("sidecar", on).enforces);
    assert!(!read::<NodeAgent>(json!({})).enforces);
}

#[test]
fn scaled_objects_say_what_they_scale_and_whether_they_rest_k15() {
    let of = |annotations: Value, paused: &str| -> ScaledObject {
        read(
            json!({"metadata": {"namespace": "shop", "name": "web", "annotations": annotations},
            "spec": {"scaleTargetRef": {"name": "web"}, "minReplicaCount": 2},
            "status": {"conditions": [{"type": "Paused", "status": paused}]}}),
        )
    };
    let plain = of(json!({"other": "x"}), "Unknown");
    assert!(plain.scales("shop", "Deployment", "web") && !plain.scales("shop", "StatefulSet", "web"));
    assert_eq!(
        (plain.min, plain.max, plain.is_paused(), plain.says_paused()),
        (2, 100, false, None)
    );
    for (annotations, paused) in [
        (json!({"autoscaling.keda.sh/paused": "true"}), true),
        (json!({"autoscaling.keda.sh/paused": "False"}), false),
        (json!({"autoscaling.keda.sh/paused-replicas": "0"}), true),
        (json!({"autoscaling.keda.sh/paused-scale-in": "true"}), false),
    ] {
        assert_eq!(
            of(annotations.clone(), "True").is_paused(),
            paused,
            "{annotations}"
        );
    }
    assert_eq!(of(json!({}), "True").says_paused(), Some(true));
}

#[test]
fn objects_with_nothing_in_them_are_still_read_k26() {
    let empty = || json!({"metadata": null, "spec": null, "status": null});
    assert_eq!(read::<Event>(empty()).count, 1);
    assert!(read::<PolicyEndpoint>(empty()).pods.is_empty());
    assert!(read::<EndpointSlice>(empty()).endpoints.is_empty());
    assert_eq!(read::<ScaledObject>(empty()).target.kind, "Deployment");
    let account: ServiceAccount =
        read(json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}}}));
    assert_eq!(account.role_arn.as_deref(), Some("arn:aws:iam::1:role/x"));
    assert_eq!(read::<ServiceAccount>(empty()).role_arn, None);
}

#[tokio::test]
async fn of_all_service_accounts_those_with_a_role_are_kept() {
    let hands = Hands::new();
    let account = |name: &str, annotations: Value| json!({"metadata": {"namespace": "shop", "name": name, "annotations": annotations}});
    let items = json!([
        account(
            "web",
            json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/web"})
        ),
        account("default", json!(null)),
        account("emptied", json!({"eks.amazonaws.com/role-arn": ""})),
    ]);
    let server = Server::start(move |_, _| list(&items)).await;
    let client = client(&server, &hands).await;
    let listed = client.list_service_accounts(hands.within(20)).await.unwrap();
    let names: Vec<String> = listed
        .complete()
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["web"]);
    assert_eq!(server.seen()[0].path, "/api/v1/serviceaccounts?limit=500");
}
