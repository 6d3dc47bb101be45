//! Topics: who is subscribed, and whether a message comes through.

use std::time::Duration;

use aws_sdk_sns::operation::publish::PublishError;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Observed, Unreadable};
use day2_reads::times::Times;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{Clients, lacks};
use crate::facts::{Flight, KeyRefusal, Subscriber};
use crate::settings::{Canary, DoctorSettings};

const LIST: &str = "sns:ListSubscriptionsByTopic";
const PUBLISH: &str = "sns:Publish";
const RECEIVE: &str = "sqs:ReceiveMessage";
const DELETE: &str = "sqs:DeleteMessage";

/// Topics that are read at the same time.
const AT_ONCE: usize = 4;

/// How long one look into the queue waits for a message, in seconds: shorter than the time-out of a call.
const LOOK_SECONDS: i32 = 2;

/// What stands in place of the ARN of a subscription that nobody has confirmed.
/// Source: API `ListSubscriptionsByTopic`, data type `Subscription`; SNS Developer Guide, "Email notifications".
const PENDING: &str = "PendingConfirmation";

type Topics = Vec<(String, Observed<Vec<Subscriber>>)>;

/// Reads the topics and lets the canary fly.
pub(super) async fn look(
    clients: &Clients,
    settings: &DoctorSettings,
    times: &Times,
) -> (Topics, Option<Observed<Flight>>) {
    let topics = futures::stream::iter(&settings.topics)
        .map(|topic| async move {
            let arn = topic.as_str();
            let read = times.within(LIST, arn, subscribers(&clients.sns, arn)).await;
            (arn.to_owned(), read)
        })
        .buffered(AT_ONCE)
        .collect::<Topics>();
    let flight = async {
        match &settings.canary {
            Some(canary) => Some(fly(&clients.sns, &clients.sqs, canary, times).await),
            None => None,
        }
    };
    tokio::join!(topics, flight)
}

pub(super) async fn subscribers(client: &aws_sdk_sns::Client, topic: &str) -> Observed<Vec<Subscriber>> {
    let mut all = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, topic);
    loop {
        let page = client
            .list_subscriptions_by_topic()
            .topic_arn(topic)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| unreadable(LIST, topic, &error))?;
        let Some(subscriptions) = &page.subscriptions else {
            return Err(lacks(LIST, topic, "Subscriptions"));
        };
        all.extend(subscriptions.iter().map(|one| {
            Subscriber {
                protocol: one.protocol().unwrap_or_default().to_owned(),
                endpoint: one.endpoint().unwrap_or_default().to_owned(),
                // A confirmed one has an ARN here, and nothing else has.
                pending: one
                    .subscription_arn()
                    .is_none_or(|arn| arn == PENDING || !arn.starts_with("arn:")),
            }
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// Publishes to the canary's topic and waits for the message in its queue.
///
/// # Errors
///
/// When it could not be published for another reason than the key of the topic, or the queue could not be read.
pub(super) async fn fly(
    sns: &aws_sdk_sns::Client,
    sqs: &aws_sdk_sqs::Client,
    canary: &Canary,
    times: &Times,
) -> Observed<Flight> {
    let topic = canary.topic_arn.as_str();
    let word = format!("canary {}", times.now);
    let publish = async {
        let publish = sns.publish().topic_arn(topic).message(&word);
        let Err(error) = publish.send().await else {
            return Ok(None);
        };
        let why = unreadable(PUBLISH, topic, &error);
        match error.as_service_error().and_then(refusal_of_key) {
            Some(refusal) => Ok(Some(Flight::Refused(refusal, why))),
            None => Err(why),
        }
    };
    if let Some(refused) = times.within(PUBLISH, topic, publish).await? {
        return Ok(refused);
    }
    let wait = Duration::from_secs(u64::from(canary.wait_seconds)).min(times.left());
    let end = end_of(times, wait);
    while (times.clock)() < end {
        if times
            .within(RECEIVE, &canary.queue_url, look_for(sqs, canary, &word))
            .await?
        {
            return Ok(Flight::Arrived);
        }
    }
    Ok(Flight::Lost(wait.as_secs()))
}

/// That KMS asks to slow down (`KMSThrottling`) says nothing of the key.
fn refusal_of_key(error: &PublishError) -> Option<KeyRefusal> {
    match error {
        PublishError::KmsAccessDeniedException(_) => Some(KeyRefusal::AccessDenied),
        PublishError::KmsDisabledException(_) => Some(KeyRefusal::Disabled),
        PublishError::KmsInvalidStateException(_) => Some(KeyRefusal::InvalidState),
        PublishError::KmsNotFoundException(_) => Some(KeyRefusal::NotFound),
        PublishError::KmsOptInRequired(_) => Some(KeyRefusal::OptInRequired),
        _ => None,
    }
}

fn end_of(times: &Times, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
    (times.clock)().saturating_add(wait).unwrap_or(times.deadline)
}

/// One look into the queue. Only our own message is taken out: another may be that of a run beside this one, and the queue
/// forgets within minutes what nobody takes.
async fn look_for(sqs: &aws_sdk_sqs::Client, canary: &Canary, word: &str) -> Result<bool, Unreadable> {
    let url = &canary.queue_url;
    let seen = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .wait_time_seconds(LOOK_SECONDS)
        .send()
        .await
        .map_err(|error| unreadable(RECEIVE, url, &error))?;
    let ours = seen
        .messages()
        .iter()
        .find(|message| message.body().is_some_and(|body| body.contains(word)));
    let Some(ours) = ours else {
        return Ok(false);
    };
    let handle = ours
        .receipt_handle()
        .ok_or_else(|| lacks(RECEIVE, url, "ReceiptHandle"))?;
    sqs.delete_message()
        .queue_url(url)
        .receipt_handle(handle)
        .send()
        .await
        .map_err(|error| unreadable(DELETE, url, &error))?;
    Ok(true)
}
