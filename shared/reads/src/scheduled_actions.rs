//! Scheduled actions of Auto Scaling (`autoscaling:DescribeScheduledActions`).

use aws_sdk_autoscaling::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "autoscaling:DescribeScheduledActions";

/// One scheduled action (API `ScheduledUpdateGroupAction`). What it does not name it leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Group it acts on.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Cron expression of a recurring action.
    pub recurrence: Option<String>,
    /// IANA zone of the recurrence; AWS takes UTC when absent.
    pub time_zone: Option<String>,
    /// Next or only start.
    pub starts_at: Option<Timestamp>,
    /// When the recurrence ends.
    pub ends_at: Option<Timestamp>,
    /// Minimum size it sets, in instances.
    pub min: Option<i64>,
    /// Maximum size it sets, in instances.
    pub max: Option<i64>,
    /// Desired capacity it sets, in instances.
    pub desired: Option<i64>,
}

/// Scheduled actions of one group, over all pages.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_group(client: &Client, times: &Times, group: &str) -> Observed<Vec<ScheduledAction>> {
    times.within(ACTION, group, read(client, group)).await
}

async fn read(client: &Client, group: &str) -> Observed<Vec<ScheduledAction>> {
    let mut actions = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_scheduled_actions()
            .auto_scaling_group_name(group)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        let seen = listed(
            ACTION,
            group,
            "ScheduledUpdateGroupActions",
            page.scheduled_update_group_actions.as_deref(),
        )?;
        actions.extend(seen.iter().map(|action| ScheduledAction {
            group: action.auto_scaling_group_name().unwrap_or(group).to_owned(),
            name: action.scheduled_action_name().unwrap_or_default().to_owned(),
            recurrence: action.recurrence().map(str::to_owned),
            time_zone: action.time_zone().map(str::to_owned),
            starts_at: action.start_time().and_then(timestamp),
            ends_at: action.end_time().and_then(timestamp),
            min: action.min_size().map(i64::from),
            max: action.max_size().map(i64::from),
            desired: action.desired_capacity().map(i64::from),
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(actions);
        }
    }
}
