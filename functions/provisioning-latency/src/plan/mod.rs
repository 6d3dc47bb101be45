//! Every opinion of `provisioning-latency`. Pure: same facts, same settings, same moment, same plan.

pub(crate) mod alarm;
pub(crate) mod cause;
pub(crate) mod chart;
pub(crate) mod control;
pub(crate) mod group;
pub(crate) mod held;
pub(crate) mod images;
pub(crate) mod launches;
pub(crate) mod ownership;
pub(crate) mod pending;
pub(crate) mod provisioner;
pub(crate) mod revert;
pub(crate) mod scale;
pub(crate) mod schedule;
pub(crate) mod size;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;

use day2_aws::{Assessment, Inquiry};
use day2_core::Item;
use day2_core::action::guard::Refusal;
use day2_core::action::{Plan, Skip};
use day2_core::settings::{Labels, Settings};
use day2_core::target::Target;
use jiff::Timestamp;

use crate::change::Change;
use crate::facts::Facts;
use crate::settings::{Platform, ProvisioningLatencySettings};
use alarm::Standing;
use cause::{Cause, Class, Diagnosis, Evidence};
use images::PullFailures;
use launches::Failures;
use pending::{GroupNodes, Waiting};
use provisioner::Remedy;
use scale::{Grounds, Scaling};

/// Judges the facts and plans.
#[must_use]
pub fn plan(
    facts: &Facts,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    inquiry: Inquiry<'_>,
    now: Timestamp,
) -> Assessment<Change> {
    let Some(platform) = platform(settings, target) else {
        return undeclared(target);
    };
    let nobody = Labels::default();
    let selector = target
        .node_group(&platform.node_group)
        .map_or(&nobody, |group| &group.selector);
    let zone = settings.deployment.zone.rules();
    let standing = alarm::standing(&facts.alarms, platform, now);
    let health = provisioner::health(&facts.cluster, &platform.provisioner);
    let pods = &facts.cluster.pods;
    let nodes = GroupNodes::of(&facts.cluster.nodes, &facts.group.group);
    let waiting = pods
        .as_ref()
        .map(|pods| Waiting::of(pods, &nodes, platform, now))
        .map_err(Clone::clone);
    let pulls = pods
        .as_ref()
        .map(|pods| PullFailures::of(pods, platform))
        .map_err(Clone::clone);
    let failures = facts
        .group
        .activities
        .as_ref()
        .map(|all| Failures::of(all, &platform.limits, now))
        .map_err(Clone::clone);
    let evidence = Evidence {
        facts,
        health: &health,
        waiting: &waiting,
        pulls: &pulls,
        selector,
    };
    let diagnosis = cause::diagnose(&evidence, platform);
    let class = Class::of(&standing, &diagnosis);
    let cluster = target.cluster.as_ref().map(|cluster| cluster.name.as_str());
    let owner = facts
        .group
        .group
        .as_ref()
        .map(|group| ownership::owner(facts, group, platform, cluster))
        .map_err(Clone::clone);
    let grounds = Grounds {
        facts,
        platform,
        owner: &owner,
        waiting: &waiting,
        failures: &failures,
        leases: &inquiry.standing.leases,
        key: inquiry.key,
        now,
    };
    let (plan, extra) = match alarm::refuted(&facts.alarms, inquiry.occasion) {
        Some(refusal) => (
            Plan {
                refusals: vec![refusal],
                ..Plan::default()
            },
            Vec::new(),
        ),
        None => decided(&standing, &diagnosis, &grounds, &health, inquiry.key),
    };
    let limits = &platform.limits;
    let not_looked_at = waiting.as_ref().map_or(0, Waiting::not_looked_at);
    let mut items = vec![
        alarm::item(&standing, &facts.alarms, platform.min_samples),
        cause::item(class, &diagnosis),
        provisioner::item(&health, &platform.provisioner),
        pending::item(&waiting, platform),
        images::item(&pulls),
        control::api_item(&facts.cluster.readyz, &facts.eks, not_looked_at, limits),
        control::nodes_item(&facts.cluster.nodes, selector, limits),
        group::item(&facts.group.group, &facts.group.refreshes),
        launches::item(&failures, limits, now),
        group::addresses_item(&facts.group.group, &facts.group.subnets, platform),
    ];
    items.extend(group::quota_item(
        &facts.group.group,
        facts.group.quota.as_ref(),
        platform,
    ));
    items.push(schedule::item(&facts.group.scheduled, zone, now));
    items.push(ownership::item(&owner));
    items.extend(extra);
    let mut charts = chart::latency(&facts.alarms, platform, zone, now);
    charts.push(chart::nodes(&facts.group.group, &facts.cluster.nodes));
    Assessment {
        items,
        charts,
        says: sentence(class, &diagnosis, &plan),
        plan,
        left: None,
    }
}

