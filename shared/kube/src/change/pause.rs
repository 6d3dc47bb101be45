//! Pausing KEDA for one workload, and resuming only what we paused.
//!
//! A paused `ScaledObject` keeps the number of replicas as it is, and its `HorizontalPodAutoscaler` is deleted, so that a
//! workload that was scaled to zero stays there (source: KEDA, "Pausing autoscaling"). As with a cordon, a pause is ours when
//! it carries our annotation and nobody but us has set KEDA's since (`metadata.managedFields`).

use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde_json::json;

use super::{At, Change, Decision, FIELD_MANAGER, Step};
use crate::ClusterClient;
use crate::objects::ScaledObjectHold;

/// Annotation with which KEDA is paused.
pub const KEDA_PAUSED_ANNOTATION: &str = "autoscaling.keda.sh/paused";
/// Annotation of a `ScaledObject` with the owner of our pause.
pub const KEDA_PAUSE_ANNOTATION: &str = "day2.dev/keda-pause";

/// A pause that is wanted, or wanted away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseScaling<'a> {
    /// Namespace.
    pub namespace: &'a DnsLabel,
    /// Name of the `ScaledObject`.
    pub name: &'a DnsName,
    /// Its uid.
    pub uid: &'a str,
    /// For whom it stands. Not empty.
    pub owner: &'a str,
}

/// A `ScaledObject` that is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// The pause is this owner's. If it is not, it must never be resumed by us.
    pub ours: bool,
    /// The owner that the annotation names; none for a pause that was not made by Day2.
    pub owner: Option<String>,
}

/// A `ScaledObject` that scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// Somebody had resumed it already.
    pub was_running: bool,
}

impl ClusterClient {
    /// Pauses KEDA, in the name of an owner. What is paused already is not touched. The annotation is a request: whether KEDA
    /// followed is said by the condition `Paused`. Needs `get` and `patch` on `scaledobjects` of `keda.sh`.
    pub async fn pause_scaling(&self, pause: &PauseScaling<'_>, deadline: Timestamp) -> Change<Paused> {
        let at = At::of::<ScaledObjectHold>(Some(pause.namespace), pause.name);
        self.change(pause, &at, None, deadline).await
    }

    /// Takes back a pause of this owner; any other is refused. Needs `get` and `patch` on `scaledobjects` of `keda.sh`.
    pub async fn resume_scaling(&self, pause: &PauseScaling<'_>, deadline: Timestamp) -> Change<Resumed> {
        let at = At::of::<ScaledObjectHold>(Some(pause.namespace), pause.name);
        self.change(&Resume(*pause), &at, None, deadline).await
    }
}

impl PauseScaling<'_> {
    fn objection(&self, seen: &ScaledObjectHold) -> Option<String> {
        let why = if self.owner.is_empty() {
            "a pause needs an owner, and none was given"
        } else if seen.uid != self.uid {
            "it is another ScaledObject of the same name than the one that was planned for"
        } else if seen.resource_version.is_empty() {
            "the API server does not say its version, so that nothing can be changed safely"
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    fn is_ours(&self, seen: &ScaledObjectHold) -> bool {
        seen.owner.as_deref() == Some(self.owner) && by_us(seen)
    }
}

fn by_us(seen: &ScaledObjectHold) -> bool {
    seen.paused_managers
        .iter()
        .all(|manager| manager == FIELD_MANAGER)
}

impl Step for PauseScaling<'_> {
    type Target = ScaledObjectHold;
    type Made = Paused;

    fn decide(&self, seen: &ScaledObjectHold) -> Decision<Paused> {
        if let Some(why) = self.objection(seen) {
            return Decision::Refuse(why);
        }
        if seen.is_paused() {
            return Decision::Done(Paused {
                ours: self.is_ours(seen),
                owner: seen.owner.clone().filter(|_| by_us(seen)),
            });
        }
        if seen.deleting {
            return Decision::Refuse("it is being deleted".to_owned());
        }
        Decision::Patch(json!({"metadata": {
            "resourceVersion": seen.resource_version,
            "annotations": {KEDA_PAUSED_ANNOTATION: "true", KEDA_PAUSE_ANNOTATION: self.owner},
        }}))
    }

    fn made(&self, _: &ScaledObjectHold, _: Option<&ScaledObjectHold>) -> Paused {
        Paused {
            ours: true,
            owner: Some(self.owner.to_owned()),
        }
    }

    fn shows(&self, seen: &ScaledObjectHold) -> bool {
        seen.uid == self.uid && seen.is_paused() && self.is_ours(seen)
    }
}

/// The taking back of a pause.
struct Resume<'a>(PauseScaling<'a>);

impl Step for Resume<'_> {
    type Target = ScaledObjectHold;
    type Made = Resumed;

    fn decide(&self, seen: &ScaledObjectHold) -> Decision<Resumed> {
        if let Some(why) = self.0.objection(seen) {
            return Decision::Refuse(why);
        }
        let marked = seen.owner.as_deref() == Some(self.0.owner);
        if seen.is_paused() && !self.0.is_ours(seen) {
            return Decision::Refuse(match &seen.owner {
                Some(other) if !marked => format!("the pause is `{other}`'s, not `{}`'s", self.0.owner),
                _ => "the pause was set by somebody else, and is theirs to take back".to_owned(),
            });
        }
        if !marked {
            return Decision::Done(Resumed { was_running: true });
        }
        // Also on one that runs already: the mark must not claim the next pause.
        let mut annotations = json!({KEDA_PAUSE_ANNOTATION: null});
        if seen.is_paused()
            && let Some(annotations) = annotations.as_object_mut()
        {
            annotations.insert(KEDA_PAUSED_ANNOTATION.to_owned(), serde_json::Value::Null);
        }
        Decision::Patch(json!({"metadata": {
            "resourceVersion": seen.resource_version,
            "annotations": annotations,
        }}))
    }

    fn made(&self, before: &ScaledObjectHold, _: Option<&ScaledObjectHold>) -> Resumed {
        Resumed {
            was_running: !before.is_paused(),
        }
    }

    fn shows(&self, seen: &ScaledObjectHold) -> bool {
        seen.uid == self.0.uid && !seen.is_paused() && seen.owner.is_none()
    }
}
