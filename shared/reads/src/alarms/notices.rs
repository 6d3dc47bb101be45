//! Whom alarms tell when they ring. Beside [`Alarm`](super::Alarm), because who judges a state needs none of it.

use aws_sdk_cloudwatch::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use futures::future::join_all;

use super::{ACTION, BATCH, both_types};
use crate::answer::lacks;
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
    let batches = join_all(names.chunks(BATCH).map(async |batch| {
        let all = batch.join(", ");
        let answer = times.within(ACTION, &all, read(client, batch, &all)).await;
        let one = |name: &String| match &answer {
            Ok(found) => found
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, notices)| notices.clone())
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

async fn read(client: &Client, names: &[String], all: &str) -> Observed<Vec<(String, Notices)>> {
    let mut found = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, all);
    loop {
        let page = both_types(client)
            .set_alarm_names(Some(names.to_vec()))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| unreadable(ACTION, all, &error))?;
        if page.metric_alarms.is_none() && page.composite_alarms.is_none() {
            return Err(lacks(ACTION, all, "MetricAlarms or CompositeAlarms"));
        }
        let metric = page.metric_alarms().iter();
        found.extend(
            metric.map(|seen| notices(seen.alarm_name(), seen.actions_enabled(), seen.alarm_actions())),
        );
        let composite = page.composite_alarms().iter();
        found.extend(
            composite.map(|seen| notices(seen.alarm_name(), seen.actions_enabled(), seen.alarm_actions())),
        );
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn notices(name: Option<&str>, enabled: Option<bool>, on_alarm: &[String]) -> (String, Notices) {
    let notices = Notices {
        enabled: enabled.unwrap_or_default(),
        on_alarm: on_alarm.to_vec(),
    };
    (name.unwrap_or_default().to_owned(), notices)
}
