//! `HLT-213`: findings of Security Hub by age.

use std::collections::BTreeMap;

use day2_reads::security_findings::SecurityFinding;
use jiff::Timestamp;

use super::super::super::line::{Finding, Line};
use super::super::super::{Scene, words};
use super::{earlier, own};
use crate::facts::security::Hub;

/// Security Hub repeats what `GuardDuty` found; it is told once.
const GUARD_DUTY: &str = "GuardDuty";

/// Most groups of Security Hub that are named; the rest is counted. A new account may have hundreds.
const NAMED: usize = 40;

/// Open findings of Security Hub by title, with the age of the oldest. What is suppressed, resolved, archived or an example
/// does not count.
pub(super) fn line(hub: &Hub, threats_are_known: bool, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-213";
    const TITLE: &str = "Security Hub has no finding that is open for too long";
    let (findings, any) = match (&hub.open, &hub.any) {
        (Ok(findings), Ok(any)) => (findings, *any),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let policy = &scene.plan.security;
    let open: Vec<&SecurityFinding> = findings
        .iter()
        .filter(|one| {
            matches!(one.workflow.as_str(), "NEW" | "NOTIFIED")
                && one.record == "ACTIVE"
                && !one.sample
                && own(&one.account, scene)
                && !(threats_are_known && one.product == GUARD_DUTY)
        })
        .collect();
    let mut groups: BTreeMap<(bool, &str), Vec<&SecurityFinding>> = BTreeMap::new();
    for one in &open {
        // Critical ones sort first.
        let key = (one.severity != "CRITICAL", one.title.as_str());
        groups.entry(key).or_default().push(one);
    }
    let (mut wrong, mut oldest) = (Vec::new(), None);
    for ((not_critical, title), group) in &groups {
        let first = group.iter().filter_map(|one| one.created_at).min();
        oldest = earlier(oldest, first);
        let (word, limit) = if *not_critical {
            ("HIGH", policy.high_open_days)
        } else {
            ("CRITICAL", policy.critical_open_days)
        };
        // A finding without a date may be as old as any.
        let undated = group.iter().any(|one| one.created_at.is_none());
        let days = first
            .filter(|_| !undated)
            .map_or(i64::MAX, |at| words::minutes_since(at, scene.now) / 1440);
        if days >= i64::from(limit) {
            wrong.push(Finding::of(*title, says(word, group, first, scene.now)));
        }
    }
    let more = wrong.len().saturating_sub(NAMED);
    wrong.truncate(NAMED);
    if more > 0 {
        wrong.push(Finding::of(
            "others",
            format!("{} more", words::count(more, "group")),
        ));
    }
    let age = oldest.map_or_else(String::new, |at| {
        format!(", the oldest for {}", words::age(at, scene.now))
    });
    // A good platform has nothing open; a Security Hub that holds nothing at all was told nothing.
    let examined = if any { open.len().max(1) } else { 0 };
    let silent = (!any).then(|| {
        let says = "holds no finding of any kind: no standard and no product reports to it";
        ("Security Hub".to_owned(), says.to_owned())
    });
    Line::new(CODE, TITLE, examined)
        .seen(format!(
            "{} open in {}{age}",
            words::count(open.len(), "finding"),
            words::count(groups.len(), "group")
        ))
        .threshold(
            format!(
                "CRITICAL for less than {} days, HIGH for less than {} days",
                policy.critical_open_days, policy.high_open_days
            ),
            "security.critical_open_days, security.high_open_days",
        )
        .remedy("mend it, or set its workflow status to SUPPRESSED with the reason in a note")
        .wrong(wrong)
        .unread(silent)
}

fn says(severity: &str, group: &[&SecurityFinding], first: Option<Timestamp>, now: Timestamp) -> String {
    let age = first.map_or_else(
        || "since an unknown time".to_owned(),
        |at| format!("the oldest open for {}", words::age(at, now)),
    );
    let example = group.first().map(|one| one.resource.as_str()).unwrap_or_default();
    let (product, number) = (
        group.first().map(|one| one.product.as_str()).unwrap_or_default(),
        group.len(),
    );
    let on = if number == 1 {
        example.to_owned()
    } else {
        format!("{}, for example {example}", words::count(number, "resource"))
    };
    format!("{severity}, by {product}, on {on}, {age}")
}
