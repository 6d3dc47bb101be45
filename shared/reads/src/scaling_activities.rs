//! Scaling activities (`autoscaling:DescribeScalingActivities`).

use std::ops::ControlFlow;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{self, Filter};
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
    /// Availability Zone that it was about, as `Details` names it.
    pub zone: Option<String>,
}

impl Activity {
    /// Whether it was to launch an instance.
    #[must_use]
    pub fn is_launch(&self) -> bool {
        self.description.starts_with("Launching")
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status == "Successful" || self.came_to_nothing()
    }

    /// Whether it ended without effect. `Cancelled` counts: a launch that AWS gives up is recorded so, and a filter on `Failed`
    /// alone would miss it.
    #[must_use]
    pub fn came_to_nothing(&self) -> bool {
        CAME_TO_NOTHING.contains(&self.status.as_str())
    }

    /// Whether it is a launch that came to nothing.
    #[must_use]
    pub fn is_failed_launch(&self) -> bool {
        self.is_launch() && self.came_to_nothing()
    }
}

/// Activities of one group that began at or after `since`. AWS answers what is in progress first, however old, and then newest
/// first; so reading stops at the first older one that is over (API `DescribeScalingActivities`).
///
/// # Errors
///
/// When the list could not be read as far as `since`.
pub async fn since(client: &Client, times: &Times, group: &str, since: Timestamp) -> Observed<Vec<Activity>> {
    let read = async {
        let mut activities = Vec::new();
        each(client, group, None, |one| {
            if one.started_at >= since {
                activities.push(one);
            } else if one.is_over() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .await?;
        Ok(activities)
    };
    times.within(ACTION, group, read).await
}

/// Gives the activities of one group to `take`, in the order of AWS, until it has enough or there are no more.
async fn each(
    client: &Client,
    group: &str,
    filters: Option<Vec<Filter>>,
    mut take: impl FnMut(Activity) -> ControlFlow<()>,
) -> Observed<()> {
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_scaling_activities()
            .auto_scaling_group_name(group)
            .set_filters(filters.clone())
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        for seen in listed(ACTION, group, "Activities", page.activities.as_deref())? {
            if let Some(activity) = activity(group, seen)
                && take(activity).is_break()
            {
                return Ok(());
            }
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(());
        }
    }
}

/// Activities of one group that began at or after `since` and ended `Failed` or `Cancelled`, newest first. The service leaves
/// out the others (filters `Status` and `StartTimeLowerBound` of API `DescribeScalingActivities`), so that weeks are one page,
/// where every launch of those weeks would be a page a day. It keeps six weeks.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn failed_since(
    client: &Client,
    times: &Times,
    group: &str,
    since: Timestamp,
) -> Observed<Vec<Activity>> {
    times
        .within(ACTION, group, read_failed(client, group, since))
        .await
}

/// Statuses of an activity that came to nothing (API `Activity`).
const CAME_TO_NOTHING: [&str; 2] = ["Failed", "Cancelled"];

async fn read_failed(client: &Client, group: &str, since: Timestamp) -> Observed<Vec<Activity>> {
    // The hour in which it begins: the question stays the same from run to run, and the answer is cut here.
    let hour = since.as_second().div_euclid(3600).saturating_mul(3600);
    let hour = Timestamp::from_second(hour).unwrap_or(since);
    let filters = [
        Filter::builder()
            .name("StartTimeLowerBound")
            .values(hour.to_string())
            .build(),
        Filter::builder()
            .name("Status")
            .set_values(Some(CAME_TO_NOTHING.map(str::to_owned).to_vec()))
            .build(),
    ];
    let mut activities = Vec::new();
    each(client, group, Some(filters.to_vec()), |one| {
        // A service that does not know a filter would answer everything.
        if one.started_at >= since && one.came_to_nothing() {
            activities.push(one);
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(activities)
}

/// An activity without a start cannot be placed in time.
fn activity(group: &str, seen: &types::Activity) -> Option<Activity> {
    Some(Activity {
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
        started_at: seen.start_time().and_then(timestamp)?,
        zone: zone(seen.details().unwrap_or_default()),
    })
}

/// `Details` is a JSON text such as `{"Subnet ID":"subnet-1","Availability Zone":"us-east-1a"}`.
fn zone(details: &str) -> Option<String> {
    let details: serde_json::Value = serde_json::from_str(details).ok()?;
    let zone = details.get("Availability Zone")?.as_str()?;
    (!zone.is_empty()).then(|| zone.to_owned())
}
