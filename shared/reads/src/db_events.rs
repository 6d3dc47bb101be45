//! What happened to databases (`rds:DescribeEvents`). RDS keeps events for 14 days.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::SourceType;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::metric::Window;
use crate::times::Times;

const ACTION: &str = "rds:DescribeEvents";

/// Most records of one page (API `DescribeEvents`: 20 to 100).
const PAGE: i32 = 100;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A DB cluster.
    Cluster,
    /// A DB instance.
    Instance,
}

/// One event (API `Event`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbEvent {
    /// Cluster or instance.
    pub source: String,
    /// When.
    pub at: Timestamp,
    /// Categories, for example `failover` or `low storage`.
    pub categories: Vec<String>,
    /// What happened, in the words of RDS.
    pub message: String,
}

/// Events of one cluster or instance in a window, oldest first.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of(
    client: &Client,
    times: &Times,
    source: Source,
    id: &str,
    window: Window,
) -> Observed<Vec<DbEvent>> {
    times.within(ACTION, id, read(client, source, id, window)).await
}

async fn read(client: &Client, source: Source, id: &str, window: Window) -> Observed<Vec<DbEvent>> {
    let kind = match source {
        Source::Cluster => SourceType::DbCluster,
        Source::Instance => SourceType::DbInstance,
    };
    let mut events = Vec::new();
    let mut marker = None;
    let mut pages = Pages::new(ACTION, id);
    loop {
        let page = client
            .describe_events()
            .source_type(kind.clone())
            .source_identifier(id)
            // Without both, RDS answers the last hour only.
            .start_time(sdk_time(window.from))
            .end_time(sdk_time(window.to))
            .max_records(PAGE)
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, id, &error))?;
        for seen in listed(ACTION, id, "Events", page.events.as_deref())? {
            let Some(at) = seen.date().and_then(timestamp) else {
                continue;
            };
            events.push(DbEvent {
                source: seen.source_identifier().unwrap_or(id).to_owned(),
                at,
                categories: seen.event_categories().to_vec(),
                message: seen.message().unwrap_or_default().to_owned(),
            });
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            events.sort_by_key(|event| event.at);
            return Ok(events);
        }
    }
}
