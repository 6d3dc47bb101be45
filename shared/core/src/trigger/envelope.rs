//! Wrappings: SNS around EventBridge around the thing itself.

use aws_lambda_events::sns::SnsEvent;
use serde::Deserialize as _;
use serde_json::Value;

use super::reading::{kind, text};
use super::{Trigger, alarm, asff, finding, manual, object, scheduler};
use crate::arn::Arn;
use crate::shown;

/// Most wrappings that are opened; the deepest real one is a rule that feeds a topic.
const DEEPEST: usize = 3;

/// What the wrappings around an event tell about it.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// Topic that delivered it. A topic and the alarm that publishes to it are in one region and partition.
    pub(super) topic: Option<Arn>,
    depth: usize,
}

/// Finds out what an object is.
pub(super) fn route(event: &Value, outside: &Outside) -> Trigger {
    let has = |key: &str| event.get(key).is_some();
    if has("Records") {
        return records(event, outside);
    }
    if has("Message") && (has("TopicArn") || has("MessageId")) {
        return notification(event, outside);
    }
    if has("detail-type") {
        return event_bridge(event);
    }
    if has("alarmData") || has("alarmArn") {
        return read(alarm::direct(event).map(Trigger::Alarm));
    }
    if has("NewStateValue") || (has("AlarmName") && has("AWSAccountId")) {
        return read(alarm::notification(event, outside.topic.as_ref()).map(Trigger::Alarm));
    }
    // Auto Scaling sends its notifications, and a test one first, to the same topics.
    if let Some(name) = text(event, &["Event"]).filter(|name| name.starts_with("autoscaling:")) {
        return Trigger::Ignored(format!("the Auto Scaling notification {}", shown::quoted(name)));
    }
    if has("ProductArn") || has("AwsAccountId") {
        return asff::one(event);
    }
    if has("schemaVersion") || has("SchemaVersion") {
        return read(finding::native(event).map(Trigger::Finding));
    }
    if has("detail") || has("source") || has("NewStateReason") {
        return Trigger::Rejected(
            "the event looks like one of EventBridge or CloudWatch but lacks `detail-type`; send the whole event".to_owned(),
        );
    }
    if outside.depth > 0 && !has("task") {
        return Trigger::Ignored(
            "a notification that is neither an alarm nor a finding nor a task".to_owned(),
        );
    }
    if has("scheduled_at") {
        return scheduler::own(event);
    }
    match manual::own(event) {
        // Who may publish to a topic is not who may invoke the function, and only the latter may approve or undo.
        Trigger::Revert { .. } if outside.depth > 0 => by_invocation_only("a revert"),
        Trigger::Manual(call)
            if outside.depth > 0 && (call.approve.is_some() || call.containment.is_some()) =>
        {
            by_invocation_only("an approval")
        }
        trigger => trigger,
    }
}

fn by_invocation_only(what: &str) -> Trigger {
    Trigger::Rejected(format!(
        "{what} came through a topic; send it by invoking the function"
    ))
}

fn read(result: Result<Trigger, String>) -> Trigger {
    result.unwrap_or_else(|why| Trigger::Rejected(format!("{why}; send the event as AWS wrote it")))
}

fn event_bridge(event: &Value) -> Trigger {
    let (Some(source), Some(detail_type)) = (text(event, &["source"]), text(event, &["detail-type"])) else {
        return Trigger::Rejected(
            "the event has no text in `source` and `detail-type`; send the event as EventBridge wrote it"
                .to_owned(),
        );
    };
    match (source, detail_type) {
        ("aws.cloudwatch", "CloudWatch Alarm State Change") => read(alarm::event(event).map(Trigger::Alarm)),
        ("aws.guardduty", "GuardDuty Finding") => {
            read(detail(event).and_then(finding::native).map(Trigger::Finding))
        }
        ("aws.securityhub", "Security Hub Findings - Imported" | "Security Hub Findings - Custom Action") => {
            match detail(event) {
                Ok(detail) => asff::all(detail),
                Err(why) => Trigger::Rejected(format!("{why}; send the event as AWS wrote it")),
            }
        }
        ("aws.scheduler" | "aws.events", "Scheduled Event") => scheduler::default_shape(event),
        _ => Trigger::Ignored(format!(
            "{} from {}",
            shown::quoted(detail_type),
            shown::quoted(source)
        )),
    }
}

fn detail(event: &Value) -> Result<&Value, String> {
    match event.get("detail") {
        Some(detail @ Value::Object(_)) => Ok(detail),
        Some(other) => Err(format!(
            "the event's `detail` is {} and not an object",
            kind(other)
        )),
        None => Err("the event has no `detail`".to_owned()),
    }
}

/// `{"Records": […]}`: what Lambda gets from SNS, and from queues, streams and buckets.
fn records(event: &Value, outside: &Outside) -> Trigger {
    let first = event.get("Records").and_then(|records| records.get(0));
    let source = first
        .and_then(|first| text(first, &["eventSource"]))
        .unwrap_or_default();
    if source != "aws:sns" {
        return match first {
            Some(_) if !source.is_empty() => {
                Trigger::Ignored(format!("records of {}", shown::quoted(source)))
            }
            _ => Trigger::Rejected(
                "`Records` is empty or names no source; send the event as AWS wrote it".to_owned(),
            ),
        };
    }
    match SnsEvent::deserialize(event) {
        Ok(sns) => match sns.records.as_slice() {
            [record] => inner(&record.sns.message, record.sns.topic_arn.parse().ok(), outside),
            // SNS gives Lambda one record at a time; several would need several results.
            several => Trigger::Rejected(format!(
                "{} SNS records in one event; send one at a time",
                several.len()
            )),
        },
        Err(error) => {
            let error = shown::quoted(&error.to_string());
            Trigger::Rejected(format!(
                "the SNS event cannot be read ({error}); send it as SNS wrote it"
            ))
        }
    }
}

/// The message as SNS gives it to queues and HTTP endpoints.
fn notification(event: &Value, outside: &Outside) -> Trigger {
    match text(event, &["type"]) {
        Some("Notification") | None => {}
        Some(other) => return Trigger::Ignored(format!("an SNS message of type {}", shown::quoted(other))),
    }
    match event.get("Message") {
        Some(Value::String(message)) => inner(
            message,
            text(event, &["topicArn"]).and_then(|topic| topic.parse().ok()),
            outside,
        ),
        _ => Trigger::Rejected("the SNS message's `Message` is no text; send it as SNS wrote it".to_owned()),
    }
}

/// What is inside an SNS message.
fn inner(message: &str, topic: Option<Arn>, outside: &Outside) -> Trigger {
    if outside.depth >= DEEPEST {
        return Trigger::Rejected(format!(
            "more than {DEEPEST} SNS messages inside each other; send the innermost"
        ));
    }
    if !message.trim_start().starts_with(['{', '[']) {
        return Trigger::Ignored("an SNS message of plain text".to_owned());
    }
    match object(message.as_bytes()) {
        Ok(event) => route(
            &event,
            &Outside {
                topic,
                depth: outside.depth + 1,
            },
        ),
        Err(why) => Trigger::Rejected(format!(
            "the text of the SNS message {why}; send it as AWS wrote it"
        )),
    }
}
