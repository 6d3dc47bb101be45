//! What is done where nothing is seen near its maximum: nothing, but for a leak behind a pending reboot.

use day2_core::action::guard::Guard;
use day2_core::action::{Plan, Skip};

use super::{Scene, being_changed, restart, stopped};
use crate::Change;
use crate::change::cluster_resource;
use crate::facts::Database;

/// Nothing is near its maximum, or that is not known.
pub(super) fn cool(scene: &Scene<'_>, database: &Database) -> Plan<Change> {
    let unknown: Vec<String> = scene
        .judged
        .iter()
        .filter_map(|one| {
            let why = one.unknown().map(str::to_owned);
            let why = why.or_else(|| one.in_doubt(&scene.policy.limits))?;
            Some(format!("{}: {why}", one.instance.id))
        })
        .collect();
    if scene.judged.is_empty() {
        return Plan::nothing(
            &database.id,
            "the database has no instance: nothing holds connections",
        );
    }
    if !unknown.is_empty() {
        return stopped(
            Guard::Unreadable,
            format!(
                "whether an instance is near its maximum is not known: {}",
                unknown.join("; ")
            ),
            "what is missing, or max_connections in the settings",
        );
    }
    if let Some(why) = hidden_by_a_reboot(scene) {
        return behind_a_reboot(scene, database, why);
    }
    Plan::nothing(
        &database.id,
        format!(
            "no instance is at {} % of the maximum that is in force on it, or will be full within {} minutes. An alarm on \
             the cluster's metric mixes writer and readers: alarm on each instance",
            scene.policy.limits.act_at(),
            scene.policy.limits.act_within_minutes
        ),
    )
}

/// An instance that waits for a reboot may be full although the configured maximum is far away: somebody raised that, and
/// it is not in force (`cases.md` W10).
fn hidden_by_a_reboot(scene: &Scene<'_>) -> Option<String> {
    let (one, later) = scene.judged.iter().find_map(|one| {
        let maximum = one.maximum.as_ref().ok()?;
        Some((one, maximum.after_reboot.filter(|_| maximum.may_be_lower)?))
    })?;
    let now = one.level.as_ref().map_or(0, |level| level.now);
    Some(format!(
        "already raised, connections still high: {} has {now} connections and waits for a reboot. Its maximum is {later} \
         after that, and what is in force until then is less or not known. More ACU would wait with it: reboot or fail \
         over {} in a quiet minute",
        one.instance.id, one.instance.id
    ))
}

/// More ACU would wait for the reboot; the restart of a client that leaks does not. How short it is cannot be seen, so that
/// it needs an alarm that rings: a call by hand alone proves no shortage.
fn behind_a_reboot(scene: &Scene<'_>, database: &Database, why: String) -> Plan<Change> {
    let mut plan = Plan::nothing(cluster_resource(&database.id), why);
    if scene.facts.alarm.is_none() {
        plan.skips.push(Skip {
            resource: "restart of a client".to_owned(),
            why: "no alarm rings, and how near the maximum in force is cannot be seen before the reboot"
                .to_owned(),
        });
        return plan;
    }
    match being_changed(scene, database) {
        Some(refusal) => return refusal,
        None => match restart(scene) {
            Ok(step) => plan.steps.push(step),
            Err(skip) => plan.skips.push(skip),
        },
    }
    plan
}
