//! Pods that have no node.

use day2_kube::objects::{PodHealth, Status};

use super::{Cause, Limits, Look, troubled};
use crate::reduce::short;

pub(super) fn look(pod: &PodHealth, limits: &Limits) -> Look {
    let Some(scheduled) = pod
        .condition("PodScheduled")
        .filter(|one| one.status == Status::False)
    else {
        return if limits.is_young(pod.created_at) {
            Look::Young
        } else {
            let says = "no scheduler has looked at it: see spec.schedulerName and the scheduler itself";
            troubled(Cause::Unschedulable, says, pod.created_at)
        };
    };
    // Somebody, a queue for example, holds it back on purpose.
    if scheduled.reason.as_deref() == Some("SchedulingGated") {
        return Look::Well;
    }
    if limits.is_young(pod.created_at) {
        return Look::Young;
    }
    let words = scheduled
        .message
        .as_deref()
        .unwrap_or("the scheduler gives no reason");
    let says = match dominating(words) {
        Some((reason, nodes)) => format!("no node takes it: {reason} ({nodes})"),
        None => format!("no node takes it: {}", short(words, 160)),
    };
    troubled(Cause::Unschedulable, says, scheduled.since.or(pod.created_at))
}

/// The reason that keeps most nodes away, and on how many of them, out of the scheduler's words `0/5 nodes are available:
/// 2 Insufficient cpu, 3 node(s) had untolerated taint {for: gpu}. preemption: …` (source: Kubernetes,
/// `pkg/scheduler/framework/types.go`, `FitError`). Behind the reasons stands what was tried in vain. With dynamic resources that
/// begins with other words, `. no new claims to deallocate, preemption: …` (`plugins/dynamicresources`, `PostFilter`), and
/// it counts nodes as well.
#[must_use]
pub fn dominating(message: &str) -> Option<(String, String)> {
    let (head, rest) = message.split_once("nodes are available: ")?;
    let all: u64 = head.trim().rsplit('/').next()?.trim().parse().ok()?;
    let list = rest.split("preemption:").next()?;
    let (count, reason) = parts(list)
        .into_iter()
        .filter_map(|part| {
            let (count, reason) = part.trim().split_once(' ')?;
            let reason = reason.split(". ").next()?.trim_end_matches('.');
            Some((count.parse::<u64>().ok()?, reason.to_owned()))
        })
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)))?;
    let reason = reason.trim_start_matches("node(s) ");
    Some((short(reason, 120), format!("{count} of {all} nodes")))
}

/// Splits at commas outside of braces, which hold taints.
fn parts(list: &str) -> Vec<String> {
    let (mut depth, mut parts, mut part) = (0_i32, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    parts
}
