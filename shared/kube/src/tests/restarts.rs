//! Restarts on the wire: what is sent, when it is sent again, and what is known afterwards.

use std::time::{Duration, Instant};

use day2_core::Cause;
use http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::ClusterClient;
use crate::change::{Change, RESTART_ANNOTATION, Restart, Restarted};

const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

/// A Deployment that is rolled out and healthy.
fn web(version: u32, occasion: Option<&str>) -> Value {
    let annotations = occasion.map_or(json!({}), |occasion| json!({RESTART_ANNOTATION: occasion}));
    json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": version.to_string(),
            "generation": 4},
        "spec": {"replicas": 3, "template": {"metadata": {"annotations": annotations}}},
        "status": {"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
    })
}

/// The same after a PATCH.
fn restarted() -> Value {
    let mut after = web(12, Some("alarm-1"));
    after["metadata"]["generation"] = json!(5);
    after
}

async fn restart(client: &ClusterClient, hands: &Hands) -> Change<Restarted> {
    let restart = Restart {
        namespace: "shop",
        name: "web",
        uid: Some("u1"),
        occasion: "alarm-1",
        at: hands.now(),
    };
    client.restart_deployment(&restart, hands.within(20)).await
}

fn patches(server: &Server) -> Vec<Seen> {
    let mut seen = server.seen();
    seen.retain(|seen| seen.method == Method::PATCH);
    seen
}

/// Answers a GET with what is there and a PATCH with `reply`, given the number of the PATCH.
async fn server(there: Value, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |_, seen| {
        if seen.method == Method::GET {
            Reply::ok(there.to_string())
        } else {
            reply(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
        }
    })
    .await
}

#[tokio::test]
async fn a_restart_is_one_merge_patch_for_the_version_that_was_seen_k21() {
    let hands = Hands::new();
    let server = server(web(11, None), |_| Reply::ok(restarted().to_string())).await;
    let client = client(&server, &hands).await;
    let expected = Restarted {
        generation_before: Some(4),
        generation_after: Some(5),
    };
    assert_eq!(restart(&client, &hands).await, Change::Applied(expected));
    let sent = patches(&server);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].path, format!("{PATH}?fieldManager=day2"));
    assert_eq!(sent[0].content_type, "application/merge-patch+json");
    let wanted = json!({
        "metadata": {"resourceVersion": "11"},
        "spec": {"template": {"metadata": {"annotations": {
            "kubectl.kubernetes.io/restartedAt": "2026-03-29T01:30:00Z",
            "day2.dev/restart": "alarm-1",
        }}}},
    });
    assert_eq!(sent[0].body, wanted);
}

#[tokio::test]
async fn what_must_not_be_restarted_is_refused_in_words_and_nothing_is_sent_k21() {
    let change = |path: &str, value: Value| {
        let mut there = web(11, None);
        *there.pointer_mut(path).unwrap() = value;
        there
    };
    let mut paused = web(11, None);
    paused["spec"]["paused"] = json!(true);
    let mut deleting = web(11, None);
    deleting["metadata"]["deletionTimestamp"] = json!("2026-03-29T01:00:00Z");
    for (there, words) in [
        (paused, "it is paused"),
        (deleting, "it is being deleted"),
        (change("/spec/replicas", json!(0)), "it is scaled to zero"),
        (
            change("/status/updatedReplicas", json!(1)),
            "a rollout is under way: 1 of 3 pods",
        ),
        (
            change("/status/replicas", json!(4)),
            "a rollout is under way: 1 pods of older templates",
        ),
        (
            change("/metadata/generation", json!(5)),
            "a rollout is under way: the controller has not observed",
        ),
        (
            change("/metadata/uid", json!("u2")),
            "another Deployment of the same name",
        ),
        (
            change("/metadata/resourceVersion", json!("")),
            "does not say its version",
        ),
    ] {
        let hands = Hands::new();
        let server = server(there, |_| Reply::ok("{}")).await;
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        let Change::Refused(why) = &outcome else {
            panic!("{words}: {outcome:?}");
        };
        assert!(why.contains(words), "{why}");
        assert_eq!(outcome.is_done(), Some(false));
        assert!(patches(&server).is_empty());
    }
}

