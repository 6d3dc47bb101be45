//! What can go wrong between us and an API server, and what each of it means to a reader.

use std::time::Duration;

use day2_core::{Cause, Unreadable};

/// The most characters of an API server's answer that are quoted.
const QUOTED_CHARS: usize = 600;

/// One failed call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No credentials to sign a token with, or signing failed.
    #[error("{0}")]
    Token(String),
    /// The certificate was not issued by the cluster's CA for this host, or is out of date. Never tried again.
    #[error("{host} did not prove that it is the cluster: {why}")]
    Untrusted { host: String, why: String },
    /// No connection.
    #[error("no connection to {host}: {why}")]
    Connect { host: String, why: String },
    /// The connection broke before the answer was complete.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Nothing came for too long; says what was waited for.
    #[error("{0}")]
    TimedOut(&'static str),
    /// A redirect. Following it would carry the token to another host.
    #[error("answered {code} with a redirect to {location}, which is refused")]
    Redirect { code: u16, location: String },
    /// Any other answer than success.
    #[error("{code}: {message}")]
    Status {
        code: u16,
        message: String,
        /// The word of a `Status` object, for example `NotFound`; none when the answer was no such object.
        reason: Option<String>,
        retry_after: Option<Duration>,
    },
    /// Success, but not what the API promises.
    #[error("{0}")]
    Malformed(String),
    /// The call cannot be made as asked.
    #[error("{0}")]
    Unusable(String),
}

impl Fault {
    /// The class of failure.
    pub(crate) const fn cause(&self) -> Cause {
        match self {
            Self::TimedOut(_) => Cause::TimedOut,
            Self::Malformed(_) | Self::Redirect { .. } => Cause::Malformed,
            Self::Status { code, .. } => cause_of_status(*code),
            Self::Token(_)
            | Self::Untrusted { .. }
            | Self::Connect { .. }
            | Self::Broken(_)
            | Self::Unusable(_) => Cause::Other,
        }
    }

    /// The fault as a fact that could not be read.
    pub(crate) fn unreadable(&self, operation: &str, cluster: &str) -> Unreadable {
        Unreadable::new(operation, cluster, self.cause(), self.to_string())
    }

    /// The API server says that a continue token or resource version is too old.
    pub(crate) const fn is_gone(&self) -> bool {
        matches!(self, Self::Status { code: 410, .. })
    }

    /// The API server itself says that this object does not exist. A 404 of anything in between says nothing.
    pub(crate) fn is_no_such_object(&self) -> bool {
        matches!(self, Self::Status { code: 404, reason: Some(reason), .. } if reason == "NotFound")
    }

    /// An answer that is not a success, with the words of its `Status` object or the start of its body.
    pub(crate) fn from_answer(code: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Status {
            message: Option<String>,
            reason: Option<String>,
        }
        let (message, reason) = serde_json::from_slice::<Status>(body)
            .map_or((None, None), |status| (status.message, status.reason));
        let said = message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        Self::Status {
            code,
            message: quote(said.trim()),
            reason,
            retry_after,
        }
    }
}

/// What an HTTP status of an API server means.
const fn cause_of_status(code: u16) -> Cause {
    match code {
        401 | 403 => Cause::Denied,
        404 => Cause::NotFound,
        408 | 504 => Cause::TimedOut,
        410 => Cause::Partial,
        429 => Cause::Throttled,
        _ => Cause::Other,
    }
}

/// The first characters of a text.
pub(crate) fn quote(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(QUOTED_CHARS).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// An error with all its sources on one line. The error types below this crate print only their own layer.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let says = source.to_string();
        if !out.ends_with(&says) {
            out.push_str(": ");
            out.push_str(&says);
        }
        next = source.source();
    }
    out
}

/// What a failed call through [`ClusterClient::kube`](crate::ClusterClient::kube) means.
///
/// `operation` is in the words of a report, for example `patch node`; `cluster` is its name.
#[must_use]
pub fn unreadable(operation: &str, cluster: &str, error: &kube::Error) -> Unreadable {
    match error {
        kube::Error::Api(status) => Unreadable::new(
            operation,
            cluster,
            cause_of_status(status.code),
            format!("{}: {}", status.code, quote(&status.message)),
        ),
        kube::Error::Service(source) => match source.downcast_ref::<Fault>() {
            Some(fault) => fault.unreadable(operation, cluster),
            None => Unreadable::new(operation, cluster, Cause::Other, chain(source.as_ref())),
        },
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            Unreadable::new(operation, cluster, Cause::Malformed, chain(error))
        }
        other => Unreadable::new(operation, cluster, Cause::Other, chain(other)),
    }
}
