//! What AWS Backup knows of the database.

use day2_core::Observed;
use day2_reads::restore_jobs::{self, RestoreJob};
use day2_reads::times::Times;
use day2_reads::{copy_jobs, recovery_points};
use jiff::{SignedDuration, Timestamp};

use super::Clients;
use crate::Task;
use crate::facts::AwsBackupFacts;
use crate::settings::Plan;

/// AWS Backup keeps jobs for 30 days. Source: *AWS Backup API Reference*, `ListRestoreJobs`.
pub(super) const JOBS_KEPT_DAYS: u32 = 30;

/// What AWS Backup holds, and the restore jobs that may prove something.
pub(super) async fn facts(
    clients: &Clients,
    plan: &Plan,
    task: Task,
    arn: &Observed<String>,
    times: &Times,
) -> (Option<AwsBackupFacts>, Option<Observed<Vec<RestoreJob>>>) {
    let policy = plan.aws_backup.as_ref();
    let tests = policy.filter(|policy| policy.restore_tests && task == Task::Weekly);
    let proves = plan.restore_proof.as_ref().is_some_and(|proof| proof.aws_backup);
    let (points, copy_jobs, restores) = futures::join!(
        async {
            match (policy, arn) {
                (None, _) => None,
                (Some(_), Err(why)) => Some(Err(why.clone())),
                (Some(_), Ok(arn)) => Some(recovery_points::of_resource(&clients.backup, times, arn).await),
            }
        },
        async {
            let policy = policy.filter(|policy| policy.copy_jobs && task == Task::Weekly)?;
            let since = days_ago(times, policy.look_back_days);
            Some(match arn {
                Ok(arn) => copy_jobs::of_resource_since(&clients.backup, times, arn, since).await,
                Err(why) => Err(why.clone()),
            })
        },
        async {
            if proves || tests.is_some() {
                Some(restores(clients, arn, times).await)
            } else {
                None
            }
        },
    );
    let aws_backup = points.map(|points| AwsBackupFacts {
        points,
        copy_jobs,
        restore_jobs: tests.and(restores.clone()),
    });
    (aws_backup, restores.filter(|_| proves))
}

/// The restore jobs of this database: the API lists those of the whole account.
async fn restores(clients: &Clients, arn: &Observed<String>, times: &Times) -> Observed<Vec<RestoreJob>> {
    let arn = arn.as_ref().map_err(Clone::clone)?;
    let since = days_ago(times, JOBS_KEPT_DAYS);
    let all = restore_jobs::since(&clients.backup, times, arn, since).await?;
    let without_source = all.iter().any(|job| job.source.is_none());
    let points = if without_source {
        recovery_points::of_resource(&clients.backup, times, arn).await?
    } else {
        Vec::new()
    };
    let ours = |job: &RestoreJob| match (&job.source, &job.recovery_point) {
        (Some(source), _) => source == arn,
        (None, Some(point)) => points.iter().any(|one| one.arn == *point),
        (None, None) => false,
    };
    Ok(all.into_iter().filter(ours).collect())
}

pub(super) fn days_ago(times: &Times, days: u32) -> Timestamp {
    times
        .now
        .saturating_sub(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(times.now)
}
