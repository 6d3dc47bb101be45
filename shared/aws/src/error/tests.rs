use aws_sdk_sns::Client;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use lambda_runtime::Diagnostic;

use super::*;
use crate::fixture::http_error;

async fn failure(
    status: u16,
    body: &'static str,
    header: Option<&'static str>,
) -> SdkError<aws_sdk_sns::operation::publish::PublishError, HttpResponse> {
    let rule = mock!(Client::publish).then_http_response(move || {
        let mut answer = http_error(status, body);
        if let Some(id) = header {
            answer.headers_mut().insert("x-amzn-requestid", id);
        }
        answer
    });
    let none = aws_config::retry::RetryConfig::disabled();
    let client = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&rule], |config| config
        .retry_config(none.clone()));
    client
        .publish()
        .topic_arn("t")
        .message("m")
        .send()
        .await
        .unwrap_err()
}

const DENIAL: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not\nauthorized \
    to perform: SNS:Publish. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm</Message></Error></ErrorResponse>";

#[tokio::test]
async fn an_error_names_action_resource_code_message_and_request_once() {
    let error = aws("sns:Publish", "topic-a")(failure(403, DENIAL, Some("req-1")).await);
    let words = chain(&error);
    let expected = "sns:Publish failed for `topic-a`: AuthorizationError: not authorized to perform: SNS:Publish. (HTTP 403, request req-1)";
    assert_eq!(words, expected);
    assert_eq!(format!("{error:?}"), words, "the runtime logs this");
    let diagnostic = Diagnostic::from(error);
    assert_eq!(
        (diagnostic.error_type.as_str(), diagnostic.error_message),
        ("Permanent", words)
    );
}

#[tokio::test]
async fn nothing_of_the_raw_answer_is_kept_e18() {
    let body = "<html>token=AQoDYXdzEJr session</html>";
    let sdk = failure(502, body, None).await;
    assert!(
        format!("{sdk:?}").contains("AQoDYXdzEJr"),
        "the SDK's own words would show it"
    );
    let error = aws("sns:Publish", "t")(sdk);
    assert!(!format!("{error:?} {error} {}", chain(&error)).contains("AQoDYXdzEJr"));
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_same_failure_is_the_reason_of_an_unknown_item_w28() {
    let sdk = failure(403, DENIAL, None).await;
    let why = unreadable("sns:Publish", "t", &sdk);
    assert_eq!(why.cause, Cause::Denied);
    assert_eq!(why, aws("sns:Publish", "t")(sdk).to_unreadable("other", "other"));
}

#[test]
fn a_role_that_cannot_be_assumed_says_nothing_of_the_service_behind_it() {
    use aws_credential_types::provider::error::CredentialsError;
    use aws_sdk_sns::operation::publish::PublishError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    type Failed = SdkError<PublishError, HttpResponse>;

    let sts = CredentialsError::provider_error("sts:AssumeRole: ServiceUnavailable");
    let unsent: Failed = SdkError::dispatch_failure(ConnectorError::other(Box::new(sts), None));
    assert_eq!(
        unreadable("eks:DescribeCluster", "prod-a", &unsent).cause,
        Cause::Failing
    );
    let refused = CredentialsError::provider_error("sts:AssumeRole: AccessDenied");
    let unsent: Failed = SdkError::dispatch_failure(ConnectorError::other(Box::new(refused), None));
    assert_eq!(
        unreadable("eks:DescribeCluster", "prod-a", &unsent).cause,
        Cause::Denied
    );
    let nobody: Failed = SdkError::dispatch_failure(ConnectorError::io("connection refused".into()));
    assert_eq!(
        unreadable("eks:DescribeCluster", "prod-a", &nobody).cause,
        Cause::Other
    );
}

#[test]
fn what_can_succeed_later_is_transient_and_what_cannot_is_permanent() {
    let read = |cause| OpsError::Read(Unreadable::new("list nodes", "prod-a", cause, ""));
    let publish = |source: OpsError| OpsError::Publish {
        report_id: "r".into(),
        what: "the mail".into(),
        source: Box::new(source),
    };
    for (error, expected) in [
        (OpsError::Event("x".into()), false),
        (OpsError::Refused("x".into()), false),
        (OpsError::SettingsSource("x".into()), false),
        (
            OpsError::InProgress {
                what: "x".into(),
                until: Timestamp::UNIX_EPOCH,
            },
            true,
        ),
        (
            OpsError::Deadline {
                what: "x".into(),
                needed_seconds: 2,
                left_seconds: 1,
            },
            true,
        ),
        (read(Cause::Throttled), true),
        (read(Cause::TimedOut), true),
        (read(Cause::Malformed), true),
        (read(Cause::Partial), true),
        (read(Cause::Failing), true),
        (read(Cause::Denied), false),
        (read(Cause::NotFound), false),
        (publish(read(Cause::Denied)), false),
        (publish(read(Cause::Throttled)), true),
    ] {
        assert_eq!(error.is_transient(), expected, "{error:?}");
    }
}
