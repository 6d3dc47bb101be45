//! The one error type of everything that does I/O, and how an SDK error becomes one.
//!
//! An SDK error keeps the whole raw answer, headers and body included, and its `Display` is only "service error".
//! So what an operator needs is taken out at once (code, message, request id), and the rest is dropped: nothing of an
//! answer that nobody chose to show can reach a log.

mod answer;
mod cause;

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use day2_core::settings::Mistakes;
use day2_core::{Cause, Unreadable};
use jiff::Timestamp;

pub use answer::Answer;

/// Why an operation could not be completed.
///
/// `Display` names the operation and the thing and never repeats its source; [`chain`] prints the whole chain once,
/// at the edge. `Debug` is the chain too, because the runtime logs a handler's error with it.
#[derive(thiserror::Error)]
pub enum OpsError {
    /// The settings document has mistakes.
    #[error("settings are not usable")]
    Settings(#[source] Mistakes),
    /// The settings document could not be had, or is not the one that was deployed.
    #[error("settings cannot be loaded: {0}")]
    SettingsSource(String),
    /// The event cannot be read, or asks for what this function does not have.
    #[error("event is rejected: {0}")]
    Event(String),
    /// A call to AWS failed.
    #[error("{action} failed for `{resource}`")]
    Aws {
        /// The IAM action, for example `eks:DescribeCluster`.
        action: &'static str,
        /// What was asked about.
        resource: String,
        /// The class of failure.
        cause: Cause,
        /// Whether the same call may succeed later.
        transient: bool,
        /// The words of the service.
        #[source]
        source: Box<Answer>,
    },
    /// Something that is not an SDK call could not be read, for example a list in Kubernetes.
    #[error("nothing can be said without this")]
    Read(#[source] Unreadable),
    /// A guard or a rule objects; the text says which, and what would allow it.
    #[error("refused: {0}")]
    Refused(String),
    /// Too little time is left to do it properly.
    #[error("{what} needs {needed_seconds} s, and {left_seconds} s are left")]
    Deadline {
        /// What did not fit.
        what: String,
        /// Seconds that it needs.
        needed_seconds: u64,
        /// Seconds that are left.
        left_seconds: u64,
    },
    /// Another delivery of the same event is at work.
    #[error("`{what}` is in progress elsewhere until {until}; this delivery must be tried again")]
    InProgress {
        /// What is being done.
        what: String,
        /// When the other's lease ends.
        until: Timestamp,
    },
    /// A report was made and could not be handed over completely.
    #[error("report {report_id} is not published: {what}")]
    Publish {
        /// Id of the report.
        report_id: String,
        /// What is missing.
        what: String,
        /// The failure behind it.
        #[source]
        source: Box<OpsError>,
    },
}

impl OpsError {
    /// Whether the same event may succeed later, so that Lambda should deliver it again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Settings(_) | Self::SettingsSource(_) | Self::Event(_) | Self::Refused(_) => false,
            Self::Aws { transient, .. } => *transient,
            Self::Read(why) => why.cause.may_pass(),
            Self::Deadline { .. } | Self::InProgress { .. } => true,
            Self::Publish { source, .. } => source.is_transient(),
        }
    }

    /// The same failure as the reason of an `Unknown` item.
    #[must_use]
    pub fn to_unreadable(&self, operation: &str, resource: &str) -> Unreadable {
        match self {
            Self::Read(why) => why.clone(),
            Self::Aws {
                action,
                resource,
                cause,
                source,
                ..
            } => Unreadable::new(*action, resource.clone(), *cause, source.to_string()),
            Self::Deadline { .. } => Unreadable::new(operation, resource, Cause::TimedOut, self.to_string()),
            other => Unreadable::new(operation, resource, Cause::Other, chain(other)),
        }
    }
}

impl fmt::Debug for OpsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self))
    }
}

impl From<OpsError> for lambda_runtime::Diagnostic {
    fn from(error: OpsError) -> Self {
        Self {
            error_type: if error.is_transient() {
                "Transient"
            } else {
                "Permanent"
            }
            .to_owned(),
            error_message: chain(&error),
        }
    }
}

/// An error and its sources in one line, outermost first.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        text = format!("{text}: {inner}");
        next = inner.source();
    }
    text
}

/// Maps the error of an SDK call: `.map_err(aws("eks:DescribeCluster", name))`. `action` is the IAM action of the
/// call, so that permissions can be compared with it.
pub fn aws<E>(
    action: &'static str,
    resource: impl Into<String>,
) -> impl FnOnce(SdkError<E, HttpResponse>) -> OpsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let resource = resource.into();
    move |error| OpsError::Aws {
        action,
        resource,
        cause: cause::of(&error),
        transient: cause::is_transient(&error),
        source: Box::new(Answer::of(&error)),
    }
}

/// The error of an SDK call as a fact that could not be read, for an `Unknown` item beside its neighbours.
pub fn unreadable<E>(
    action: &'static str,
    resource: impl Into<String>,
    error: &SdkError<E, HttpResponse>,
) -> Unreadable
where
    E: ProvideErrorMetadata + Error + 'static,
{
    Unreadable::new(action, resource, cause::of(error), Answer::of(error).to_string())
}

#[cfg(test)]
mod tests;
