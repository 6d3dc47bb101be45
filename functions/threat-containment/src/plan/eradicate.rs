//! Ending the workload: its real owner, not the pod that the owner would make again (runbook trap 7).
//!
//! What is never ended, whatever the settings say: what a DaemonSet or a kubelet runs, what stands in a denied namespace,
//! and what has an owner that is not known or could not be read.

use day2_core::containment::{Containment, Measure};
use day2_kube::change::Scalable;
use day2_kube::objects::{Controller, DeployedBy, PodDetail, ScaledObject};
use day2_kube::{ChainEnd, Owners};

use super::isolate::{denied, release};
use super::{Draft, owner, pending};
use crate::facts::WorkloadFacts;
use crate::settings::{Eradicate, ThreatContainmentSettings};

/// What the plan stands on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The pod.
    pub pod: &'a PodDetail,
    /// What controls it.
    pub owners: &'a Owners,
    /// What would bring it back, and who else is like it.
    pub workload: &'a WorkloadFacts,
    /// Pods of the same owner that are contained, this one included.
    pub contained: usize,
    /// The containment.
    pub containment_id: &'a str,
}

/// Plans the end of a workload.
#[must_use]
pub fn eradicate(ground: Ground<'_>, settings: &ThreatContainmentSettings) -> Draft {
    let mut draft = Draft::default();
    let pod = ground.pod;
    let resource = ground.owners.controllers.last().map_or_else(
        || format!("pod {}/{}", pod.namespace, pod.name),
        Controller::full_name,
    );
    if settings.eradicate == Eradicate::Never {
        draft.skip(
            resource,
            "eradicate is never: the pod is cut off, and a person decides about the workload",
        );
        return draft;
    }
    if let Some(why) = denied(settings, &pod.namespace) {
        draft.skip(
            resource,
            format!("{why}: nothing there is ever scaled or deleted"),
        );
        return draft;
    }
    match &ground.owners.end {
        ChainEnd::Top => match ground.owners.controllers.last() {
            Some(top) => end_of_controller(&mut draft, ground, top, settings),
            None => draft.skip(resource, "its owner is not known"),
        },
        ChainEnd::Naked => delete(&mut draft, ground, settings, "it has no controller"),
        ChainEnd::Static => draft.skip(
            resource,
            "it is a static pod: the kubelet runs it from a file of the node; take the file away, or end the node",
        ),
        ChainEnd::Missing(owner) => draft.skip(
            resource,
            format!("its owner {} {} does not exist any more; the garbage collector takes the pod", owner.kind, owner.name),
        ),
        ChainEnd::Replaced(owner) => draft.skip(
            resource,
            format!("another {} stands under the name {}; nothing was guessed", owner.kind, owner.name),
        ),
        ChainEnd::NotServed(owner) => draft.skip(
            resource,
            format!("the cluster does not know the kind {} of its owner", owner.kind),
        ),
        ChainEnd::Unreadable(owner, why) => draft.skip(
            resource,
            format!("its owner {} {} could not be read: {why}", owner.kind, owner.name),
        ),
        ChainEnd::TooLong(owner) => draft.skip(
            resource,
            format!("it has more owners than are followed, up to {} {}", owner.kind, owner.name),
        ),
    }
    draft
}

fn end_of_controller(
    draft: &mut Draft,
    ground: Ground<'_>,
    top: &Controller,
    settings: &ThreatContainmentSettings,
) {
    match (top.kind.as_str(), Scalable::of(top)) {
        (_, Some(_)) => scale(draft, ground, top, settings),
        ("DaemonSet", None) => draft.skip(
            top.full_name(),
            "a DaemonSet runs on every node and is never scaled; change or delete it where it is deployed",
        ),
        ("Job" | "CronJob", None) => {
            delete(draft, ground, settings, "its Job would not end by scaling");
            // To be said whether the pod is deleted or not.
            if top.kind == "CronJob" && !top.suspended {
                draft.skip(
                    top.full_name(),
                    "it starts such a pod again at its next time: suspend it",
                );
            }
        }
        (kind, None) => draft.skip(
            top.full_name(),
            format!(
                "what a zero means to the operator of kind {kind} is not known; end it where it is deployed"
            ),
        ),
    }
}

