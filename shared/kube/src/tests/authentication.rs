//! Tokens: renewed when they are refused or old, sent to one host, never shown.

use std::io::Write;
use std::sync::{Arc, Mutex};

use day2_core::Cause;
use tracing_subscriber::fmt::MakeWriter;

use super::server::{Reply, Server, pods};
use super::{Hands, client};
use crate::{Access, ListQuery};

#[tokio::test]
async fn a_refused_token_is_replaced_once_k01() {
    let hands = Hands::new();
    let later = hands.clone();
    let server = Server::start(move |number, _| {
        if number == 0 {
            later.forward(1);
            Reply::status(401, "Unauthorized")
        } else {
            Reply::ok(pods(0..1, None))
        }
    })
    .await;
    let client = client(&server, &hands).await;
    assert!(
        client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .is_ok()
    );
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0].token, seen[1].token);
}

#[tokio::test]
async fn a_token_refused_twice_is_an_error_k01() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::status(401, "Unauthorized")).await;
    let client = client(&server, &hands).await;
    let why = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Denied);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_token_is_replaced_before_it_is_fifteen_minutes_old_k01() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok(pods(0..1, None))).await;
    let client = client(&server, &hands).await;
    for seconds in [0, 13 * 60 + 59, 1, 13 * 60] {
        hands.forward(seconds);
        client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap();
    }
    let tokens: Vec<String> = server.seen().into_iter().map(|seen| seen.token).collect();
    assert_eq!(tokens[0], tokens[1], "used for 13:59");
    assert_ne!(tokens[1], tokens[2], "replaced at 14:00");
    assert_eq!(tokens[2], tokens[3]);
}

#[tokio::test]
async fn a_forbidden_list_is_not_repeated_and_names_verb_and_resource_k02() {
    let hands = Hands::new();
    let words = "nodes is forbidden: User \"day2\" cannot list resource \"nodes\" in API group \"\" at the cluster scope";
    let server = Server::start(|_, _| Reply::status(403, words)).await;
    let client = client(&server, &hands).await;
    let why = client
        .list_nodes(&ListQuery::all(), hands.within(20))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Denied);
    assert_eq!(
        why.to_string(),
        format!("list nodes for `prod-a`: permission denied (403: {words})")
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn one_may_ask_what_one_may_do() {
    let hands = Hands::new();
    let server = Server::start(|number, seen| {
        assert_eq!(seen.method, http::Method::POST);
        Reply::Answer(
            201,
            Vec::new(),
            format!(r#"{{"status":{{"allowed":{}}}}}"#, number == 0),
        )
    })
    .await;
    let client = client(&server, &hands).await;
    let access = Access {
        verb: "create",
        group: "",
        resource: "pods/eviction",
        namespace: None,
    };
    assert_eq!(client.can_i(&access, hands.within(20)).await, Ok(true));
    assert_eq!(client.can_i(&access, hands.within(20)).await, Ok(false));
}

#[tokio::test]
async fn nothing_that_is_logged_or_shown_holds_the_token_e18() {
    let hands = Hands::new();
    let server = Server::start(|number, _| match number {
        0 => Reply::status(401, "Unauthorized"),
        1 => Reply::Break,
        _ => Reply::ok(pods(0..1, None)),
    })
    .await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let client = client(&server, &hands).await;
    client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    let shown = format!("{client:?}");
    drop(guard);

    let bearer = server.seen()[0].token.clone();
    let token = bearer.strip_prefix("Bearer k8s-aws-v1.").unwrap();
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("reading again"), "the log was captured");
    for secret in [token, "X-Amz-Signature", "wJalrXUtnFEMI"] {
        assert!(!logged.contains(secret) && !shown.contains(secret));
    }
}

/// A log kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
