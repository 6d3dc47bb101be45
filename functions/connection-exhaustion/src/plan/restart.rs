//! Whether the leaking client can be restarted by its own rollout, and the step that does it.

use day2_core::action::{Step, Undo};
use day2_kube::Rollout;
use day2_kube::change::RESTART_ANNOTATION;
use day2_kube::objects::{DeploymentDetail, PodDisruptionBudget};

use super::pools::Pool;
use crate::Change;
use crate::facts::ClientFacts;
use crate::settings::Client;

/// Seconds that the change itself may take: a read, a PATCH, and a second look where the answer was lost. The rollout
/// goes on by itself.
const TAKES_SECONDS: u32 = 30;

/// The step that restarts a client.
///
/// # Errors
///
/// In words: what stands against it, and what would help.
pub(crate) fn step(
    pool: &Pool<'_>,
    connections: u64,
    key: &str,
    evidence: &str,
) -> Result<Step<Change>, String> {
    let client = pool.client;
    if !client.may_restart {
        return Err(format!(
            "it leaks by the figures ({evidence}); set `may_restart` of the client {} to allow its restart, or restart \
             it by hand: kubectl -n {} rollout restart deployment/{}",
            client.name, client.namespace, client.deployment
        ));
    }
    let deployment = deployment(pool.facts, client)?;
    let is_ours = is_restarted_for(deployment, key);
    if !is_ours {
        may_restart(pool.facts, client)?;
    }
    Ok(Step {
        change: Change::Restart {
            client: client.name.clone(),
            namespace: client.namespace.as_str().to_owned(),
            deployment: client.deployment.as_str().to_owned(),
            uid: deployment.uid.clone(),
            connections,
        },
        resource: client.resource(),
        title: format!("restart the leaking client {} by its own rollout", client.name),
        // The uid, so that an approval is of this Deployment and not of another one of its name.
        before: format!("{} pods of Deployment {}", deployment.desired, deployment.uid),
        after: format!("{} new pods", deployment.desired),
        precondition:
            "it is the same Deployment, not paused, in no rollout, with all pods available and budgets that \
                       allow a disruption"
                .to_owned(),
        undo: Undo::Nothing {
            words: "a restart cannot be taken back; the number of pods stays as it is".to_owned(),
        },
        blast_radius: format!(
            "all {} pods of {}, one after another as its strategy says; while old and new pods overlap, each new one \
             opens up to {} connections. {evidence}",
            deployment.desired, client.name, client.pool_size
        ),
        disruptive: true,
        takes_seconds: TAKES_SECONDS,
    })
}

/// Whether the pods of this Deployment were restarted for this occasion already.
pub(crate) fn is_restarted_for(deployment: &DeploymentDetail, key: &str) -> bool {
    deployment
        .template_annotations
        .get(RESTART_ANNOTATION)
        .map(String::as_str)
        == Some(key)
}

fn deployment<'a>(facts: &'a ClientFacts, client: &Client) -> Result<&'a DeploymentDetail, String> {
    facts
        .deployment
        .as_ref()
        .map_err(ToString::to_string)?
        .as_ref()
        .ok_or_else(|| format!("there is no {}", client.resource()))
}

/// Whether its pods may be replaced now, by what was read. Asked when it is planned, and again right before the change.
///
/// # Errors
///
/// In words: what stands against it, and what would help.
pub(crate) fn may_restart(facts: &ClientFacts, client: &Client) -> Result<(), String> {
    let deployment = deployment(facts, client)?;
    if deployment.deleting_since.is_some() {
        return Err("it is being deleted".to_owned());
    }
    if deployment.paused {
        return Err(
            "it is paused, and a restart would wait until somebody resumes it: kubectl rollout resume"
                .to_owned(),
        );
    }
    if deployment.desired <= 0 {
        return Err("it is scaled to zero, and holds no connections".to_owned());
    }
    if let Some(rollout) = Rollout::between_templates(deployment) {
        return Err(format!(
            "a rollout is under way ({rollout}): its new pods connect anew anyway; look again when it has ended"
        ));
    }
    if deployment.strategy != "RollingUpdate" {
        return Err(format!(
            "its strategy is {:?}, which ends all pods at once: they would all connect again in the same moment; set \
             RollingUpdate",
            deployment.strategy
        ));
    }
    if deployment.available < deployment.desired {
        return Err(format!(
            "{} of {} pods are available: it is degraded already, and a restart could take the rest; mend it first",
            deployment.available, deployment.desired
        ));
    }
    budgets_allow(facts)
}

/// A rollout does not ask disruption budgets, so that we do: what its owner promised holds for us too.
fn budgets_allow(facts: &ClientFacts) -> Result<(), String> {
    let pods = facts
        .pods
        .as_ref()
        .map_err(|why| format!("its pods are not readable: {why}"))?;
    let budgets = facts
        .budgets
        .as_ref()
        .map_err(|why| format!("its disruption budgets are not readable: {why}"))?;
    let protects = |budget: &&PodDisruptionBudget| {
        pods.iter()
            .any(|pod| budget.protects(&pod.namespace, &pod.labels))
    };
    for budget in budgets.iter().filter(protects) {
        if budget.observed_generation < budget.generation {
            return Err(format!(
                "PodDisruptionBudget {} was changed and not looked at yet: look again in a moment",
                budget.name
            ));
        }
        if budget.disruptions_allowed < 1 {
            return Err(format!(
                "PodDisruptionBudget {} allows no disruption ({} of {} pods healthy, {} must be): make its pods healthy, \
                 run more of them, or lower the budget",
                budget.name, budget.current_healthy, budget.expected_pods, budget.desired_healthy
            ));
        }
    }
    Ok(())
}
