//! `PRV-003`: the Deployment that builds workspaces, and whether restarting it is allowed and could help.

use day2_core::action::guard::{Refusal, deny_list};
use day2_core::action::{Skip, Step, Undo};
use day2_core::{Item, Observed, Unreadable, Verdict};
use day2_kube::Rollout;
use day2_kube::change::RESTART_ANNOTATION;
use day2_kube::objects::{DeploymentDetail, Pod};
use jiff::Timestamp;

use super::images::is_pull_failure;
use super::words::{count, minutes_since, population};
use crate::change::{Change, Restart};
use crate::facts::ClusterFacts;
use crate::settings::{DENIED_NAMESPACES, Platform, Provisioner};

/// How the provisioner is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Health<'a> {
    /// All its pods are available.
    Well(&'a DeploymentDetail),
    /// Some are not. Says which and why.
    Sick(&'a DeploymentDetail, String),
    /// There is none of that name.
    Absent,
    /// Not known.
    Unread(&'a Unreadable),
}

/// A pod that is not Ready for less than this may just be starting: pulling an image and a first probe take their time.
const SICK_MINUTES: i64 = 3;

/// Seconds that sending the restart may take; the rollout itself is not waited for there.
const TAKES_SECONDS: u32 = 30;

/// Looks at the provisioner.
pub(crate) fn health<'a>(cluster: &'a ClusterFacts, provisioner: &Provisioner) -> Health<'a> {
    let deployments = match &cluster.deployments {
        Ok(deployments) => deployments,
        Err(why) => return Health::Unread(why),
    };
    let Some(found) = deployments
        .iter()
        .find(|one| one.namespace == provisioner.namespace && one.name == provisioner.deployment)
    else {
        return Health::Absent;
    };
    if found.desired == 0 {
        return Health::Sick(found, "it is scaled to zero".to_owned());
    }
    if found.available >= found.desired {
        return Health::Well(found);
    }
    let mut says = format!("{} of {} pods are available", found.available, found.desired);
    if let Some(rollout) = Rollout::between_templates(found) {
        says = format!("{says}; {rollout}");
    }
    if let Ok(pods) = &cluster.pods {
        let reasons: Vec<String> = own(found, pods)
            .filter(|pod| !pod.ready())
            .filter_map(trouble)
            .collect();
        if let Some(first) = reasons.first() {
            says = format!("{says}; {first}");
        }
    }
    Health::Sick(found, says)
}

fn own<'a>(deployment: &'a DeploymentDetail, pods: &'a [Pod]) -> impl Iterator<Item = &'a Pod> {
    pods.iter().filter(|pod| {
        pod.namespace == deployment.namespace
            && !pod.finished()
            && deployment
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&pod.labels))
    })
}

/// What is wrong with one pod, in the words of scheduler and kubelet.
fn trouble(pod: &Pod) -> Option<String> {
    if let Some((reason, _)) = pod.unscheduled() {
        return Some(format!("{} is not placed ({reason})", pod.full_name()));
    }
    if let Some(waiting) = pod.waiting.first() {
        let ended = pod
            .ended
            .iter()
            .find(|ended| ended.container == waiting.container)
            .map(|ended| format!(", last ended with {} ({})", ended.reason, ended.exit_code))
            .unwrap_or_default();
        return Some(format!("{} waits in {}{ended}", pod.full_name(), waiting.reason));
    }
    (!pod.ready()).then(|| format!("{} runs and is not Ready", pod.full_name()))
}

/// The item.
pub(crate) fn item(health: &Health<'_>, provisioner: &Provisioner) -> Item {
    const CODE: &str = "PRV-003";
    const TITLE: &str = "the provisioner is available";
    let (verdict, examined, seen) = match health {
        Health::Unread(why) => return Item::unreadable(CODE, TITLE, 1, why),
        Health::Well(found) => (
            Verdict::Pass,
            1,
            format!("{} of {} pods are available", found.available, found.desired),
        ),
        Health::Sick(_, says) => (Verdict::Fail, 1, says.clone()),
        Health::Absent => (Verdict::Fail, 0, "there is no Deployment of this name".to_owned()),
    };
    let name = format!("{}/{}", provisioner.namespace, provisioner.deployment);
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(examined, 1),
        format!("{name}: {seen}"),
    )
    .threshold(
        "all its pods available",
        "provisioner.namespace, provisioner.deployment",
    )
    .remedy(format!(
        "kubectl -n {} describe deployment {} and the logs of its pods tell why",
        provisioner.namespace, provisioner.deployment
    ))
}

/// What is to be done about a sick provisioner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Remedy {
    /// Restart it.
    Restart(Box<Step<Change>>),
    /// Leave it, for this reason.
    Leave(Skip),
    /// It may never be touched.
    Refuse(Refusal),
}

