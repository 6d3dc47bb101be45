//! Jobs: which `CronJob` made them, and which failed last.

use std::collections::BTreeMap;

use day2_kube::Reduce;
use day2_kube::objects::{Job, Status};
use jiff::Timestamp;

use super::owner::Workload;
use super::short;

/// What is kept of all Jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobTally {
    /// Jobs that were looked at.
    pub examined: usize,
    /// `CronJob` by namespace and name of the Job.
    pub cron_jobs: BTreeMap<(String, String), String>,
    /// The newest finished Job of each `CronJob`, and each Job without one.
    pub latest: BTreeMap<Workload, Latest>,
}

/// How a Job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Its name.
    pub job: String,
    /// Why and when it failed; none for a success.
    pub failure: Option<(String, Option<Timestamp>)>,
}

/// Reduces Jobs; of those without a `CronJob`, failures before the moment that it holds do not count.
#[derive(Debug, Clone, Copy)]
pub struct EachJob(pub Timestamp);

impl Reduce<Job> for EachJob {
    type Sum = JobTally;

    fn empty(&self) -> JobTally {
        JobTally::default()
    }

    fn take(&self, sum: &mut JobTally, job: Job) {
        sum.examined += 1;
        let is = |kind: &str| {
            job.conditions
                .iter()
                .find(|condition| condition.kind == kind && condition.status == Status::True)
        };
        let failure = is("Failed").map(|failed| {
            let reason = failed.reason.as_deref().unwrap_or("Failed");
            let message = failed.message.as_deref().unwrap_or_default();
            let told = short(&format!("{reason}: {message}"), 160);
            (told, failed.since)
        });
        let cron_job = job.owner.as_ref().filter(|owner| owner.kind == "CronJob");
        let workload = match cron_job {
            Some(owner) => Workload::new(&job.namespace, "CronJob", &owner.name),
            None => Workload::new(&job.namespace, "Job", &job.name),
        };
        let done = failure.is_some() || is("Complete").is_some() || is("SuccessCriteriaMet").is_some();
        let old = failure
            .as_ref()
            .is_some_and(|(_, at)| at.is_some_and(|at| at < self.0));
        // A bare Job that succeeded, or failed long ago, tells nothing. That of a CronJob may be newer than a failure, and its
        // failure stands until a later run succeeds: a weekly one is not mended by the next day.
        if done && (cron_job.is_some() || (failure.is_some() && !old)) {
            let latest = Latest {
                created_at: job.created_at,
                job: job.name.clone(),
                failure,
            };
            sum.newest(workload, latest);
        }
        if let Some(owner) = cron_job {
            sum.cron_jobs
                .insert((job.namespace, job.name), owner.name.clone());
        }
    }

    fn join(&self, sum: &mut JobTally, page: JobTally) {
        sum.examined += page.examined;
        sum.cron_jobs.extend(page.cron_jobs);
        for (workload, latest) in page.latest {
            sum.newest(workload, latest);
        }
    }
}

impl JobTally {
    fn newest(&mut self, workload: Workload, latest: Latest) {
        let known = self.latest.get(&workload);
        if known.is_none_or(|known| known.created_at <= latest.created_at) {
            self.latest.insert(workload, latest);
        }
    }
}
