//! Time-outs, retries and connections, on real sockets where it is about sockets.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableOutput;
use aws_smithy_mocks::{mock, mock_client};
use day2_core::{Cause, settings};

use super::*;
use crate::error::{OpsError, aws, unreadable};
use crate::fixture::loopback::{Reply, http, serve};
use crate::fixture::{DummySettings, document};

const JSON: &str = "application/x-amz-json-1.0";
const ACTION: &str = "dynamodb:DescribeTable";

fn good() -> String {
    http(200, JSON, "{\"Table\":{\"TableName\":\"t\"}}")
}

/// Our own configuration for a server on this machine.
async fn config(url: &str) -> SdkConfig {
    let client = http_client(&ProxyConfig::disabled());
    bounded(aws_config::defaults(BehaviorVersion::latest()).http_client(client))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(url)
        .load()
        .await
}

/// The same with shorter time-outs and pauses.
async fn hasty(url: &str) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(300))
        .operation_timeout(Duration::from_secs(5))
        .build();
    let retries = retries().with_initial_backoff(Duration::from_millis(1));
    config(url)
        .await
        .to_builder()
        .timeout_config(timeouts)
        .retry_config(retries)
        .build()
}

async fn describe(client: &Client) -> Result<(), OpsError> {
    client
        .describe_table()
        .table_name("t")
        .send()
        .await
        .map(|_| ())
        .map_err(aws(ACTION, "t"))
}

#[tokio::test]
async fn a_connection_closed_while_the_sandbox_slept_costs_one_reconnect_d20() {
    // The server ends each connection a moment after its first answer, as a load balancer does with an idle one.
    let (url, seen) = serve(|_, _, _| Reply::Close(good())).await;
    let client = Client::new(&config(&url).await);
    describe(&client).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    describe(&client).await.unwrap();
    assert_eq!(seen.connections(), [0, 1], "one request each, none lost");
}

