//! CloudWatch alarms (`cloudwatch:DescribeAlarms`).

mod notices;
mod rule;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;
use aws_sdk_cloudwatch::types::{AlarmType, CompositeAlarm, MetricAlarm, StateValue};
use aws_smithy_types::DateTime;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::{Cause, Observed, Unreadable};
use futures::future::join_all;
use jiff::Timestamp;

use crate::answer::lacks;
use crate::times::Times;

pub use notices::{Notices, notices_by_names};
pub use rule::{Rule, Watches};

const ACTION: &str = "cloudwatch:DescribeAlarms";

/// Most names of one request (`AlarmNames` of API `DescribeAlarms`).
const BATCH: usize = 100;

/// One alarm, metric or composite.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: Option<String>,
    /// `OK | ALARM | INSUFFICIENT_DATA`.
    pub state: String,
    /// Reason in the words of CloudWatch, or of who called `SetAlarmState`.
    pub reason: String,
    /// Reason as JSON. An alarm that was set by hand has none, or whatever its caller wrote.
    pub reason_data: Option<String>,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// When state or reason changed last (`StateUpdatedTimestamp`).
    pub updated_at: Option<Timestamp>,
    /// Whether its actions are switched on.
    pub actions_enabled: bool,
    /// What it watches: all that is needed to judge again.
    pub watches: Watches,
}

impl Alarm {
    /// `metric` or `composite`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.watches {
            Watches::Composite { .. } => "composite",
            _ => "metric",
        }
    }
}

/// Every alarm, metric *and* composite, in every state: the API returns only metric alarms unless both types are named
/// (API `DescribeAlarms`), and asking for all states tells "none is in ALARM" from "there are no alarms".
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn all(client: &Client, times: &Times) -> Observed<Vec<Alarm>> {
    const ALL: &str = "all alarms";
    times
        .within(ACTION, ALL, read(ALL, || both_types(client), MAKES))
        .await
}

/// Every alarm whose name begins with `prefix`, otherwise as [`all`].
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn with_prefix(client: &Client, times: &Times, prefix: &str) -> Observed<Vec<Alarm>> {
    let request = || both_types(client).alarm_name_prefix(prefix);
    times.within(ACTION, prefix, read(prefix, request, MAKES)).await
}

/// The alarms of these names, in their order. An alarm that CloudWatch does not return stays in the answer as "not found".
pub async fn by_names(client: &Client, times: &Times, names: &[String]) -> Vec<(String, Observed<Alarm>)> {
    named(client, times, names, MAKES, |alarm| &alarm.name).await
}

/// What is made of an alarm of each type.
type Makes<T> = (fn(&MetricAlarm) -> T, fn(&CompositeAlarm) -> T);

const MAKES: Makes<Alarm> = (metric_alarm, composite_alarm);

async fn named<T: Clone>(
    client: &Client,
    times: &Times,
    names: &[String],
    makes: Makes<T>,
    name_of: fn(&T) -> &str,
) -> Vec<(String, Observed<T>)> {
    let batches = join_all(names.chunks(BATCH).map(async |batch| {
        let all = batch.join(", ");
        let request = || both_types(client).set_alarm_names(Some(batch.to_vec()));
        let answer = times.within(ACTION, &all, read(&all, request, makes)).await;
        let one = |name: &String| match &answer {
            Ok(found) => found
                .iter()
                .find(|alarm| name_of(alarm) == *name)
                .cloned()
                .ok_or_else(|| Unreadable::new(ACTION, name, Cause::NotFound, "no alarm has this name")),
            Err(why) => Err(why.clone()),
        };
        batch
            .iter()
            .map(|name| (name.clone(), one(name)))
            .collect::<Vec<_>>()
    }));
    batches.await.into_iter().flatten().collect()
}

fn both_types(client: &Client) -> DescribeAlarmsFluentBuilder {
    client
        .describe_alarms()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
}

async fn read<T>(
    resource: &str,
    request: impl Fn() -> DescribeAlarmsFluentBuilder,
    (metric, composite): Makes<T>,
) -> Observed<Vec<T>> {
    let mut alarms = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = request()
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        // A page of one type may leave the other's list out; one without both is no page.
        if page.metric_alarms.is_none() && page.composite_alarms.is_none() {
            return Err(lacks(ACTION, resource, "MetricAlarms or CompositeAlarms"));
        }
        alarms.extend(page.metric_alarms().iter().map(metric));
        alarms.extend(page.composite_alarms().iter().map(composite));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

fn state(value: Option<&StateValue>) -> String {
    value.map(|state| state.as_str().to_owned()).unwrap_or_default()
}

fn since(transitioned: Option<&DateTime>, updated: Option<&DateTime>) -> Option<Timestamp> {
    transitioned.or(updated).and_then(timestamp)
}

fn metric_alarm(seen: &MetricAlarm) -> Alarm {
    Alarm {
        name: seen.alarm_name().unwrap_or_default().to_owned(),
        arn: seen.alarm_arn().map(str::to_owned),
        state: state(seen.state_value()),
        reason: seen.state_reason().unwrap_or_default().to_owned(),
        reason_data: seen.state_reason_data().map(str::to_owned),
        since: since(
            seen.state_transitioned_timestamp(),
            seen.state_updated_timestamp(),
        ),
        updated_at: seen.state_updated_timestamp().and_then(timestamp),
        actions_enabled: seen.actions_enabled().unwrap_or_default(),
        watches: rule::watches(seen),
    }
}

fn composite_alarm(seen: &CompositeAlarm) -> Alarm {
    Alarm {
        name: seen.alarm_name().unwrap_or_default().to_owned(),
        arn: seen.alarm_arn().map(str::to_owned),
        state: state(seen.state_value()),
        reason: seen.state_reason().unwrap_or_default().to_owned(),
        reason_data: seen.state_reason_data().map(str::to_owned),
        since: since(
            seen.state_transitioned_timestamp(),
            seen.state_updated_timestamp(),
        ),
        updated_at: seen.state_updated_timestamp().and_then(timestamp),
        actions_enabled: seen.actions_enabled().unwrap_or_default(),
        watches: Watches::Composite {
            rule: seen.alarm_rule().unwrap_or_default().to_owned(),
        },
    }
}
