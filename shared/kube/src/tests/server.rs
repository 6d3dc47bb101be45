//! The scripted server.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

type Pieces = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>>;
type Body = StreamBody<Pieces>;

/// A certificate authority of a test.
pub(super) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    pub(super) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server certificate for these names, valid until the end of `last_year`.
    pub(super) fn issue(&self, names: &[&str], last_year: i32) -> Identity {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            ca_pem: self.pem(),
        }
    }
}

/// What a server shows.
pub(super) struct Identity {
    certificate: String,
    key: String,
    ca_pem: String,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) connection: usize,
    pub(super) version: Version,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) token: String,
    pub(super) content_type: String,
    pub(super) accept: String,
    /// The body, null when there is none.
    pub(super) body: serde_json::Value,
}

/// What to do with a request.
pub(super) enum Reply {
    /// A whole answer.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The head and a part of the body, then the connection breaks.
    Cut(String),
    /// The head and these pieces of the body, each sent before the next is made, and then this.
    Pieces(Vec<Vec<u8>>, Ending),
    /// The head and a part of the body, then silence.
    Stall(String),
    /// Silence.
    Silence,
    /// The connection breaks without an answer.
    Break,
}

/// How a body ends.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// Properly.
    Whole,
    /// The connection breaks.
    Cut,
    /// Nothing more comes.
    Stall,
}

impl Reply {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, Vec::new(), body.into())
    }

    /// The `Status` object of an API server that says why by a word, for example `NotFound`.
    pub(super) fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message,
            "code": code});
        Self::Answer(code, Vec::new(), body.to_string())
    }

    /// An answer with a `Status` object, as an API server words its refusals.
    pub(super) fn status(code: u16, message: &str) -> Self {
        let body =
            serde_json::json!({"kind": "Status", "status": "Failure", "message": message, "code": code});
        Self::Answer(code, Vec::new(), body.to_string())
    }
}

/// Decides, given the number of the request (from 0).
type Script = Arc<dyn Fn(usize, &Seen) -> Reply + Send + Sync>;

/// A running server; ends with the value.
pub(super) struct Server {
    pub(super) ca_pem: String,
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server with a certificate for 127.0.0.1 that speaks HTTP/1.1 and HTTP/2.
    pub(super) async fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let identity = Ca::named("kubernetes").issue(&["127.0.0.1"], 2099);
        Self::start_as(&identity, &[b"h2", b"http/1.1"], script).await
    }

    pub(super) async fn start_as(
        identity: &Identity,
        alpn: &[&[u8]],
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        tls.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(tls)),
            seen.clone(),
            Arc::new(script),
        ));
        Self {
            ca_pem: identity.ca_pem.clone(),
            address,
            seen,
            task,
        }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, seen: Arc<Mutex<Vec<Seen>>>, script: Script) {
    for connection in 0..1000 {
        let Ok((tcp, _)) = listener.accept().await else {
            return;
        };
        let (tls, seen, script) = (tls.clone(), seen.clone(), script.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(tcp).await else { return };
            let service =
                service_fn(move |request| answer(connection, request, seen.clone(), script.clone()));
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    connection: usize,
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Seen>>>,
    script: Script,
) -> Result<Response<Body>, std::io::Error> {
    let header = |name| {
        let value = request.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let mut this = Seen {
        connection,
        version: request.version(),
        method: request.method().clone(),
        path: request.uri().path_and_query().unwrap().to_string(),
        token: header(AUTHORIZATION),
        content_type: header(CONTENT_TYPE),
        accept: header(ACCEPT),
        body: serde_json::Value::Null,
    };
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(std::io::Error::other)?
        .to_bytes();
    if !body.is_empty() {
        this.body = serde_json::from_slice(&body).unwrap();
    }
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(this.clone());
        seen.len() - 1
    };
    let broken = || std::io::Error::other("broken by the script");
    let piece = |text: String| stream::iter([Ok(Frame::data(Bytes::from(text)))]);
    let (status, headers, body): (u16, Vec<(&str, String)>, Pieces) = match script(number, &this) {
        Reply::Answer(status, headers, body) => (status, headers, piece(body).boxed()),
        Reply::Cut(body) => (
            200,
            Vec::new(),
            piece(body).chain(stream::iter([Err(broken())])).boxed(),
        ),
        Reply::Pieces(pieces, ending) => {
            let sent = stream::iter(pieces).then(|piece| async {
                // Pending once, so that what came before is on its way.
                tokio::task::yield_now().await;
                Ok(Frame::data(Bytes::from(piece)))
            });
            let end = match ending {
                Ending::Whole => stream::empty().boxed(),
                Ending::Cut => stream::once(async move {
                    tokio::task::yield_now().await;
                    Err(broken())
                })
                .boxed(),
                Ending::Stall => stream::pending().boxed(),
            };
            (200, Vec::new(), sent.chain(end).boxed())
        }
        Reply::Stall(body) => (200, Vec::new(), piece(body).chain(stream::pending()).boxed()),
        Reply::Silence => std::future::pending::<Infallible>().await.into_answer(),
        Reply::Break => return Err(broken()),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(StreamBody::new(body)).unwrap())
}

/// What a future that never ends would give.
trait Never {
    fn into_answer<T>(self) -> T;
}

impl Never for Infallible {
    fn into_answer<T>(self) -> T {
        match self {}
    }
}

/// A page of pods named by number, with the token of the next page.
pub(super) fn pods(numbers: std::ops::Range<usize>, next: Option<&str>) -> String {
    let mut items = String::new();
    for number in numbers {
        if !items.is_empty() {
            items.push(',');
        }
        write!(
            items,
            r#"{{"metadata":{{"name":"pod-{number}","namespace":"apps","uid":"u{number}"}}}}"#
        )
        .unwrap();
    }
    let next = next.map_or_else(String::new, |token| format!(r#","continue":"{token}""#));
    format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"9"{next}}},"items":[{items}]}}"#
    )
}
