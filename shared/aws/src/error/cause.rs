//! Which class of failure an SDK error is. Codes of the services are matched by name, because the same code comes
//! as a modelled error in one SDK and as an unhandled one in another.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use day2_core::Cause;

/// Codes of a missing permission or a refused identity. Sources: "Common errors" of each service's API reference;
/// EC2 "Error codes" (`UnauthorizedOperation`, `AuthFailure`, `OptInRequired`); SNS `AuthorizationError`.
const DENIED: [&str; 16] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "KMSAccessDenied",
    "KMSAccessDeniedException",
    "MissingAuthenticationToken",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// Codes of "slow down" that do not have `Throttl` in their name. Source: the SDK's own list of throttling errors,
/// without `LimitExceededException`, which several services use for quotas.
const THROTTLED: [&str; 7] = [
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// Codes after which the same call can succeed with a fresh token or a corrected clock.
const STALE: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
];

/// The class of failure.
pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Cause
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Cause::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::TimedOut,
        // No request was sent: the role of the target could not be assumed.
        SdkError::DispatchFailure(failure) if failure.is_other() && mentions_denial(error) => Cause::Denied,
        // Neither was one when whoever gives the credentials failed: of the service that was to be asked nothing is known.
        SdkError::DispatchFailure(_) if lacks_credentials(error) => Cause::Failing,
        SdkError::ResponseError(_) => Cause::Malformed,
        SdkError::ServiceError(inner) => of_answer(inner.raw().status().as_u16(), inner.err().code()),
        _ => Cause::Other,
    }
}

/// Whether the same call may succeed later.
pub(super) fn is_transient<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match (of(error), error) {
        (cause, _) if cause.may_pass() => true,
        (Cause::Other, SdkError::DispatchFailure(failure)) => !failure.is_user(),
        (Cause::Other, SdkError::ServiceError(inner)) => {
            inner.err().code().is_some_and(|code| STALE.contains(&code))
        }
        _ => false,
    }
}

fn of_answer(status: u16, code: Option<&str>) -> Cause {
    // An error inside a successful answer is a body that the protocol cannot read: cut short, or a proxy's page.
    if (200..300).contains(&status) {
        return Cause::Malformed;
    }
    // The code of a query-protocol service may come with the namespace of its exception.
    let code = code.map(|code| code.rsplit('#').next().unwrap_or(code));
    match (code, status) {
        (Some(code), _) if DENIED.contains(&code) => Cause::Denied,
        (Some(code), _) if code.contains("Throttl") || THROTTLED.contains(&code) => Cause::Throttled,
        (Some(code), _) if code.contains("NotFound") || code.starts_with("NoSuch") => Cause::NotFound,
        (Some(code), _) if code.starts_with("RequestTimeout") || code == "GatewayTimeout" => Cause::TimedOut,
        // S3 answers HEAD without a body, so the status is all there is.
        (None, 401 | 403) => Cause::Denied,
        (None, 404) => Cause::NotFound,
        (_, 429) | (None, 503) => Cause::Throttled,
        (None, 408 | 504) => Cause::TimedOut,
        (_, 500..) => Cause::Failing,
        _ => Cause::Other,
    }
}

fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    error.is::<CredentialsError>() || error.source().is_some_and(lacks_credentials)
}

fn mentions_denial(error: &(dyn Error + 'static)) -> bool {
    let text = super::chain(error);
    DENIED.iter().any(|code| text.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_fall_into_the_classes_that_operators_tell_apart_w28() {
        for (status, code, cause) in [
            (403, Some("AccessDeniedException"), Cause::Denied),
            (400, Some("AccessDeniedException"), Cause::Denied),
            (403, Some("UnauthorizedOperation"), Cause::Denied),
            (403, Some("AuthorizationError"), Cause::Denied),
            (403, None, Cause::Denied),
            (400, Some("ThrottlingException"), Cause::Throttled),
            (
                400,
                Some("com.amazonaws.dynamodb.v20120810#ThrottlingException"),
                Cause::Throttled,
            ),
            (503, Some("RequestLimitExceeded"), Cause::Throttled),
            (503, Some("SlowDown"), Cause::Throttled),
            (429, Some("SomethingElse"), Cause::Throttled),
            (503, None, Cause::Throttled),
            (404, Some("ResourceNotFoundException"), Cause::NotFound),
            (400, Some("InvalidVpcID.NotFound"), Cause::NotFound),
            (404, Some("DBClusterNotFoundFault"), Cause::NotFound),
            (404, Some("NoSuchKey"), Cause::NotFound),
            (400, Some("RequestTimeout"), Cause::TimedOut),
            (504, None, Cause::TimedOut),
            (200, None, Cause::Malformed),
            (500, Some("InternalFailure"), Cause::Failing),
            (500, None, Cause::Failing),
            (503, Some("ServiceUnavailableException"), Cause::Failing),
            (400, Some("ValidationError"), Cause::Other),
            (400, Some("LimitExceededException"), Cause::Other),
        ] {
            assert_eq!(of_answer(status, code), cause, "{status} {code:?}");
        }
    }
}
