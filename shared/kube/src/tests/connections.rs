//! Connections that died while nobody looked, and the versions of HTTP.

use super::server::{Ca, Reply, Server, pods};
use super::{Hands, client};
use crate::ListQuery;

#[tokio::test]
async fn a_connection_that_died_in_the_pool_costs_one_quiet_repetition_d20() {
    for alpn in [b"h2".as_slice(), b"http/1.1".as_slice()] {
        let hands = Hands::new();
        let identity = Ca::named("kubernetes").issue(&["127.0.0.1"], 2099);
        let server = Server::start_as(&identity, &[alpn], |number, _| match number {
            1 => Reply::Break,
            _ => Reply::ok(pods(0..1, None)),
        })
        .await;
        let client = client(&server, &hands).await;
        for _ in 0..2 {
            client
                .list_pods(&ListQuery::all(), hands.within(20))
                .await
                .unwrap();
        }
        let connections: Vec<usize> = server.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 0, 1], "reused, died, replaced");
    }
}

#[tokio::test]
async fn after_an_hour_of_freeze_neither_connection_nor_token_is_used_again_d20() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok(pods(0..1, None))).await;
    let client = client(&server, &hands).await;
    for seconds in [0, 30, 3600] {
        hands.forward(seconds);
        client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap();
    }
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|seen| seen.connection).collect::<Vec<_>>(),
        [0, 0, 1]
    );
    assert_eq!(seen[0].token, seen[1].token);
    assert_ne!(seen[1].token, seen[2].token);
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    for (alpn, version) in [
        (b"h2".as_slice(), http::Version::HTTP_2),
        (b"http/1.1".as_slice(), http::Version::HTTP_11),
    ] {
        let hands = Hands::new();
        let identity = Ca::named("kubernetes").issue(&["127.0.0.1"], 2099);
        let server = Server::start_as(&identity, &[alpn], |_, _| Reply::ok(pods(0..1, None))).await;
        client(&server, &hands)
            .await
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap();
        assert_eq!(server.seen()[0].version, version);
    }
}

#[tokio::test]
async fn readiness_and_version_are_answers_with_a_latency() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/version" => Reply::ok(r#"{"major":"1","minor":"33","gitVersion":"v1.33.5-eks-113cf36"}"#),
        _ => Reply::Answer(
            500,
            Vec::new(),
            "[+]ping ok\n[-]etcd failed: reason withheld\n".to_owned(),
        ),
    })
    .await;
    let client = client(&server, &hands).await;
    let version = client.version(hands.within(20)).await.unwrap();
    assert_eq!(version.git_version, "v1.33.5-eks-113cf36");
    assert!(!version.latency.is_zero());
    let ready = client.readyz(hands.within(20)).await.unwrap();
    assert!(!ready.ready);
    assert_eq!(ready.failed, ["etcd"]);
}
