//! `HLT-131`: Jobs, judged as a whole, and the `CronJob`s that make them: a failed pod is an attempt, an older failure of a
//! `CronJob` is made up for by a newer success, and a success that is older than the schedule lets expect is none.
//!
//! Both lists make one line, and one finding for each `CronJob`: what failed stays under the same name when
//! `ttlSecondsAfterFinished` has removed its Job.

use std::collections::BTreeMap;

use day2_core::Observed;
use day2_kube::objects::CronJob;
use day2_kube::{Folded, Listed};

use super::Broken;
use super::late::late;
use crate::assess::Scene;
use crate::assess::line::{Finding, Line};
use crate::assess::words::{age, count};
use crate::facts::inside::Inside;
use crate::reduce::jobs::{JobTally, Latest};
use crate::reduce::owner::Workload;

/// Suspended `CronJob`s that are told by name.
const NAMED: usize = 3;

pub(super) fn line(inside: &Inside, broken: &[Broken], scene: &Scene<'_>) -> Option<Line> {
    let (jobs, made_by) = (inside.jobs.as_ref()?, inside.cron_jobs.as_ref()?);
    let cron_jobs = by_name(made_by);
    let mut wrong: BTreeMap<Workload, String> = failed(jobs, &cron_jobs, scene);
    let mut unread = Vec::new();
    for (workload, one) in &cron_jobs {
        // Where a pod of the present run tells the cause, it is named there.
        let by_pods = one.running && broken.iter().any(|broken| broken.workload == *workload);
        if one.suspended || by_pods || wrong.contains_key(workload) {
            continue;
        }
        match late(one, scene.plan.workloads.cron_job_minutes, scene.now) {
            Ok(says) => wrong.extend(says.map(|says| (workload.clone(), says))),
            Err(why) => unread.push((workload.to_string(), why)),
        }
    }
    let (hours, minutes) = (
        scene.plan.workloads.window_hours,
        scene.plan.workloads.cron_job_minutes,
    );
    let wrong = wrong
        .iter()
        .map(|(workload, says)| Finding::inside(&workload.namespace, workload.to_string(), says));
    Some(
        looked_at(jobs, made_by)
            .threshold(
                format!(
                    "the last run of each CronJob, and a success within {minutes} min after it was due; every other Job of {hours} h"
                ),
                "the CronJob's own schedule, workloads.cron_job_minutes, workloads.window_hours",
            )
            .remedy(
                "kubectl describe job, and the logs of its last pod; where no Job is left, the events of the CronJob",
            )
            .wrong(wrong)
            .unread(unread),
    )
}

fn by_name(made_by: &Observed<Listed<CronJob>>) -> BTreeMap<Workload, &CronJob> {
    let all = made_by.as_ref().map_or(&[][..], Listed::items);
    all.iter()
        .map(|one| (Workload::new(&one.namespace, "CronJob", &one.name), one))
        .collect()
}

/// What the Jobs that are there tell.
fn failed(
    jobs: &Observed<Folded<JobTally>>,
    cron_jobs: &BTreeMap<Workload, &CronJob>,
    scene: &Scene<'_>,
) -> BTreeMap<Workload, String> {
    let latest = jobs.as_ref().into_iter().flat_map(|jobs| &jobs.sum.latest);
    let told = latest.filter_map(|(workload, latest)| {
        let (why, at) = latest.failure.as_ref()?;
        if made_up_for(latest, cron_jobs.get(workload).copied()) {
            return None;
        }
        let ago = at.map_or_else(String::new, |at| format!(" {} ago", age(at, scene.now)));
        let which = if workload.kind == "CronJob" {
            format!("its last run {} failed{ago}: {why}", latest.job)
        } else {
            format!("failed{ago}: {why}")
        };
        Some((workload.clone(), which))
    });
    told.collect()
}

/// A success later than the failure, whose Job is gone: `successfulJobsHistoryLimit` may be smaller than that of failures.
fn made_up_for(latest: &Latest, cron_job: Option<&CronJob>) -> bool {
    let succeeded = cron_job.and_then(|one| one.last_succeeded);
    let failed = latest
        .failure
        .as_ref()
        .and_then(|(_, at)| *at)
        .or(latest.created_at);
    succeeded
        .zip(failed)
        .is_some_and(|(succeeded, failed)| succeeded > failed)
}

/// The line with what was looked at: of a list that could not be read the reason.
fn looked_at(jobs: &Observed<Folded<JobTally>>, made_by: &Observed<Listed<CronJob>>) -> Line {
    let mut line = Line::new("HLT-131", "Jobs succeed, and those of CronJobs in time", 0).if_any();
    let of_jobs = match jobs {
        Ok(jobs) => {
            line.examined += jobs.sum.examined;
            line = line.short_of(jobs.shortfall.as_ref());
            count(jobs.sum.examined, "Job")
        }
        Err(why) => {
            line = line.short_of(Some(why));
            "Jobs could not be read".to_owned()
        }
    };
    let of_cron_jobs = match made_by {
        Ok(all) => {
            line.examined += all.items().len();
            line = line.short_of(all.shortfall());
            format!(
                "{}{}",
                count(all.items().len(), "CronJob"),
                suspended(all.items())
            )
        }
        Err(why) => {
            line = line.short_of(Some(why));
            "CronJobs could not be read".to_owned()
        }
    };
    line.seen(format!("{of_jobs}, {of_cron_jobs}"))
}

/// Those that somebody has stopped: nothing is due, and nobody should believe that they run.
fn suspended(all: &[CronJob]) -> String {
    let names: Vec<String> = all
        .iter()
        .filter(|one| one.suspended)
        .map(|one| format!("{}/{}", one.namespace, one.name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    format!(", {} suspended: {}{more}", names.len(), first.join(", "))
}
