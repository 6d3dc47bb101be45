//! Cutting one pod off: a label of our own on exactly this pod, and a policy that selects exactly this label.

use day2_core::action::guard;
use day2_core::containment::{Containment, LABEL, Measure};
use day2_kube::objects::PodDetail;

use super::{Draft, pending};
use crate::settings::{DENIED_NAMESPACES, ThreatContainmentSettings};

/// Why a namespace may not be touched beyond a label, if it may not.
#[must_use]
pub fn denied(settings: &ThreatContainmentSettings, namespace: &str) -> Option<String> {
    let own: Vec<&str> = settings
        .denied_namespaces
        .iter()
        .map(String::as_str)
        .chain(DENIED_NAMESPACES)
        .collect();
    guard::deny_list("namespace", namespace, &own, "denied_namespaces").map(|refusal| refusal.says)
}

/// The resource name of a pod's label.
#[must_use]
pub fn pod_resource(pod: &PodDetail) -> String {
    format!("pod {}/{}", pod.namespace, pod.name)
}

/// Plans the isolation of a pod.
#[must_use]
pub fn isolate(pod: &PodDetail, settings: &ThreatContainmentSettings, containment_id: &str) -> Draft {
    let mut draft = label_only(pod, containment_id);
    let name = format!("day2-quarantine-{}", pod.uid);
    let resource = format!("networkpolicy {}/{name}", pod.namespace);
    if let Some(why) = denied(settings, &pod.namespace) {
        draft.skip(
            resource,
            format!("{why}: a pod there is labelled and reported, and a person decides what is cut off"),
        );
        return draft;
    }
    draft.measures.push(pending(
        resource,
        Measure::Policy { name, uid: None },
        "no policy of this name",
        "denies this pod all traffic, in and out",
        release("the policy is deleted", containment_id),
    ));
    draft
}

/// Plans the label alone: for a denied namespace, and when the circuit breaker is open (`cases.md` D10).
#[must_use]
pub fn label_only(pod: &PodDetail, containment_id: &str) -> Draft {
    let value = Containment::label_value(&pod.uid);
    Draft {
        measures: vec![pending(
            pod_resource(pod),
            Measure::Label { value: value.clone() },
            format!("no label {LABEL}"),
            format!("{LABEL}={value}"),
            release("the label is removed", containment_id),
        )],
        ..Draft::default()
    }
}

/// How a step is undone: by a function of its own, with an approval.
pub(crate) fn release(what: &str, containment_id: &str) -> String {
    format!("by threat-release with {{\"containment\":\"{containment_id}\"}}: {what}")
}
