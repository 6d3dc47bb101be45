//! Who a pod is, who controls it, who is like it, and whole objects of any kind.

use std::collections::BTreeSet;

use day2_core::Cause;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::change::Scalable;
use crate::objects::{ContainerRole, DeployedBy, PodDetail};
use crate::{ChainEnd, KindAt, Likeness, Owners, Raw};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn owned_by(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true}])
}

fn pod(owners: Value) -> PodDetail {
    read(object("web-1", "u1", owners))
}

fn object(name: &str, uid: &str, owners: Value) -> Value {
    let mut it = json!({"metadata": {"namespace": "shop", "name": name, "uid": uid},
        "spec": {"replicas": 3}, "status": {"readyReplicas": 2}});
    it["metadata"]["ownerReferences"] = owners;
    it
}

fn no_such_path() -> Reply {
    Reply::Answer(404, Vec::new(), "404 page not found\n".to_owned())
}

/// Follows the owners at a server that has these objects, by path; what it has not is a 404 of its own.
async fn owners(pod: &PodDetail, has: Vec<(&'static str, Value)>) -> (Owners, Vec<Seen>) {
    let hands = Hands::new();
    let server = Server::start(move |_, seen| {
        let found = has.iter().find(|(path, _)| *path == seen.path);
        match found {
            Some((_, Value::Null)) => Reply::refusal(403, "Forbidden", "may not"),
            Some((_, object)) => Reply::ok(object.to_string()),
            None if seen.path.contains("/namespaces/") => Reply::refusal(404, "NotFound", "not found"),
            None => no_such_path(),
        }
    })
    .await;
    let client = client(&server, &hands).await;
    (client.owners_of(pod, hands.within(20)).await, server.seen())
}

const RS: &str = "/apis/apps/v1/namespaces/shop/replicasets/web-7d";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

#[tokio::test]
async fn the_chain_leads_to_what_a_person_deployed_k14() {
    let in_rs = pod(owned_by("apps/v1", "ReplicaSet", "web-7d", "r1"));
    let mut deployment = object("web", "d1", Value::Null);
    deployment["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "shop-prod:apps/Deployment:shop/web"});
    let rs = object("web-7d", "r1", owned_by("apps/v1", "Deployment", "web", "d1"));
    let (owners, seen) = owners(&in_rs, vec![(RS, rs), (DEPLOYMENT, deployment)]).await;
    let top = owners.top().unwrap();
    assert_eq!(top.full_name(), "Deployment shop/web");
    assert_eq!(
        (top.replicas, top.ready, owners.controllers.len()),
        (Some(3), Some(2), 2)
    );
    assert_eq!(
        top.deployed_by(),
        Some(DeployedBy::ArgoCd(Some("shop-prod".to_owned())))
    );
    assert_eq!(Scalable::of(top), Some(Scalable::Deployment));
    assert_eq!(seen.len(), 2, "discovery is not asked for built-in kinds");
}

#[tokio::test]
async fn each_kind_of_controller_is_what_it_is_k14() {
    for (api, kind, path, scalable) in [
        (
            "apps/v1",
            "ReplicaSet",
            "/apis/apps/v1/namespaces/shop/replicasets/o",
            true,
        ),
        (
            "apps/v1",
            "StatefulSet",
            "/apis/apps/v1/namespaces/shop/statefulsets/o",
            true,
        ),
        (
            "apps/v1",
            "DaemonSet",
            "/apis/apps/v1/namespaces/shop/daemonsets/o",
            false,
        ),
        ("batch/v1", "Job", "/apis/batch/v1/namespaces/shop/jobs/o", false),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/o",
            false,
        ),
    ] {
        let (owners, _) = owners(
            &pod(owned_by(api, kind, "o", "o1")),
            vec![(path, object("o", "o1", Value::Null))],
        )
        .await;
        let top = owners.top().unwrap_or_else(|| panic!("{kind}: {owners:?}"));
        assert_eq!((top.kind.as_str(), Scalable::of(top).is_some()), (kind, scalable));
    }
    let job = object(
        "nightly-1",
        "j1",
        owned_by("batch/v1", "CronJob", "nightly", "c1"),
    );
    let mut cron = object("nightly", "c1", Value::Null);
    cron["spec"]["suspend"] = json!(true);
    let of_job = pod(owned_by("batch/v1", "Job", "nightly-1", "j1"));
    let has = vec![
        ("/apis/batch/v1/namespaces/shop/jobs/nightly-1", job),
        ("/apis/batch/v1/namespaces/shop/cronjobs/nightly", cron),
    ];
    let (owners, _) = owners(&of_job, has).await;
    assert!(
        owners
            .top()
            .is_some_and(|top| top.kind == "CronJob" && top.suspended),
        "{owners:?}"
    );
}

#[tokio::test]
async fn a_custom_owner_is_found_by_discovery_or_said_to_be_unknown_k14() {
    let custom = pod(owned_by("db.example.com/v1", "Cluster", "pg", "p1"));
    let kinds = json!({"resources": [{"name": "clusters/scale", "kind": "Scale"}, {"name": "clusters", "kind": "Cluster"}]});
    let has = vec![
        ("/apis/db.example.com/v1", kinds),
        (
            "/apis/db.example.com/v1/namespaces/shop/clusters/pg",
            object("pg", "p1", Value::Null),
        ),
    ];
    let (found, _) = owners(&custom, has).await;
    let top = found.top().unwrap();
    assert_eq!((top.kind.as_str(), Scalable::of(top)), ("Cluster", None));
    let (unknown, _) = owners(&custom, Vec::new()).await;
    assert!(
        matches!(&unknown.end, ChainEnd::NotServed(owner) if owner.kind == "Cluster"),
        "{unknown:?}"
    );
    assert_eq!(unknown.top(), None);
}

#[tokio::test]
async fn a_hop_that_cannot_be_trusted_ends_the_chain_and_says_so_k14() {
    let in_rs = pod(owned_by("apps/v1", "ReplicaSet", "web-7d", "r1"));
    let rs = || object("web-7d", "r1", owned_by("apps/v1", "Deployment", "web", "d1"));
    let (replaced, _) = owners(
        &in_rs,
        vec![(RS, rs()), (DEPLOYMENT, object("web", "d2", Value::Null))],
    )
    .await;
    assert!(
        matches!(&replaced.end, ChainEnd::Replaced(owner) if owner.uid == "d1"),
        "{replaced:?}"
    );
    let (missing, _) = owners(&in_rs, vec![(RS, rs())]).await;
    assert!(
        matches!(&missing.end, ChainEnd::Missing(owner) if owner.name == "web"),
        "{missing:?}"
    );
    let (unreadable, _) = owners(&in_rs, vec![(RS, rs()), (DEPLOYMENT, Value::Null)]).await;
    assert!(
        matches!(&unreadable.end, ChainEnd::Unreadable(_, why) if why.cause == Cause::Denied),
        "{unreadable:?}"
    );
    for chain in [replaced, missing, unreadable] {
        assert_eq!((chain.controllers.len(), chain.top()), (1, None));
    }
    let circle = vec![(
        RS,
        object("web-7d", "r1", owned_by("apps/v1", "ReplicaSet", "web-7d", "r1")),
    )];
    let (circle, seen) = owners(&in_rs, circle).await;
    assert!(
        matches!(circle.end, ChainEnd::TooLong(_)) && seen.len() == 5,
        "{circle:?}"
    );
}

#[tokio::test]
async fn a_naked_and_a_static_pod_need_no_read_k14() {
    let (naked, seen) = owners(&pod(Value::Null), Vec::new()).await;
    assert_eq!((naked.end, seen.len()), (ChainEnd::Naked, 0));
    let mut mirror = pod(owned_by("v1", "Node", "n1", "n1"));
    mirror
        .annotations
        .insert("kubernetes.io/config.mirror".to_owned(), "abc".to_owned());
    let (fixed, seen) = owners(&mirror, Vec::new()).await;
    assert_eq!((fixed.end, seen.len()), (ChainEnd::Static, 0));
}

#[tokio::test]
async fn names_of_owners_cannot_alter_a_path_e11() {
    for (api, kind, name) in [
        ("apps/v1", "ReplicaSet", "../../secrets/x"),
        ("apps/v1", "ReplicaSet", "a%2e%2e"),
        ("x/../../api/v1/secrets", "Thing", "a"),
        ("evil.example/v1?a=b", "Thing", "a"),
        ("", "Thing", "a"),
    ] {
        let (owners, seen) = owners(&pod(owned_by(api, kind, name, "o1")), Vec::new()).await;
        assert!(
            matches!(owners.end, ChainEnd::Unreadable(..)),
            "{api} {name}: {owners:?}"
        );
        assert!(seen.is_empty(), "{api} {name}: {seen:?}");
    }
}

#[test]
fn who_deploys_a_controller_is_told_by_its_marks_k15() {
    let of = |labels: Value, annotations: Value| {
        let mut top = object("web", "d1", Value::Null);
        top["metadata"]["labels"] = labels;
        top["metadata"]["annotations"] = annotations;
        let owner = crate::objects::Owner {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
            uid: "d1".to_owned(),
        };
        crate::objects::Controller::of(read(top), &owner).deployed_by()
    };
    let flux = |tool: &str| json!({format!("{tool}.toolkit.fluxcd.io/name"): "apps", format!("{tool}.toolkit.fluxcd.io/namespace"): "flux-system"});
    assert_eq!(
        of(flux("kustomize"), json!({})),
        Some(DeployedBy::FluxKustomization("flux-system/apps".to_owned()))
    );
    assert_eq!(
        of(flux("helm"), json!({})),
        Some(DeployedBy::FluxHelmRelease("flux-system/apps".to_owned()))
    );
    assert_eq!(
        of(json!({"argocd.argoproj.io/instance": "shop"}), json!({})),
        Some(DeployedBy::ArgoCd(Some("shop".to_owned())))
    );
    assert_eq!(
        of(
            json!({"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "web"}),
            json!({})
        ),
        Some(DeployedBy::Other("Helm".to_owned()))
    );
    assert_eq!(of(json!({"app.kubernetes.io/instance": "web"}), json!({})), None);
}

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn running(name: &str, namespace: &str, account: &str, image_id: &str) -> Value {
    json!({
        "metadata": {"namespace": namespace, "name": name, "uid": format!("uid-{name}")},
        "spec": {"serviceAccountName": account, "nodeName": "n1", "containers": [{"name": "main", "image": "web:1"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "main", "imageID": image_id,
            "state": {"running": {"startedAt": "2026-03-29T02:30:00Z"}}}]},
    })
}

#[tokio::test]
async fn siblings_are_found_by_digest_and_account_on_the_whole_cluster() {
    let hands = Hands::new();
    let pods = json!({"metadata": {}, "items": [
        running("same-image", "other", "default", &format!("registry.example/web@{DIGEST}")),
        running("same-account", "shop", "web", "registry.example/api@sha256:ff"),
        running("same-name-elsewhere", "other", "web", ""),
        running("stranger", "shop", "default", "docker-pullable://x@sha256:aa"),
        running("both", "shop", "web", DIGEST),
    ]});
    let server = Server::start(move |_, _| Reply::ok(pods.to_string())).await;
    let client = client(&server, &hands).await;
    let likeness = Likeness {
        digests: BTreeSet::from([DIGEST.to_owned()]),
        service_account: Some(("shop".to_owned(), "web".to_owned())),
    };
    let found = client
        .list_pod_siblings(&likeness, hands.within(20))
        .await
        .unwrap()
        .complete()
        .unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                !one.digests.is_empty(),
                one.same_service_account,
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("same-image", true, false),
            ("same-account", false, true),
            ("both", true, true)
        ]
    );
    assert_eq!(server.seen()[0].path, "/api/v1/pods?limit=500");
}

#[test]
fn containers_of_all_three_kinds_are_told_apart_and_whether_they_ran_k28() {
    let pod: PodDetail = read(json!({
        "spec": {
            "initContainers": [{"name": "init", "image": "i"}],
            "containers": [{"name": "main", "image": "m"}, {"name": "stuck", "image": "s"}, {"name": "new", "image": "n"}],
            "ephemeralContainers": [{"name": "debug", "image": "d"}],
        },
        "status": {
            "initContainerStatuses": [{"name": "init", "imageID": DIGEST,
                "state": {"terminated": {"startedAt": "2026-03-29T02:30:00Z", "exitCode": 0}}}],
            "containerStatuses": [
                {"name": "main", "imageID": format!("r/m@{DIGEST}"), "restartCount": 2, "state": {"running": {}},
                    "lastState": {"terminated": {"startedAt": "2026-03-29T02:30:00Z"}}},
                {"name": "stuck", "imageID": "", "state": {"waiting": {"reason": "ImagePullBackOff"}}},
            ],
            "ephemeralContainerStatuses": [{"name": "debug", "imageID": "x@sha256:short", "state": {"running": {}}}],
        },
    }));
    let seen: Vec<_> = pod
        .containers
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                c.role,
                c.digest.is_some(),
                c.ran,
                c.running,
                c.has_previous,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("init", ContainerRole::Init, true, true, false, false),
            ("main", ContainerRole::Regular, true, true, true, true),
            ("stuck", ContainerRole::Regular, false, false, false, false),
            ("new", ContainerRole::Regular, false, false, false, false),
            ("debug", ContainerRole::Ephemeral, false, true, true, false),
        ]
    );
    assert_eq!(pod.digests(), BTreeSet::from([DIGEST]));
    assert_eq!(pod.service_account, "default");
}

