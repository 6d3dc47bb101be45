//! The schedules as EventBridge Scheduler has them.

use aws_sdk_scheduler::Client;
use day2_aws::error::unreadable;
use day2_core::Observed;
use day2_reads::times::Times;
use futures::StreamExt as _;

use super::functions::lambda_name;
use super::lacks;
use crate::facts::{Schedule, Scheduled};
use crate::settings::DoctorSettings;

const READ: &str = "scheduler:GetSchedule";

/// Schedules that are read at the same time.
const AT_ONCE: usize = 8;

/// Reads every schedule that Terraform made.
pub(super) async fn read(
    client: &Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<(Scheduled, Observed<Schedule>)> {
    let all = settings.functions.iter().flat_map(|(name, function)| {
        let group = lambda_name(function.arn.resource());
        function
            .schedules
            .keys()
            .map(move |schedule| (name, group, schedule))
    });
    futures::stream::iter(all)
        .map(|(function, group, schedule)| async move {
            let seen = times.within(READ, schedule, one(client, group, schedule)).await;
            let which = Scheduled {
                function: function.clone(),
                name: schedule.clone(),
            };
            (which, seen)
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// The group of a function's schedules has the name of the function (`infra/modules/ops-function/schedules.tf`).
async fn one(client: &Client, group: &str, name: &str) -> Observed<Schedule> {
    let seen = client
        .get_schedule()
        .group_name(group)
        .name(name)
        .send()
        .await
        .map_err(|error| unreadable(READ, name, &error))?;
    let state = seen.state().ok_or_else(|| lacks(READ, name, "State"))?;
    let expression = seen
        .schedule_expression()
        .ok_or_else(|| lacks(READ, name, "ScheduleExpression"))?;
    let target = seen.target().ok_or_else(|| lacks(READ, name, "Target"))?;
    Ok(Schedule {
        state: state.as_str().to_owned(),
        expression: expression.to_owned(),
        // API `GetSchedule`: a schedule without a zone is evaluated in UTC.
        zone: seen.schedule_expression_timezone().unwrap_or("UTC").to_owned(),
        target_arn: target.arn().to_owned(),
        role_arn: target.role_arn().to_owned(),
        input: target.input().map(str::to_owned),
        starts: seen.start_date().map(ToString::to_string),
        ends: seen.end_date().map(ToString::to_string),
    })
}
