//! One request to one cluster: address, token, TLS, time limits, and no redirect.
//!
//! kube's own stack is not used, because since version 4 it repeats 429, 503 and 504 up to fifteen times behind the
//! caller's back and sets no read time-out. Reads are repeated by [`crate::read`], which knows the time left.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{AUTHORIZATION, LOCATION, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::Clock;
use crate::body::TimedBody;
use crate::endpoint::Endpoint;
use crate::fault::{Fault, chain, quote};
use crate::token::Token;
use crate::token_source::TokenSource;

/// Time limits of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// TCP connect.
    pub(crate) connect: Duration,
    /// From sending a request, connection and TLS included, to the head of its answer.
    pub(crate) head: Duration,
    /// Between two pieces of a body.
    pub(crate) silence: Duration,
    /// A call made through [`kube::Client`], which carries no deadline.
    pub(crate) whole: Duration,
}

impl Default for Limits {
    /// Chosen so that a dead server is noticed three times within a one-minute function; a page of 500 pods takes an
    /// API server well under a second.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            head: Duration::from_secs(15),
            silence: Duration::from_secs(10),
            whole: Duration::from_secs(30),
        }
    }
}

/// A connection unused for this long is not used again. Lambda freezes a sandbox between invocations; the peer
/// and the NAT gateway (350 s, source: VPC user guide) forget the connection meanwhile, and a frozen client never
/// hears of it.
const IDLE_AT_MOST: SignedDuration = SignedDuration::from_secs(45);

/// How many bytes of one answer, and of all together, an API server may send ahead of what was read. What hyper asks for by
/// itself, 2 MiB and 5 MiB, is memory that a small Lambda pays for; this is still 250 MB/s at a distance of 1 ms, more than
/// an API server makes of a list.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Answers that may wait unread: together they fill half of the connection's window at most.
const UNREAD: usize = (CONNECTION_WINDOW / STREAM_WINDOW / 2) as usize;

type Http = Client<HttpsConnector<HttpConnector>, Body>;

/// Sends requests to one API server.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    tls: ClientConfig,
    tokens: TokenSource,
    clock: Clock,
    limits: Limits,
    pool: Mutex<Pool>,
    unread: Arc<Semaphore>,
}

struct Pool {
    http: Http,
    used_at: Timestamp,
}

impl Transport {
    pub(crate) fn new(
        endpoint: Endpoint,
        tls: ClientConfig,
        tokens: TokenSource,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        let pool = Mutex::new(Pool {
            http: http(&tls, limits),
            used_at: clock(),
        });
        Self(Arc::new(Inner {
            endpoint,
            tls,
            tokens,
            clock,
            limits,
            pool,
            unread: Arc::new(Semaphore::new(UNREAD)),
        }))
    }

    /// Room for an answer that will not be read at once; none while others take it.
    pub(crate) fn room_ahead(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.unread).try_acquire_owned().ok()
    }

    /// The moment on this process's own clock at which `deadline` will be reached.
    pub(crate) fn until(&self, deadline: Timestamp) -> Instant {
        let left = deadline.duration_since((self.0.clock)());
        Instant::now() + Duration::try_from(left).unwrap_or_default()
    }

    /// Closes no connection in use, but uses none of them again.
    pub(crate) fn forget_connections(&self) {
        let fresh = http(&self.0.tls, self.0.limits);
        self.0.pool.lock().unwrap_or_else(PoisonError::into_inner).http = fresh;
    }

    /// Sends `request`, whose URI is a path, and returns the answer whatever its status, redirects excepted.
    ///
    /// A 401 is answered once with a new token: the request was not carried out, so that this is safe for
    /// every method.
    pub(crate) async fn send(
        &self,
        request: Request<Body>,
        until: Instant,
    ) -> Result<Response<TimedBody>, Fault> {
        let (parts, body) = request.into_parts();
        let again = body
            .try_clone()
            .map(|body| Request::from_parts(parts.clone(), body));
        let token = self.0.tokens.token().await?;
        let answer = self
            .send_once(Request::from_parts(parts, body), &token, until)
            .await?;
        match again {
            Some(request) if answer.status() == StatusCode::UNAUTHORIZED => {
                let token = self.0.tokens.instead_of(&token).await?;
                self.send_once(request, &token, until).await
            }
            _ => Ok(answer),
        }
    }

    async fn send_once(
        &self,
        mut request: Request<Body>,
        token: &Token,
        until: Instant,
    ) -> Result<Response<TimedBody>, Fault> {
        *request.uri_mut() = self.address(request.uri())?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token.header());
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("day2/", env!("CARGO_PKG_VERSION"))),
        );

        let limits = self.0.limits;
        let head_by = until.min(Instant::now() + limits.head);
        let answer = timeout_at(head_by, self.http().request(request))
            .await
            .map_err(|_| Fault::TimedOut("no answer came"))?
            .map_err(|error| self.fault(&error))?;
        if answer.status().is_redirection() {
            let location = answer
                .headers()
                .get(LOCATION)
                .map(HeaderValue::as_bytes)
                .unwrap_or_default();
            return Err(Fault::Redirect {
                code: answer.status().as_u16(),
                location: quote(&String::from_utf8_lossy(location)),
            });
        }
        Ok(answer.map(|body| TimedBody::new(body, limits.silence, until)))
    }

    /// The full address of a path on this API server. A request that names a server itself is refused: the token
    /// is for one host only.
    fn address(&self, path: &Uri) -> Result<Uri, Fault> {
        if path.authority().is_some() {
            return Err(Fault::Unusable(format!("a request must be a path, not `{path}`")));
        }
        Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(self.0.endpoint.authority())
            .path_and_query(
                path.path_and_query()
                    .cloned()
                    .unwrap_or(PathAndQuery::from_static("/")),
            )
            .build()
            .map_err(|error| Fault::Unusable(error.to_string()))
    }

    fn http(&self) -> Http {
        let now = (self.0.clock)();
        let mut pool = self.0.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // The wall clock decides, because it alone goes on while the sandbox is frozen.
        if now.duration_since(pool.used_at) > IDLE_AT_MOST {
            pool.http = http(&self.0.tls, self.0.limits);
        }
        pool.used_at = now;
        pool.http.clone()
    }

    fn fault(&self, error: &ClientError) -> Fault {
        let host = self.0.endpoint.authority().to_owned();
        match untrusted(error) {
            Some(why) => Fault::Untrusted { host, why },
            None if error.is_connect() => Fault::Connect {
                host,
                why: chain(error),
            },
            None => Fault::Broken(chain(error)),
        }
    }
}

fn http(tls: &ClientConfig, limits: Limits) -> Http {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(limits.connect));
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_only()
        .enable_all_versions()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_AT_MOST.unsigned_abs())
        .build(https)
}

/// The words of rustls, if it was TLS that failed.
fn untrusted(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.to_string());
    }
    // An I/O error does not name the error inside it as its source, only that one's source.
    match error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        Some(inside) => untrusted(inside),
        None => untrusted(error.source()?),
    }
}

/// The same transport under kube's client, for calls that are not lists.
impl tower::Service<Request<Body>> for Transport {
    type Response = Response<TimedBody>;
    type Error = tower::BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            let until = Instant::now() + transport.0.limits.whole;
            transport
                .send(request, until)
                .await
                .map_err(tower::BoxError::from)
        })
    }
}
