//! `HLT-171` and `HLT-172`: cert-manager's certificates. A certificate that is Ready today may end tomorrow, so that both its
//! conditions and its dates are judged. What endpoints really serve is the group `endpoints`.

use day2_kube::objects::{Certificate, Condition, Status};
use jiff::Timestamp;

use super::Scene;
use super::line::{Finding, Line};
use super::read::served;
use super::words::{age, count, longer_than};
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
        let says = not_issued(one, scene)?;
        Some(Finding::inside(&one.namespace, name(one), says))
    });
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "certificate"))
            .threshold(format!("Ready within {limit} min, no failed attempt"), "certificates.issuing_minutes")
            .remedy("cmctl status certificate: issuer, order, challenge; deleting the Certificate or its request issues nothing")
            .wrong(wrong)
            .short_of(shortfall),
    )
}

/// What is wrong with its issuing. A certificate that has ended is the other line's, whatever cert-manager says.
fn not_issued(one: &Certificate, scene: &Scene<'_>) -> Option<String> {
    let ready = ready(one);
    if has_ended(one, scene.now)
        || ready.is_some_and(|ready| ready.status == Status::True) && one.failed_attempts == 0
    {
        return None;
    }
    let since = ready.and_then(|ready| ready.since).or(one.created_at)?;
    let attempts = match (one.failed_attempts, one.last_failure) {
        (0, _) => String::new(),
        (failed, Some(at)) => format!(", {failed} failed attempts, the last {} ago", age(at, scene.now)),
        (failed, None) => format!(", {failed} failed attempts"),
    };
    let young = !longer_than(scene.plan.certificates.issuing_minutes, since, scene.now);
    if young && one.failed_attempts == 0 {
        return None;
    }
    let left = one.not_after.map_or_else(String::new, |end| {
        let days = (end.as_second() - scene.now.as_second()) / 86_400;
        format!(", {days} days left until its notAfter")
    });
    Some(match ready {
        Some(ready) if ready.status == Status::True => {
            format!("valid, but its renewal fails{attempts}{left}")
        }
        Some(ready) => {
            let since = age(since, scene.now);
            format!("not Ready for {since}: {}{attempts}{left}", words_of(ready))
        }
        None => format!(
            "cert-manager has said nothing of it for {}",
            age(since, scene.now)
        ),
    })
}

fn ready(one: &Certificate) -> Option<&Condition> {
    one.conditions.iter().find(|condition| condition.kind == "Ready")
}

/// Reason and message, in cert-manager's words.
fn words_of(condition: &Condition) -> String {
    let reason = condition.reason.as_deref().unwrap_or_default();
    let message = condition.message.as_deref().unwrap_or_default();
    short(&format!("{reason} {message}"), 200)
}

fn has_ended(one: &Certificate, now: Timestamp) -> bool {
    one.not_after.is_some_and(|end| end <= now)
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
        // What the other line names is not told twice.
        if not_issued(one, scene).is_some() {
            continue;
        }
        if let Some(says) = ends_soon(end, one, scene) {
            wrong.push(Finding::inside(&one.namespace, name(one), says));
        }
    }
    Some(
        Line::new(CODE, TITLE, judged)
            .if_any()
            .seen(format!("{} of {} have an end", judged, count(all.len(), "certificate")))
            .threshold(
                format!("{} days left, renewal at most {} h late", limits.min_days, limits.renewal_hours),
                "certificates.min_days, certificates.renewal_hours",
            )
            .remedy("cmctl renew, and then see that the endpoints serve the new one: not every program reads its Secret again")
            .wrong(wrong)
            .short_of(shortfall),
    )
}

/// Whole days until the end, and whether the renewal that should have come has come. A certificate whose whole life is
/// shorter than the limit is judged by its renewal only.
fn ends_soon(end: Timestamp, one: &Certificate, scene: &Scene<'_>) -> Option<String> {
    let limits = &scene.plan.certificates;
    let left = end.as_second() - scene.now.as_second();
    if left <= 0 {
        let told = ready(one)
            .filter(|ready| ready.status != Status::True)
            .map_or_else(String::new, |ready| {
                format!("; cert-manager says: {}", words_of(ready))
            });
        return Some(format!("ended {} ago{told}", age(end, scene.now)));
    }
    let late = one
        .renewal_time
        .filter(|due| longer_than(limits.renewal_hours * 60, *due, scene.now));
    if let Some(due) = late {
        let days = left / 86_400;
        return Some(format!(
            "its renewal is {} late, {days} days left until its notAfter",
            age(due, scene.now)
        ));
    }
    let renews_first = one.renewal_time.is_some_and(|due| due > scene.now && due < end);
    let soon = left < i64::from(limits.min_days) * 86_400;
    (soon && !renews_first).then(|| {
        format!(
            "{} days left until its notAfter, and no renewal is due before",
            left / 86_400
        )
    })
}
