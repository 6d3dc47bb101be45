use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::error::NoSuchKey;
use aws_smithy_mocks::{mock, mock_client};

use super::*;
use crate::fixture::{DummySettings, document};

const OBJECT: &str = "s3://day2-settings/dummy.json";

fn environment(settings: &str, sha256: Option<&str>) -> Environment {
    Environment {
        settings: Some(settings.to_owned()),
        settings_sha256: sha256.map(str::to_owned),
    }
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// A bucket with `text` in it.
fn bucket(text: &str) -> Client {
    let text = text.to_owned();
    let get = mock!(Client::get_object)
        .match_requests(|get| get.bucket() == Some("day2-settings") && get.key() == Some("dummy.json"))
        .then_output(move || {
            GetObjectOutput::builder()
                .body(ByteStream::from(text.clone().into_bytes()))
                .build()
        });
    mock_client!(aws_sdk_s3, [&get])
}

async fn loaded(environment: &Environment, s3: &Client) -> Result<Settings<DummySettings>, OpsError> {
    load(environment, s3).await
}

#[tokio::test]
async fn a_document_in_the_variable_or_in_s3_is_read() {
    let text = document().to_string();
    let inline = loaded(&environment(&text, None), &bucket("")).await.unwrap();
    assert_eq!(inline.targets.len(), 2);
    let hash = sha256(&text).to_uppercase();
    let stored = loaded(&environment(OBJECT, Some(&hash)), &bucket(&text))
        .await
        .unwrap();
    assert_eq!(stored.deployment, inline.deployment);
}

#[tokio::test]
async fn an_object_that_is_not_the_deployed_one_is_refused() {
    let text = document().to_string();
    let other = sha256("something else");
    for (environment, words) in [
        (Environment::default(), "DAY2_SETTINGS is not set"),
        (environment("  ", None), "DAY2_SETTINGS is not set"),
        (
            environment(OBJECT, Some(&other)),
            "the object is not the deployed one",
        ),
        (environment(OBJECT, None), "DAY2_SETTINGS_SHA256 is not set"),
        (environment("s3://bucket", Some(&other)), "not s3://bucket/key"),
        (environment("s3:///key", Some(&other)), "not s3://bucket/key"),
    ] {
        let error = loaded(&environment, &bucket(&text)).await.unwrap_err();
        let (again, words_seen) = (error.is_transient(), crate::error::chain(&error));
        assert!(!again && words_seen.contains(words), "{words_seen}");
    }
}

#[test]
fn a_digest_is_written_as_sha256sum_writes_it() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(sha256(""), empty);
}

#[tokio::test]
async fn every_mistake_of_the_document_is_in_the_error() {
    let mut wrong = document();
    wrong["deployment"]["zone"] = "Mars/Base".into();
    wrong["targets"][0]["region"] = "nowhere".into();
    let error = loaded(&environment(&wrong.to_string(), None), &bucket(""))
        .await
        .unwrap_err();
    let words = crate::error::chain(&error);
    assert!(
        words.contains("deployment.zone") && words.contains("targets[0].region"),
        "{words}"
    );
}

#[tokio::test]
async fn an_object_that_is_missing_is_named() {
    let get = mock!(Client::get_object).then_error(|| {
        GetObjectError::NoSuchKey(NoSuchKey::builder().message("The key does not exist").build())
    });
    let s3 = mock_client!(aws_sdk_s3, [&get]);
    let error = loaded(&environment(OBJECT, Some("00")), &s3).await.unwrap_err();
    let words = crate::error::chain(&error);
    assert!(
        words.starts_with("s3:GetObject failed for `s3://day2-settings/dummy.json`: "),
        "{words}"
    );
}
