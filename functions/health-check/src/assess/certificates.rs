//! `HLT-171` and `HLT-172`: cert-manager's certificates. A certificate that is Ready today may end tomorrow, so that both its
//! conditions and its dates are judged. What endpoints really serve is the group `endpoints`.

use day2_kube::objects::{Certificate, Status};
use jiff::Timestamp;

use super::Scene;
use super::line::{Finding, Line};
use super::read::served;
use super::words::{age, count, minutes_since};
use crate::facts::inside::Inside;
use crate::reduce::short;

pub(super) fn lines(inside: &Inside, scene: &Scene<'_>) -> Vec<Line> {
    [issued(inside, scene), valid(inside, scene)]
        .into_iter()
        .flatten()
        .collect()
}

fn name(one: &Certificate) -> String {
    format!("{}/Certificate/{}", one.namespace, one.name)
}

fn issued(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-171";
    const TITLE: &str = "every certificate is issued";
    let (all, shortfall) = match served(inside.certificates.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.certificates.issuing_minutes;
    let wrong = all.iter().filter_map(|one| {
        let ready = one.conditions.iter().find(|condition| condition.kind == "Ready");
        if ready.is_some_and(|ready| ready.status == Status::True) && one.failed_attempts == 0 {
            return None;
        }
        let since = ready.and_then(|ready| ready.since).or(one.created_at)?;
        let attempts = match (one.failed_attempts, one.last_failure) {
            (0, _) => String::new(),
            (failed, Some(at)) => format!(", {failed} failed attempts, the last {} ago", age(at, scene.now)),
            (failed, None) => format!(", {failed} failed attempts"),
        };
        let young = minutes_since(since, scene.now) < i64::from(limit);
        if young && one.failed_attempts == 0 {
            return None;
        }
        let says = match ready {
            Some(ready) if ready.status == Status::True => format!("valid, but its renewal fails{attempts}"),
            Some(ready) => {
                let reason = ready.reason.as_deref().unwrap_or_default();
                let message = ready.message.as_deref().unwrap_or_default();
                let words = short(&format!("{reason} {message}"), 200);
                format!("not Ready for {}: {words}{attempts}", age(since, scene.now))
            }
            None => format!(
                "cert-manager has said nothing of it for {}",
                age(since, scene.now)
            ),
        };
        Some(Finding::inside(&one.namespace, name(one), says))
    });
    (!all.is_empty() || shortfall.is_some()).then(|| {
        Line::new(CODE, TITLE, all.len())
            .seen(count(all.len(), "certificate"))
            .threshold(format!("Ready within {limit} min, no failed attempt"), "certificates.issuing_minutes")
            .remedy("cmctl status certificate: issuer, order, challenge; deleting the Certificate or its request issues nothing")
            .wrong(wrong)
            .short_of(shortfall)
    })
}

fn valid(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-172";
    const TITLE: &str = "every certificate is valid long enough and renewed in time";
    let (all, shortfall) = match served(inside.certificates.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limits = &scene.plan.certificates;
    let mut judged = 0;
    let mut wrong = Vec::new();
    for one in all {
        let Some(end) = one.not_after else {
            // Never issued: the other line's.
            continue;
        };
        judged += 1;
        if let Some(says) = ends_soon(end, one, scene) {
            wrong.push(Finding::inside(&one.namespace, name(one), says));
        }
    }
    (judged > 0 || shortfall.is_some()).then(|| {
        Line::new(CODE, TITLE, judged)
            .seen(format!("{} of {} have an end", judged, count(all.len(), "certificate")))
            .threshold(
                format!("{} days left, renewal at most {} h late", limits.min_days, limits.renewal_hours),
                "certificates.min_days, certificates.renewal_hours",
            )
            .remedy("cmctl renew, and then see that the endpoints serve the new one: not every program reads its Secret again")
            .wrong(wrong)
            .short_of(shortfall)
    })
}

/// Whole days until the end, and whether the renewal that should have come has come. A certificate whose whole life is
/// shorter than the limit is judged by its renewal only.
fn ends_soon(end: Timestamp, one: &Certificate, scene: &Scene<'_>) -> Option<String> {
    let limits = &scene.plan.certificates;
    let left = end.as_second() - scene.now.as_second();
    if left <= 0 {
        return Some(format!("ended {} ago", age(end, scene.now)));
    }
    let late = one
        .renewal_time
        .filter(|due| minutes_since(*due, scene.now) > i64::from(limits.renewal_hours) * 60);
    if let Some(due) = late {
        let days = left / 86_400;
        return Some(format!(
            "its renewal is {} late, {days} days left",
            age(due, scene.now)
        ));
    }
    let renews_first = one.renewal_time.is_some_and(|due| due > scene.now && due < end);
    let soon = left < i64::from(limits.min_days) * 86_400;
    (soon && !renews_first).then(|| format!("{} days left, and no renewal is due before", left / 86_400))
}
