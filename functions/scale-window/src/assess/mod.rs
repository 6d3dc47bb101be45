//! Every opinion of `scale-window`. Pure: same facts, same plan, same moment, same items.

pub(crate) mod alarms;
pub(crate) mod blockers;
pub(crate) mod capacity;
pub(crate) mod causes;
pub(crate) mod control;
pub(crate) mod database;
pub(crate) mod history;
pub(crate) mod joining;
pub(crate) mod kinds;
pub(crate) mod launching;
pub(crate) mod leftover;
pub(crate) mod max_connections;
pub(crate) mod network;
pub(crate) mod pending;
pub(crate) mod probes;
pub(crate) mod reach;
pub(crate) mod scene;
pub(crate) mod schedule;
pub(crate) mod serving;
pub(crate) mod taints;
pub(crate) mod waterfall;

use day2_core::chart::Chart;
pub(crate) use day2_core::judging::{count, minutes_since, population, worse_of};
use day2_core::target::{Engine, Target};
use day2_core::{Cause, Item, Unreadable};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Task;
use crate::facts::{Database, DatabaseFacts, Facts, Surroundings};
use crate::settings::{Part, Plan};
use crate::window;
use blockers::Blockers;
use capacity::Moment;
use reach::Retried;
use scene::PlannedGroup;

/// Judges the facts of one task.
#[must_use]
pub fn assess(
    facts: &Facts,
    plan: &Plan,
    target: &Target,
    task: Task,
    zone: &TimeZone,
    now: Timestamp,
) -> (Vec<Item>, Vec<Chart>) {
    let groups: Vec<PlannedGroup<'_>> = plan
        .groups
        .iter()
        .zip(&facts.groups)
        .filter_map(|(plan, facts)| {
            let selector = &target.node_group(&plan.node_group)?.selector;
            let (group, actions, activities) = (&facts.group, &facts.actions, &facts.activities);
            Some(PlannedGroup {
                plan,
                selector,
                group,
                actions,
                activities,
                earlier: facts.earlier.as_ref(),
            })
        })
        .collect();
    let since = window::since(plan, task, zone, now);
    let blockers = Blockers::new(&facts.cluster, &groups, &plan.workspace_namespaces, now);
    match task {
        Task::Prescale => (
            prescale(facts, plan, target, &groups, &blockers, zone, now),
            Vec::new(),
        ),
        Task::Postscale => postscale(facts, plan, &groups, &blockers, since, now),
        Task::Scaledown => (scaledown(facts, plan, &groups, &blockers, since, now), Vec::new()),
    }
}

