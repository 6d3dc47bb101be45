//! Deleting exactly one object: the one that was meant.

use day2_core::names::{DnsLabel, DnsName};
use http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::change::{Change, DeletePod, PodDeleted, PolicyDeleted};

fn pod(uid: &str) -> Value {
    json!({"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop", "uid": uid, "resourceVersion": "7"}})
}

fn ending(uid: &str, finalizers: &[&str]) -> Value {
    let mut it = pod(uid);
    it["metadata"]["deletionTimestamp"] = json!("2026-03-29T02:30:00Z");
    it["metadata"]["finalizers"] = json!(finalizers);
    it
}

fn absent() -> Reply {
    Reply::refusal(404, "NotFound", "pods \"web-1\" not found")
}

/// Deletes the pod at a server that answers reads, by their number, and the DELETE.
async fn delete(
    read: impl Fn(usize) -> Reply + Send + Sync + 'static,
    delete: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Change<PodDeleted>, Vec<Seen>) {
    let hands = Hands::new();
    let reads = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_, seen| match seen.method {
        Method::GET => read(reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst)),
        _ => delete(),
    })
    .await;
    let client = client(&server, &hands).await;
    let (namespace, name): (DnsLabel, DnsName) = ("shop".parse().unwrap(), "web-1".parse().unwrap());
    let wanted = DeletePod {
        namespace: &namespace,
        name: &name,
        uid: "u1",
    };
    let change = client.delete_pod(&wanted, hands.within(20)).await;
    let mut seen = server.seen();
    seen.retain(|seen| seen.method != Method::GET);
    (change, seen)
}

#[tokio::test]
async fn a_pod_is_deleted_by_its_uid_with_its_own_grace_k11() {
    let (change, sent) = delete(
        |_| Reply::ok(pod("u1").to_string()),
        || Reply::ok(ending("u1", &[]).to_string()),
    )
    .await;
    let Change::Applied(made) = change else {
        panic!("{change:?}")
    };
    assert!(!made.gone && made.since.is_some());
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&sent[0].method, sent[0].path.as_str()),
        (&Method::DELETE, "/api/v1/namespaces/shop/pods/web-1")
    );
    // No grace period, no propagation: nothing is forced.
    assert_eq!(
        sent[0].body,
        json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "u1"}})
    );
}

#[tokio::test]
async fn a_pod_of_another_uid_is_never_deleted_k11() {
    let (change, sent) = delete(|_| Reply::ok(pod("u2").to_string()), || Reply::ok("{}")).await;
    assert!(
        matches!(&change, Change::Refused(why) if why.contains("another uid")),
        "{change:?}"
    );
    assert!(sent.is_empty());
    // Replaced between the look and the DELETE: the API server refuses, and a new look says why.
    let (change, sent) = delete(
        |number| Reply::ok(pod(if number == 0 { "u1" } else { "u2" }).to_string()),
        || {
            Reply::refusal(
                409,
                "Conflict",
                "Precondition failed: UID in precondition: u1, UID in object meta: u2",
            )
        },
    )
    .await;
    assert!(
        matches!(&change, Change::Refused(why) if why.contains("another uid")),
        "{change:?}"
    );
    assert_eq!(sent.len(), 1);
}

#[tokio::test]
async fn a_pod_that_ends_already_is_left_and_what_holds_it_is_named_k13() {
    let (change, sent) = delete(
        |_| Reply::ok(ending("u1", &["example.com/hold"]).to_string()),
        || Reply::ok("{}"),
    )
    .await;
    let Change::AlreadyDone(made) = change else {
        panic!("{change:?}")
    };
    assert_eq!(made.finalizers, ["example.com/hold"]);
    assert!(!made.gone && made.since.is_some() && sent.is_empty());
}

#[tokio::test]
async fn a_pod_that_is_gone_is_done() {
    let gone = PodDeleted {
        gone: true,
        since: None,
        finalizers: Vec::new(),
    };
    let (change, sent) = delete(|_| absent(), || Reply::ok("{}")).await;
    assert_eq!((change, sent.len()), (Change::AlreadyDone(gone.clone()), 0));
    let (change, sent) = delete(|_| Reply::ok(pod("u1").to_string()), absent).await;
    assert_eq!((change, sent.len()), (Change::AlreadyDone(gone), 1));
}

#[tokio::test]
async fn a_static_pod_is_refused_k14() {
    let (change, sent) = delete(
        |_| {
            let mut it = pod("u1");
            it["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "abc"});
            Reply::ok(it.to_string())
        },
        || Reply::ok("{}"),
    )
    .await;
    assert!(
        matches!(&change, Change::Refused(why) if why.contains("static pod")),
        "{change:?}"
    );
    assert!(sent.is_empty());
}

#[tokio::test]
async fn a_lost_delete_is_sent_once_and_told_by_a_second_look() {
    type Case = (&'static str, fn() -> Reply, Option<bool>);
    let cases: [Case; 4] = [
        ("gone", absent, Some(true)),
        ("ends", || Reply::ok(ending("u1", &[]).to_string()), Some(true)),
        (
            "replaced by its controller",
            || Reply::ok(pod("u2").to_string()),
            Some(true),
        ),
        ("unchanged", || Reply::ok(pod("u1").to_string()), None),
    ];
    for (what, after, done) in cases {
        let read = move |number| {
            if number == 0 {
                Reply::ok(pod("u1").to_string())
            } else {
                after()
            }
        };
        let (change, sent) = delete(read, || Reply::Break).await;
        assert_eq!((change.is_done(), sent.len()), (done, 1), "{what}: {change:?}");
    }
}

#[tokio::test]
async fn only_a_policy_of_ours_is_deleted_and_only_this_one() {
    let policy = |uid: &str, marked: bool| {
        let marks = if marked {
            json!({"day2.dev/owner": "o", "day2.dev/pod-uid": "u1"})
        } else {
            json!({})
        };
        json!({"kind": "NetworkPolicy", "metadata": {"name": "day2-quarantine-u1", "namespace": "shop", "uid": uid,
            "resourceVersion": "9", "annotations": marks}, "spec": {"podSelector": {}}})
    };
    for (what, there, refused) in [
        ("ours", policy("p1", true), None),
        ("another uid", policy("p2", true), Some("another uid")),
        ("unmarked", policy("p1", false), Some("our mark")),
    ] {
        let hands = Hands::new();
        let server = Server::start(move |_, seen| match seen.method {
            Method::GET => Reply::ok(there.to_string()),
            _ => Reply::ok(json!({"kind": "Status", "status": "Success"}).to_string()),
        })
        .await;
        let client = client(&server, &hands).await;
        let (namespace, name) = ("shop".parse().unwrap(), "day2-quarantine-u1".parse().unwrap());
        let change = client
            .delete_quarantine_policy(&namespace, &name, "p1", hands.within(20))
            .await;
        match refused {
            None => {
                assert_eq!(change, Change::Applied(PolicyDeleted { was_absent: false }));
                assert_eq!(
                    server.seen()[1].body["preconditions"],
                    json!({"uid": "p1", "resourceVersion": "9"})
                );
            }
            Some(words) => {
                assert!(
                    matches!(&change, Change::Refused(why) if why.contains(words)),
                    "{what}: {change:?}"
                );
                assert_eq!(server.seen().len(), 1, "{what}");
            }
        }
    }
}
