//! Whom alarms tell when they ring. Beside [`Alarm`](super::Alarm), because who judges a state needs none of it.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{CompositeAlarm, MetricAlarm};
use day2_core::Observed;

use super::named;
use crate::times::Times;

/// Whom an alarm tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// Whether its actions are switched on (`ActionsEnabled`).
    pub enabled: bool,
    /// ARNs that it calls when it rings (`AlarmActions`).
    pub on_alarm: Vec<String>,
}

/// Whom the alarms of these names tell, in their order. An alarm that CloudWatch does not return stays in the answer as
/// "not found".
pub async fn notices_by_names(
    client: &Client,
    times: &Times,
    names: &[String],
) -> Vec<(String, Observed<Notices>)> {
    let metric =
        |seen: &MetricAlarm| notices(seen.alarm_name(), seen.actions_enabled(), seen.alarm_actions());
    let composite =
        |seen: &CompositeAlarm| notices(seen.alarm_name(), seen.actions_enabled(), seen.alarm_actions());
    let found = named(client, times, names, (metric, composite), |(name, _)| name).await;
    found
        .into_iter()
        .map(|(name, seen)| (name, seen.map(|(_, notices)| notices)))
        .collect()
}

fn notices(name: Option<&str>, enabled: Option<bool>, on_alarm: &[String]) -> (String, Notices) {
    let notices = Notices {
        enabled: enabled.unwrap_or_default(),
        on_alarm: on_alarm.to_vec(),
    };
    (name.unwrap_or_default().to_owned(), notices)
}