/// Decides about a restart. Nothing is said about a provisioner that is well.
pub(crate) fn remedy(
    health: &Health<'_>,
    pods: &Observed<Vec<Pod>>,
    platform: &Platform,
    (key, now): (&str, Timestamp),
) -> Option<Remedy> {
    let provisioner = &platform.provisioner;
    let resource = format!("deployment {}/{}", provisioner.namespace, provisioner.deployment);
    let leave = |why: String| {
        Some(Remedy::Leave(Skip {
            resource: resource.clone(),
            why,
        }))
    };
    let found = match health {
        Health::Well(_) | Health::Unread(_) => return None,
        Health::Absent => {
            return leave(
                "there is no such Deployment: correct provisioner.namespace and provisioner.deployment"
                    .to_owned(),
            );
        }
        Health::Sick(found, _) => *found,
    };
    let by_hand = format!(
        "kubectl -n {} rollout restart deployment {}",
        provisioner.namespace, provisioner.deployment
    );
    if !provisioner.may_restart {
        return leave(format!(
            "the settings do not allow a restart (provisioner.may_restart); by hand: {by_hand}"
        ));
    }
    let denied: Vec<&str> = DENIED_NAMESPACES
        .into_iter()
        .chain(provisioner.denied_namespaces.iter().map(String::as_str))
        .collect();
    if let Some(refusal) = deny_list(
        "namespace",
        &provisioner.namespace,
        &denied,
        "nothing: these namespaces are never touched (provisioner.denied_namespaces adds to them)",
    ) {
        return Some(Remedy::Refuse(refusal));
    }
    if let Some(why) = no_use(found, pods, key, now) {
        return leave(why);
    }
    Some(Remedy::Restart(Box::new(Step {
        change: Change::Restart(Restart {
            namespace: found.namespace.clone(),
            deployment: found.name.clone(),
            uid: found.uid.clone(),
        }),
        resource,
        title: "restart the provisioner, rolling".to_owned(),
        // The uid, so that an approval is of this Deployment and not of another one of its name.
        before: format!(
            "pods of template generation {} of Deployment {}",
            found.generation, found.uid
        ),
        after: "new pods of the same template".to_owned(),
        precondition: "it is not paused, in no rollout, and not restarted for this occasion yet".to_owned(),
        undo: Undo::Nothing {
            words:
                "a restart cannot be taken back; the template stays the same but for the mark of the restart"
                    .to_owned(),
        },
        blast_radius: format!(
            "{} of one Deployment, one after the other by its own rollout; builds in the pods that end are lost",
            count(found.desired, "pod")
        ),
        disruptive: true,
        takes_seconds: TAKES_SECONDS,
    })))
}

/// Whether a pod that is not Ready is sick, and does not merely start: it crashes again and again, or has not been Ready for
/// long. A pod that does not say since when is as old as its start.
fn is_sick(pod: &Pod, now: Timestamp) -> bool {
    let crashes = pod.waiting.iter().any(|one| one.reason == "CrashLoopBackOff");
    let since = pod.condition("Ready").and_then(|ready| ready.since);
    let since = since.or(pod.started_at).or(pod.created_at);
    crashes || since.is_some_and(|since| minutes_since(since, now) >= SICK_MINUTES)
}

/// Why a restart would do nothing, or harm.
fn no_use(found: &DeploymentDetail, pods: &Observed<Vec<Pod>>, key: &str, now: Timestamp) -> Option<String> {
    if found.deleting_since.is_some() {
        return Some("it is being deleted".to_owned());
    }
    if found.desired == 0 {
        return Some(
            "it is scaled to zero, and a restart starts nothing: find out who scaled it down".to_owned(),
        );
    }
    if found.paused {
        return Some("it is paused: a restart would wait until somebody resumes it".to_owned());
    }
    if found.strategy == "Recreate" {
        return Some(
            "its strategy is Recreate: a restart would end all its pods at once; restart it by hand"
                .to_owned(),
        );
    }
    if found
        .template_annotations
        .get(RESTART_ANNOTATION)
        .map(String::as_str)
        == Some(key)
    {
        return Some(
            "it was restarted for this occasion already; once is enough to see whether it helps".to_owned(),
        );
    }
    if let Some(rollout) = Rollout::between_templates(found) {
        return Some(format!("a rollout is under way: {rollout}"));
    }
    let pods = match pods {
        Ok(pods) => pods,
        Err(why) => return Some(format!("its pods could not be read: {why}")),
    };
    let unready: Vec<&Pod> = own(found, pods).filter(|pod| !pod.ready()).collect();
    if unready.is_empty() {
        return Some(
            "no pod of it was seen that is not Ready; nothing shows that a restart would help".to_owned(),
        );
    }
    let sick: Vec<&Pod> = unready.into_iter().filter(|pod| is_sick(pod, now)).collect();
    if sick.is_empty() {
        return Some(format!(
            "its pods that are not Ready have been so for less than {SICK_MINUTES} min and do not crash again and again: \
             they may just be starting"
        ));
    }
    let pulling = |pod: &&Pod| pod.waiting.iter().any(|one| is_pull_failure(&one.reason));
    if sick.iter().all(pulling) {
        return Some("its pods wait for their image, which a restart does not bring".to_owned());
    }
    if sick.iter().all(|pod| pod.node.is_none()) {
        return Some("its pods wait for a node, which a restart does not bring".to_owned());
    }
    None
}
