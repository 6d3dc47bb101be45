//! `HLT-127`: restarts within the window. `restartCount` is over the whole life of a pod, and says nothing about a day.

use crate::assess::Scene;
use crate::assess::line::{Finding, Line};
use crate::assess::read::reduced;
use crate::assess::words::{age, count};
use crate::counted::MAX_COUNTERS;
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::pods::PodTally;

pub(super) fn line(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-127";
    const TITLE: &str = "no workload restarts often";
    let pods = match reduced(inside.pods.as_ref(), CODE, TITLE)? {
        Ok(pods) => pods,
        Err(line) => return Some(line),
    };
    let limits = &scene.plan.workloads;
    let hours = limits.window_hours;
    // Who is in a crash loop now is named for that.
    let looping = |workload| {
        [Cause::Crash, Cause::OutOfMemory]
            .into_iter()
            .any(|cause| pods.sum.groups.contains_key(&(Clone::clone(workload), cause)))
    };
    let wrong = pods
        .sum
        .restarts
        .iter()
        .filter(|(workload, found)| found.certain > i64::from(limits.max_restarts) && !looping(workload))
        .map(|(workload, found)| {
            let bound = if found.at_least { "at least " } else { "" };
            let last = found.last.as_ref().map_or_else(String::new, |(at, why)| {
                format!(", the last {} ago: {why}", age(*at, scene.now))
            });
            let says = format!("{bound}{} in {hours} h{last}", times(found.certain));
            Finding::inside(&workload.namespace, workload.to_string(), says)
        });
    let restarted = count(pods.sum.restarts.len(), "workload");
    Some(
        Line::new(CODE, TITLE, pods.sum.judged)
            .seen(format!(
                "{restarted} restarted in {hours} h, of {}",
                count(pods.sum.judged, "pod")
            ))
            .threshold(
                format!("at most {} in {hours} h", limits.max_restarts),
                "workloads.max_restarts, workloads.window_hours",
            )
            .remedy("kubectl logs --previous; memory limits and liveness probes are the usual causes")
            .wrong(wrong)
            .unread(further(&pods.sum))
            .short_of(pods.shortfall.as_ref()),
    )
}

/// More containers were restarted than one run can note for the next: those that could not be compared with the run before, and
/// those that the next run will not be able to compare.
fn further(pods: &PodTally) -> impl Iterator<Item = (String, String)> {
    let (unknown, dropped) = (pods.not_compared, pods.counters.dropped);
    let unknown = (unknown > 0).then(|| {
        let says = format!(
            "{} may have restarted more often than is known: the run before noted only the {MAX_COUNTERS} with the most restarts",
            count(unknown, "container")
        );
        ("containers not compared".to_owned(), says)
    });
    let dropped = (dropped > 0).then(|| {
        let says = format!(
            "{} restarted within a week beyond the {MAX_COUNTERS} that are noted: the next run has nothing to compare with",
            count(dropped, "container")
        );
        ("containers not noted".to_owned(), says)
    });
    unknown.into_iter().chain(dropped)
}

fn times(number: i64) -> String {
    if number == 1 {
        "1 restart".to_owned()
    } else {
        format!("{number} restarts")
    }
}
