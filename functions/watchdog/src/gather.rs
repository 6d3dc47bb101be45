//! Reads the journal: the heartbeats of each schedule, and since when it is watched. No opinions.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use day2_aws::check::Moment;
use day2_aws::error::OpsError;
use day2_aws::journal::{Journal, Signs};
use day2_core::settings::Zone;
use day2_core::{Cause, Observed, Unreadable};
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::facts::Facts;
use crate::settings::{WatchdogSettings, Watched};

/// Schedules that are read at the same time: each takes two short reads, and a deployment has some hundred.
const AT_ONCE: usize = 8;

/// Looks at all schedules, within the time of `at`.
pub async fn gather(journal: &Journal, settings: &WatchdogSettings, zone: &Zone, at: Moment) -> Facts {
    let end = Instant::now() + at.budget();
    let watched = settings.watched();
    // First, because nothing can be said of a new schedule without it.
    let since = since(journal, &watched, zone, at.now, end).await;
    let signs = futures::stream::iter(&watched)
        .map(|one| async move {
            let read = journal.signs(one.function, one.target, one.task);
            Box::pin(within(end, journal, read)).await
        })
        .buffered(AT_ONCE)
        .collect::<Vec<Observed<Signs>>>()
        .await;
    Facts { signs, since }
}

async fn since(
    journal: &Journal,
    watched: &[Watched<'_>],
    zone: &Zone,
    now: Timestamp,
    end: Instant,
) -> Observed<Vec<Timestamp>> {
    let terms: BTreeMap<String, String> = watched
        .iter()
        .map(|one| (one.name(), format!("{} {zone}", one.expression)))
        .collect();
    let known = within(end, journal, journal.watched_since(&terms, now)).await?;
    Ok(watched
        .iter()
        .map(|one| known.get(&one.name()).copied().unwrap_or(now))
        .collect())
}

async fn within<T>(
    end: Instant,
    journal: &Journal,
    read: impl Future<Output = Result<T, OpsError>>,
) -> Observed<T> {
    match timeout_at(end, read).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(error.to_unreadable("the journal", journal.table())),
        Err(_) => Err(Unreadable::new(
            "dynamodb:Query",
            journal.table(),
            Cause::TimedOut,
            "no answer in the time left",
        )),
    }
}
