//! `CloudWatch` alarms in the three shapes in which a function gets them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::reading::{at, parsed, required, text};
use crate::arn::{AccountId, Arn, Region};
use crate::{moment, shown};

/// State of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum AlarmState {
    /// `OK`.
    #[serde(rename = "OK")]
    Ok,
    /// `ALARM`.
    #[serde(rename = "ALARM")]
    Alarm,
    /// `INSUFFICIENT_DATA`.
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
    /// A word that was not known when this was written. Nothing acts on it.
    #[serde(untagged)]
    Other(String),
}

impl AlarmState {
    fn of(word: &str) -> Self {
        match word {
            "OK" => Self::Ok,
            "ALARM" => Self::Alarm,
            "INSUFFICIENT_DATA" => Self::InsufficientData,
            other => Self::Other(other.chars().take(64).collect()),
        }
    }
}

/// An alarm changed its state. What it measures is not read here: the alarm itself is asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// The alarm.
    pub arn: Arn,
    /// Its name, up to 255 characters of any text.
    pub name: String,
    /// New state.
    pub state: AlarmState,
    /// State before, if told.
    pub previous: Option<AlarmState>,
    /// When the state changed.
    pub changed_at: Timestamp,
    /// Account of the alarm, from its ARN.
    pub account: AccountId,
    /// Region of the alarm, from its ARN.
    pub region: Region,
    /// The reason in the words of `CloudWatch`, or of whoever called `SetAlarmState`: hostile text.
    pub reason: Option<String>,
}

impl Alarm {
    /// The same for every delivery of one state change, by whichever road it came (`cases.md` D05).
    #[must_use]
    pub fn dedup_key(&self) -> String {
        format!("{}@{}", self.arn, moment::canonical(self.changed_at))
    }

    /// The ARN in a key of [`Self::dedup_key`].
    #[must_use]
    pub fn arn_in(key: &str) -> Option<&str> {
        key.rsplit_once('@').map(|(arn, _)| arn)
    }
}

/// EventBridge, `CloudWatch Alarm State Change`: single metric, metric math, anomaly detection and composite alike.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
pub(super) fn event(event: &Value) -> Result<Alarm, String> {
    let of = "alarm event";
    let arn = match event
        .get("resources")
        .and_then(|resources| resources.get(0))
        .and_then(Value::as_str)
    {
        Some(arn) => parsed(arn, "resources[0]", of)?,
        None => built(
            &required(event, &["region"], of)?,
            &required(event, &["account"], of)?,
            text(event, &["detail", "alarmName"]).ok_or("the alarm event has no `detail.alarmName`")?,
        )?,
    };
    let states = event.get("detail").ok_or("the alarm event has no `detail`")?;
    let alarm = with_states(arn, states)?;
    agrees(event, "account", &alarm.account)?;
    agrees(event, "region", &alarm.region)?;
    Ok(alarm)
}

/// The alarm calls the function itself.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>.
pub(super) fn direct(event: &Value) -> Result<Alarm, String> {
    let arn = required(event, &["alarmArn"], "alarm call")?;
    let data = event
        .get("alarmData")
        .ok_or("the alarm call has no `alarmData`")?;
    let alarm = with_states(arn, data)?;
    agrees(event, "accountId", &alarm.account)?;
    agrees(event, "region", &alarm.region)?;
    Ok(alarm)
}

/// The JSON that an alarm publishes to SNS. `Region` is a name for people there (`US East (N. Virginia)`), so the
/// region comes from `AlarmArn`; older messages lack that, and then from the topic, which is in the alarm's region.
pub(super) fn notification(message: &Value, topic: Option<&Arn>) -> Result<Alarm, String> {
    let of = "alarm message";
    let arn: Arn = if let Some(arn) = text(message, &["AlarmArn"]) {
        parsed(arn, "AlarmArn", of)?
    } else {
        let region = topic.and_then(Arn::region).ok_or(
            "the alarm message has neither `AlarmArn` nor a topic that tells the region, so the alarm cannot be named",
        )?;
        let name = text(message, &["AlarmName"]).ok_or("the alarm message has no `AlarmName`")?;
        built(region, &required(message, &["AWSAccountId"], of)?, name)?
    };
    let changed = at(message, &["StateChangeTime"]).and_then(moment::instant_in);
    let alarm = assembled(
        arn,
        text(message, &["NewStateValue"]).ok_or("the alarm message has no `NewStateValue`")?,
        text(message, &["OldStateValue"]),
        changed
            .ok_or("the alarm message has no readable `StateChangeTime`, which tells it from its copies")?,
        text(message, &["NewStateReason"]),
    )?;
    agrees(message, "AWSAccountId", &alarm.account)?;
    Ok(alarm)
}

/// The two shapes that carry `state` and `previousState`.
fn with_states(arn: Arn, states: &Value) -> Result<Alarm, String> {
    let state = text(states, &["state", "value"]).ok_or("the alarm has no `state.value`")?;
    // The envelope's `time` is no substitute: it has whole seconds, so a copy by another road would differ.
    let changed = at(states, &["state", "timestamp"]).and_then(moment::instant_in);
    let changed =
        changed.ok_or("the alarm has no readable `state.timestamp`, which tells it from its copies")?;
    assembled(
        arn,
        state,
        text(states, &["previousState", "value"]),
        changed,
        text(states, &["state", "reason"]),
    )
}

/// The name is the one in the ARN, so that name and ARN cannot contradict each other.
fn assembled(
    arn: Arn,
    state: &str,
    previous: Option<&str>,
    changed_at: Timestamp,
    reason: Option<&str>,
) -> Result<Alarm, String> {
    let name = arn
        .resource()
        .strip_prefix("alarm:")
        .filter(|name| arn.service() == "cloudwatch" && !name.is_empty());
    let (Some(name), Some(account), Some(region)) = (name, arn.account_id(), arn.region()) else {
        return Err(format!(
            "{} is not the ARN of an alarm",
            shown::quoted(arn.as_str())
        ));
    };
    Ok(Alarm {
        name: name.to_owned(),
        account: account.clone(),
        region: region.clone(),
        state: AlarmState::of(state),
        previous: previous.map(AlarmState::of),
        changed_at,
        reason: reason.map(bounded),
        arn,
    })
}

fn bounded(reason: &str) -> String {
    reason.chars().take(1_024).collect()
}

fn built(region: &Region, account: &AccountId, name: &str) -> Result<Arn, String> {
    let text = format!(
        "arn:{}:cloudwatch:{region}:{account}:alarm:{name}",
        region.partition()
    );
    parsed(&text, "alarmName", "alarm")
}

/// What stands beside the ARN may be absent, but may not contradict it.
fn agrees(event: &Value, field: &str, known: &str) -> Result<(), String> {
    match event.get(field).and_then(Value::as_str) {
        Some(told) if told != known => Err(format!(
            "the alarm's `{field}` is {} and its ARN says {known}",
            shown::quoted(told)
        )),
        _ => Ok(()),
    }
}
