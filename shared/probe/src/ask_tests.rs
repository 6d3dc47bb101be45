//! Probes against real sockets on loopback: plain HTTP, TLS with a CA of our own, silence and refusal.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

fn probe(url: String, ca_pem: Option<String>) -> Probe {
    Probe {
        name: "test".into(),
        url,
        expect_status: 200,
        json: Vec::new(),
        max_latency_ms: 2000,
        min_tls_days: 14,
        ca_pem,
    }
}

/// Answers one request on `stream` with these bytes and returns what was asked.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &str) -> String {
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8_lossy(&request[..read]).into_owned()
}

const HEALTHY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"healthy\":true}";

#[tokio::test]
async fn a_plain_answer_comes_back_with_status_body_and_no_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { answer(listener.accept().await.unwrap().0, HEALTHY).await });
    let seen = ask(
        &probe(format!("http://127.0.0.1:{port}/healthz?deep=1"), None),
        "test",
        Duration::from_secs(5),
    )
    .await;
    assert_eq!(seen.chain, None);
    let answer = seen.answer.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json.unwrap()["healthy"], true);
    let asked = server.await.unwrap();
    assert!(asked.starts_with("GET /healthz?deep=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: 127.0.0.1:{port}")), "{asked}");
    assert!(asked.contains("user-agent: day2-test"), "{asked}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed_e15() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let server = tokio::spawn(async move { answer(listener.accept().await.unwrap().0, moved).await });
    let seen = ask(
        &probe(format!("http://127.0.0.1:{port}/"), None),
        "test",
        Duration::from_secs(5),
    )
    .await;
    assert_eq!(seen.answer.unwrap().status, 302);
    server.await.unwrap();
}

#[tokio::test]
async fn silence_a_closed_port_and_no_http_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = ask(
        &probe(format!("http://127.0.0.1:{port}/"), None),
        "test",
        Duration::from_millis(200),
    )
    .await;
    assert_eq!(silent.answer.unwrap_err().cause, Cause::TimedOut);
    drop(listener);
    let refused = ask(
        &probe(format!("http://127.0.0.1:{port}/"), None),
        "test",
        Duration::from_secs(5),
    )
    .await;
    assert!(refused.answer.unwrap_err().detail.contains("cannot connect"));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server =
        tokio::spawn(async move { answer(listener.accept().await.unwrap().0, "SSH-2.0-x\r\n").await });
    let foreign = ask(
        &probe(format!("http://127.0.0.1:{port}/"), None),
        "test",
        Duration::from_secs(5),
    )
    .await;
    assert!(foreign.answer.unwrap_err().detail.contains("no answer"));
    server.await.unwrap();
}

/// A CA and a server configuration whose certificate for `localhost` ends in the first days of this year.
fn authority(ends_in: i32) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(2040, 1, 1);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.not_after = date_time_ymd(ends_in, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = leaf.signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone(), ca.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (ca.pem(), Arc::new(server))
}

/// Serves TLS connections until dropped; returns its port.
async fn tls_server(config: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = TlsAcceptor::from(config.clone()).accept(stream).await {
                answer(stream, HEALTHY).await;
            }
        }
    });
    port
}

fn day(text: &str) -> jiff::Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

#[tokio::test]
async fn the_whole_served_chain_is_read_with_names_and_dates() {
    let (ca, config) = authority(2031);
    let port = tls_server(config).await;
    let secure = probe(format!("https://localhost:{port}/"), Some(ca));
    let seen = ask(&secure, "test", Duration::from_secs(5)).await;
    assert_eq!(seen.answer.unwrap().status, 200);
    let chain = seen.chain.unwrap();
    assert_eq!(chain.leaf.names, ["localhost"]);
    assert_eq!(chain.leaf.ends, day("2031-01-01"));
    assert_eq!(chain.authorities.len(), 1);
    assert_eq!(chain.authorities[0].ends, day("2040-01-01"));
    assert_eq!(chain.first_to_end(), &chain.leaf);
    assert!(!chain.leaf.serial.is_empty() && chain.leaf.serial != chain.authorities[0].serial);
}

#[tokio::test]
async fn a_certificate_that_ended_is_refused_and_its_end_is_still_told_e16() {
    let (ca, config) = authority(2020);
    let port = tls_server(config).await;
    let ended = probe(format!("https://localhost:{port}/"), Some(ca));
    let seen = ask(&ended, "test", Duration::from_secs(5)).await;
    let why = seen.answer.unwrap_err();
    assert!(why.detail.contains("TLS refused"), "{why}");
    assert_eq!((seen.ended, seen.chain), (Some(day("2020-01-01")), None));
}

#[tokio::test]
async fn another_authority_another_name_and_the_system_roots_are_refused_e16() {
    let (ca, config) = authority(2031);
    let port = tls_server(config).await;
    let (other, _) = authority(2031);
    for (url, trusted) in [
        (format!("https://localhost:{port}/"), Some(other)),
        (format!("https://127.0.0.1:{port}/"), Some(ca)),
        (format!("https://localhost:{port}/"), None),
    ] {
        let seen = ask(&probe(url, trusted), "test", Duration::from_secs(5)).await;
        let refused = seen.answer.unwrap_err();
        assert!(refused.detail.contains("TLS refused"), "{refused}");
        assert_eq!((seen.ended, seen.chain), (None, None));
    }
}

#[test]
fn a_chain_is_read_from_pem_and_other_sections_are_passed_over() {
    let (ca, _) = authority(2031);
    let leaf = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["shop.example".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2030, 5, 1);
    let own = params.self_signed(&leaf).unwrap().pem();
    let chain = crate::chain_of_pem(&format!("{own}{}{ca}", leaf.serialize_pem())).unwrap();
    assert_eq!(chain.leaf.names, ["shop.example"]);
    assert_eq!(chain.leaf.ends.to_string(), "2030-05-01T00:00:00Z");
    assert_eq!(chain.authorities.len(), 1, "the key is no certificate");
    assert_eq!(
        crate::chain_of_pem("hello").unwrap_err(),
        "it holds no certificate"
    );
    let cut = crate::chain_of_pem(&own[..own.len() / 2]).unwrap_err();
    assert!(cut.contains("not PEM"), "{cut}");
}
