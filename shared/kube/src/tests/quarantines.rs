//! Quarantine on the wire: the label, the policy, and the way back.

use day2_core::Cause;
use day2_core::names::{DnsLabel, DnsName};
use http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::change::{
    Change, Labelled, PolicyMade, QuarantineLabel, QuarantinePolicy, ReplicasBefore, Unlabelled, label_value,
};
use crate::objects::PodDetail;

const POD: &str = "/api/v1/namespaces/shop/pods/web-1";
const POLICIES: &str = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const UID: &str = "0b5c5f7e-3c7a-4d2c-9a52-8d1f3a6b7c01";

/// The parsed names of the pod.
struct Names {
    namespace: DnsLabel,
    pod: DnsName,
    uid: DnsLabel,
}

fn names() -> Names {
    Names {
        namespace: "shop".parse().unwrap(),
        pod: "web-1".parse().unwrap(),
        uid: UID.parse().unwrap(),
    }
}

impl Names {
    fn label(&self) -> QuarantineLabel<'_> {
        QuarantineLabel {
            namespace: &self.namespace,
            pod: &self.pod,
            uid: UID,
            value: &self.uid,
        }
    }

    fn policy<'a>(&'a self, finding: &'a str) -> QuarantinePolicy<'a> {
        QuarantinePolicy {
            namespace: &self.namespace,
            pod: &self.pod,
            uid: &self.uid,
            value: &self.uid,
            owner: "threat-containment:f1",
            finding,
            replicas_before: Some(ReplicasBefore {
                kind: "Deployment",
                name: "web",
                replicas: 3,
            }),
        }
    }
}

/// The pod, with this value of our label, last set by this manager.
fn pod(uid: &str, label: Option<(&str, &str)>) -> Value {
    let mut it = json!({
        "metadata": {"name": "web-1", "namespace": "shop", "uid": uid, "resourceVersion": "7", "labels": {"app": "web"}},
        "spec": {"nodeName": "n1"}, "status": {"phase": "Running"},
    });
    if let Some((value, manager)) = label {
        it["metadata"]["labels"]["day2.dev/quarantine"] = json!(value);
        it["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Update",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:day2.dev/quarantine": {}}}}}]);
    }
    it
}

fn writes(server: &Server) -> Vec<Seen> {
    let mut seen = server.seen();
    seen.retain(|seen| seen.method != Method::GET);
    seen
}

/// Answers a GET with what is there, and each write with `reply`.
async fn server(there: Value, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |_, seen| match seen.method {
        Method::GET => Reply::ok(there.to_string()),
        _ => reply(),
    })
    .await
}

#[tokio::test]
async fn the_label_is_added_in_one_exchange_for_the_pod_that_was_seen_k17() {
    let hands = Hands::new();
    let server = server(pod(UID, None), || Reply::ok("{}")).await;
    let client = client(&server, &hands).await;
    let names = names();
    let seen: PodDetail = serde_json::from_value(pod(UID, None)).unwrap();
    let made = client
        .quarantine_pod(&names.label(), Some(&seen), hands.within(20))
        .await;
    assert_eq!(made, Change::Applied(Labelled { replaced: None }));
    let sent = server.seen();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&sent[0].method, sent[0].path.as_str()),
        (&Method::PATCH, &*format!("{POD}?fieldManager=day2"))
    );
    // No other label is touched: the pod stays with its ReplicaSet and its Services.
    let wanted =
        json!({"metadata": {"uid": UID, "resourceVersion": "7", "labels": {"day2.dev/quarantine": UID}}});
    assert_eq!(sent[0].body, wanted);
}

#[tokio::test]
async fn an_old_look_costs_an_exchange_and_nothing_else() {
    let hands = Hands::new();
    let refused = std::sync::atomic::AtomicBool::new(false);
    let server = server(pod(UID, None), move || {
        if refused.swap(true, std::sync::atomic::Ordering::SeqCst) {
            Reply::ok("{}")
        } else {
            Reply::refusal(409, "Conflict", "the object has been modified")
        }
    })
    .await;
    let client = client(&server, &hands).await;
    let mut seen: PodDetail = serde_json::from_value(pod(UID, None)).unwrap();
    seen.resource_version = "5".to_owned();
    let made = client
        .quarantine_pod(&names().label(), Some(&seen), hands.within(20))
        .await;
    assert!(matches!(made, Change::Applied(_)), "{made:?}");
    let versions: Vec<Value> = writes(&server)
        .iter()
        .map(|sent| sent.body["metadata"]["resourceVersion"].clone())
        .collect();
    assert_eq!(versions, ["5", "7"]);
}

