//! The EKS token chain's AWS half: a presigned `GetCallerIdentity` URL is answered, a tampered one is not.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use day2_platform::wait::wait_until;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::emulator::{emulator, role};

const HOST: &str = "sts.us-east-1.amazonaws.com";

/// The path and query of a presigned URL for the cluster `prod-a`.
fn presigned(credentials: Credentials) -> String {
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(1));
    #[expect(clippy::disallowed_methods, reason = "a signature carries the real time")]
    let now = SystemTime::now();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("sts")
        .time(now)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("https://{HOST}/?Action=GetCallerIdentity&Version=2011-06-15");
    let headers = [("host", HOST), ("x-k8s-aws-id", "prod-a")].into_iter();
    let request = SignableRequest::new("GET", &url, headers, SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let mut url = url::Url::parse(&url).unwrap();
    url.query_pairs_mut().extend_pairs(
        instructions
            .params()
            .iter()
            .map(|(name, value)| (name, value.as_ref())),
    );
    format!("/?{}", url.query().unwrap())
}

/// Sends the URL to the emulator under the real host name, as a token webhook would.
async fn answer(target: &str) -> String {
    let address = emulator().await.endpoint();
    let mut stream = tokio::net::TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .unwrap();
    let request =
        format!("GET {target} HTTP/1.1\r\nhost: {HOST}\r\nx-k8s-aws-id: prod-a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A session of the role `name`, made for this.
pub(crate) async fn session(name: &str) -> Credentials {
    session_of(&role(name, "ec2.amazonaws.com", &json!([])).await).await
}

/// A session of a role.
pub(crate) async fn session_of(arn: &str) -> Credentials {
    let sts = aws_sdk_sts::Client::new(&emulator().await.sdk_config());
    let made = sts
        .assume_role()
        .role_arn(arn)
        .role_session_name("i-1")
        .send()
        .await
        .unwrap();
    let made = made.credentials().unwrap();
    Credentials::new(
        made.access_key_id(),
        made.secret_access_key(),
        Some(made.session_token().to_owned()),
        None,
        "test",
    )
}

#[tokio::test]
async fn a_presigned_url_for_the_real_host_tells_who_signed_it_and_a_changed_one_is_refused() {
    let target = presigned(session("presigner").await);
    let told = answer(&target).await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    assert!(
        told.contains("<Arn>arn:aws:sts::123456789012:assumed-role/presigner/i-1</Arn>"),
        "{told}"
    );

    let (before, signature) = target.split_once("X-Amz-Signature=").unwrap();
    let other = if signature.starts_with('0') { '1' } else { '0' };
    let tampered = format!("{before}X-Amz-Signature={other}{}", signature.get(1..).unwrap());
    let told = answer(&tampered).await;
    assert!(
        told.starts_with("HTTP/1.1 403") && told.contains("SignatureDoesNotMatch"),
        "{told}"
    );
}

/// A limit of MiniStack that whoever reviews tokens must know: root is not a caller to be believed.
#[tokio::test]
async fn the_signature_of_the_root_key_is_not_checked() {
    let wrong = Credentials::new("test", "a wrong secret", None, None, "test");
    let told = answer(&presigned(wrong)).await;
    assert!(
        told.contains("<Arn>arn:aws:iam::123456789012:root</Arn>"),
        "{told}"
    );
}

#[tokio::test]
async fn an_unknown_key_gets_no_answer_but_an_error_and_is_recorded() {
    let emulator = emulator().await;
    let mark = emulator.recorder().mark().unwrap();
    let config = emulator.sdk_config_as(Credentials::new("AKIAIOSFODNN7EXAMPLE", "x", None, None, "test"));
    aws_sdk_sts::Client::new(&config)
        .get_caller_identity()
        .send()
        .await
        .unwrap_err();
    // The line is written once the answer is out, which may be a moment after the caller has it.
    let call = wait_until(Duration::from_secs(10), "the call is recorded", async || {
        let calls = emulator.recorder().since(mark)?;
        calls
            .into_iter()
            .find(|call| call.access_key == "AKIAIOSFODNN7EXAMPLE")
            .context("not yet")
    })
    .await
    .unwrap();
    assert_eq!(
        (call.action().as_str(), call.caller.as_str(), call.status),
        ("sts:GetCallerIdentity", "", 403)
    );
}

/// The SDK of CloudWatch speaks another protocol than the services whose policies are looked at elsewhere.
#[tokio::test]
async fn calls_to_cloudwatch_are_held_to_the_policies_of_the_role() {
    let arn = role("watcher", "ec2.amazonaws.com", &json!([])).await;
    let config = emulator().await.sdk_config_as(session_of(&arn).await);
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&config);
    let error = cloudwatch.describe_alarms().send().await.unwrap_err();
    assert!(format!("{error:?}").contains("AccessDenied"), "{error:?}");
    let allowed = json!([{"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"}]);
    crate::emulator::allow("watcher", &allowed).await;
    cloudwatch.describe_alarms().send().await.unwrap();
    cloudwatch.list_metrics().send().await.unwrap_err();
}
