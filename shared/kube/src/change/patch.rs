//! One PATCH: sent again only when the API server said that it did not carry it out.

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

/// The most attempts at a PATCH that is throttled.
const ATTEMPTS: u32 = 5;

/// First pause where the API server names none; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What became of a PATCH.
pub(super) enum Sent {
    /// Carried out; the object as it is now, if its body arrived.
    Done(Option<Vec<u8>>),
    /// Not carried out: the object is no longer of the version that the patch is for.
    Conflict(String),
    /// Not carried out.
    NotDone(Fault),
    /// It cannot be told.
    Lost(Fault),
}

impl Transport {
    /// Sends a JSON merge patch (RFC 7386), which every kind understands, custom ones too.
    pub(super) async fn patch(&self, path: &str, wanted: &serde_json::Value, until: Instant) -> Sent {
        let uri = format!("{path}?fieldManager={FIELD_MANAGER}");
        let body = Bytes::from(wanted.to_string());
        let mut pause = FIRST_PAUSE;
        let mut tried = 0;
        loop {
            let sent = self.patch_once(&uri, &body, until).await;
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
            tracing::debug!(path, attempt = tried, "throttled, patching again");
            sleep(wait).await;
            pause *= 2;
        }
    }

    async fn patch_once(&self, uri: &str, body: &Bytes, until: Instant) -> Sent {
        if Instant::now() >= until {
            return Sent::NotDone(Fault::TimedOut("no time was left"));
        }
        let request = Request::builder()
            .method(Method::PATCH)
            .uri(uri)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/merge-patch+json"),
            )
            .body(Body::from(body.clone()));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Sent::NotDone(Fault::Unusable(error.to_string())),
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
