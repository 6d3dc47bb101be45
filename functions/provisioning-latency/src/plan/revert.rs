//! Taking a raise back: only nodes that are empty, only as many as were added, never below the size before, and nothing at
//! all where somebody else has set the size since.

mod cordons;
mod drift;
mod empties;

use day2_aws::{Assessment, Inquiry};
use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{Lease, Plan, Skip, Step, Undo};
use day2_core::chart::Chart;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Cause, Item, Unreadable};
use jiff::{SignedDuration, Timestamp};

use super::pending::{GroupNodes, Waiting};
use super::words::{count, fail_if, population, whole};
use super::{chart, platform, undeclared};
use crate::change::{Change, GiveBack, Leaving, Raise};
use crate::facts::Facts;
use crate::settings::{Platform, ProvisioningLatencySettings};
use drift::{drifted, floor};
use empties::candidates;

/// Seconds that one node may take: cordon, look, terminate.
const SECONDS_PER_NODE: u32 = 15;
/// Most seconds that are asked for; what does not fit is left for the next attempt.
const MOST_SECONDS: u32 = 120;
/// How long after the end of a lease a reason that passes is waited out.
const ASKED_AGAIN_HOURS: i64 = 3;
/// Most names in one sentence.
const NAMED: usize = 5;

/// What taking back comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// These nodes go, and what stays stays for the reason given.
    Take(GiveBack, Option<String>),
    /// Nothing goes, on purpose.
    Leave(String),
    /// There is nothing of ours any more.
    Gone(String),
    /// Not known.
    Refuse(Refusal),
    /// Not now, for a reason that passes: it is asked again.
    Later(Refusal),
}

/// Plans how to take `change` back.
#[must_use]
pub(crate) fn revert(
    facts: &Facts,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    inquiry: Inquiry<'_>,
    change: &Change,
    now: Timestamp,
) -> Assessment<Change> {
    let Some(platform) = platform(settings, target) else {
        return undeclared(target);
    };
    let mut held = Vec::new();
    let (resource, verdict) = match change {
        Change::Raise(raise) => {
            let verdict = match cordons::held(facts, inquiry.lease) {
                Ok(found) => {
                    held = found;
                    taking_back(facts, platform, raise, inquiry, now)
                }
                Err(why) => unread(&why),
            };
            (Change::resource_of_group(&raise.group), verdict)
        }
        Change::Restart(restart) => (
            format!("deployment {}/{}", restart.namespace, restart.deployment),
            Verdict::Gone("a restart cannot be taken back".to_owned()),
        ),
        Change::GiveBack(back) => (
            Change::resource_of_group(&back.group),
            Verdict::Gone("taking back is not taken back".to_owned()),
        ),
        Change::Uncordon(_) => (
            "cordons".to_owned(),
            Verdict::Gone("lifting a cordon is not taken back".to_owned()),
        ),
    };
    let verdict = match verdict {
        // Pods wait, and a node that could take them is cordoned by us: that comes first, and the lease ends.
        Verdict::Later(refusal) if !held.is_empty() => Verdict::Leave(refusal.says),
        Verdict::Later(refusal) => Verdict::Refuse(refusal),
        other => other,
    };
    let charts = vec![chart::nodes(&facts.group.group, &facts.cluster.nodes)];
    // The nodes that go now keep theirs until they are gone.
    if let Verdict::Take(back, _) = &verdict {
        held.retain(|held| back.nodes.iter().all(|leaving| leaving.node != held.node));
    }
    let lift = cordons::step(held);
    assessment(resource, verdict, lift, charts)
}

fn assessment(
    resource: String,
    verdict: Verdict,
    cordons: Option<Step<Change>>,
    charts: Vec<Chart>,
) -> Assessment<Change> {
    let item = item(&verdict);
    let (mut plan, says, left) = match verdict {
        Verdict::Take(back, left) => {
            let says = format!("{} go back", count(back.nodes.len(), "empty node"));
            let plan = Plan {
                skips: left
                    .iter()
                    .map(|why| Skip {
                        resource: resource.clone(),
                        why: why.clone(),
                    })
                    .collect(),
                steps: vec![step(resource, back)],
                refusals: Vec::new(),
            };
            (plan, says, left)
        }
        Verdict::Leave(why) => (
            Plan::nothing(resource, why.clone()),
            "the added nodes stay".to_owned(),
            Some(why),
        ),
        Verdict::Gone(why) => (
            Plan::nothing(resource, why),
            "nothing is left to take back".to_owned(),
            None,
        ),
        Verdict::Refuse(refusal) | Verdict::Later(refusal) => (
            Plan {
                refusals: vec![refusal],
                ..Plan::default()
            },
            "taking back is refused".to_owned(),
            None,
        ),
    };
    if let (Some(step), true) = (cordons, plan.refusals.is_empty()) {
        plan.steps.insert(0, step);
    }
    Assessment {
        items: vec![item],
        charts,
        plan,
        says,
        left,
    }
}