#[tokio::test]
async fn another_pod_under_the_name_is_not_labelled_k11() {
    let hands = Hands::new();
    let server = server(pod("another", None), || Reply::refusal(409, "Conflict", "uid")).await;
    let client = client(&server, &hands).await;
    // Seen before it was replaced, and not seen at all.
    let seen: PodDetail = serde_json::from_value(pod(UID, None)).unwrap();
    for look in [Some(&seen), None] {
        let made = client
            .quarantine_pod(&names().label(), look, hands.within(20))
            .await;
        assert!(
            matches!(&made, Change::Refused(why) if why.contains("another uid")),
            "{made:?}"
        );
    }
    assert_eq!(writes(&server).len(), 1);
}

#[tokio::test]
async fn a_value_of_ours_is_left_and_one_of_somebody_else_is_no_way_out() {
    let hands = Hands::new();
    for (label, expected) in [
        ((UID, "day2"), "done"),
        (("q-2", "day2"), "refused"),
        (("true", "kubectl-client-side-apply"), "replaced"),
    ] {
        let server = server(pod(UID, Some(label)), || Reply::ok("{}")).await;
        let client = client(&server, &hands).await;
        let seen: PodDetail = serde_json::from_value(pod(UID, Some(label))).unwrap();
        let made = client
            .quarantine_pod(&names().label(), Some(&seen), hands.within(20))
            .await;
        let kind = match &made {
            Change::AlreadyDone(_) => "done",
            Change::Refused(why) if why.contains("`q-2`") => "refused",
            Change::Applied(made) if made.replaced.as_deref() == Some("true") => "replaced",
            other => panic!("{label:?}: {other:?}"),
        };
        assert_eq!(kind, expected, "{label:?}");
        assert_eq!(writes(&server).len(), usize::from(expected == "replaced"));
    }
}

#[tokio::test]
async fn release_takes_only_the_label_it_knows() {
    let hands = Hands::new();
    for (label, expected) in [
        (
            Some((UID, "day2")),
            Change::Applied(Unlabelled { was_absent: false }),
        ),
        (None, Change::AlreadyDone(Unlabelled { was_absent: true })),
        (
            Some(("q-2", "day2")),
            Change::Refused(format!("its quarantine is `q-2` now, not `{UID}`")),
        ),
    ] {
        let server = server(pod(UID, label), || Reply::ok("{}")).await;
        let client = client(&server, &hands).await;
        let sends = matches!(expected, Change::Applied(_));
        assert_eq!(
            client.release_pod(&names().label(), hands.within(20)).await,
            expected
        );
        let sent = writes(&server);
        assert_eq!(sent.len(), usize::from(sends));
        if let [sent] = sent.as_slice() {
            assert_eq!(
                sent.body["metadata"]["labels"],
                json!({"day2.dev/quarantine": null})
            );
        }
    }
}

/// What the API server keeps of a policy of ours.
fn kept(wanted: &Value) -> Value {
    let mut kept = wanted.clone();
    kept["metadata"]["uid"] = json!("policy-uid");
    kept["metadata"]["resourceVersion"] = json!("9");
    kept
}

/// Creates the policy at a server that answers the POST with `post` and a GET with what `get` makes of the body posted.
async fn create(
    post: impl Fn(&Value) -> Reply + Send + Sync + 'static,
    get: impl Fn(&Value) -> Reply + Send + Sync + 'static,
) -> (Change<PolicyMade>, Vec<Seen>) {
    let hands = Hands::new();
    let posted = std::sync::Mutex::new(Value::Null);
    let server = Server::start(move |_, seen| {
        let mut posted = posted.lock().unwrap();
        if seen.method == Method::POST {
            *posted = seen.body.clone();
            post(&posted)
        } else {
            get(&posted)
        }
    })
    .await;
    let client = client(&server, &hands).await;
    let made = client
        .create_quarantine_policy(&names().policy("8ab1c2d3e4f5"), hands.within(20))
        .await;
    (made, server.seen())
}

fn made(owner: &str) -> PolicyMade {
    PolicyMade {
        name: format!("day2-quarantine-{UID}"),
        uid: Some("policy-uid".to_owned()),
        owner: owner.to_owned(),
    }
}

