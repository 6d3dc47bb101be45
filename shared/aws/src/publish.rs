//! Handing a report over: two objects in S3 and a mail by SNS.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use aws_sdk_sns::types::MessageAttributeValue;
use day2_core::arn::Arn;
use day2_core::links::{INDEX, Rendering};
use day2_core::mail::Attribute;
use day2_core::report::Report;
use day2_core::{html, mail};

use crate::error::{OpsError, aws, chain};

/// Type of a page.
const HTML: &str = "text/html; charset=utf-8";

/// Where reports go.
#[derive(Debug)]
pub struct Publisher {
    s3: aws_sdk_s3::Client,
    aws: SdkConfig,
    topics: Mutex<BTreeMap<String, aws_sdk_sns::Client>>,
}

impl Publisher {
    /// A publisher with the clients of the function's own region.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        Self {
            s3: aws_sdk_s3::Client::new(aws),
            aws: aws.clone(),
            topics: Mutex::default(),
        }
    }

    /// A publisher with given clients, for tests; `sns` serves `region`.
    #[must_use]
    pub fn with_clients(s3: aws_sdk_s3::Client, sns: aws_sdk_sns::Client, region: &str) -> Self {
        let topics = Mutex::new(BTreeMap::from([(region.to_owned(), sns)]));
        Self {
            s3,
            aws: SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .build(),
            topics,
        }
    }

    /// Stores the report as JSON and as a page, at `rendering.place`. Storing the same report again overwrites.
    ///
    /// The objects are encrypted as the bucket demands; the checksum makes S3 refuse a body that was damaged on the
    /// way.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] of the first object that was not stored.
    pub async fn store(&self, report: &Report, rendering: &Rendering) -> Result<(), OpsError> {
        let json = serde_json::to_vec_pretty(report)
            .map_err(|why| OpsError::Refused(format!("the report is no JSON: {why}")))?;
        let page = html::page(report, rendering).into_bytes();
        let place = &rendering.place;
        let (json, page) = tokio::join!(
            Box::pin(self.put(&place.bucket, &place.json, "application/json", json)),
            Box::pin(self.put(&place.bucket, &place.page, HTML, page)),
        );
        json.and(page)
    }

    /// Stores the index page.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when S3 did not accept it.
    pub async fn store_index(&self, bucket: &str, page: String) -> Result<(), OpsError> {
        self.put(bucket, INDEX, HTML, page.into_bytes()).await
    }

    async fn put(&self, bucket: &str, key: &str, kind: &str, body: Vec<u8>) -> Result<(), OpsError> {
        self.s3
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(kind)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(body))
            .send()
            .await
            .map(|_| ())
            .map_err(aws("s3:PutObject", format!("{bucket}/{key}")))
    }

    /// Mails the report through `topic`, in whatever region that is. Returns the message id.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when SNS did not accept it.
    pub async fn mail(
        &self,
        topic: &Arn,
        report: &Report,
        rendering: &Rendering,
    ) -> Result<String, OpsError> {
        let mail = mail::write(report, rendering);
        let sent = self
            .topics_client(topic)
            .publish()
            .topic_arn(topic.as_str())
            .subject(mail.subject)
            .message(mail.body)
            .set_message_attributes(Some(filterable(mail.attributes)?))
            .send()
            .await
            .map_err(aws("sns:Publish", topic.as_str()))?;
        Ok(sent.message_id.unwrap_or_default())
    }

    /// The client of the topic's own region; SNS knows a topic in no other.
    fn topics_client(&self, topic: &Arn) -> aws_sdk_sns::Client {
        let region = topic
            .region()
            .map(|region| region.as_str().to_owned())
            .unwrap_or_default();
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let client = topics.entry(region.clone()).or_insert_with(|| {
            let config = aws_sdk_sns::config::Builder::from(&self.aws);
            aws_sdk_sns::Client::from_conf(config.region(aws_config::Region::new(region)).build())
        });
        client.clone()
    }
}

/// The attributes as the SDK takes them.
fn filterable(attributes: Vec<Attribute>) -> Result<HashMap<String, MessageAttributeValue>, OpsError> {
    let built = |one: Attribute| {
        MessageAttributeValue::builder()
            .data_type(one.data_type)
            .string_value(one.value)
            .build()
            .map(|value| (one.name.to_owned(), value))
            .map_err(|why| {
                OpsError::Refused(format!(
                    "attribute `{}` cannot be built: {}",
                    one.name,
                    chain(&why)
                ))
            })
    };
    attributes.into_iter().map(built).collect()
}

#[cfg(test)]
mod tests;
