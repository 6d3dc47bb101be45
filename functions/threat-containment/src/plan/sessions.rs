//! The sessions that the pod's role already has: a policy that denies them, of the roles that the settings name and no other.
//!
//! The role is read and not guessed: what the service account says now must be what the pod was started with. A role that
//! somebody protected acts as too is left alone.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use day2_core::containment::Measure;
use day2_core::containment::sessions::{policy_name, role_name};
use day2_core::target::Target;
use day2_kube::objects::PodDetail;

use super::isolate::{denied, release};
use super::{Draft, pending};
use crate::facts::WorkloadFacts;
use crate::settings::ThreatContainmentSettings;

/// Most service accounts that a step names.
const NAMED: usize = 5;

/// Plans what is done about the sessions of the pod's roles.
#[must_use]
pub fn sessions(
    pod: &PodDetail,
    facts: &WorkloadFacts,
    settings: &ThreatContainmentSettings,
    target: &Target,
    containment_id: &str,
) -> Draft {
    let mut draft = Draft::default();
    if !settings.sessions.deny {
        return draft;
    }
    let account = format!("older sessions of {}/{}", pod.namespace, pod.service_account);
    if let Some(why) = denied(settings, &pod.namespace) {
        draft.skip(account, format!("{why}: no role is touched"));
        return draft;
    }
    let roles = match facts.roles() {
        Ok(roles) => roles,
        Err(why) => {
            draft.skip(
                account,
                format!("as which role the pod acts could not be read: {why}"),
            );
            return draft;
        }
    };
    if roles.is_empty() {
        draft.skip(
            account,
            "the pod's account acts as no IAM role, neither by IRSA nor by EKS Pod Identity",
        );
    }
    for role in roles {
        match may_touch(pod, role, facts, settings, target) {
            Err(why) => draft.skip(format!("older sessions of {role}"), why),
            Ok((name, shared)) => {
                let policy = policy_name(containment_id);
                let after = format!("what was issued before the containment is denied everything{shared}");
                draft.measures.push(pending(
                    format!("policy {policy} of role {name}"),
                    Measure::DenySessions {
                        role: role.to_owned(),
                        policy,
                        issued_before: None,
                    },
                    "its sessions are valid until they expire",
                    after,
                    release(
                        "the policy is deleted, if it is still ours; older sessions that have not expired are valid again",
                        containment_id,
                    ),
                ));
            }
        }
    }
    draft
}

/// The name of the role, and who else acts as it in words; or why it is left alone.
fn may_touch<'a>(
    pod: &PodDetail,
    role: &'a str,
    facts: &WorkloadFacts,
    settings: &ThreatContainmentSettings,
    target: &Target,
) -> Result<(&'a str, String), String> {
    let policy = &settings.sessions;
    let name = role_name(role).ok_or("it is no ARN of a role that can be touched")?;
    // IAM takes a name and no account: a role of another account would hit the one of the same name here.
    if role.split(':').nth(4) != Some(target.account_id.as_str()) {
        return Err(format!(
            "it is not in the account of the target, {}",
            target.account_id
        ));
    }
    let by_identity = facts
        .pod_identity
        .as_ref()
        .is_ok_and(|all| all.iter().any(|one| one.role_arn == role));
    if !by_identity && !pod.role_arns.is_empty() && !pod.role_arns.contains(role) {
        let own: Vec<&str> = pod.role_arns.iter().map(String::as_str).collect();
        return Err(format!(
            "the pod was started as {}, and its account names this role now: find out who changed the account",
            own.join(", ")
        ));
    }
    if !policy.names(role) {
        return Err("sessions.roles does not name it".to_owned());
    }
    let actors = match &facts.actors {
        Some(Ok(actors)) => actors,
        Some(Err(why)) => return Err(format!("who else acts as it could not be read: {why}")),
        None => return Err("who else acts as it was not read".to_owned()),
    };
    let own = (pod.namespace.as_str(), pod.service_account.as_str());
    let of_role = actors.iter().filter(|one| one.role_arn == role);
    let others: BTreeSet<(&str, &str)> = of_role
        .map(|one| (one.namespace.as_str(), one.service_account.as_str()))
        .filter(|one| *one != own)
        .collect();
    let protected = |(namespace, account): &(&str, &str)| {
        policy.protects(namespace, account) || denied(settings, namespace).is_some()
    };
    let spared = std::iter::once(&own).chain(&others).find(|one| protected(one));
    if let Some((namespace, account)) = spared.filter(|_| !policy.may_touch_protected) {
        return Err(format!(
            "{namespace}/{account} is protected and acts as it; sessions.may_touch_protected lets it be touched nevertheless"
        ));
    }
    Ok((name, shared(&others)))
}

fn shared(others: &BTreeSet<(&str, &str)>) -> String {
    if others.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = others
        .iter()
        .take(NAMED)
        .map(|(namespace, account)| format!("{namespace}/{account}"))
        .collect();
    if others.len() > NAMED {
        names.push(format!("{} more", others.len() - NAMED));
    }
    format!("; {} act as it too", names.join(", "))
}
