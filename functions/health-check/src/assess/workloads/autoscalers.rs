//! `HLT-128`: autoscalers that cannot do what they are for, because they are at their end or see nothing.

use day2_kube::objects::{HorizontalPodAutoscaler, Status};
use jiff::Timestamp;

use crate::assess::Scene;
use crate::assess::line::{Finding, Line};
use crate::assess::read::listed;
use crate::assess::words::{age, count, minutes_since};
use crate::facts::inside::Inside;
use crate::reduce::short;

/// The reason of `ScalingActive` while the target stands at zero replicas on purpose.
const RESTING: &str = "ScalingDisabled";

pub(super) fn line(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-128";
    const TITLE: &str = "autoscalers see their metrics and have room";
    let (all, shortfall) = match listed(inside.autoscalers.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.workloads.hpa_minutes;
    let wrong = all.iter().filter_map(|one| {
        let says = blind(one, scene)
            .or_else(|| partly_blind(one, scene))
            .or_else(|| at_maximum(one, scene))?;
        let name = format!("{}/HorizontalPodAutoscaler/{}", one.namespace, one.name);
        Some(Finding::inside(&one.namespace, name, says))
    });
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "autoscaler"))
            .threshold(format!("not at its maximum for more than {limit} min"), "workloads.hpa_minutes")
            .remedy("blind: mend the metric's source; at its maximum: raise maxReplicas, after a look at what the database can carry")
            .wrong(wrong)
            .short_of(shortfall),
    )
}

/// It cannot read its metrics, or cannot reach what it scales, and has had its time. The time of a condition moves with its status
/// alone: one whose target stood at zero until just now has it from then, and is told at once.
fn blind(one: &HorizontalPodAutoscaler, scene: &Scene<'_>) -> Option<String> {
    let is_false = |kind: &str| {
        one.condition(kind)
            .filter(|condition| condition.status == Status::False && !is_young(condition.since, scene))
    };
    let failed = is_false("AbleToScale")
        .or_else(|| is_false("ScalingActive").filter(|active| active.reason.as_deref() != Some(RESTING)))?;
    let reason = failed.reason.as_deref().unwrap_or_default();
    let message = failed.message.as_deref().unwrap_or_default();
    Some(short(&format!("blind: {reason} {message}"), 200))
}

/// It reads some of its metrics. Kubernetes calls that active as long as the others do not let it scale down (source: Kubernetes,
/// `computeReplicasForMetrics`), and nobody records since when: only one that was just made, or that began to scale just now, has time
/// (values of CPU come later than those of memory when its target leaves zero); a metric that has just failed is told at once. Where it
/// reads none, that may be for many reasons, and its conditions tell.
fn partly_blind(one: &HorizontalPodAutoscaler, scene: &Scene<'_>) -> Option<String> {
    let rests_or_begins = one.condition("ScalingActive").is_some_and(|active| {
        active.reason.as_deref() == Some(RESTING)
            || active.status == Status::True && is_young(active.since, scene)
    });
    let partly = !one.unseen.is_empty() && one.unseen.len() < one.metrics;
    (partly && !rests_or_begins && !is_young(one.created_at, scene)).then(|| {
        let of = count(one.metrics, "metric");
        let which = one.unseen.join(", ");
        short(&format!("blind to {} of {of}: {which}", one.unseen.len()), 200)
    })
}

/// Whether it is not so for long enough to be told: a new one has no values yet, and none has while their source starts anew.
fn is_young(since: Option<Timestamp>, scene: &Scene<'_>) -> bool {
    let grace = i64::from(scene.plan.workloads.grace_minutes);
    since.is_some_and(|since| minutes_since(since, scene.now) < grace)
}

/// It wants more than it may, and has for some time. One whose minimum is its maximum is fixed on purpose.
fn at_maximum(one: &HorizontalPodAutoscaler, scene: &Scene<'_>) -> Option<String> {
    let limited = one.condition("ScalingLimited").filter(|limited| {
        limited.status == Status::True && limited.reason.as_deref() == Some("TooManyReplicas")
    })?;
    // The condition is also true at the minimum and while a step is limited, and its time moves with its status alone (API
    // `HorizontalPodAutoscalerCondition`, `lastTransitionTime`): one that was just scaled up has it from the days before.
    let since = limited.since.max(one.last_scaled_at)?;
    let long = minutes_since(since, scene.now) >= i64::from(scene.plan.workloads.hpa_minutes);
    (long && one.min < one.max && one.current >= one.max).then(|| {
        format!(
            "at its maximum of {} for {}, and wants more (TooManyReplicas)",
            one.max,
            age(since, scene.now)
        )
    })
}
