//! `HLT-166` and `HLT-167`: KEDA's scaled objects.

use day2_kube::objects::{ScaledObject, Status};

use super::Scene;
use super::line::{Finding, Line};
use super::read::served;
use super::words::{age, count};
use crate::facts::inside::Inside;
use crate::reduce::short;

pub(super) fn lines(inside: &Inside, scene: &Scene<'_>) -> Vec<Line> {
    [works(inside, scene), paused(inside)]
        .into_iter()
        .flatten()
        .collect()
}

fn name(one: &ScaledObject) -> String {
    format!("{}/ScaledObject/{}", one.namespace, one.name)
}

fn works(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-166";
    const TITLE: &str = "KEDA sees the metrics it scales by";
    let (all, shortfall) = match served(inside.scaled_objects.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for one in all.iter().filter(|one| !one.deleting) {
        let condition = |kind: &str| one.conditions.iter().find(|condition| condition.kind == kind);
        let words = |kind: &str| {
            let seen = condition(kind);
            let reason = seen.and_then(|seen| seen.reason.as_deref()).unwrap_or_default();
            let message = seen.and_then(|seen| seen.message.as_deref()).unwrap_or_default();
            let since = seen
                .and_then(|seen| seen.since)
                .map_or_else(String::new, |since| format!(", since {}", age(since, scene.now)));
            format!("{}{since}", short(&format!("{reason} {message}"), 200))
        };
        let status = |kind: &str| condition(kind).map(|seen| seen.status);
        let target = format!("{}/{}", one.target.kind, one.target.name);
        if status("Ready") == Some(Status::False) {
            let says = format!("not Ready, {target} is not scaled: {}", words("Ready"));
            wrong.push(Finding::inside(&one.namespace, name(one), says));
        } else if status("Fallback") == Some(Status::True) {
            let says = format!(
                "in fallback, {target} stands at a fixed number: {}",
                words("Fallback")
            );
            wrong.push(Finding::inside(&one.namespace, name(one), says));
        } else if status("Ready") != Some(Status::True) {
            let said = condition("Ready").filter(|seen| seen.reason.is_some() || seen.message.is_some());
            match said {
                // Another trigger is active, so that KEDA does not call it False (source: KEDA, `RequestScale`).
                Some(said) if said.reason.as_deref() == Some("PartialTriggerError") => {
                    let says = format!("one of its triggers fails: {}", words("Ready"));
                    wrong.push(Finding::inside(&one.namespace, name(one), says));
                }
                Some(_) => {
                    let says = format!("KEDA cannot say whether it is Ready: {}", words("Ready"));
                    unread.push((name(one), says));
                }
                None => unread.push((name(one), "KEDA has not said yet whether it is Ready".to_owned())),
            }
        }
    }
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "scaled object"))
            .threshold("Ready, and not in fallback", "ScaledObject status.conditions")
            .remedy("kubectl describe scaledobject: its trigger, its authentication, the source of the metric; a restart of the operator stops all scaling for a while")
            .wrong(wrong)
            .unread(unread)
            .short_of(shortfall),
    )
}

/// What the annotations ask to pause. In one direction it is the peak that finds it, or the bill.
fn asked(one: &ScaledObject) -> Option<&'static str> {
    match (one.is_paused(), one.pauses_scale_in(), one.pauses_scale_out()) {
        (true, ..) => Some("paused"),
        (_, true, true) => Some("scaling in and out is paused"),
        (_, true, _) => Some("scaling in is paused"),
        (_, _, true) => Some("scaling out is paused"),
        (false, false, false) => None,
    }
}

/// A pause is somebody's decision, and the one that is forgotten is found at the next peak. Day2's own pauses name their owner.
fn paused(inside: &Inside) -> Option<Line> {
    const CODE: &str = "HLT-167";
    const TITLE: &str = "no scaling is paused";
    let (all, shortfall) = match served(inside.scaled_objects.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let wrong = all.iter().filter_map(|one| {
        let asked = asked(one);
        if asked.is_none() && one.says_paused() != Some(true) {
            return None;
        }
        let by = one
            .pause_owner
            .as_ref()
            .map_or_else(String::new, |owner| format!(" by {owner}"));
        let says = if let Some(what) = asked {
            let how: Vec<String> = one
                .pauses
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            format!("{what}{by}: {}", short(&how.join(", "), 160))
        } else {
            "still paused, although no annotation asks for it".to_owned()
        };
        Some(Finding::inside(&one.namespace, name(one), says))
    });
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "scaled object"))
            .threshold(
                "none",
                "annotations autoscaling.keda.sh/paused…, condition Paused",
            )
            .remedy("remove the annotation when the reason is over, and see that the autoscaler comes back")
            .wrong(wrong)
            .short_of(shortfall),
    )
}
