//! Instance refreshes (`autoscaling:DescribeInstanceRefreshes`).

use aws_sdk_autoscaling::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "autoscaling:DescribeInstanceRefreshes";

/// One instance refresh of the last weeks (API `InstanceRefresh`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// Group.
    pub group: String,
    /// `Pending`, `InProgress`, `Successful`, …
    pub status: String,
    /// Why it is in this state, in the words of AWS.
    pub reason: String,
    /// Share of instances that were replaced, in percent.
    pub percent_complete: Option<i32>,
    /// Start.
    pub started_at: Option<Timestamp>,
    /// End.
    pub ended_at: Option<Timestamp>,
}

impl Refresh {
    /// Whether it still replaces instances, waits to, or takes its replacements back. A state that is not known counts:
    /// only what is known to have ended has ended (states of API `InstanceRefresh`).
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "Successful" | "Failed" | "Cancelled" | "RollbackSuccessful" | "RollbackFailed"
        )
    }
}

/// Instance refreshes of one group, over all pages.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_group(client: &Client, times: &Times, group: &str) -> Observed<Vec<Refresh>> {
    times.within(ACTION, group, read(client, group)).await
}

async fn read(client: &Client, group: &str) -> Observed<Vec<Refresh>> {
    let mut refreshes = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_instance_refreshes()
            .auto_scaling_group_name(group)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        let seen = listed(
            ACTION,
            group,
            "InstanceRefreshes",
            page.instance_refreshes.as_deref(),
        )?;
        refreshes.extend(seen.iter().map(|refresh| {
            Refresh {
                id: refresh.instance_refresh_id().unwrap_or_default().to_owned(),
                group: refresh.auto_scaling_group_name().unwrap_or(group).to_owned(),
                status: refresh
                    .status()
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
                reason: refresh.status_reason().unwrap_or_default().to_owned(),
                percent_complete: refresh.percentage_complete(),
                started_at: refresh.start_time().and_then(timestamp),
                ended_at: refresh.end_time().and_then(timestamp),
            }
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(refreshes);
        }
    }
}
