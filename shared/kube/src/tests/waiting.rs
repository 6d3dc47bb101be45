//! How long a read waits, and for what.

use std::time::{Duration, Instant};

use day2_core::Cause;

use super::server::{Reply, Server, pods};
use super::{Hands, client};
use crate::ListQuery;

fn throttled(retry_after: &str) -> Reply {
    Reply::Answer(
        429,
        vec![("retry-after", retry_after.to_owned())],
        "slow down".to_owned(),
    )
}

#[tokio::test]
async fn a_retry_after_is_honoured_k03() {
    let hands = Hands::new();
    let server = Server::start(|number, _| {
        if number == 0 {
            throttled("1")
        } else {
            Reply::ok(pods(0..1, None))
        }
    })
    .await;
    let client = client(&server, &hands).await;
    let started = Instant::now();
    let listed = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    assert_eq!(listed.complete().unwrap().len(), 1);
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_is_not_waited_for_k03() {
    let hands = Hands::new();
    let server = Server::start(|_, _| throttled("60")).await;
    let client = client(&server, &hands).await;
    let started = Instant::now();
    let why = client
        .list_pods(&ListQuery::all(), hands.within(5))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Throttled);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn throttling_without_end_ends_k03() {
    let hands = Hands::new();
    let server = Server::start(|_, _| throttled("0")).await;
    let client = client(&server, &hands).await;
    let why = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Throttled);
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_k10() {
    let silent: [fn() -> Reply; 3] = [
        || Reply::Silence,
        || Reply::Stall(String::new()),
        || Reply::Stall(pods(0..10, None)[..200].to_owned()),
    ];
    for reply in silent {
        let hands = Hands::new();
        let server = Server::start(move |_, _| reply()).await;
        let client = client(&server, &hands).await;
        let started = Instant::now();
        let why = client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap_err();
        assert_eq!(why.cause, Cause::TimedOut, "{why}");
        assert!(started.elapsed() < Duration::from_secs(3));
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn the_deadline_ends_a_silence_that_is_within_its_limit_k10() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::Silence).await;
    let client = client(&server, &hands).await;
    let why = client
        .list_pods(&ListQuery::all(), hands.within(0))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::TimedOut);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn kubes_own_client_repeats_nothing() {
    let hands = Hands::new();
    let server = Server::start(|_, _| throttled("0")).await;
    let client = client(&server, &hands).await;
    let request = http::Request::get("/version").body(Vec::new()).unwrap();
    let error = client.kube().request_text(request).await.unwrap_err();
    assert_eq!(
        crate::unreadable("get /version", client.name(), &error).cause,
        Cause::Throttled
    );
    assert_eq!(server.seen().len(), 1);
}