#[tokio::test]
async fn a_whole_object_is_given_with_all_its_fields_and_absence_is_an_answer() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/apis/db.example.com/v1/namespaces/shop/clusters/pg" => {
            Reply::ok(json!({"metadata": {"name": "pg"}, "spec": {"odd": [1, null]}}).to_string())
        }
        path if path.starts_with("/apis/db.example.com/v1/namespaces/") => {
            Reply::refusal(404, "NotFound", "none")
        }
        "/apis/old.example.com" => Reply::ok(json!({"versions": [{"version": "v2"}]}).to_string()),
        "/apis/old.example.com/v2" => Reply::ok(json!({"resources": [{"name": "things"}]}).to_string()),
        _ => no_such_path(),
    })
    .await;
    let client = client(&server, &hands).await;
    let clusters = KindAt::new("db.example.com", "v1", "clusters").unwrap();
    let get =
        async |kind: &KindAt, name: &str| client.get_raw(kind, Some("shop"), name, hands.within(20)).await;
    let Ok(Raw::Object(object)) = get(&clusters, "pg").await else {
        panic!()
    };
    assert_eq!(object["spec"]["odd"], json!([1, null]));
    assert_eq!(get(&clusters, "none").await, Ok(Raw::Absent));
    let unserved = KindAt::new("gone.example.com", "v1", "things").unwrap();
    assert_eq!(get(&unserved, "pg").await, Ok(Raw::NotServed));
    let older = KindAt::new("old.example.com", "v1", "things").unwrap();
    let why = get(&older, "pg").await.unwrap_err();
    assert!(why.detail.contains("as v2, not as v1"), "{why}");
    assert!(get(&clusters, "../x").await.is_err());
}

