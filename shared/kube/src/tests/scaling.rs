//! Replicas and KEDA: changed from what was seen, given back only as they were left.

use day2_core::names::{DnsLabel, DnsName};
use http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::change::{Change, PauseScaling, Paused, Resumed, Scalable, Scaled, SetReplicas};

fn scale(uid: &str, replicas: i64, pods: i64) -> Value {
    let mut it = json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": "web", "namespace": "shop", "uid": uid, "resourceVersion": "11"},
        "spec": {}, "status": {"replicas": pods}});
    // The API omits a zero here.
    if replicas != 0 {
        it["spec"]["replicas"] = json!(replicas);
    }
    it
}

async fn set(
    kind: Scalable,
    there: Value,
    from: i64,
    to: i64,
    write: fn() -> Reply,
) -> (Change<Scaled>, Vec<Seen>) {
    let hands = Hands::new();
    let server = Server::start(move |_, seen| match seen.method {
        Method::GET => Reply::ok(there.to_string()),
        _ => write(),
    })
    .await;
    let client = client(&server, &hands).await;
    let (namespace, name): (DnsLabel, DnsName) = ("shop".parse().unwrap(), "web".parse().unwrap());
    let wanted = SetReplicas {
        kind,
        namespace: &namespace,
        name: &name,
        uid: "d1",
        from,
        to,
    };
    let change = client.set_replicas(&wanted, hands.within(20)).await;
    let mut seen = server.seen();
    seen.retain(|seen| seen.method != Method::GET);
    (change, seen)
}

#[tokio::test]
async fn a_controller_is_scaled_through_its_subresource_from_what_was_seen_k16() {
    for (kind, plural) in [
        (Scalable::Deployment, "deployments"),
        (Scalable::StatefulSet, "statefulsets"),
        (Scalable::ReplicaSet, "replicasets"),
    ] {
        let (change, sent) = set(kind, scale("d1", 3, 3), 3, 0, || {
            Reply::ok(scale("d1", 0, 3).to_string())
        })
        .await;
        assert_eq!(
            change,
            Change::Applied(Scaled {
                before: Some(3),
                pods: 3
            })
        );
        assert_eq!(sent.len(), 1);
        assert_eq!(
            sent[0].path,
            format!("/apis/apps/v1/namespaces/shop/{plural}/web/scale?fieldManager=day2")
        );
        assert_eq!(
            sent[0].body,
            json!({"metadata": {"resourceVersion": "11"}, "spec": {"replicas": 0}})
        );
    }
}

