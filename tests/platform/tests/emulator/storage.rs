//! What the journal, the report bucket and the mails stand on.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::emulator::emulator;

#[tokio::test]
async fn a_conditional_put_is_done_once() {
    let client = aws_sdk_dynamodb::Client::new(&emulator().await.sdk_config());
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name("journal")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .send()
        .await
        .unwrap();
    let put = || {
        client
            .put_item()
            .table_name("journal")
            .item("pk", AttributeValue::S("run".to_owned()))
            .item("sk", AttributeValue::S("2026-01-05".to_owned()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
    };
    put().await.unwrap();
    let error = put().await.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception(), "{error:?}");
}

#[tokio::test]
async fn an_object_comes_back_with_its_checksum_without_path_style_being_asked_for() {
    let client = aws_sdk_s3::Client::new(&emulator().await.sdk_config());
    client.create_bucket().bucket("reports").send().await.unwrap();
    let put = client
        .put_object()
        .bucket("reports")
        .key("reports/scale-window/prod-a/prescale/2026/01/05/063000Z-x.json")
        .body(ByteStream::from_static(b"{\"schema\":\"day2.report/1\"}"))
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    let got = client
        .get_object()
        .bucket("reports")
        .key("reports/scale-window/prod-a/prescale/2026/01/05/063000Z-x.json")
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .unwrap();
    assert!(put.checksum_sha256().is_some());
    assert_eq!(put.checksum_sha256(), got.checksum_sha256());
    assert_eq!(
        got.body.collect().await.unwrap().into_bytes().as_ref(),
        b"{\"schema\":\"day2.report/1\"}"
    );

    let error = client
        .get_object()
        .bucket("reports")
        .key("nothing")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("NoSuchKey"));
}

#[tokio::test]
async fn a_mail_reaches_the_queue_only_when_the_queues_policy_lets_the_topic_send() {
    let emulator = emulator().await;
    let (sns, sqs) = (
        aws_sdk_sns::Client::new(&emulator.sdk_config()),
        aws_sdk_sqs::Client::new(&emulator.sdk_config()),
    );
    let key = emulator
        .api()
        .json("kms", "TrentService.CreateKey", &json!({}))
        .await
        .unwrap();
    let key = key["KeyMetadata"]["Arn"].as_str().unwrap();
    let topic = sns
        .create_topic()
        .name("mails")
        .attributes("KmsMasterKeyId", key)
        .send()
        .await
        .unwrap();
    let topic = topic.topic_arn().unwrap();
    let queue = sqs
        .create_queue()
        .queue_name("mails")
        .attributes(QueueAttributeName::KmsMasterKeyId, key)
        .send()
        .await
        .unwrap();
    let queue = queue.queue_url().unwrap();
    let arn = "arn:aws:sqs:us-east-1:123456789012:mails";
    sns.subscribe()
        .topic_arn(topic)
        .protocol("sqs")
        .endpoint(arn)
        .send()
        .await
        .unwrap();
    sns.publish()
        .topic_arn(topic)
        .subject("lost")
        .message("before the policy")
        .send()
        .await
        .unwrap();

    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }]});
    sqs.set_queue_attributes()
        .queue_url(queue)
        .attributes(QueueAttributeName::Policy, policy.to_string())
        .send()
        .await
        .unwrap();
    let subject = "[day2] FAIL scale-window prod-a: 2 of 11 checks failed, 1 unknown";
    sns.publish()
        .topic_arn(topic)
        .subject(subject)
        .message("body")
        .send()
        .await
        .unwrap();

    let seen = sqs
        .receive_message()
        .queue_url(queue)
        .max_number_of_messages(10)
        .wait_time_seconds(5)
        .send()
        .await
        .unwrap();
    let subjects: Vec<_> = seen
        .messages()
        .iter()
        .map(|one| {
            serde_json::from_str::<Value>(one.body().unwrap()).unwrap()["Subject"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(subjects, [subject]);
}
