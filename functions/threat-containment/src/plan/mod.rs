//! What would be changed. Pure and synchronous: facts, settings and what is in force in, measures with reasons out.
//!
//! Four parts that are carried out at four times: isolation at once, the node beside the capture of evidence, the older
//! sessions after both, and the end of the workload last. Together they are the plan that `observe` shows and `approve` waits
//! for.

pub mod eradicate;
pub mod isolate;
pub mod node;
pub mod sessions;
#[cfg(test)]
mod tests;

use day2_core::action::{Refusal, Skip, Step, Undo};
use day2_core::containment::{Containment, Measure, MeasureState, Taken};
use serde::{Deserialize, Serialize};

/// The name of the function, and in whose name its marks in the cluster stand.
pub const NAME: &str = "threat-containment";

/// A part of the plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// Changes, in their order.
    pub measures: Vec<Taken>,
    /// What was considered and is left out, and why.
    pub skips: Vec<Skip>,
    /// Objections to the whole.
    pub refusals: Vec<Refusal>,
}

impl Draft {
    pub(crate) fn skip(&mut self, resource: impl Into<String>, why: impl Into<String>) {
        self.skips.push(Skip {
            resource: resource.into(),
            why: why.into(),
        });
    }

    /// Both, one after the other.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.measures.extend(other.measures);
        self.skips.extend(other.skips);
        self.refusals.extend(other.refusals);
        self
    }
}

/// What a plan is about: enough to begin again from an approval alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Its uid.
    pub uid: String,
    /// Id of the finding, within account and region.
    pub finding: String,
    /// Generation of the containment.
    pub generation: u32,
}

/// A change as it is remembered in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What the plan is about.
    pub about: About,
    /// The change.
    pub measure: Measure,
}

/// A measure that is about to be taken.
pub(crate) fn pending(
    resource: String,
    measure: Measure,
    before: impl Into<String>,
    after: impl Into<String>,
    undo: impl Into<String>,
) -> Taken {
    Taken {
        resource,
        measure,
        before: before.into(),
        after: after.into(),
        undo: undo.into(),
        state: MeasureState::Pending,
        says: String::new(),
        changed_at: None,
    }
}

/// The owner of our marks in the cluster: the containment, so that another one never lifts them.
#[must_use]
pub fn owner(containment_id: &str) -> String {
    format!("{NAME}:{containment_id}")
}

/// The measures of a draft that are not done yet. One that was begun and not marked is among them: whether it was made is not
/// known, and each may be made again.
#[must_use]
pub fn open_measures(draft: &Draft, known: Option<&Containment>) -> Vec<Taken> {
    let open = |taken: &&Taken| !is_done(known, &taken.resource);
    draft.measures.iter().filter(open).cloned().collect()
}

/// Whether the measure of this resource is done, as far as the record says.
#[must_use]
pub fn is_done(known: Option<&Containment>, resource: &str) -> bool {
    let taken = known.and_then(|known| known.measure(resource));
    taken.is_some_and(|taken| !matches!(taken.state, MeasureState::Pending | MeasureState::Failed))
}

/// A measure as a step of a plan, for people and for the plan's id.
#[must_use]
pub fn step(taken: &Taken, about: &About) -> Step<Change> {
    let words = words(&taken.measure);
    let undo = match taken.measure {
        Measure::DeletePod => Undo::Nothing {
            words: taken.undo.clone(),
        },
        _ => Undo::ByHand {
            words: taken.undo.clone(),
        },
    };
    Step {
        change: Change {
            about: about.clone(),
            measure: taken.measure.clone(),
        },
        resource: taken.resource.clone(),
        title: words.title.to_owned(),
        before: taken.before.clone(),
        after: taken.after.clone(),
        precondition: words.precondition.to_owned(),
        undo,
        blast_radius: words.touches.to_owned(),
        disruptive: words.disruptive,
        takes_seconds: words.seconds,
    }
}

/// What is said of a kind of measure.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The change in a few words.
    pub title: &'static str,
    /// What must still be true.
    pub precondition: &'static str,
    /// How much it touches.
    pub touches: &'static str,
    /// Whether it disturbs what runs.
    pub disruptive: bool,
    /// Seconds that it may take at most.
    pub seconds: u32,
}

/// What is said of this measure.
#[must_use]
pub const fn words(measure: &Measure) -> Words {
    let (title, precondition, touches, disruptive, seconds) = match measure {
        Measure::Label { .. } => (
            "label the pod for its quarantine",
            "the pod still has this uid",
            "one pod; no label that a Service or controller selects is changed",
            false,
            5,
        ),
        Measure::Policy { .. } => (
            "deny the pod all traffic",
            "no NetworkPolicy of this name is there",
            "one pod: nothing in, nothing out; other policies that allow more still do",
            true,
            5,
        ),
        Measure::Cordon { .. } => (
            "keep new pods from the node",
            "the node still has this uid and takes pods",
            "one node; what runs on it goes on",
            false,
            5,
        ),
        Measure::ScaleInProtection { .. } => (
            "protect the instance from scale-in",
            "the instance is in this Auto Scaling group",
            "one instance, which Auto Scaling does not choose when it shrinks the group",
            false,
            8,
        ),
        Measure::DenySessions { .. } => (
            "deny the role's older sessions",
            "it is the pod's own role, and no policy of this name is there",
            "every session of the role that was issued before, whoever has it: healthy pods of the role fail until they renew \
             theirs; restart those that do not. New sessions are not denied",
            true,
            15,
        ),
        Measure::PauseScaledObject { .. } => (
            "pause the KEDA scaler",
            "the ScaledObject still has this uid",
            "one workload is no longer scaled by its load",
            true,
            10,
        ),
        Measure::Scale { .. } => (
            "scale the workload to zero",
            "the workload still has this uid and these replicas, and evidence is sealed",
            "every replica of one workload ends",
            true,
            10,
        ),
        Measure::DeletePod => (
            "delete the pod",
            "the pod still has this uid, and evidence is sealed",
            "one pod ends, with its memory and its volumes of the node",
            true,
            10,
        ),
    };
    Words {
        title,
        precondition,
        touches,
        disruptive,
        seconds,
    }
}
