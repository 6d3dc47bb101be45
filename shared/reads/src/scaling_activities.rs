//! Scaling activities (`autoscaling:DescribeScalingActivities`).

use aws_sdk_autoscaling::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "autoscaling:DescribeScalingActivities";

/// One scaling activity (API `Activity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Group.
    pub group: String,
    /// `Successful`, `Failed`, `Cancelled`, `InProgress`, …
    pub status: String,
    /// What it did, for example `Launching a new EC2 instance`.
    pub description: String,
    /// Why it did not work, in the words of AWS.
    pub message: String,
    /// Start.
    pub started_at: Timestamp,
}

/// Activities of one group that began at or after `since`. AWS answers newest first, so reading stops at the first
/// older one (API `DescribeScalingActivities`).
///
/// # Errors
///
/// When the list could not be read as far as `since`.
pub async fn since(client: &Client, times: &Times, group: &str, since: Timestamp) -> Observed<Vec<Activity>> {
    times.within(ACTION, group, read(client, group, since)).await
}

async fn read(client: &Client, group: &str, since: Timestamp) -> Observed<Vec<Activity>> {
    let mut activities = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_scaling_activities()
            .auto_scaling_group_name(group)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        for seen in listed(ACTION, group, "Activities", page.activities.as_deref())? {
            let Some(started_at) = seen.start_time().and_then(timestamp) else {
                continue;
            };
            if started_at < since {
                return Ok(activities);
            }
            activities.push(Activity {
                group: seen.auto_scaling_group_name().unwrap_or(group).to_owned(),
                status: seen
                    .status_code()
                    .map(|code| code.as_str().to_owned())
                    .unwrap_or_default(),
                description: seen.description().unwrap_or_default().to_owned(),
                message: seen
                    .status_message()
                    .or_else(|| seen.cause())
                    .unwrap_or_default()
                    .to_owned(),
                started_at,
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(activities);
        }
    }
}
