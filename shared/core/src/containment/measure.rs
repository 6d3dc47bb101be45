//! One change of a containment, as data: enough to make it again safely, and to undo it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was changed. Read back by `threat-release`, perhaps of a later version: fields are only added, with defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Measure {
    /// The label [`super::LABEL`] was added to the pod.
    Label {
        /// Its value.
        value: String,
    },
    /// A `NetworkPolicy` was created that selects exactly this pod and allows nothing.
    Policy {
        /// Its name.
        name: String,
        /// Its uid, once it is known.
        #[serde(default)]
        uid: Option<String>,
    },
    /// The pod's node was cordoned.
    Cordon {
        /// Name of the node.
        node: String,
        /// Its uid.
        uid: String,
        /// In whose name the cordon stands; only this one is ever lifted.
        owner: String,
    },
    /// The node's instance was protected from scale-in.
    ScaleInProtection {
        /// The Auto Scaling group.
        group: String,
        /// The EC2 instance.
        instance: String,
    },
    /// An inline policy on an IAM role denies everything to its older sessions ([`super::sessions`]).
    DenySessions {
        /// ARN of the role.
        role: String,
        /// Name of the inline policy; the containment's own.
        policy: String,
        /// What was issued before this moment is denied. None until it is about to be done.
        #[serde(default)]
        issued_before: Option<Timestamp>,
    },
    /// A KEDA `ScaledObject` was paused.
    PauseScaledObject {
        /// Its name; its namespace is the pod's.
        name: String,
        /// Its uid.
        uid: String,
        /// In whose name it is paused.
        owner: String,
    },
    /// A workload was scaled to zero.
    Scale {
        /// `Deployment`, `StatefulSet` or `ReplicaSet`.
        workload: String,
        /// Its name; its namespace is the pod's.
        name: String,
        /// Its uid.
        uid: String,
        /// The replicas before.
        replicas_before: i64,
    },
    /// The pod was deleted. There is nothing to undo: its owner makes another one, or nobody does.
    DeletePod,
}

/// Where a measure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    /// About to be taken; whether it was is not known.
    Pending,
    /// Taken.
    Active,
    /// Found as it was wanted, made by somebody else: never to be undone by us (`cases.md` K25).
    Theirs,
    /// Not taken: refused or failed before anything was changed.
    Failed,
    /// Undone.
    Undone,
    /// Left as it is at a release, because it was no longer as we made it, or went over to another containment; a report said
    /// why.
    Left,
}

impl MeasureState {
    /// The words for a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "in force",
            Self::Theirs => "found so, not ours",
            Self::Failed => "not done",
            Self::Undone => "undone",
            Self::Left => "left as it is",
        }
    }

    /// Whether it is, or may be, in force by our hand.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

/// A measure with the value before, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// What is changed, by its own name: `pod shop/web-1`, `node ip-10-0-1-7`. One measure for each within a containment.
    pub resource: String,
    /// The change.
    pub measure: Measure,
    /// The value before, in words.
    pub before: String,
    /// The value that it is set to, in words.
    pub after: String,
    /// What undoing it means, in words.
    pub undo: String,
    /// Where it stands.
    pub state: MeasureState,
    /// What was last seen of it.
    #[serde(default)]
    pub says: String,
    /// When that was.
    #[serde(default)]
    pub changed_at: Option<Timestamp>,
}