#[tokio::test]
async fn sick_pods_do_not_keep_a_deployment_from_being_restarted() {
    let hands = Hands::new();
    let mut sick = web(11, None);
    sick["status"]["availableReplicas"] = json!(0);
    let server = server(sick, |_| Reply::ok(restarted().to_string())).await;
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert!(matches!(outcome, Change::Applied(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_occasion_that_is_there_already_is_done_even_in_the_middle_of_its_rollout_k21() {
    let hands = Hands::new();
    let mut rolling = web(11, Some("alarm-1"));
    rolling["metadata"]["generation"] = json!(5);
    let server = server(rolling, |_| Reply::ok("{}")).await;
    let expected = Restarted {
        generation_before: None,
        generation_after: Some(5),
    };
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert_eq!(outcome, Change::AlreadyDone(expected));
    assert!(patches(&server).is_empty());
}

#[tokio::test]
async fn a_conflict_is_looked_at_again_and_decided_anew_w14() {
    let hands = Hands::new();
    // Somebody was quicker: a newer version the second time, and by then a rollout the third time.
    let server = Server::start(|number, seen| match (number, &seen.method) {
        (0, _) => Reply::ok(web(11, None).to_string()),
        (2, _) => Reply::ok(web(13, None).to_string()),
        (4, _) => {
            let mut rolling = web(14, None);
            rolling["status"]["updatedReplicas"] = json!(1);
            Reply::ok(rolling.to_string())
        }
        _ => Reply::status(409, "the object has been modified"),
    })
    .await;
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert!(
        matches!(&outcome, Change::Refused(why) if why.contains("under way")),
        "{outcome:?}"
    );
    let versions: Vec<Value> = patches(&server)
        .iter()
        .map(|seen| seen.body["metadata"]["resourceVersion"].clone())
        .collect();
    assert_eq!(versions, ["11", "13"]);
}

#[tokio::test]
async fn endless_conflicts_end() {
    let hands = Hands::new();
    let server = server(web(11, None), |_| {
        Reply::status(409, "the object has been modified")
    })
    .await;
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert_eq!(
        outcome,
        Change::Conflict("the object has been modified".to_owned())
    );
    assert_eq!(patches(&server).len(), 5);
}

#[tokio::test]
async fn a_throttled_patch_waits_as_long_as_it_is_told_k03() {
    let hands = Hands::new();
    let slow = |seconds: &str| {
        Reply::Answer(
            429,
            vec![("retry-after", seconds.to_owned())],
            "slow down".to_owned(),
        )
    };
    let server = server(web(11, None), move |number| match number {
        0 => slow("1"),
        _ => Reply::ok(restarted().to_string()),
    })
    .await;
    let started = Instant::now();
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert!(matches!(outcome, Change::Applied(_)), "{outcome:?}");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(patches(&server).len(), 2);
}

#[tokio::test]
async fn throttling_beyond_the_deadline_or_without_end_is_known_not_to_be_done_k03() {
    for (seconds, sent) in [("60", 1), ("0", 5)] {
        let hands = Hands::new();
        let server = server(web(11, None), move |_| {
            Reply::Answer(
                429,
                vec![("retry-after", seconds.to_owned())],
                "slow down".to_owned(),
            )
        })
        .await;
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        assert!(
            matches!(&outcome, Change::Failed(why) if why.cause == Cause::Throttled),
            "{outcome:?}"
        );
        assert_eq!(patches(&server).len(), sent);
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_not_sent_again_and_names_itself_k02() {
    for (code, cause) in [
        (403, Cause::Denied),
        (422, Cause::Other),
        (400, Cause::Other),
        (404, Cause::NotFound),
    ] {
        let hands = Hands::new();
        let server = server(web(11, None), move |_| Reply::status(code, "no")).await;
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        let Change::Failed(why) = &outcome else {
            panic!("{code}: {outcome:?}");
        };
        assert_eq!(
            (why.cause, why.operation.as_str()),
            (cause, "patch deployments shop/web")
        );
        assert_eq!(patches(&server).len(), 1);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_before_the_patch_is_sent_again_k01() {
    let hands = Hands::new();
    let later = hands.clone();
    let server = server(web(11, None), move |number| {
        later.forward(1);
        match number {
            0 => Reply::status(401, "Unauthorized"),
            _ => Reply::ok(restarted().to_string()),
        }
    })
    .await;
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert!(matches!(outcome, Change::Applied(_)), "{outcome:?}");
    let sent = patches(&server);
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].token, sent[1].token);
    assert_eq!(sent[0].body, sent[1].body);
}

/// Answers that leave open whether the PATCH was carried out.
const LOST: [fn() -> Reply; 4] = [
    || Reply::Break,
    || Reply::Silence,
    || {
        Reply::status(
            504,
            "Timeout: request did not complete within the allotted timeout",
        )
    },
    || Reply::status(500, "etcdserver: request timed out"),
];

#[tokio::test]
async fn a_lost_answer_is_never_met_by_sending_again_and_a_second_look_may_show_it_d12() {
    for lost in LOST {
        let hands = Hands::new();
        let server = Server::start(move |number, _| match number {
            0 => Reply::ok(web(11, None).to_string()),
            1 => lost(),
            _ => Reply::ok(restarted().to_string()),
        })
        .await;
        let expected = Restarted {
            generation_before: Some(4),
            generation_after: Some(5),
        };
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        assert_eq!(outcome, Change::Applied(expected));
        assert_eq!(patches(&server).len(), 1);
    }
}

#[tokio::test]
async fn a_lost_answer_without_a_trace_is_unknown_and_not_failed_d12() {
    for lost in LOST {
        let hands = Hands::new();
        let server = server(web(11, None), move |_| lost()).await;
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        let Change::Unknown(why) = &outcome else {
            panic!("{outcome:?}");
        };
        assert!(
            why.detail.contains("a second look did not show the change"),
            "{why}"
        );
        assert_eq!(outcome.is_done(), None);
        assert_eq!(patches(&server).len(), 1);
    }
}

#[tokio::test]
async fn a_success_whose_body_is_lost_is_a_success() {
    for reply in [|| Reply::Stall("{\"meta".to_owned()), || Reply::ok("<html>")] {
        let hands = Hands::new();
        let server = server(web(11, None), move |_| reply()).await;
        let expected = Restarted {
            generation_before: Some(4),
            generation_after: None,
        };
        let outcome = restart(&client(&server, &hands).await, &hands).await;
        assert_eq!(outcome, Change::Applied(expected));
        assert_eq!(patches(&server).len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_read_is_not_patched() {
    let gone = || {
        let body = json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"});
        Reply::Answer(404, Vec::new(), body.to_string())
    };
    let hands = Hands::new();
    let server = Server::start(move |_, _| gone()).await;
    let outcome = restart(&client(&server, &hands).await, &hands).await;
    assert_eq!(outcome, Change::Refused("it does not exist".to_owned()));

    let forbidden = Server::start(|_, _| Reply::status(403, "no")).await;
    let outcome = restart(&client(&forbidden, &hands).await, &hands).await;
    assert!(
        matches!(&outcome, Change::Failed(why) if why.operation == "get deployments shop/web"),
        "{outcome:?}"
    );
    assert!(patches(&server).is_empty() && patches(&forbidden).is_empty());
}

#[tokio::test]
async fn without_time_left_nothing_is_sent() {
    let hands = Hands::new();
    let server = server(web(11, None), |_| Reply::ok("{}")).await;
    let client = client(&server, &hands).await;
    let restart = Restart {
        namespace: "shop",
        name: "web",
        uid: None,
        occasion: "alarm-1",
        at: hands.now(),
    };
    let outcome = client.restart_deployment(&restart, hands.within(0)).await;
    assert!(
        matches!(&outcome, Change::Failed(why) if why.cause == Cause::TimedOut),
        "{outcome:?}"
    );
    assert!(server.seen().is_empty());
}
