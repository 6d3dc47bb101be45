//! One request as a client would send it: no redirect followed, the served certificates kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use day2_core::{Cause, Observed, Unreadable};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certificate::{Chain, chain, ended};
use crate::settings::Probe;

/// More of a body than this says nothing about health and would only cost memory.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What asking one endpoint gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The answer. Anything that keeps one from arriving is `Unreadable`; the caller decides that a refused connection is
    /// a failure of the endpoint and not of the check.
    pub answer: Observed<Answer>,
    /// The certificates that were served and verified; none for plain HTTP, and where the handshake failed.
    pub chain: Option<Chain>,
    /// When a certificate of the chain ended, where it was refused for that.
    pub ended: Option<Timestamp>,
}

/// The answer of one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// From connecting to the last byte, in milliseconds.
    pub latency_ms: u64,
    /// The body as JSON, or why it is none.
    pub json: Result<serde_json::Value, String>,
}

/// Asks one endpoint. `agent` names the caller in the endpoint's log.
pub async fn ask(probe: &Probe, agent: &str, within: Duration) -> Seen {
    let failed = |cause, detail: String| Unreadable::new("GET", &probe.url, cause, detail);
    let mut served = Served::default();
    let answer = match tokio::time::timeout(within, exchange(probe, agent, &mut served)).await {
        Err(_) => Err(failed(
            Cause::TimedOut,
            format!("no complete answer within {} ms", within.as_millis()),
        )),
        Ok(Err(detail)) => Err(failed(Cause::Other, detail)),
        Ok(Ok(answer)) => Ok(answer),
    };
    Seen {
        answer,
        chain: served.chain,
        ended: served.ended,
    }
}

/// What a handshake told, also where no answer followed.
#[derive(Debug, Default)]
struct Served {
    chain: Option<Chain>,
    ended: Option<Timestamp>,
}

async fn exchange(probe: &Probe, agent: &str, served: &mut Served) -> Result<Answer, String> {
    let uri: hyper::Uri = probe.url.parse().map_err(|error| format!("not a URL: {error}"))?;
    let host = uri
        .host()
        .ok_or("the URL names no host")?
        .trim_matches(['[', ']'])
        .to_owned();
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });

    // Before the clock starts: reading the roots is our work, not the endpoint's.
    let connector = if secure {
        Some(TlsConnector::from(Arc::new(tls(probe)?)))
    } else {
        None
    };
    let began = Instant::now();
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| format!("cannot connect: {error}"))?;
    let Some(connector) = connector else {
        return request(TokioIo::new(stream), &uri, agent, began).await;
    };
    let name = ServerName::try_from(host).map_err(|error| format!("not a host name: {error}"))?;
    let stream = connector.connect(name, stream).await.map_err(|error| {
        served.ended = ended(&error);
        format!("TLS refused: {error}")
    })?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    // Dates that cannot be read cannot be vouched for, so that an answer would be no proof either.
    served.chain = Some(chain(certificates)?);
    request(TokioIo::new(stream), &uri, agent, began).await
}

async fn request<S>(io: TokioIo<S>, uri: &hyper::Uri, agent: &str, began: Instant) -> Result<Answer, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io)
        .await
        .map_err(|error| format!("no HTTP: {error}"))?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let authority = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    let request = Request::get(path)
        .header("host", authority)
        .header("user-agent", format!("day2-{agent}"))
        .header("accept", "application/json, */*;q=0.1")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("not a request: {error}"))?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|error| format!("no answer: {error}"))?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|error| format!("the body broke off: {error}"))?
        .to_bytes();
    let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    connection.abort();
    let json = serde_json::from_slice(&body).map_err(|error| format!("the body is not JSON: {error}"));
    Ok(Answer {
        status,
        latency_ms,
        json,
    })
}

/// Trusts the system's roots, or only the declared CA where the settings name one.
fn tls(probe: &Probe) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = &probe.ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| format!("ca_pem is not PEM: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("ca_pem is not a certificate: {error}"))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err("this system has no root certificates: declare ca_pem".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("no TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
