//! A mailbox behind the report topic: what subscribers get by mail arrives here as well.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::aws::Emulator;

const NAME: &str = "platform-mailbox";
const LONG_POLL: Duration = Duration::from_secs(1);

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mail {
    /// The subject line.
    #[serde(default)]
    pub subject: String,
    /// The text.
    #[serde(rename = "Message")]
    pub body: String,
}

/// A queue that is subscribed to the topic.
#[derive(Debug)]
pub struct Mailbox {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Mailbox {
    /// Subscribes a new queue.
    ///
    /// # Errors
    ///
    /// When queue or subscription is refused.
    pub async fn subscribe(emulator: &Emulator, topic_arn: &str) -> Result<Self> {
        Self::called(NAME, emulator, topic_arn).await
    }

    /// Subscribes a new queue of this name, beside that of the reports.
    ///
    /// # Errors
    ///
    /// When queue or subscription is refused.
    pub async fn called(name: &str, emulator: &Emulator, topic_arn: &str) -> Result<Self> {
        let aws = emulator.sdk_config();
        let sqs = aws_sdk_sqs::Client::new(&aws);
        let arn = format!(
            "arn:aws:sqs:{}:{}:{name}",
            crate::aws::REGION,
            crate::aws::ACCOUNT
        );
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }]});
        let queue = sqs
            .create_queue()
            .queue_name(name)
            .attributes(QueueAttributeName::Policy, policy.to_string());
        let made = queue.send().await.context("create the mailbox")?;
        let url = made.queue_url().context("the mailbox has no URL")?.to_owned();
        let sns = aws_sdk_sns::Client::new(&aws);
        sns.subscribe()
            .topic_arn(topic_arn)
            .protocol("sqs")
            .endpoint(arn)
            .send()
            .await
            .context("subscribe the mailbox")?;
        Ok(Self { sqs, url })
    }

    /// The next mail, taken out of the box.
    ///
    /// # Errors
    ///
    /// When none comes within `within`.
    pub async fn next(&self, within: Duration) -> Result<Mail> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(mail) = self.take(LONG_POLL).await? {
                return Ok(mail);
            }
        }
        bail!("no mail within {} s", within.as_secs())
    }

    /// A mail, taken out of the box; nothing when none comes within `wait`, in whole seconds.
    ///
    /// # Errors
    ///
    /// When the box cannot be read, or what lies in it is no mail.
    pub async fn take(&self, wait: Duration) -> Result<Option<Mail>> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(1)
            .wait_time_seconds(i32::try_from(wait.as_secs())?)
            .send()
            .await
            .context("look into the mailbox")?;
        let Some(message) = answer.messages().first() else {
            return Ok(None);
        };
        let handle = message.receipt_handle().context("no receipt handle")?;
        self.sqs
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(handle)
            .send()
            .await?;
        serde_json::from_str(message.body().unwrap_or_default())
            .map(Some)
            .context("not a notification")
    }

    /// Whether a mail lies there that nobody waits for.
    ///
    /// # Errors
    ///
    /// When the box cannot be read.
    pub async fn is_empty(&self) -> Result<bool> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .visibility_timeout(0)
            .send()
            .await?;
        Ok(answer.messages().is_empty())
    }
}
