//! `HLT-131`: Jobs, judged as a whole: a failed pod is an attempt, and an older failure of a `CronJob` is made up for by a
//! newer success.

use crate::assess::Scene;
use crate::assess::line::{Finding, Line};
use crate::assess::read::reduced;
use crate::assess::words::{age, count};
use crate::facts::inside::Inside;

pub(super) fn line(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-131";
    const TITLE: &str = "Jobs succeed";
    let jobs = match reduced(inside.jobs.as_ref(), CODE, TITLE)? {
        Ok(jobs) => jobs,
        Err(line) => return Some(line),
    };
    let wrong = jobs.sum.latest.iter().filter_map(|(workload, latest)| {
        let (why, at) = latest.failure.as_ref()?;
        let ago = at.map_or_else(String::new, |at| format!(" {} ago", age(at, scene.now)));
        let which = if workload.kind == "CronJob" {
            format!("its last run {} failed{ago}: {why}", latest.job)
        } else {
            format!("failed{ago}: {why}")
        };
        Some(Finding::inside(&workload.namespace, workload.to_string(), which))
    });
    let hours = scene.plan.workloads.window_hours;
    Some(
        Line::new(CODE, TITLE, jobs.sum.examined)
            .if_any()
            .seen(count(jobs.sum.examined, "Job"))
            .threshold(
                format!("the last run of each CronJob, and every other Job of {hours} h"),
                "workloads.window_hours",
            )
            .remedy("kubectl describe job, and the logs of its last pod")
            .wrong(wrong)
            .short_of(jobs.shortfall.as_ref()),
    )
}