#[tokio::test]
async fn what_somebody_else_scaled_since_is_left_as_it_is_k16() {
    for (what, there, from, to, words) in [
        (
            "scaled up meanwhile",
            scale("d1", 5, 5),
            3,
            0,
            "5 replicas now, not 3",
        ),
        (
            "given back to others already",
            scale("d1", 2, 2),
            0,
            3,
            "2 replicas now, not 0",
        ),
        (
            "another Deployment of the name",
            scale("d2", 3, 3),
            3,
            0,
            "another object",
        ),
        ("below zero", scale("d1", 3, 3), 3, -1, "negative"),
    ] {
        let (change, sent) = set(Scalable::Deployment, there, from, to, || Reply::ok("{}")).await;
        assert!(
            matches!(&change, Change::Refused(why) if why.contains(words)),
            "{what}: {change:?}"
        );
        assert!(sent.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn replicas_that_are_as_wanted_are_done_and_go_back_from_zero() {
    let (change, sent) = set(Scalable::Deployment, scale("d1", 0, 1), 3, 0, || Reply::ok("{}")).await;
    assert_eq!(
        (change, sent.len()),
        (
            Change::AlreadyDone(Scaled {
                before: None,
                pods: 1
            }),
            0
        )
    );
    let (change, sent) = set(Scalable::Deployment, scale("d1", 0, 0), 0, 3, || {
        Reply::ok(scale("d1", 3, 0).to_string())
    })
    .await;
    assert_eq!(
        change,
        Change::Applied(Scaled {
            before: Some(0),
            pods: 0
        })
    );
    assert_eq!(sent[0].body["spec"]["replicas"], 3);
}

#[tokio::test]
async fn a_lost_answer_to_a_scaling_is_not_sent_again() {
    let (change, sent) = set(Scalable::Deployment, scale("d1", 3, 3), 3, 0, || Reply::Break).await;
    assert!(matches!(change, Change::Unknown(_)), "{change:?}");
    assert_eq!(sent.len(), 1);
    // An answer that is no scale is not "zero replicas".
    let (change, sent) = set(Scalable::Deployment, json!({"kind": "Status"}), 3, 0, || {
        Reply::ok("{}")
    })
    .await;
    assert!(matches!(change, Change::Failed(_)), "{change:?}");
    assert!(sent.is_empty());
}

fn scaled_object(annotations: Value, manager: &str) -> Value {
    let set = json!({"f:metadata": {"f:annotations": {"f:autoscaling.keda.sh/paused": {}}}});
    let mut it = json!({"metadata": {"name": "web", "namespace": "shop", "uid": "s1", "resourceVersion": "4",
        "managedFields": [{"manager": manager, "fieldsV1": set}]}, "spec": {"scaleTargetRef": {"name": "web"}}});
    it["metadata"]["annotations"] = annotations;
    it
}

const PAUSED: &str = "autoscaling.keda.sh/paused";

async fn keda(there: Value) -> (Change<Paused>, Change<Resumed>, Vec<Seen>) {
    let hands = Hands::new();
    let server = Server::start(move |_, seen| match seen.method {
        Method::GET => Reply::ok(there.to_string()),
        _ => Reply::ok("{}"),
    })
    .await;
    let client = client(&server, &hands).await;
    let (namespace, name): (DnsLabel, DnsName) = ("shop".parse().unwrap(), "web".parse().unwrap());
    let pause = PauseScaling {
        namespace: &namespace,
        name: &name,
        uid: "s1",
        owner: "o1",
    };
    let paused = client.pause_scaling(&pause, hands.within(20)).await;
    let resumed = client.resume_scaling(&pause, hands.within(20)).await;
    let mut seen = server.seen();
    seen.retain(|seen| seen.method != Method::GET);
    (paused, resumed, seen)
}

#[tokio::test]
async fn keda_is_paused_with_our_mark_also_where_somebody_had_said_false_k15() {
    for annotations in [json!({}), json!({PAUSED: "false"})] {
        let (paused, resumed, sent) = keda(scaled_object(annotations, "helm")).await;
        assert_eq!(
            paused,
            Change::Applied(Paused {
                ours: true,
                owner: Some("o1".to_owned())
            })
        );
        assert_eq!(resumed, Change::AlreadyDone(Resumed { was_running: true }));
        assert_eq!(sent.len(), 1);
        assert_eq!(
            sent[0].path,
            "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/web?fieldManager=day2"
        );
        let wanted =
            json!({"resourceVersion": "4", "annotations": {PAUSED: "true", "day2.dev/keda-pause": "o1"}});
        assert_eq!(sent[0].body["metadata"], wanted);
    }
}

#[tokio::test]
async fn what_a_person_paused_is_never_resumed_k15() {
    for (what, annotations, manager) in [
        ("paused by hand", json!({PAUSED: "true"}), "kubectl-annotate"),
        (
            "at a number of replicas",
            json!({"autoscaling.keda.sh/paused-replicas": "2"}),
            "helm",
        ),
        (
            "resumed and paused again after us",
            json!({PAUSED: "true", "day2.dev/keda-pause": "o1"}),
            "kubectl-edit",
        ),
        (
            "for another finding of ours",
            json!({PAUSED: "true", "day2.dev/keda-pause": "o2"}),
            "day2",
        ),
    ] {
        let (paused, resumed, sent) = keda(scaled_object(annotations, manager)).await;
        assert!(
            matches!(&paused, Change::AlreadyDone(paused) if !paused.ours),
            "{what}: {paused:?}"
        );
        assert!(matches!(&resumed, Change::Refused(_)), "{what}: {resumed:?}");
        assert!(sent.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn our_own_pause_is_taken_back_with_its_mark_k15() {
    let ours = scaled_object(json!({PAUSED: "true", "day2.dev/keda-pause": "o1"}), "day2");
    let (paused, resumed, sent) = keda(ours).await;
    assert!(
        matches!(&paused, Change::AlreadyDone(paused) if paused.ours),
        "{paused:?}"
    );
    assert_eq!(resumed, Change::Applied(Resumed { was_running: false }));
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].body["metadata"]["annotations"],
        json!({PAUSED: null, "day2.dev/keda-pause": null})
    );
    // Resumed by a person: only the mark goes, so that it does not claim the next pause.
    let (_, resumed, sent) = keda(scaled_object(json!({"day2.dev/keda-pause": "o1"}), "day2")).await;
    assert_eq!(resumed, Change::Applied(Resumed { was_running: true }));
    assert_eq!(
        sent.last().unwrap().body["metadata"]["annotations"],
        json!({"day2.dev/keda-pause": null})
    );
}
