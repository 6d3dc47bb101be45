//! `SCW-107`: pods that the scheduler could not place, by reason.

use std::collections::BTreeMap;

use day2_core::{Item, Observed};
use day2_kube::objects::Pod;
use jiff::Timestamp;

use super::{count, minutes_since, population, worse_of};
use crate::settings::Limits;

/// No pod waits for a place longer than the limit. Pods that are bound and pull images are not waiting for a place.
pub(crate) fn pending(seen: &Observed<Vec<Pod>>, limits: &Limits, now: Timestamp) -> Item {
    const CODE: &str = "SCW-107";
    const TITLE: &str = "no pod waits for a node";
    let pods = match seen {
        Ok(pods) => pods,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut waiting = 0_usize;
    for pod in pods {
        let old = pod
            .created_at
            .is_some_and(|at| minutes_since(at, now) >= i64::from(limits.pending_minutes));
        // A scheduling gate means that somebody, a queue for example, holds the pod back on purpose.
        let gated = pod
            .unscheduled()
            .is_some_and(|(reason, _)| reason == "SchedulingGated");
        if gated || pod.phase != "Pending" || pod.node.is_some() || !old || pod.deleting_since.is_some() {
            continue;
        }
        waiting += 1;
        let reason = pod.unscheduled().map_or_else(
            || "the scheduler has not looked at it".to_owned(),
            |(reason, message)| {
                if message.is_empty() {
                    reason.to_owned()
                } else {
                    message.to_owned()
                }
            },
        );
        reasons.entry(reason).or_default().push(pod.full_name());
    }
    let wrong: Vec<_> = reasons
        .into_iter()
        .map(|(reason, names)| {
            let first = names.first().cloned().unwrap_or_default();
            let name = if names.len() == 1 {
                first
            } else {
                format!("{first} and {} more", names.len() - 1)
            };
            (name, reason)
        })
        .collect();
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        population(pods.len(), 1),
        format!("{waiting} of {} wait for a node", count(pods.len(), "pod")),
    )
    .threshold(
        format!("none for more than {} min", limits.pending_minutes),
        "limits.pending_minutes",
    )
    .remedy("the scheduler's words say which resource, taint or zone is missing")
    .subjects(wrong)
}