fn prescale(
    facts: &Facts,
    plan: &Plan,
    target: &Target,
    groups: &[PlannedGroup<'_>],
    blockers: &Blockers<'_>,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<Item> {
    let control: Vec<_> = plan
        .control
        .groups
        .iter()
        .filter_map(|group| Some((group, &target.node_group(&group.node_group)?.selector)))
        .collect();
    let mut items = vec![
        control::nodes(&control, &facts.cluster.nodes, now),
        serving::schedulable(
            groups,
            Moment::Before,
            &facts.cluster,
            blockers,
            &plan.limits,
            now,
        ),
    ];
    if !plan.not_checked.contains(&Part::Workloads) {
        items.push(control::workloads(&plan.control.workloads, &facts.cluster));
    }
    if let Some(around) = &facts.surroundings {
        items.extend(surroundings(around, facts, plan, target, groups, now));
    }
    items.push(capacity::as_planned(groups, Moment::Before));
    items.push(capacity::suspended(groups));
    if !plan.not_checked.contains(&Part::Schedule) {
        items.push(schedule::actions(&plan.scheduled_actions, groups, zone, now));
    }
    items.push(reach::addresses(groups, &facts.subnets));
    items.push(reach::maximum(groups));
    let since = window::since(plan, Task::Prescale, zone, now);
    items.push(reach::launches(groups, since, Retried::Counts, now));
    if let Some(launching) = &facts.launching {
        items.push(launching::templates(groups, launching));
        items.push(launching::images(groups, launching, now));
    }
    items.extend(history::earlier_days(groups, plan, zone, now));
    items.sort_by(|a, b| a.code.cmp(&b.code));
    items
}

fn surroundings(
    around: &Surroundings,
    facts: &Facts,
    plan: &Plan,
    target: &Target,
    groups: &[PlannedGroup<'_>],
    now: Timestamp,
) -> Vec<Item> {
    let mut items = alarms::alarms(&around.alarms, &plan.alarms, now);
    if !plan.not_checked.contains(&Part::Probes) {
        let answers: Vec<_> = plan.probes.iter().zip(&around.probes).collect();
        items.push(probes::probes(&answers, now));
    }
    if !plan.not_checked.contains(&Part::Database) {
        items.extend(database_items(around.database.as_ref(), plan, target, now));
    }
    if !plan.not_checked.contains(&Part::Nat) {
        items.push(network::zones(&around.gateways, &facts.subnets, &plan.nat_zones));
        items.push(network::ports(&around.port_errors, &plan.limits, now));
    }
    if !plan.not_checked.contains(&Part::Quotas) {
        let quotas: Vec<_> = plan.quotas.iter().zip(around.quotas.iter().cloned()).collect();
        items.push(reach::quotas(&quotas, groups));
    }
    items
}

fn database_items(facts: Option<&DatabaseFacts>, plan: &Plan, target: &Target, now: Timestamp) -> Vec<Item> {
    let undeclared = || {
        let way_out = "the target declares no database; declare it, or add \"database\" to not_checked";
        Unreadable::new("settings", "database", Cause::NotFound, way_out)
    };
    let absent = || DatabaseFacts {
        database: Err(undeclared()),
        connections: Err(undeclared()),
        lag: Err(undeclared()),
    };
    let facts = facts.cloned().unwrap_or_else(absent);
    let (policy, limits) = (&plan.database, &plan.limits);
    let aurora = target
        .database
        .as_ref()
        .is_some_and(|database| database.engine == Engine::Aurora);
    let min_readers = policy.min_readers.unwrap_or(u32::from(aurora));
    let mut items = vec![
        database::instances(&facts.database, min_readers),
        database::connections(&facts.database, &facts.connections, policy, limits, now),
    ];
    // Without readers nobody could lag; those that nobody asked for can.
    let has_readers = |seen: &Database| seen.instances.iter().any(|one| !one.writer);
    if min_readers > 0 || facts.database.as_ref().is_ok_and(has_readers) {
        items.push(database::replica_lag(
            &facts.database,
            &facts.lag,
            policy,
            min_readers,
            limits,
            now,
        ));
    }
    items
}

fn postscale(
    facts: &Facts,
    plan: &Plan,
    groups: &[PlannedGroup<'_>],
    blockers: &Blockers<'_>,
    since: Timestamp,
    now: Timestamp,
) -> (Vec<Item>, Vec<Chart>) {
    let (cluster, limits) = (&facts.cluster, &plan.limits);
    let mut items = vec![
        capacity::as_planned(groups, Moment::Peak),
        capacity::suspended(groups),
        reach::launches(groups, since, Retried::MadeUpForWhenComplete, now),
        joining::counts(groups, &cluster.nodes, limits, now),
        joining::zones(groups, &cluster.nodes, &facts.subnets),
    ];
    items.extend(joining::lifecycle(groups, &facts.instances));
    // A plan whose peak adds nothing launches nothing that could be late.
    if groups.iter().any(|group| group.plan.peak > group.plan.before) {
        items.push(joining::latency(
            groups,
            &cluster.nodes,
            &facts.instances,
            limits,
            since,
            now,
        ));
    }
    items.push(serving::schedulable(
        groups,
        Moment::Peak,
        cluster,
        blockers,
        limits,
        now,
    ));
    items.push(serving::daemons(groups, cluster, limits, now));
    items.push(pending::pending(&cluster.pods, limits, since, now));
    items.push(kinds::instance_types(groups, &facts.instances));
    let mut charts = vec![waterfall::nodes(groups, cluster, &facts.instances)];
    charts.extend(waterfall::pods(&cluster.pods));
    charts.extend(waterfall::latency(groups, cluster, &facts.instances, since));
    (items, charts)
}

fn scaledown(
    facts: &Facts,
    plan: &Plan,
    groups: &[PlannedGroup<'_>],
    blockers: &Blockers<'_>,
    since: Timestamp,
    now: Timestamp,
) -> Vec<Item> {
    vec![
        capacity::as_planned(groups, Moment::After),
        capacity::suspended(groups),
        reach::launches(groups, since, Retried::Counts, now),
        leftover::still_up(
            groups,
            &facts.cluster.nodes,
            &facts.instances,
            blockers,
            plan,
            now,
        ),
        leftover::stuck_drains(groups, &facts.cluster.nodes, blockers, &plan.limits, now),
    ]
}

/// Values that carry a verdict: finite, not in the future, and at least `min` of them (`cases.md` W21).
///
/// # Errors
///
/// The reason in words when there are too few.
pub(crate) fn usable(points: &[(Timestamp, f64)], now: Timestamp, min: u32) -> Result<Vec<f64>, String> {
    let values: Vec<f64> = points
        .iter()
        .filter(|(at, value)| *at <= now && value.is_finite())
        .map(|(_, value)| *value)
        .collect();
    let needed = usize::try_from(min).unwrap_or(usize::MAX).max(1);
    if values.len() >= needed {
        return Ok(values);
    }
    let dropped = points.len() - values.len();
    let note = if dropped == 0 {
        String::new()
    } else {
        format!(", {dropped} unusable (not a number, or in the future)")
    };
    Err(format!("{} of at least {needed} datapoints{note}", values.len()))
}

#[cfg(test)]
pub(crate) mod tests;
