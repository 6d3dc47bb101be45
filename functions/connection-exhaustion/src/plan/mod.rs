//! Judges and plans. Pure: facts, settings, journal and the moment go in; items and at most one step come out.

pub mod instance;
pub mod leak;
pub mod maximum;
pub mod pools;
pub mod trend;

pub(crate) mod acu;
mod alarm;
mod cool;
mod items;
pub(crate) mod proposals;
pub(crate) mod restart;
pub(crate) mod status;

#[cfg(test)]
pub(crate) mod tests;

use day2_aws::{Assessment, Inquiry, Moment};
use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{Lease, Occasion, Plan, Skip, Step};
use day2_core::database::AcuRange;
use day2_core::settings::Settings;
use day2_core::target::Target;
use serde::Deserialize as _;

use crate::Change;
use crate::change::cluster_resource;
use crate::facts::{Database, Facts};
use crate::settings::{ConnectionExhaustionSettings, Policy};
use cool::cool;
use instance::Judged;
use leak::{balance, leaking};
use pools::{Pool, pools};
use status::{Standing as Status, standing};

/// Judges and plans.
#[must_use]
pub fn plan(
    facts: &Facts,
    settings: &Settings<ConnectionExhaustionSettings>,
    target: &Target,
    inquiry: Inquiry<'_>,
    at: Moment,
) -> Assessment<Change> {
    let Some(policy) = settings.function.targets.get(target.name.as_str()) else {
        return refused(Refusal::new(
            Guard::Unreadable,
            format!("the settings have no policy for target {}", target.name),
            format!("targets.{} of the connection_exhaustion settings", target.name),
        ));
    };
    let leases = facts
        .database
        .as_ref()
        .map(|database| leases_on_cluster(inquiry, database))
        .unwrap_or_default();
    let raised_from = leases.first().and_then(|lease| range_before(lease));
    let judged = match &facts.database {
        Ok(database) => instance::judge(database, policy, raised_from, at.now),
        Err(_) => Vec::new(),
    };
    let pools = pools(policy, &facts.clients);
    let balance = balance(connections_of_all(&judged), &pools, policy);
    let alarm = facts.alarm.as_ref().map(|alarm| alarm::judge(alarm, at.now));
    let scene = Scene {
        facts,
        policy,
        judged: &judged,
        pools: &pools,
        balance: &balance,
        leases: &leases,
        inquiry,
        at,
    };
    let mut assessment = Assessment {
        items: items::items(&scene, alarm.as_ref()),
        charts: items::charts(&judged),
        plan: Plan::default(),
        says: items::says(&scene),
        left: None,
    };
    assessment.plan = match alarm::objection(
        inquiry.occasion,
        facts.alarm.as_ref(),
        alarm.as_ref(),
        policy,
        settings.deployment.name.as_str(),
    ) {
        Some(plan) => plan,
        None => remedy(&scene),
    };
    assessment
}

/// Everything that the parts of a plan look at.
pub(crate) struct Scene<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) policy: &'a Policy,
    pub(crate) judged: &'a [Judged<'a>],
    pub(crate) pools: &'a [Pool<'a>],
    pub(crate) balance: &'a Result<leak::Balance, String>,
    pub(crate) leases: &'a [&'a Lease],
    pub(crate) inquiry: Inquiry<'a>,
    pub(crate) at: Moment,
}

fn refused(refusal: Refusal) -> Assessment<Change> {
    Assessment {
        items: Vec::new(),
        charts: Vec::new(),
        says: refusal.says.clone(),
        plan: Plan {
            refusals: vec![refusal],
            ..Plan::default()
        },
        left: None,
    }
}

/// Open leases on the cluster, oldest first: what was there before the oldest is what everything is computed from.
fn leases_on_cluster<'a>(inquiry: Inquiry<'a>, database: &Database) -> Vec<&'a Lease> {
    let resource = cluster_resource(&database.id);
    let open = |lease: &&Lease| lease.state.is_open() && lease.resource == resource;
    let mut leases: Vec<&Lease> = inquiry.standing.leases.iter().filter(open).collect();
    leases.sort_by_key(|lease| lease.created_at);
    leases
}

fn range_before(lease: &Lease) -> Option<AcuRange> {
    let change = Change::deserialize(&lease.change).ok()?;
    change.raised().map(|(before, _)| before)
}

