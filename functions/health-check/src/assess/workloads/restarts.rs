//! `HLT-127`: restarts within the window. `restartCount` is over the whole life of a pod, and says nothing about a day.

use crate::assess::Scene;
use crate::assess::line::{Finding, Line};
use crate::assess::read::reduced;
use crate::assess::words::{age, count};
use crate::counted::MAX_COUNTERS;
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::pods::{Gap, PodTally};

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
    let allowed = i64::from(limits.max_restarts);
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for (workload, found) in &pods.sum.restarts {
        if found.most <= allowed || looping(workload) {
            continue;
        }
        let last = found.last.as_ref().map_or_else(String::new, |(at, why)| {
            format!(", the last {} ago: {why}", age(*at, scene.now))
        });
        if found.certain > allowed {
            let bound = if found.most > found.certain {
                "at least "
            } else {
                ""
            };
            let says = format!("{bound}{} in {hours} h{last}", times(found.certain));
            wrong.push(Finding::inside(&workload.namespace, workload.to_string(), says));
        } else {
            let why = found.gap.map_or_else(String::new, |gap| {
                format!("; how many are older is not known: {}", because(gap, hours))
            });
            let bounds = format!("between {} and {}", found.certain, times(found.most));
            let says = format!("{bounds} in {hours} h{last}{why}");
            unknown.push((workload.to_string(), says));
        }
    }
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
            .unread(unknown)
            .unread(dropped(&pods.sum))
            .short_of(pods.shortfall.as_ref()),
    )
}

/// Why nobody knows how many restarts are older than these hours.
fn because(gap: Gap, hours: u32) -> String {
    match gap {
        Gap::NoRun => "no run before this one has noted it".to_owned(),
        Gap::NoRoom => {
            format!("the run before noted only the {MAX_COUNTERS} containers with the most restarts")
        }
        Gap::Calm => "the run before noted only containers that had been restarted within a week".to_owned(),
        Gap::Later => format!("the run before was within these {hours} h"),
        Gap::Earlier => format!("the run before was long before these {hours} h"),
    }
}

/// More containers were restarted than one run can note for the next.
fn dropped(pods: &PodTally) -> Option<(String, String)> {
    let dropped = pods.counters.dropped;
    (dropped > 0).then(|| {
        let says = format!(
            "{} restarted within a week beyond the {MAX_COUNTERS} that are noted: the next run has nothing to compare with",
            count(dropped, "container")
        );
        ("containers not noted".to_owned(), says)
    })
}

fn times(number: i64) -> String {
    if number == 1 {
        "1 restart".to_owned()
    } else {
        format!("{number} restarts")
    }
}
