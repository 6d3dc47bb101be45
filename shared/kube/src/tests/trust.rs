//! Who is believed to be the cluster.

use day2_core::Cause;

use super::server::{Ca, Identity, Reply, Server, pods};
use super::{Hands, client, client_trusting};
use crate::ListQuery;

const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Lists pods of a server that shows `identity`, trusting `ca_pem`: the error, and how many requests arrived.
async fn refused(identity: &Identity, ca_pem: &str) -> (Option<day2_core::Unreadable>, usize) {
    let hands = Hands::new();
    let server = Server::start_as(identity, BOTH, |_, _| Reply::ok(pods(0..1, None))).await;
    let client = client_trusting(&server, ca_pem, &hands).await;
    let error = client.list_pods(&ListQuery::all(), hands.within(20)).await.err();
    (error, server.seen().len())
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused_e16() {
    let cluster = Ca::named("kubernetes");
    // The second has the very name of the cluster's CA, the third that of a public one.
    for other in ["other", "kubernetes", "Amazon Root CA 1"] {
        let (error, requests) = refused(&Ca::named(other).issue(&["127.0.0.1"], 2099), &cluster.pem()).await;
        let error = error.unwrap();
        assert_eq!(error.cause, Cause::Other);
        assert!(
            error.detail.contains("did not prove that it is the cluster"),
            "{error}"
        );
        assert_eq!(requests, 0, "nothing was sent, the token least of all");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_e16() {
    let ca = Ca::named("kubernetes");
    let (error, requests) = refused(
        &ca.issue(&["kubernetes.default.svc", "10.0.0.1"], 2099),
        &ca.pem(),
    )
    .await;
    assert!(error.unwrap().detail.contains("did not prove"));
    assert_eq!(requests, 0);
}

#[tokio::test]
async fn an_expired_certificate_is_refused_e16() {
    let ca = Ca::named("kubernetes");
    let (error, requests) = refused(&ca.issue(&["127.0.0.1"], 2021), &ca.pem()).await;
    assert!(error.unwrap().detail.contains("expired"));
    assert_eq!(requests, 0);
}

#[tokio::test]
async fn both_certificates_of_a_ca_that_is_being_replaced_are_trusted_e17() {
    let old = Ca::named("kubernetes");
    let new = Ca::named("kubernetes");
    let bundle = format!("{}{}", old.pem(), new.pem());
    for ca in [&old, &new] {
        let (error, requests) = refused(&ca.issue(&["127.0.0.1"], 2099), &bundle).await;
        assert_eq!(error, None);
        assert_eq!(requests, 1);
    }
}

#[test]
fn no_source_of_this_crate_names_a_way_around_the_clusters_ca_e16() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut folders = vec![std::path::PathBuf::from(folder)];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("tests/trust.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            read += 1;
            for way in [
                "dangerous",
                "danger_accept",
                "native_roots",
                "platform_verifier",
                "webpki_roots",
            ] {
                assert!(!text.contains(way), "{} names `{way}`", path.display());
            }
        }
    }
    assert!(read > 20);
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_token_stays_at_home_e15() {
    let hands = Hands::new();
    let elsewhere = Server::start(|_, _| Reply::ok(pods(0..1, None))).await;
    for code in [301, 302, 303, 307, 308] {
        let location = format!("{}/api/v1/pods", elsewhere.endpoint());
        let server = Server::start(move |_, _| {
            Reply::Answer(code, vec![("location", location.clone())], String::new())
        })
        .await;
        let client = client(&server, &hands).await;
        let why = client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap_err();
        assert_eq!(why.cause, Cause::Malformed);
        assert!(why.detail.contains("redirect"), "{why}");
        assert_eq!(server.seen().len(), 1);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_request_that_names_another_host_is_refused_e15() {
    let hands = Hands::new();
    let elsewhere = Server::start(|_, _| Reply::ok("{}")).await;
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let client = client(&server, &hands).await;
    let request = http::Request::get(format!("{}/version", elsewhere.endpoint()))
        .body(Vec::new())
        .unwrap();
    let error = client.kube().request_text(request).await.unwrap_err();
    assert!(
        crate::unreadable("get /version", "prod-a", &error)
            .detail
            .contains("must be a path")
    );
    assert!(elsewhere.seen().is_empty() && server.seen().is_empty());
}
