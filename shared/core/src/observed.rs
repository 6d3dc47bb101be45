//! Facts that may be missing. A read that failed stays in the observation as the reason why, so that it can
//! become `Unknown` and never "nothing wrong".

use serde::{Deserialize, Serialize};

/// A fact, or why it could not be read.
pub type Observed<T> = Result<T, Unreadable>;

/// Why a read failed, as far as the difference matters to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The caller lacks the permission (AWS `AccessDenied*`, `UnauthorizedOperation`; Kubernetes 401 and 403).
    Denied,
    /// The service asked to slow down until the time was used up.
    Throttled,
    /// No answer within the time left.
    TimedOut,
    /// The thing named in settings does not exist.
    NotFound,
    /// An answer came that is not what the protocol promises (truncated body, HTML of a proxy).
    Malformed,
    /// The AWS service answered that it failed itself (HTTP 5xx): that says nothing about what was asked for.
    Failing,
    /// A list was read only in part (continue token expired again and again).
    Partial,
    /// Anything else; the detail has the words of the service.
    Other,
}

impl Cause {
    /// Whether the same call may succeed when it is made again, without anybody doing anything.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Throttled | Self::TimedOut | Self::Malformed | Self::Failing | Self::Partial => true,
            Self::Denied | Self::NotFound | Self::Other => false,
        }
    }

    /// The words used in a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "permission denied",
            Self::Throttled => "throttled",
            Self::TimedOut => "timed out",
            Self::NotFound => "not found",
            Self::Malformed => "unreadable answer",
            Self::Failing => "the service failed",
            Self::Partial => "read only in part",
            Self::Other => "failed",
        }
    }
}

/// A read that failed: which operation, on what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The operation in the words of its service, for example `ec2:DescribeNatGateways` or `list nodes`.
    pub operation: String,
    /// What was asked about, for example a cluster or group name.
    pub resource: String,
    /// The class of failure.
    pub cause: Cause,
    /// The words of the service; hostile text, to be neutralised where it is shown.
    pub detail: String,
}

impl Unreadable {
    /// A failed read of `resource` by `operation`.
    pub fn new(
        operation: impl Into<String>,
        resource: impl Into<String>,
        cause: Cause,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            operation: operation.into(),
            resource: resource.into(),
            cause,
            detail: detail.into(),
        }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} for `{}`: {}",
            self.operation,
            self.resource,
            self.cause.words()
        )?;
        if self.detail.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.detail)
        }
    }
}

impl std::error::Error for Unreadable {}