/// The settings of a target.
pub(crate) fn platform<'a>(
    settings: &'a Settings<ProvisioningLatencySettings>,
    target: &Target,
) -> Option<&'a Platform> {
    settings.function.targets.get(target.name.as_str())
}

/// A target that the settings do not name.
pub(crate) fn undeclared(target: &Target) -> Assessment<Change> {
    let why = format!(
        "the settings name no platform for the target {}: add it to provisioning_latency.targets",
        target.name
    );
    Assessment {
        items: Vec::new(),
        charts: Vec::new(),
        plan: Plan::nothing(target.name.as_str(), why),
        says: "the target is not declared".to_owned(),
        left: None,
    }
}

/// The plan, and the lines that only deciding brings up.
fn decided(
    standing: &Standing,
    diagnosis: &Diagnosis,
    grounds: &Grounds<'_>,
    health: &provisioner::Health<'_>,
    key: &str,
) -> (Plan<Change>, Vec<Item>) {
    let resource = Change::resource_of_group(&grounds.facts.group.name);
    match standing {
        Standing::Slow(_) => {}
        Standing::Fine(says) => {
            let why = format!("no longer breaching, nothing is changed: {says}");
            return (Plan::nothing(resource, why), Vec::new());
        }
        Standing::NotEnough(says) => {
            let why = format!("not enough data, nothing is changed: {says}");
            return (Plan::nothing(resource, why), Vec::new());
        }
    }
    let remedy = diagnosis.evidence(Cause::Provisioner).and_then(|_| {
        provisioner::remedy(
            health,
            &grounds.facts.cluster.pods,
            grounds.platform,
            (key, grounds.now),
        )
    });
    let scaling = if diagnosis.evidence(Cause::Capacity).is_some() {
        scale::scaling(grounds)
    } else {
        let why = diagnosis
            .unread
            .iter()
            .find(|(cause, _)| *cause == Cause::Capacity)
            .map_or_else(
                || "nothing is raised: no workspace was seen that waits for a node, and more nodes cure nothing else".to_owned(),
                |(_, why)| format!("nothing is raised: whether workspaces wait for nodes is not known: {why}"),
            );
        Scaling {
            skips: vec![Skip {
                resource: resource.clone(),
                why,
            }],
            ..Scaling::default()
        }
    };
    joined(scaling, remedy, &resource)
}

/// One plan of the two. What objects to one of them is no reason to leave the other, so it becomes a skip beside a step.
fn joined(scaling: Scaling, remedy: Option<Remedy>, resource: &str) -> (Plan<Change>, Vec<Item>) {
    let mut plan = Plan {
        // The raise comes first: it disturbs nobody, and a restart that fails must not keep it from being made.
        steps: scaling.step.into_iter().collect(),
        skips: scaling.skips,
        refusals: scaling.refusals,
    };
    let raises = !plan.steps.is_empty();
    let aside = |refusal: Refusal| Skip {
        resource: resource.to_owned(),
        why: format!(
            "{}: {}; allowed by: {}",
            refusal.guard.words(),
            refusal.says,
            refusal.allowed_by
        ),
    };
    match remedy {
        None => {}
        Some(Remedy::Leave(skip)) => plan.skips.push(skip),
        Some(Remedy::Refuse(refusal)) if raises => plan.skips.push(aside(refusal)),
        Some(Remedy::Refuse(refusal)) => plan.refusals.push(refusal),
        Some(Remedy::Restart(step)) => {
            plan.skips.extend(plan.refusals.drain(..).map(aside));
            plan.steps.push(*step);
        }
    }
    (plan, scaling.items)
}

/// The finding in one sentence: the cause, then what is done.
fn sentence(class: Class, diagnosis: &Diagnosis, plan: &Plan<Change>) -> String {
    let cause = match class {
        Class::Caused(_) => diagnosis.words(),
        other => other.words().to_owned(),
    };
    let done: Vec<String> = plan
        .steps
        .iter()
        .map(|step| match &step.change {
            Change::Raise(raise) => format!("{} -> {} nodes", raise.from, raise.to),
            Change::Restart(_) => "restart of the provisioner".to_owned(),
            Change::GiveBack(back) => format!("{} nodes back", back.nodes.len()),
            Change::Uncordon(lift) => format!("{} cordons lifted", lift.nodes.len()),
        })
        .collect();
    match (class, done.is_empty(), plan.refusals.first()) {
        (_, _, Some(refusal)) => format!("{cause}, refused by {}", refusal.guard.words()),
        (_, false, None) => format!("{cause}: {}", done.join(", ")),
        (_, true, None) => cause,
    }
}
