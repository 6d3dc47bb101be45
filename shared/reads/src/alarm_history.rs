//! What alarms did (`cloudwatch:DescribeAlarmHistory`). Their present state says nothing about the night.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType, ScanBy};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::metric::Window;
use crate::times::Times;

const ACTION: &str = "cloudwatch:DescribeAlarmHistory";

/// Most items of one page (API `DescribeAlarmHistory`).
const PAGE: i32 = 100;

/// One change of state (API `AlarmHistoryItem` of type `StateUpdate`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Alarm name.
    pub alarm: String,
    /// When it changed.
    pub at: Timestamp,
    /// State before, `OK | ALARM | INSUFFICIENT_DATA`, if told.
    pub from: Option<String>,
    /// State since then, if told.
    pub to: Option<String>,
    /// The change in the words of CloudWatch, for example `Alarm updated from OK to ALARM`.
    pub summary: String,
}

/// Every change of state of every metric *and* composite alarm in a window, newest first. CloudWatch keeps the history for
/// 30 days, and returns only metric alarms unless both types are named (API `DescribeAlarmHistory`).
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn transitions(client: &Client, times: &Times, window: Window) -> Observed<Vec<Transition>> {
    const ALL: &str = "all alarms";
    times.within(ACTION, ALL, read(client, ALL, window)).await
}

async fn read(client: &Client, resource: &str, window: Window) -> Observed<Vec<Transition>> {
    let mut found = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .describe_alarm_history()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(sdk_time(window.from))
            .end_date(sdk_time(window.to))
            .scan_by(ScanBy::TimestampDescending)
            .max_records(PAGE)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        let items = listed(
            ACTION,
            resource,
            "AlarmHistoryItems",
            page.alarm_history_items.as_deref(),
        )?;
        found.extend(items.iter().filter_map(transition));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// An item without name or time tells nothing; CloudWatch never sends one.
fn transition(seen: &AlarmHistoryItem) -> Option<Transition> {
    let data: Option<serde_json::Value> = seen
        .history_data()
        .and_then(|text| serde_json::from_str(text).ok());
    let state = |member: &str| {
        data.as_ref()?
            .get(member)?
            .get("stateValue")?
            .as_str()
            .map(str::to_owned)
    };
    let summary = seen.history_summary().unwrap_or_default().to_owned();
    let (from, to) = spoken(&summary);
    Some(Transition {
        alarm: seen.alarm_name()?.to_owned(),
        at: seen.timestamp().and_then(timestamp)?,
        from: state("oldState").or(from),
        to: state("newState").or(to),
        summary,
    })
}

/// The states in `Alarm updated from OK to ALARM`, for an item whose data is cut off.
fn spoken(summary: &str) -> (Option<String>, Option<String>) {
    let states = summary
        .rsplit_once(" from ")
        .and_then(|(_, rest)| rest.split_once(" to "));
    let word = |text: &str| text.split_whitespace().next().map(str::to_owned);
    states.map_or((None, None), |(from, to)| (word(from), word(to)))
}