#[test]
fn secrets_and_what_is_no_kind_are_refused_by_code_e11() {
    assert!(KindAt::new("", "v1", "secrets").is_err());
    for (group, version, plural) in [
        ("", "v1", "pods/exec"),
        ("", "v1/../..", "pods"),
        ("a b", "v1", "pods"),
        ("", "", "pods"),
        ("", "v1", ""),
    ] {
        assert!(
            KindAt::new(group, version, plural).is_err(),
            "{group} {version} {plural}"
        );
    }
    assert_eq!(KindAt::of::<PodDetail>().to_string(), "pods");
}

#[tokio::test]
async fn siblings_are_all_that_stays_of_a_list_whose_server_ignores_the_limit_k09() {
    let hands = Hands::new();
    let pods: Vec<Value> = (0..10_000)
        .map(|number| {
            let image = if number % 2_500 == 0 { DIGEST } else { "sha256:aa" };
            running(&format!("pod-{number}"), "shop", "default", image)
        })
        .collect();
    let page = json!({"metadata": {}, "items": pods}).to_string();
    let server = Server::start(move |_, _| Reply::ok(page.clone())).await;
    let client = client(&server, &hands).await;
    let likeness = Likeness {
        digests: BTreeSet::from([DIGEST.to_owned()]),
        service_account: None,
    };
    let found = client
        .list_pod_siblings(&likeness, hands.within(60))
        .await
        .unwrap();
    let found = found.complete().unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["pod-0", "pod-2500", "pod-5000", "pod-7500"]);
    assert_eq!(server.seen().len(), 1, "one page held them all");
}

#[test]
fn the_role_that_a_pod_was_started_with_is_read_from_its_containers_and_nothing_else_of_their_variables() {
    let with = |env: Value| -> PodDetail {
        let mut pod = running("web", "shop", "web", "");
        pod["spec"]["containers"][0]["env"] = env;
        serde_json::from_value(pod).unwrap()
    };
    let role = "arn:aws:iam::123456789012:role/web";
    let pod = with(json!([
        {"name": "AWS_ROLE_ARN", "value": role}, {"name": "PASSWORD", "value": "secret"},
        {"name": "FROM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]));
    assert_eq!(pod.role_arns, BTreeSet::from([role.to_owned()]));
    assert!(!format!("{pod:?}").contains("secret"));
    for env in [
        json!(null),
        json!([]),
        json!([{"name": "AWS_ROLE_ARN"}]),
        json!([{"name": null, "value": null}]),
    ] {
        assert!(with(env).role_arns.is_empty());
    }
}