#[tokio::test]
async fn the_policy_selects_by_our_label_alone_and_opens_nothing_k19() {
    let (change, seen) = create(
        |body| Reply::Answer(201, Vec::new(), kept(body).to_string()),
        |_| Reply::Break,
    )
    .await;
    assert_eq!(change, Change::Applied(made("threat-containment:f1")));
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (&seen[0].method, seen[0].path.as_str()),
        (&Method::POST, &*format!("{POLICIES}?fieldManager=day2"))
    );
    let body = &seen[0].body;
    let spec = json!({"podSelector": {"matchLabels": {"day2.dev/quarantine": UID}}, "policyTypes": ["Ingress", "Egress"]});
    assert_eq!(body["spec"], spec);
    assert_eq!(body["metadata"]["name"], format!("day2-quarantine-{UID}"));
    assert_eq!(body["metadata"]["labels"]["day2.dev/finding"], "8ab1c2d3e4f5");
    assert_eq!(body["metadata"]["annotations"]["day2.dev/pod"], "shop/web-1");
    assert_eq!(
        body["metadata"]["annotations"]["day2.dev/replicas-before"],
        "Deployment web 3"
    );
}

type Alter = fn(&mut Value);

#[tokio::test]
async fn a_policy_of_that_name_is_found_done_only_if_it_is_our_quarantine_k18() {
    let exists = |_: &Value| Reply::refusal(409, "AlreadyExists", "networkpolicies already exists");
    let (change, _) = create(exists, |body| Reply::ok(kept(body).to_string())).await;
    assert_eq!(change, Change::AlreadyDone(made("threat-containment:f1")));
    // By an earlier finding, before the controller was scaled.
    let (change, _) = create(exists, |body| {
        let mut there = kept(body);
        there["metadata"]["annotations"]["day2.dev/owner"] = json!("threat-containment:f0");
        there["metadata"]["annotations"]["day2.dev/replicas-before"] = json!("Deployment web 5");
        Reply::ok(there.to_string())
    })
    .await;
    assert_eq!(change, Change::AlreadyDone(made("threat-containment:f0")));
    let altered: [(&str, Alter); 6] = [
        ("not ours", |it| it["metadata"]["annotations"] = Value::Null),
        ("of another pod", |it| {
            it["metadata"]["annotations"]["day2.dev/pod-uid"] = json!("other");
        }),
        ("of all pods", |it| it["spec"]["podSelector"] = json!({})),
        ("of one direction", |it| {
            it["spec"]["policyTypes"] = json!(["Ingress"]);
        }),
        ("with a rule", |it| it["spec"]["egress"] = json!([{}])),
        ("being deleted", |it| {
            it["metadata"]["deletionTimestamp"] = json!("2026-03-29T02:30:00Z");
        }),
    ];
    for (what, alter) in altered {
        let (change, seen) = create(exists, move |body| {
            let mut there = kept(body);
            alter(&mut there);
            Reply::ok(there.to_string())
        })
        .await;
        assert!(
            matches!(&change, Change::Refused(why) if why.contains("was not touched")),
            "{what}: {change:?}"
        );
        assert_eq!(
            seen.iter().filter(|seen| seen.method != Method::GET).count(),
            1,
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_sent_again() {
    for post in [
        |_: &Value| Reply::Break,
        |_: &Value| Reply::status(504, "timed out"),
    ] {
        let (change, seen) = create(post, |body| Reply::ok(kept(body).to_string())).await;
        assert_eq!(change, Change::Applied(made("threat-containment:f1")));
        let (absent, unseen) = create(post, |_| Reply::refusal(404, "NotFound", "not found")).await;
        assert!(matches!(absent, Change::Unknown(_)), "{absent:?}");
        for seen in [seen, unseen] {
            assert_eq!(seen.iter().filter(|seen| seen.method == Method::POST).count(), 1);
        }
    }
}

#[tokio::test]
async fn what_the_api_server_refuses_was_not_made_k02() {
    for (code, reason, cause) in [(403, "Forbidden", Cause::Denied), (422, "Invalid", Cause::Other)] {
        let (change, seen) = create(move |_| Reply::refusal(code, reason, "no"), |_| Reply::Break).await;
        let Change::Failed(why) = change else {
            panic!("{change:?}")
        };
        assert_eq!(why.cause, cause);
        assert_eq!(
            why.operation,
            format!("create networkpolicies shop/day2-quarantine-{UID}")
        );
        assert_eq!(seen.len(), 1);
    }
}

#[test]
fn text_of_others_becomes_a_label_value_or_its_digest_e13() {
    assert_eq!(label_value("8ab1c2d3e4f5a6b7"), "8ab1c2d3e4f5a6b7");
    let long = "a".repeat(64);
    for hostile in [
        "",
        "-a",
        "a-",
        "a/b",
        "a b",
        "x\ny",
        "${jndi:ldap://x}",
        "Ünïcode",
        long.as_str(),
    ] {
        let value = label_value(hostile);
        assert!(
            value.starts_with("sha256-") && value.len() <= 63,
            "{hostile:?}: {value}"
        );
        assert!(value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
    assert_ne!(label_value("a b"), label_value("a  b"));
}
