//! The label that puts one pod under its quarantine policy.
//!
//! The label is added and no other is touched: a pod that loses a label of its selector leaves its `ReplicaSet`, which
//! starts another, and on EKS a pod without owner references is under no policy at all. So the pod stays behind its Services
//! until it is not ready or gone.

use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde_json::json;

use super::{At, Change, Decision, FIELD_MANAGER, Step};
use crate::ClusterClient;
use crate::objects::{PodDetail, PodHold};

/// Label of a pod in quarantine; its value is that of the policy's selector.
pub const QUARANTINE_LABEL: &str = "day2.dev/quarantine";

/// The label that one pod is to have, or to lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineLabel<'a> {
    /// Namespace of the pod.
    pub namespace: &'a DnsLabel,
    /// Name of the pod.
    pub pod: &'a DnsName,
    /// Its uid: another pod of the name is left alone.
    pub uid: &'a str,
    /// The value, of which no other pod may have the like; for example the uid.
    pub value: &'a DnsLabel,
}

/// A pod with the label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// A value under our label that was not set by Day2, and that was replaced; for example by the author of the pod,
    /// who hoped that we would refuse.
    pub replaced: Option<String>,
}

/// A pod without the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlabelled {
    /// It had none already.
    pub was_absent: bool,
}

impl ClusterClient {
    /// Labels the pod. `seen` is the pod as it was read a moment ago; it spares a read. A value that Day2 itself set for
    /// something else is never overwritten. Needs `get` and `patch` on `pods`.
    pub async fn quarantine_pod(
        &self,
        label: &QuarantineLabel<'_>,
        seen: Option<&PodDetail>,
        deadline: Timestamp,
    ) -> Change<Labelled> {
        let at = At::of::<PodHold>(Some(label.namespace), label.pod);
        self.change(label, &at, seen.and_then(PodHold::of), deadline)
            .await
    }

    /// Takes the label back, if its value is the given one. Needs `get` and `patch` on `pods`.
    pub async fn release_pod(&self, label: &QuarantineLabel<'_>, deadline: Timestamp) -> Change<Unlabelled> {
        let at = At::of::<PodHold>(Some(label.namespace), label.pod);
        self.change(&Release(*label), &at, None, deadline).await
    }
}

impl QuarantineLabel<'_> {
    fn objection(&self, seen: &PodHold) -> Option<String> {
        let why = if seen.uid != self.uid {
            "another pod has its name now, with another uid"
        } else if seen.resource_version.is_empty() {
            "the API server does not say its version, so that nothing can be changed safely"
        } else {
            return None;
        };
        Some(why.to_owned())
    }
}

impl Step for QuarantineLabel<'_> {
    type Target = PodHold;
    type Made = Labelled;

    fn decide(&self, seen: &PodHold) -> Decision<Labelled> {
        if let Some(why) = self.objection(seen) {
            return Decision::Refuse(why);
        }
        if self.shows(seen) {
            return Decision::Done(Labelled { replaced: None });
        }
        let by_us = seen.label_managers.iter().any(|manager| manager == FIELD_MANAGER);
        if let Some(value) = seen.label.as_ref().filter(|_| by_us) {
            return Decision::Refuse(format!("it is in another quarantine of ours already, `{value}`"));
        }
        Decision::Patch(json!({"metadata": {
            "uid": self.uid,
            "resourceVersion": seen.resource_version,
            "labels": {QUARANTINE_LABEL: self.value.as_str()},
        }}))
    }

    fn made(&self, before: &PodHold, _: Option<&PodHold>) -> Labelled {
        Labelled {
            replaced: before.label.clone(),
        }
    }

    fn shows(&self, seen: &PodHold) -> bool {
        seen.uid == self.uid && seen.label.as_deref() == Some(self.value.as_str())
    }
}

/// The taking back of a label.
struct Release<'a>(QuarantineLabel<'a>);

impl Step for Release<'_> {
    type Target = PodHold;
    type Made = Unlabelled;

    fn decide(&self, seen: &PodHold) -> Decision<Unlabelled> {
        if let Some(why) = self.0.objection(seen) {
            return Decision::Refuse(why);
        }
        match &seen.label {
            None => Decision::Done(Unlabelled { was_absent: true }),
            Some(value) if value != self.0.value.as_str() => {
                Decision::Refuse(format!("its quarantine is `{value}` now, not `{}`", self.0.value))
            }
            Some(_) => Decision::Patch(json!({"metadata": {
                "uid": self.0.uid,
                "resourceVersion": seen.resource_version,
                "labels": {QUARANTINE_LABEL: null},
            }})),
        }
    }

    fn made(&self, _: &PodHold, _: Option<&PodHold>) -> Unlabelled {
        Unlabelled { was_absent: false }
    }

    fn shows(&self, seen: &PodHold) -> bool {
        seen.uid == self.0.uid && seen.label.is_none()
    }
}
