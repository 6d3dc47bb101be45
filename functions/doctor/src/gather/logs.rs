//! The log groups of the functions.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::LogGroup;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::times::Times;
use futures::StreamExt as _;

use super::lacks;
use crate::facts::Logs;
use crate::settings::DoctorSettings;

const READ: &str = "logs:DescribeLogGroups";

/// Groups that are read at the same time. The API takes ten calls a second (CloudWatch Logs quotas, `DescribeLogGroups`).
const AT_ONCE: usize = 4;

/// Reads the log group of every function, by its name.
pub(super) async fn look(
    client: &Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<(String, Observed<Logs>)> {
    let all = settings.functions.iter();
    futures::stream::iter(all)
        .map(|(function, of)| async move {
            let name = of.log_group.name.as_str();
            (
                function.clone(),
                times.within(READ, name, one(client, name)).await,
            )
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Groups are asked for by the beginning of a name, and come in the order of their names: the whole name comes first.
async fn one(client: &Client, name: &str) -> Observed<Logs> {
    let seen = client
        .describe_log_groups()
        .log_group_name_prefix(name)
        .send()
        .await
        .map_err(|error| unreadable(READ, name, &error))?;
    // An answer without the list is none; the SDK makes it an empty list.
    let groups = seen
        .log_groups
        .as_deref()
        .ok_or_else(|| lacks(READ, name, "logGroups"))?;
    let same = |group: &&LogGroup| group.log_group_name() == Some(name);
    let group = groups
        .iter()
        .find(same)
        .ok_or_else(|| Unreadable::new(READ, name, Cause::NotFound, "there is no such log group"))?;
    Ok(Logs {
        retention_days: group
            .retention_in_days()
            .and_then(|days| u32::try_from(days).ok()),
        encrypted: group.kms_key_id().is_some_and(|key| !key.is_empty()),
    })
}