/// Connections of all instances together.
fn connections_of_all(judged: &[Judged<'_>]) -> Result<u64, String> {
    if judged.is_empty() {
        return Err("no instance could be judged".to_owned());
    }
    let mut sum = 0_u64;
    for one in judged {
        let level = one
            .level
            .as_ref()
            .map_err(|why| format!("connections of {}: {why}", one.instance.id))?;
        sum = sum.saturating_add(level.now);
    }
    Ok(sum)
}

/// At most one step: the mildest remedy that can help. What else was considered is said.
fn remedy(scene: &Scene<'_>) -> Plan<Change> {
    let database = match &scene.facts.database {
        Ok(database) => database,
        Err(why) => {
            return stopped(
                Guard::Unreadable,
                format!("the database could not be read: {why}"),
                "the permission or the identifier that is missing",
            );
        }
    };
    if let Some(plan) = goes_on(scene, database) {
        return plan;
    }
    let hot: Vec<&Judged<'_>> = scene
        .judged
        .iter()
        .filter(|one| one.is_hot(&scene.policy.limits) == Some(true))
        .collect();
    if hot.is_empty() {
        return cool(scene, database);
    }
    if let Some(refusal) = being_changed(scene, database) {
        return refusal;
    }
    let mut plan = Plan::default();
    match restart(scene) {
        Ok(step) => {
            plan.steps.push(step);
            plan.skips.push(Skip {
                resource: cluster_resource(&database.id),
                why: "one remedy at a time: capacity is looked at again when the restart has been seen"
                    .to_owned(),
            });
            return plan;
        }
        Err(skip) => plan.skips.push(skip),
    }
    match raise(scene, database, &hot) {
        Ok(step) => plan.steps.push(step),
        Err(why) => plan.skips.push(Skip {
            resource: cluster_resource(&database.id),
            why,
        }),
    }
    plan.skips.extend(proposals::proposals(
        database,
        scene.judged,
        &hot,
        scene.pools,
        scene.policy,
    ));
    plan
}

fn stopped(guard: Guard, says: String, allowed_by: &str) -> Plan<Change> {
    Plan {
        refusals: vec![Refusal::new(guard, says, allowed_by)],
        ..Plan::default()
    }
}

/// What an earlier delivery of this occasion began, whatever the figures say by now: the change itself changes them
/// (`cases.md` D12).
fn goes_on(scene: &Scene<'_>, database: &Database) -> Option<Plan<Change>> {
    let key = scene.inquiry.key;
    let restarted = scene.pools.iter().find(|pool| {
        let begun = scene
            .inquiry
            .standing
            .leases_of(key)
            .any(|lease| lease.resource == pool.client.resource());
        begun
            || pool
                .deployment()
                .is_some_and(|one| restart::is_restarted_for(one, key))
    });
    if let Some(pool) = restarted {
        let seen = scene.balance.as_ref().map_or(0, |balance| balance.seen);
        let words = "begun by an earlier delivery of the same occasion";
        return Some(match restart::step(pool, seen, key, words) {
            Ok(step) => Plan {
                steps: vec![step],
                ..Plan::default()
            },
            Err(why) => Plan::nothing(pool.client.resource(), why),
        });
    }
    let ours = scene.leases.iter().any(|lease| lease.occasion == key);
    ours.then(|| match raise(scene, database, &[]) {
        Ok(step) => Plan {
            steps: vec![step],
            ..Plan::default()
        },
        Err(why) => Plan::nothing(cluster_resource(&database.id), why),
    })
}

/// A call by hand is told to come again. For an alarm the step is planned all the same: it waits for the cluster, and if
/// the wait was too short the invocation fails, so that Lambda delivers the alarm again (`cases.md` W06).
fn being_changed(scene: &Scene<'_>, database: &Database) -> Option<Plan<Change>> {
    let by_hand = matches!(scene.inquiry.occasion, Occasion::Manual | Occasion::Approved(_));
    (by_hand && standing(&database.status) == Status::Passing).then(|| {
        stopped(
            Guard::Degraded,
            format!(
                "the database is {}, which takes no other change until it has ended; nobody tries again by itself",
                database.status
            ),
            "call again when it is available (aws rds describe-db-clusters)",
        )
    })
}

fn restart(scene: &Scene<'_>) -> Result<Step<Change>, Skip> {
    let skip = |resource: String, why: String| Skip { resource, why };
    let (pool, evidence) = leaking(scene.balance, scene.pools, scene.policy, scene.at.now)
        .map_err(|why| skip("restart of a client".to_owned(), why))?;
    let seen = scene.balance.as_ref().map_or(0, |balance| balance.seen);
    restart::step(pool, seen, scene.inquiry.key, &evidence).map_err(|why| skip(pool.client.resource(), why))
}

fn raise(scene: &Scene<'_>, database: &Database, hot: &[&Judged<'_>]) -> Result<Step<Change>, String> {
    acu::step(&acu::Shortage {
        database,
        policy: scene.policy,
        hot,
        leases: scene.leases,
        key: scene.inquiry.key,
    })
}
