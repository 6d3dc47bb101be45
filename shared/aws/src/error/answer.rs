//! What is kept of a failed call: the words of the service, short and on one line.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Longest message kept, in characters. The longest useful one names a role, an action and a resource ARN.
const MAX_MESSAGE_CHARS: usize = 600;

/// EC2 appends an encoded blob of up to some kilobytes to a denial; reading it needs another permission.
/// Source: Amazon EC2 API Reference, "Error codes", `UnauthorizedOperation`.
const ENCODED_BLOB: &str = "Encoded authorization failure message";

/// The words of a service, or of the transport when no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Error code, for example `AccessDeniedException`.
    pub code: Option<String>,
    /// Message of the service, or what happened on the way.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Id to quote to AWS support.
    pub request_id: Option<String>,
}

impl Answer {
    /// Takes the words out of an SDK error.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let raw = error.raw_response();
        let header = |name| raw.and_then(|raw| raw.headers().get(name)).map(one_line);
        let status = raw.map(|raw| raw.status().as_u16());
        let meta = match error {
            SdkError::ServiceError(inner) => Some(inner.err().meta()),
            _ => None,
        };
        let message = match (meta.and_then(|meta| meta.message()), error) {
            (Some(message), _) => message.to_owned(),
            // Without a message the error's own words say little more than "unhandled error".
            (None, SdkError::ServiceError(inner)) => super::chain(inner.err()),
            (None, other) => super::chain(other),
        };
        Self {
            code: meta.and_then(|meta| meta.code()).map(one_line),
            message: one_line(message.split(ENCODED_BLOB).next().unwrap_or_default()),
            status,
            request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
        }
    }
}

/// Text without control characters, cut.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(MAX_MESSAGE_CHARS).collect();
    short.truncate(short.trim_end().len());
    short
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        match (self.status, &self.request_id) {
            (Some(status), Some(id)) => write!(f, " (HTTP {status}, request {id})"),
            (Some(status), None) => write!(f, " (HTTP {status})"),
            (None, _) => Ok(()),
        }
    }
}

impl Error for Answer {}
