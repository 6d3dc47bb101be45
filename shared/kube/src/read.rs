//! Reads that are repeated as long as it can help and the time left allows.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::time::{Instant, sleep};

use crate::ahead::Ahead;
use crate::body::TimedBody;
use crate::fault::Fault;
use crate::transport::Transport;

/// The most attempts at one read.
const ATTEMPTS: u32 = 5;

/// The most attempts at a read that ends in silence: each costs a whole time limit.
const SILENT_ATTEMPTS: u32 = 2;

/// First pause between attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The most of an error's body that is read.
const ERROR_BODY_BYTES: usize = 64 * 1024;

/// The most of a small answer that is read.
const SMALL_BODY_BYTES: usize = 1024 * 1024;

/// Makes something of a body that comes in pieces.
pub(crate) trait Consumer {
    /// What it makes.
    type Output;
    /// Forgets everything: a new attempt begins.
    fn reset(&mut self);
    /// Takes the next piece.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault>;
    /// The body is complete.
    fn finish(&mut self) -> Result<Self::Output, Fault>;
}

/// A call that changes nothing, so that it may be repeated.
pub(crate) struct Call<'a> {
    /// Path and query.
    pub(crate) path: &'a str,
    /// JSON to post; none makes it a GET.
    pub(crate) review: Option<Bytes>,
    /// Asks for the metadata of the objects only: what they hold is not sent at all.
    pub(crate) metadata_only: bool,
}

/// Source: Kubernetes, "Kubernetes API Concepts", "Metadata-only fetches".
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

impl<'a> Call<'a> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self {
            path,
            review: None,
            metadata_only: false,
        }
    }

    pub(crate) fn request(&self) -> Result<Request<Body>, Fault> {
        let accepted = if self.metadata_only {
            METADATA
        } else {
            "application/json"
        };
        let request = Request::builder()
            .uri(self.path)
            .header(ACCEPT, HeaderValue::from_static(accepted));
        let request = match &self.review {
            None => request.method(Method::GET).body(Body::empty()),
            Some(json) => request
                .method(Method::POST)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(Body::from(json.clone())),
        };
        request.map_err(|error| Fault::Unusable(error.to_string()))
    }
}

impl Transport {
    /// Makes `call` until it succeeds, cannot succeed, or the time is used up. The first attempt is `ahead`, where that was
    /// asked for this call.
    pub(crate) async fn read<C: Consumer>(
        &self,
        call: &Call<'_>,
        until: Instant,
        ahead: Option<Ahead>,
        consumer: &mut C,
    ) -> Result<C::Output, Fault> {
        let mut ahead = ahead.filter(|ahead| ahead.is_of(call.path));
        let mut tried = 0;
        loop {
            consumer.reset();
            let fault = match self.read_once(call, until, ahead.take(), consumer).await {
                Ok(output) => return Ok(output),
                Err(fault) => fault,
            };
            tried += 1;
            if matches!(fault, Fault::Broken(_) | Fault::TimedOut(_)) {
                self.forget_connections();
            }
            let Some(pause) = pause_before_next(&fault, tried) else {
                return Err(fault);
            };
            if Instant::now() + pause >= until {
                return Err(fault);
            }
            tracing::debug!(path = call.path, attempt = tried, %fault, "reading again");
            sleep(pause).await;
        }
    }

    /// Reads a small answer whole.
    pub(crate) async fn read_small(&self, path: &str, until: Instant) -> Result<Vec<u8>, Fault> {
        self.read(&Call::get(path), until, None, &mut Small::default())
            .await
    }

    async fn read_once<C: Consumer>(
        &self,
        call: &Call<'_>,
        until: Instant,
        ahead: Option<Ahead>,
        consumer: &mut C,
    ) -> Result<C::Output, Fault> {
        if Instant::now() >= until {
            return Err(Fault::TimedOut("no time was left"));
        }
        let answer = match ahead {
            Some(ahead) => ahead.answer().await?,
            None => self.send(call.request()?, until).await?,
        };
        if !answer.status().is_success() {
            return Err(error_of(answer).await);
        }
        feed(answer.into_body(), consumer).await
    }
}

/// Gives a body to its consumer.
async fn feed<C: Consumer>(mut body: TimedBody, consumer: &mut C) -> Result<C::Output, Fault> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            consumer.piece(&piece)?;
        }
    }
    consumer.finish()
}

/// The whole body of a small answer.
pub(crate) async fn small_body(body: TimedBody) -> Result<Vec<u8>, Fault> {
    feed(body, &mut Small::default()).await
}

/// What an answer that is not a success says.
pub(crate) async fn error_of(answer: Response<TimedBody>) -> Fault {
    let code = answer.status().as_u16();
    let retry_after = retry_after(answer.headers());
    let body = start_of(answer.into_body()).await;
    Fault::from_answer(code, retry_after, &body)
}

/// How long to wait before the next attempt; none when another would not help.
pub(crate) fn pause_before_next(fault: &Fault, tried: u32) -> Option<Duration> {
    let doubled = FIRST_PAUSE * 2_u32.pow(tried.saturating_sub(1).min(5));
    if tried >= ATTEMPTS {
        return None;
    }
    match fault {
        // The usual cause is a pooled connection that died unnoticed; a new one helps at once.
        Fault::Broken(_) if tried == 1 => Some(Duration::ZERO),
        Fault::Broken(_) | Fault::Connect { .. } => Some(doubled),
        Fault::TimedOut(_) => (tried < SILENT_ATTEMPTS).then_some(Duration::ZERO),
        Fault::Status {
            code: 429 | 500 | 502 | 503 | 504,
            retry_after,
            ..
        } => Some(retry_after.unwrap_or(doubled)),
        _ => None,
    }
}

/// `Retry-After` in seconds, which is the only form that an API server sends.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// As much of an error's body as came; an error while reading it must not hide the status.
async fn start_of(mut body: TimedBody) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(piece) = frame.into_data() {
            out.extend(piece.iter().take(ERROR_BODY_BYTES.saturating_sub(out.len())));
        }
        if out.len() >= ERROR_BODY_BYTES {
            break;
        }
    }
    out
}

/// Keeps a small answer whole.
#[derive(Default)]
pub(crate) struct Small(Vec<u8>);

impl Consumer for Small {
    type Output = Vec<u8>;

    fn reset(&mut self) {
        self.0.clear();
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.0.len() + bytes.len() > SMALL_BODY_BYTES {
            return Err(Fault::Malformed(format!(
                "the answer is larger than {SMALL_BODY_BYTES} bytes"
            )));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<u8>, Fault> {
        Ok(std::mem::take(&mut self.0))
    }
}