#[tokio::test]
async fn a_connection_that_died_without_a_sign_costs_one_time_out_d20() {
    // The first connection answers once and then swallows everything, as after a NAT gateway dropped the flow.
    let (url, seen) = serve(|number, connection, _| match (number, connection) {
        (0, _) | (_, 1..) => Reply::Keep(good()),
        _ => Reply::Silence,
    })
    .await;
    let client = Client::new(&hasty(&url).await);
    describe(&client).await.unwrap();
    describe(&client).await.unwrap();
    assert_eq!(seen.connections(), [0, 0, 1]);
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_the_next_call_of_the_same_run() {
    let (url, seen) = serve(|_, _, _| Reply::Keep(good())).await;
    let client = Client::new(&config(&url).await);
    for _ in 0..3 {
        describe(&client).await.unwrap();
    }
    assert_eq!(seen.connections(), [0, 0, 0]);
}

fn throttling() -> String {
    "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}".to_owned()
}

#[tokio::test]
async fn three_throttled_answers_and_a_good_one_are_a_success_w01() {
    let rule = mock!(Client::describe_table)
        .sequence()
        .http_status(400, Some(throttling()))
        .times(3)
        .output(|| DescribeTableOutput::builder().build())
        .build();
    let quick = retries().with_initial_backoff(Duration::from_millis(1));
    let client = mock_client!(
        aws_sdk_dynamodb,
        aws_smithy_mocks::RuleMode::Sequential,
        [&rule],
        |config| config.retry_config(quick.clone())
    );
    describe(&client).await.unwrap();
    assert_eq!(rule.num_calls(), 4);
}

#[tokio::test]
async fn throttled_for_ever_is_transient_with_the_reason_w02() {
    let rule = mock!(Client::describe_table)
        .sequence()
        .http_status(400, Some(throttling()))
        .repeatedly()
        .build();
    let quick = retries().with_initial_backoff(Duration::from_millis(1));
    let client = mock_client!(
        aws_sdk_dynamodb,
        aws_smithy_mocks::RuleMode::Sequential,
        [&rule],
        |config| config.retry_config(quick.clone())
    );
    let error = describe(&client).await.unwrap_err();
    assert!(error.is_transient());
    let words = crate::error::chain(&error);
    assert!(
        words.starts_with(
            "dynamodb:DescribeTable failed for `t`: ThrottlingException: Rate exceeded (HTTP 400"
        ),
        "{words}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_timed_out_and_tried_again_w03() {
    let (url, seen) = serve(|_, _, _| Reply::Silence).await;
    let client = Client::new(&hasty(&url).await);
    let error = client.describe_table().table_name("t").send().await.unwrap_err();
    assert_eq!(unreadable(ACTION, "t", &error).cause, Cause::TimedOut);
    assert!(aws(ACTION, "t")(error).is_transient());
    assert_eq!(seen.connections(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn an_answer_that_the_protocol_cannot_read_is_malformed_never_empty_w04() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 400\r\n\r\n{\"Table\":{\"Ta";
    for (what, answer) in [
        ("cut within the promised length", cut.to_owned()),
        (
            "cut, with a length that agrees",
            http(200, JSON, "{\"Table\":{\"Ta"),
        ),
        (
            "a proxy's page",
            http(
                200,
                "text/html",
                "<html><body>Sign in to the network</body></html>",
            ),
        ),
    ] {
        let (url, _) = serve(move |_, _, _| Reply::Close(answer.clone())).await;
        let client = Client::new(&hasty(&url).await);
        let error = client.describe_table().table_name("t").send().await.unwrap_err();
        let why = unreadable(ACTION, "t", &error);
        assert_eq!(why.cause, Cause::Malformed, "{what}: {why}");
        assert!(aws(ACTION, "t")(error).is_transient(), "{what}");
    }
}

#[tokio::test]
async fn xml_services_do_not_take_a_proxys_page_for_an_empty_list_w04() {
    let (url, _) =
        serve(|_, _, _| Reply::Close(http(200, "text/html", "<html><body>Sign in</body></html>"))).await;
    let config = hasty(&url).await;
    let sns = aws_sdk_sns::Client::new(&config)
        .list_topics()
        .send()
        .await
        .unwrap_err();
    assert_eq!(unreadable("sns:ListTopics", "*", &sns).cause, Cause::Malformed);
    let s3 = aws_sdk_s3::Client::new(&config)
        .list_buckets()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        unreadable("s3:ListAllMyBuckets", "*", &s3).cause,
        Cause::Malformed
    );
}

#[tokio::test]
async fn nothing_listening_is_transient_and_says_so() {
    let client = Client::new(&hasty("http://127.0.0.1:1").await);
    let error = describe(&client).await.unwrap_err();
    assert!(
        error.is_transient() && crate::error::chain(&error).contains("refused"),
        "{error:?}"
    );
}

#[tokio::test]
async fn every_bound_is_within_the_shortest_run() {
    let least = crate::app::ASSUMED_TIME.unsigned_abs();
    assert!(
        CONNECT_TIMEOUT < ATTEMPT_TIMEOUT && ATTEMPT_TIMEOUT < OPERATION_TIMEOUT && OPERATION_TIMEOUT < least
    );
    let config = config("http://127.0.0.1:1").await;
    let timeouts = config.timeout_config().unwrap();
    assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
    assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT_TIMEOUT));
    assert_eq!(timeouts.operation_timeout(), Some(OPERATION_TIMEOUT));
    assert!(!config.stalled_stream_protection().unwrap().is_enabled());
}

fn target(role: Option<&str>) -> Target {
    let mut document = document();
    document["targets"][0]["region"] = "eu-west-1".into();
    document["targets"][0]["role_arn"] = role.map_or(serde_json::Value::Null, Into::into);
    let mut settings = settings::read::<DummySettings>(&document.to_string()).unwrap();
    settings.targets.swap_remove(0)
}

const ROLE: &str = "arn:aws:iam::123456789012:role/day2-reader";

#[tokio::test]
async fn a_target_is_called_in_its_region_with_its_role_assumed_once() {
    let (url, seen) = serve(|_, _, request| {
        if !request.contains("Action=AssumeRole") {
            return Reply::Keep(good());
        }
        let expiration = "2999-01-01T00:00:00Z";
        Reply::Keep(http(200, "text/xml", &format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId>\
             <Arn>arn:aws:sts::123456789012:assumed-role/day2-reader/day2-prod-a</Arn></AssumedRoleUser>\
             </AssumeRoleResult></AssumeRoleResponse>")))
    })
    .await;
    let client = Client::new(&for_target(&config(&url).await, &target(Some(ROLE))).await);
    describe(&client).await.unwrap();
    describe(&client).await.unwrap();

    let requests = seen.requests();
    assert_eq!(requests.len(), 3, "{requests:#?}");
    assert!(requests[0].contains("RoleSessionName=day2-prod-a"));
    for request in &requests[1..] {
        assert!(
            request.contains("Credential=ASIAROLE/") && request.contains("/eu-west-1/dynamodb/"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_denied_and_named_w28() {
    let denial = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized to perform: \
         sts:AssumeRole on resource: {ROLE}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    let (url, _) = serve(move |_, _, _| Reply::Keep(http(403, "text/xml", &denial))).await;
    let client = Client::new(&for_target(&config(&url).await, &target(Some(ROLE))).await);
    let error = client.describe_table().table_name("t").send().await.unwrap_err();
    let why = unreadable(ACTION, "t", &error);
    assert_eq!(why.cause, Cause::Denied, "{why}");
    assert!(
        why.detail.contains("sts:AssumeRole") && why.detail.contains("day2-reader"),
        "{why}"
    );
    assert!(!aws(ACTION, "t")(error).is_transient());
}

#[tokio::test]
async fn a_target_without_a_role_keeps_the_functions_credentials() {
    let (url, seen) = serve(|_, _, _| Reply::Keep(good())).await;
    let client = Client::new(&for_target(&config(&url).await, &target(None)).await);
    describe(&client).await.unwrap();
    assert!(seen.requests()[0].contains("/eu-west-1/dynamodb/"));
}
