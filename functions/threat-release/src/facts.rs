//! What the journal remembers of a containment, and what is there now.

use day2_core::Observed;
use day2_core::containment::{Containment, Taken};

/// What was read for one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The containment, inner `None` when the journal has none of this id.
    pub containment: Observed<Option<Containment>>,
    /// Other containments of the target that are in force.
    pub others: Observed<Vec<Containment>>,
    /// Each measure that is, or may be, in force, with what is there now.
    pub measures: Vec<(Taken, Observed<Seen>)>,
}

/// What is there now, of what a measure changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It does not exist any more.
    Gone,
    /// A workload.
    Workload {
        /// Its uid.
        uid: String,
        /// Its `spec.replicas`.
        replicas: i64,
    },
    /// A `ScaledObject`.
    ScaledObject {
        /// Its uid.
        uid: String,
        /// Whether an annotation pauses it.
        paused: bool,
        /// In whose name Day2 paused it.
        owner: Option<String>,
    },
    /// An instance of an Auto Scaling group.
    Instance {
        /// The group that it is in.
        group: String,
        /// Whether it is protected from scale-in.
        protected: bool,
    },
    /// An inline policy of an IAM role.
    RolePolicy {
        /// What it says.
        document: String,
    },
    /// A node.
    Node {
        /// Its uid.
        uid: String,
        /// Whether it takes no new pods.
        unschedulable: bool,
        /// In whose name Day2 cordoned it.
        owner: Option<String>,
    },
    /// A `NetworkPolicy` of the name of ours.
    Policy {
        /// Its uid.
        uid: String,
        /// Whether it carries our mark for this pod.
        ours: bool,
    },
    /// A pod of the name.
    Pod {
        /// Its uid.
        uid: String,
        /// The value of our label.
        label: Option<String>,
    },
    /// Nothing has to be looked at.
    Nothing,
}