fn item(verdict: &Verdict) -> Item {
    let (wrong, seen) = match verdict {
        Verdict::Take(back, None) => (false, format!("{} are empty", count(back.nodes.len(), "node"))),
        Verdict::Take(back, Some(left)) => (
            true,
            format!("{} are empty; {left}", count(back.nodes.len(), "node")),
        ),
        Verdict::Leave(why) => (true, why.clone()),
        Verdict::Gone(why) => (false, why.clone()),
        Verdict::Refuse(refusal) | Verdict::Later(refusal) => (true, refusal.says.clone()),
    };
    Item::judge(
        "PRV-101",
        "what was added goes back",
        fail_if(wrong),
        population(1, 1),
        seen,
    )
    .threshold(
        "the size before, by nodes that are empty of all but DaemonSet and mirror pods",
        "lease_minutes",
    )
    .remedy(
        "what stays up stays until the next scheduled scale-down, Cluster Autoscaler or a person takes it; see who holds the \
         nodes, and lower the desired capacity once they are free",
    )
}

/// The judgement.
pub(crate) fn taking_back(
    facts: &Facts,
    platform: &Platform,
    raise: &Raise,
    inquiry: Inquiry<'_>,
    now: Timestamp,
) -> Verdict {
    let group = match &facts.group.group {
        Ok(group) => group,
        Err(why) if why.cause == Cause::NotFound => {
            return Verdict::Gone(format!("the Auto Scaling group {} is gone", raise.group));
        }
        Err(why) => return unread(why),
    };
    if group.name != raise.group {
        return Verdict::Leave(format!(
            "the settings name another group ({}) than the one that was raised ({}): take it back by hand",
            group.name, raise.group
        ));
    }
    let floor = match floor(&inquiry, group, raise) {
        Ok(floor) => floor,
        Err(verdict) => return *verdict,
    };
    if group.desired <= floor {
        return Verdict::Gone(format!(
            "the group has {} already, not more than the {floor} to which it goes back",
            count(group.desired, "node")
        ));
    }
    if let Some(verdict) = drifted(facts, group, raise, inquiry.lease) {
        return verdict;
    }
    let (nodes, pods) = match (&facts.cluster.nodes, &facts.cluster.pods) {
        (Ok(nodes), Ok(pods)) => (nodes, pods),
        (Err(why), _) | (_, Err(why)) => return unread(why),
    };
    let kind = GroupNodes::of(&facts.cluster.nodes, &facts.group.group);
    let needed = Waiting::of(pods, &kind, platform, now).for_nodes();
    if needed > 0 {
        let says = format!(
            "{} without a node, so that all {} are still needed",
            count(needed, "workspace pod"),
            count(group.desired, "node")
        );
        return still_needed(says, inquiry.lease, now);
    }
    let most = group.desired - floor;
    let (leaving, held) = candidates(group, nodes, pods);
    let taken: Vec<Leaving> = leaving
        .into_iter()
        .take(usize::try_from(most).unwrap_or(0))
        .collect();
    let missing = most - whole(taken.len());
    let left = (missing > 0).then(|| {
        format!(
            "{} stay: {}",
            count(missing, "added node"),
            if held.is_empty() {
                "no other node of the group is empty".to_owned()
            } else {
                held.join(", ")
            }
        )
    });
    if taken.is_empty() {
        return Verdict::Leave(left.unwrap_or_default());
    }
    let back = GiveBack {
        group: group.name.clone(),
        from: group.desired,
        floor,
        nodes: taken,
    };
    Verdict::Take(back, left)
}

/// Pods that wait may be placed in a minute. It is asked again for some hours, then the nodes are somebody's to take.
fn still_needed(says: String, lease: Option<&Lease>, now: Timestamp) -> Verdict {
    let end = lease.and_then(|lease| lease.expires_at);
    let until = end.and_then(|end| {
        end.checked_add(SignedDuration::from_hours(ASKED_AGAIN_HOURS))
            .ok()
    });
    match until {
        Some(until) if now < until => Verdict::Later(Refusal::new(
            Guard::Degraded,
            says,
            format!(
                "nothing needs to be done: it is asked again until {}, then the nodes stay",
                until.strftime("%H:%M UTC")
            ),
        )),
        _ => Verdict::Leave(says),
    }
}

fn unread(why: &Unreadable) -> Verdict {
    Verdict::Refuse(Refusal::new(
        Guard::Unreadable,
        why.to_string(),
        "let the function read it; taking back is tried again by the sweeper",
    ))
}

fn step(resource: String, back: GiveBack) -> Step<Change> {
    let number = u32::try_from(back.nodes.len()).unwrap_or(u32::MAX);
    let names: Vec<&str> = back
        .nodes
        .iter()
        .take(NAMED)
        .map(|leaving| leaving.node.as_str())
        .collect();
    let more = back.nodes.len().saturating_sub(NAMED);
    let others = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    Step {
        resource,
        title: format!("terminate {} that are empty", count(back.nodes.len(), "node")),
        before: count(back.from, "node"),
        after: count(back.from - i64::from(number), "node"),
        precondition: format!(
            "the size is still {}, and each node is empty when it is cordoned",
            back.from
        ),
        undo: Undo::ByHand {
            words: "raise the desired capacity again".to_owned(),
        },
        blast_radius: format!("{}{others}; no pod but those of DaemonSets", names.join(", ")),
        disruptive: false,
        takes_seconds: number
            .saturating_mul(SECONDS_PER_NODE)
            .clamp(SECONDS_PER_NODE, MOST_SECONDS),
        change: Change::GiveBack(back),
    }
}