fn scale(draft: &mut Draft, ground: Ground<'_>, top: &Controller, settings: &ThreatContainmentSettings) {
    let resource = top.full_name();
    // The API server fills in 1 where the spec leaves it out.
    let replicas = top.replicas.unwrap_or(1);
    if replicas == 0 {
        draft.skip(resource, "it stands at zero replicas already");
        return;
    }
    let ready = usize::try_from(top.ready.unwrap_or(0)).unwrap_or(0);
    let others = ready.saturating_sub(ground.contained);
    if others > 0 && !settings.workload.may_stop_healthy_replicas {
        draft.skip(
            resource,
            format!(
                "{others} other replicas are ready and serve; workload.may_stop_healthy_replicas lets them be stopped too"
            ),
        );
        return;
    }
    if !keda(draft, ground, top) {
        return;
    }
    let mut after = "0 replicas".to_owned();
    let hpa = ground.workload.autoscalers.as_ref().map(|all| {
        all.iter()
            .find(|hpa| hpa.target.kind == top.kind && hpa.target.name == top.name)
            .map(|hpa| hpa.name.clone())
    });
    match hpa {
        // Source: Kubernetes, "Horizontal Pod Autoscaling", implicit maintenance-mode deactivation.
        Ok(Some(name)) => after = format!("0 replicas, which also halts HorizontalPodAutoscaler {name}"),
        Ok(None) => {}
        Err(why) => draft.skip(
            format!("autoscalers of {resource}"),
            format!("they could not be read; one that is there is halted by zero replicas: {why}"),
        ),
    }
    draft.measures.push(pending(
        resource,
        Measure::Scale {
            workload: top.kind.clone(),
            name: top.name.clone(),
            uid: top.uid.clone(),
            replicas_before: replicas,
        },
        format!("{replicas} replicas"),
        after,
        release(
            &format!("the replicas go back to {replicas}, if they are still 0"),
            ground.containment_id,
        ),
    ));
    if let Some(says) = brought_back(ground.owners) {
        draft.skip(format!("deployment tool of {}", top.full_name()), says);
    }
}

/// Pauses KEDA first: it scales from zero by itself. Whether the workload may be scaled at all.
fn keda(draft: &mut Draft, ground: Ground<'_>, top: &Controller) -> bool {
    let scaler: Option<&ScaledObject> = match &ground.workload.scaled_objects {
        Err(why) => {
            draft.skip(
                top.full_name(),
                format!("whether KEDA scales it could not be read, and KEDA would bring it back: {why}"),
            );
            return false;
        }
        Ok(all) => all
            .iter()
            .flatten()
            .find(|one| one.scales(&top.namespace, &top.kind, &top.name)),
    };
    let Some(scaler) = scaler else { return true };
    let resource = format!("scaledobject {}/{}", scaler.namespace, scaler.name);
    let ours = owner(ground.containment_id);
    if scaler.is_paused() && scaler.pause_owner.as_deref() != Some(&*ours) {
        draft.skip(resource, "it is paused already, by somebody else: left as it is");
        return true;
    }
    draft.measures.push(pending(
        resource,
        Measure::PauseScaledObject {
            name: scaler.name.clone(),
            uid: scaler.uid.clone(),
            owner: ours,
        },
        format!("scales between {} and {} replicas", scaler.min, scaler.max),
        "paused",
        release("the pause is lifted, if it is still ours", ground.containment_id),
    ));
    true
}

fn delete(draft: &mut Draft, ground: Ground<'_>, settings: &ThreatContainmentSettings, why: &str) {
    let pod = ground.pod;
    // Another name than the label's: a resource has one measure in a containment.
    let resource = format!("existence of pod {}/{}", pod.namespace, pod.name);
    if !settings.workload.may_delete_pods {
        draft.skip(
            resource,
            format!("{why}; workload.may_delete_pods lets it be deleted"),
        );
        return;
    }
    draft.measures.push(pending(
        resource,
        Measure::DeletePod,
        format!("runs, uid {}", pod.uid),
        "deleted with its own grace period",
        "a deleted pod does not come back; deploy it again from a clean image",
    ));
}

/// Who will set the replicas back, if anybody (`cases.md` K15).
#[must_use]
pub fn brought_back(owners: &Owners) -> Option<String> {
    let tool = owners
        .controllers
        .iter()
        .rev()
        .find_map(Controller::deployed_by)?;
    Some(match tool {
        DeployedBy::ArgoCd(Some(application)) => format!(
            "Argo CD application {application} sets it back where it syncs by itself: suspend its sync"
        ),
        DeployedBy::ArgoCd(None) => {
            "Argo CD sets it back where it syncs by itself: suspend its sync".to_owned()
        }
        DeployedBy::FluxKustomization(name) => {
            format!(
                "Flux Kustomization {name} sets it back at its next reconciliation: flux suspend kustomization"
            )
        }
        DeployedBy::FluxHelmRelease(name) => {
            format!("Flux HelmRelease {name} sets it back at its next upgrade: flux suspend helmrelease")
        }
        DeployedBy::Other(name) => {
            format!("{name} deployed it, and brings it back at the next deployment")
        }
    })
}

/// How many pods of an owner may be contained: a share of its replicas, and one at least (`cases.md` D10).
#[must_use]
pub fn most_of_owner(replicas: Option<i64>, share: f64) -> u32 {
    #[expect(clippy::cast_precision_loss, reason = "replicas stay far below 2^52")]
    let allowed = replicas.unwrap_or(1).max(0) as f64 * share / 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturating on purpose"
    )]
    let allowed = allowed.floor() as u32;
    allowed.max(1)
}

/// How many pods of this owner are contained, the one of `containment_id` included.
#[must_use]
pub fn contained_of(known: &[Containment], owner: Option<&str>, containment_id: &str) -> usize {
    let others = known
        .iter()
        .filter(|one| one.is_open() && one.id != containment_id)
        .filter(|one| owner.is_some() && one.pod.owner.as_deref() == owner)
        .count();
    others.saturating_add(1)
}
