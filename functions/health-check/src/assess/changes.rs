//! `HLT-191`: what was changed lately, in the cluster and in AWS, in one ranking by how near it lies to what is broken. In the
//! task `triage` only.

mod found;
mod near;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Scene;
use super::line::{Finding, Line};
use super::words::{age, count};
use super::workloads::Broken;
use crate::facts::Facts;
use crate::facts::changes::Changes;
use found::{About, Change};
use near::{Near, near, troubles};

/// Changes that are listed.
const MOST: usize = 20;

/// Changes near nothing that are named; the rest is counted.
const MOST_ELSEWHERE: usize = 10;

/// Ranks all changes. `lines` are those that tell what is broken outside of the cluster.
pub(super) fn line(
    seen: &Changes,
    facts: &Facts,
    broken: &[Broken],
    lines: &[Line],
    scene: &Scene<'_>,
) -> Line {
    let mut line = read(seen, facts);
    let troubles = troubles(broken, &facts.inside, lines, scene);
    let all = found::all(seen, facts);
    line.examined += all.len();
    let lists = seen.lists();
    let unlisted = lists
        .iter()
        .flat_map(|(_, list)| list.iter())
        .map(|list| list.sum.unlisted);
    let found = all.len() + unlisted.sum::<usize>();
    let (mut ranked, mut elsewhere) = (Vec::new(), Vec::new());
    for change in all {
        match near(&change, &troubles, scene.now) {
            Some(near) => ranked.push((near, change)),
            None => elsewhere.push(change),
        }
    }
    ranked.sort_by(|(a, x), (b, y)| {
        let key = |near: &Near, change: &Change| (Reverse(near.rank), !change.failed, near.gap);
        key(a, x).cmp(&key(b, y)).then_with(|| x.name.cmp(&y.name))
    });
    let minutes = scene.plan.changes.minutes;
    let words = format!(
        "{} in {minutes} min, {} near the {} that {} broken{}",
        count(found, "change"),
        ranked.len(),
        count(troubles.len(), "thing"),
        if troubles.len() == 1 { "is" } else { "are" },
        listed(elsewhere, scene),
    );
    let wrong = once_each(ranked).into_iter().take(MOST);
    line.seen(words)
        .threshold(format!("looked back {minutes} min"), "changes.minutes")
        .remedy("begin with the first: a change that lies before the trouble and on the same thing is its likely cause")
        .wrong(wrong.map(|(near, change, times)| told(&near, change, times, scene)))
}

/// What was read, and what is missing in the ranking.
fn read(seen: &Changes, facts: &Facts) -> Line {
    let mut line = Line::new("HLT-191", "no late change lies near what is broken", 0);
    for (kind, list) in seen.lists() {
        match list {
            Ok(list) => {
                line.examined += list.sum.examined;
                line = line
                    .unread(beyond(kind, list.sum.unlisted))
                    .short_of(list.shortfall.as_ref());
            }
            Err(why) => line = line.short_of(Some(why)),
        }
    }
    let inside = &facts.inside;
    line = line
        .short_of(match &inside.nodes {
            Some(Ok(list)) => list.shortfall.as_ref(),
            Some(Err(why)) => Some(why),
            None => None,
        })
        .short_of(match &inside.autoscalers {
            Some(Ok(list)) => list.shortfall(),
            Some(Err(why)) => Some(why),
            None => None,
        });
    let sources = facts.aws.changes.iter().flat_map(|seen| &seen.sources);
    let unread = sources.filter_map(|source| Some((source.name.clone(), source.changes.as_ref().err()?)));
    line.unread(unread.map(|(name, why)| (name, why.to_string())))
}

/// Changes of a kind that were not kept: the one that matters may be among them.
fn beyond(kind: &str, unlisted: usize) -> Option<(String, String)> {
    (unlisted > 0).then(|| {
        let says = format!(
            "{} of {kind} not looked at: there are more than are kept, which are the newest",
            count(unlisted, "change")
        );
        (format!("further {kind}"), says)
    })
}

/// What happened to one thing again and again, such as a launch that fails every minute, stands once, at its nearest.
fn once_each(ranked: Vec<(Near, Change)>) -> Vec<(Near, Change, usize)> {
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut once: Vec<(Near, Change, usize)> = Vec::new();
    for (near, change) in ranked {
        let place = places
            .entry((change.name.clone(), change.what.clone()))
            .or_insert(once.len());
        match once.get_mut(*place) {
            Some((_, _, times)) => *times += 1,
            None => once.push((near, change, 1)),
        }
    }
    once
}

fn told(near: &Near, change: Change, times: usize, scene: &Scene<'_>) -> Finding {
    let ago = age(change.at, scene.now);
    let when = if times == 1 {
        format!("{ago} ago")
    } else {
        format!("{times} times, one {ago} ago")
    };
    let says = format!("{}{} {when}{}", mark(&change), change.what, near.place);
    Finding {
        namespace: match change.about {
            About::Namespace(namespace) => Some(namespace),
            About::Node { .. } | About::Aws(_) => None,
        },
        name: change.name,
        says,
    }
}

const fn mark(change: &Change) -> &'static str {
    if change.failed { "FAILED " } else { "" }
}

/// Those near nothing, as context: failures first, then the newest.
fn listed(mut changes: Vec<Change>, scene: &Scene<'_>) -> String {
    changes.sort_by(|a, b| {
        b.failed
            .cmp(&a.failed)
            .then(b.at.cmp(&a.at))
            .then_with(|| a.name.cmp(&b.name))
    });
    let more = changes.len().saturating_sub(MOST_ELSEWHERE);
    let named: Vec<String> = changes
        .iter()
        .take(MOST_ELSEWHERE)
        .map(|one| {
            let ago = age(one.at, scene.now);
            format!("{}{}, {} {ago} ago", mark(one), one.name, one.what)
        })
        .collect();
    match (named.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!("; elsewhere: {}", named.join(" | ")),
        (false, more) => format!("; elsewhere: {} | {more} more", named.join(" | ")),
    }
}
