use std::sync::Arc;

use aws_sdk_sns::operation::publish::PublishOutput;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_core::arn::Partition;
use day2_core::item::Population;
use day2_core::links::Place;
use day2_core::report::Run;
use day2_core::{Item, Verdict};
use serde_json::{Value, json};

use super::*;
use crate::fixture::{MORNING, at};

fn report() -> Report {
    report_of(vec![])
}

fn report_of(items: Vec<Item>) -> Report {
    let run = Run {
        function: "dummy".to_owned(),
        task: "morning".to_owned(),
        target: "prod-a".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: Some(at(MORNING)),
        occasion: None,
        started_at: at(MORNING),
        request_id: "r-1".to_owned(),
    };
    Report::new(run, items, vec![])
}

fn rendering(report: &Report) -> Rendering {
    Rendering {
        place: Place::of(report, Partition::Aws, "us-east-1", "reports"),
        not_stored: None,
        lambda: "day2-dummy".to_owned(),
        lambda_region: "us-east-1".to_owned(),
    }
}

fn sns() -> aws_sdk_sns::Client {
    let publish = mock!(aws_sdk_sns::Client::publish)
        .match_requests(|mail| mail.subject().is_some_and(|s| s.is_ascii() && s.len() < 100))
        .then_output(|| PublishOutput::builder().message_id("m-1").build());
    mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&publish])
}

#[tokio::test]
async fn both_objects_carry_their_type_and_a_checksum() {
    let put = mock!(aws_sdk_s3::Client::put_object)
        .match_requests(|put| {
            let kind = put.content_type();
            let json = put
                .key()
                .is_some_and(|key| key.rsplit('.').next() == Some("json"))
                && kind == Some("application/json");
            let page = put
                .key()
                .is_some_and(|key| key.rsplit('.').next() == Some("html"))
                && kind == Some("text/html; charset=utf-8");
            let checked = put.checksum_algorithm() == Some(&ChecksumAlgorithm::Sha256);
            // The bucket's own encryption applies only when the request asks for none.
            (json || page) && checked && put.server_side_encryption().is_none()
        })
        .then_output(|| aws_sdk_s3::operation::put_object::PutObjectOutput::builder().build());
    let s3 = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&put]);
    let publisher = Publisher::with_clients(s3, sns(), "us-east-1");
    let report = report();
    publisher.store(&report, &rendering(&report)).await.unwrap();
    assert_eq!(put.num_calls(), 2);
}

#[tokio::test]
async fn a_mail_goes_to_the_topic_in_the_region_of_the_topic_w27() {
    let publisher = Publisher::with_clients(mock_client!(aws_sdk_s3, []), sns(), "eu-west-1");
    let report = report();
    let topic: Arn = "arn:aws:sns:eu-west-1:123456789012:team".parse().unwrap();
    let id = publisher
        .mail(&topic, &report, &rendering(&report))
        .await
        .unwrap();
    assert_eq!(id, "m-1");
    let other: Arn = "arn:aws:sns:us-east-1:123456789012:team".parse().unwrap();
    let config = publisher
        .topics_client(&other)
        .config()
        .region()
        .map(ToString::to_string);
    assert_eq!(config.as_deref(), Some("us-east-1"));
}

#[tokio::test]
async fn a_message_has_attributes_to_filter_by_and_that_of_a_pass_names_no_owner() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let publish = mock!(aws_sdk_sns::Client::publish).then_compute_output(move |mail| {
        let attributes = mail.message_attributes().into_iter().flatten();
        let typed: Value = attributes
            .map(|(name, value)| (name.clone(), json!([value.data_type(), value.string_value()])))
            .collect();
        seen.lock().unwrap().push(typed);
        PublishOutput::builder().message_id("m-1").build()
    });
    let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&publish]);
    let publisher = Publisher::with_clients(mock_client!(aws_sdk_s3, []), sns, "us-east-1");
    let topic: Arn = "arn:aws:sns:us-east-1:123456789012:team".parse().unwrap();
    let line = |verdict| {
        let population = Population {
            examined: 1,
            expected_at_least: 1,
        };
        Item::judge("DUM-001", "The light is on", verdict, population, "looked")
    };
    let wrong = vec![
        line(Verdict::Fail).owner("web \"shop\""),
        line(Verdict::Unknown).owner("data"),
        line(Verdict::Pass).owner("other"),
    ];
    for items in [wrong, vec![line(Verdict::Pass).owner("other")]] {
        let report = report_of(items);
        publisher
            .mail(&topic, &report, &rendering(&report))
            .await
            .unwrap();
    }
    assert_eq!(
        *sent.lock().unwrap(),
        [
            json!({
                "function": ["String", "dummy"], "target": ["String", "prod-a"], "status": ["String", "FAIL"],
                "owners": ["String.Array", r#"["data","web \"shop\""]"#],
            }),
            json!({
                "function": ["String", "dummy"], "target": ["String", "prod-a"], "status": ["String", "PASS"],
            }),
        ]
    );
}
