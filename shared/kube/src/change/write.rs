//! One write: sent again only when the API server said that it did not carry it out.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use kube::client::Body;
use tokio::time::{Instant, sleep};

use super::FIELD_MANAGER;
use crate::fault::Fault;
use crate::read::{error_of, small_body};
use crate::transport::Transport;

/// The most attempts at a write that is throttled.
const ATTEMPTS: u32 = 5;

/// First pause where the API server names none; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What is to be written.
pub(super) enum Write {
    /// A JSON merge patch (RFC 7386), which every kind understands, custom ones too.
    Patch(serde_json::Value),
    /// A new object.
    Create(serde_json::Value),
    /// Deletion, with `DeleteOptions`.
    Delete(serde_json::Value),
}

/// What became of a write.
pub(super) enum Sent {
    /// Carried out; the object as it is now, if its body arrived.
    Done(Option<Vec<u8>>),
    /// Not carried out: the object is no longer as it must be, or one of that name exists already.
    Conflict(String),
    /// Not carried out.
    NotDone(Fault),
    /// It cannot be told.
    Lost(Fault),
}

impl Write {
    const fn method(&self) -> Method {
        match self {
            Self::Patch(_) => Method::PATCH,
            Self::Create(_) => Method::POST,
            Self::Delete(_) => Method::DELETE,
        }
    }

    const fn content_type(&self) -> &'static str {
        match self {
            Self::Patch(_) => "application/merge-patch+json",
            Self::Create(_) | Self::Delete(_) => "application/json",
        }
    }

    fn uri(&self, path: &str) -> String {
        match self {
            Self::Patch(_) | Self::Create(_) => format!("{path}?fieldManager={FIELD_MANAGER}"),
            Self::Delete(_) => path.to_owned(),
        }
    }

    fn body(&self) -> Bytes {
        match self {
            Self::Patch(body) | Self::Create(body) | Self::Delete(body) => Bytes::from(body.to_string()),
        }
    }

    fn request(&self, path: &str) -> Result<Request<Body>, Fault> {
        Request::builder()
            .method(self.method())
            .uri(self.uri(path))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CONTENT_TYPE, HeaderValue::from_static(self.content_type()))
            .body(Body::from(self.body()))
            .map_err(|error| Fault::Unusable(error.to_string()))
    }
}

impl Transport {
    /// Sends a write, again only when it was throttled.
    pub(super) async fn write(&self, path: &str, wanted: &Write, until: Instant) -> Sent {
        let mut pause = FIRST_PAUSE;
        let mut tried = 0;
        loop {
            let sent = self.write_once(path, wanted, until).await;
            tried += 1;
            let Sent::NotDone(Fault::Status {
                code: 429,
                retry_after,
                ..
            }) = &sent
            else {
                if matches!(sent, Sent::Lost(_)) {
                    self.forget_connections();
                }
                return sent;
            };
            let wait = retry_after.unwrap_or(pause);
            if tried >= ATTEMPTS || Instant::now() + wait >= until {
                return sent;
            }
            tracing::debug!(path, attempt = tried, "throttled, writing again");
            sleep(wait).await;
            pause *= 2;
        }
    }

    async fn write_once(&self, path: &str, wanted: &Write, until: Instant) -> Sent {
        if Instant::now() >= until {
            return Sent::NotDone(Fault::TimedOut("no time was left"));
        }
        let request = match wanted.request(path) {
            Ok(request) => request,
            Err(fault) => return Sent::NotDone(fault),
        };
        let answer = match self.send(request, until).await {
            Ok(answer) => answer,
            // The request, or the answer to it, may have been on its way.
            Err(fault @ (Fault::Broken(_) | Fault::TimedOut(_))) => return Sent::Lost(fault),
            Err(fault) => return Sent::NotDone(fault),
        };
        if answer.status().is_success() {
            return Sent::Done(small_body(answer.into_body()).await.ok());
        }
        let fault = error_of(answer).await;
        match fault {
            Fault::Status {
                code: 409, message, ..
            } => Sent::Conflict(message),
            // What stands in front of the API server, or the API server waiting for etcd, says these about a request
            // that may have been carried out.
            Fault::Status {
                code: 408 | 500..=599,
                ..
            } => Sent::Lost(fault),
            fault => Sent::NotDone(fault),
        }
    }
}
