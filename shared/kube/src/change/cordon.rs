//! Cordoning a node and taking back only our own cordon.
//!
//! Ours is a cordon that carries our annotation *and* whose field `spec.unschedulable` nobody but us has set since
//! (`metadata.managedFields`): a person who lifts our cordon and sets another leaves the annotation where it is.

use jiff::Timestamp;
use serde_json::json;

use super::{At, Change, Decision, FIELD_MANAGER, Step};
use crate::ClusterClient;
use crate::objects::NodeHold;

/// Annotation of a node with the owner of our cordon.
pub const CORDON_ANNOTATION: &str = "day2.dev/cordon";

/// A cordon that is wanted, or wanted away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cordon<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// The uid that was planned for; none accepts any.
    pub uid: Option<&'a str>,
    /// For whom it stands, for example the function and the key of a finding. Not empty.
    pub owner: &'a str,
}

/// A node that takes no new pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cordoned {
    /// The cordon is this owner's. If it is not, somebody else holds the node, and it must never be uncordoned by us.
    pub ours: bool,
    /// The owner that the annotation names; none for a cordon that was not made by Day2.
    pub owner: Option<String>,
}

/// A node that takes new pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uncordoned {
    /// It took pods already: somebody had lifted the cordon.
    pub was_schedulable: bool,
}

impl ClusterClient {
    /// Keeps new pods from a node, in the name of an owner. A node that is cordoned already is not touched, and the answer
    /// says whose cordon it is. Needs `get` and `patch` on `nodes`.
    pub async fn cordon(&self, cordon: &Cordon<'_>, deadline: Timestamp) -> Change<Cordoned> {
        self.change(cordon, &At::of::<NodeHold>(None, cordon.node), None, deadline)
            .await
    }

    /// Takes back a cordon of this owner; any other is refused. Needs `get` and `patch` on `nodes`.
    pub async fn uncordon(&self, cordon: &Cordon<'_>, deadline: Timestamp) -> Change<Uncordoned> {
        self.change(
            &Lift(*cordon),
            &At::of::<NodeHold>(None, cordon.node),
            None,
            deadline,
        )
        .await
    }
}

impl Cordon<'_> {
    /// Why the node must not be touched at all.
    fn objection(&self, seen: &NodeHold) -> Option<String> {
        let why = if self.owner.is_empty() {
            "a cordon needs an owner, and none was given"
        } else if self.uid.is_some_and(|planned| planned != seen.uid) {
            "it is another node of the same name than the one that was planned for"
        } else if seen.resource_version.is_empty() {
            "the API server does not say its version, so that nothing can be changed safely"
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    fn is_ours(&self, seen: &NodeHold) -> bool {
        seen.cordon_owner.as_deref() == Some(self.owner)
            && seen
                .unschedulable_managers
                .iter()
                .all(|manager| manager == FIELD_MANAGER)
    }

    fn state(&self, seen: &NodeHold) -> Cordoned {
        let by_us = seen
            .unschedulable_managers
            .iter()
            .all(|manager| manager == FIELD_MANAGER);
        Cordoned {
            ours: self.is_ours(seen),
            owner: seen.cordon_owner.clone().filter(|_| by_us),
        }
    }
}

impl Step for Cordon<'_> {
    type Target = NodeHold;
    type Made = Cordoned;

    fn decide(&self, seen: &NodeHold) -> Decision<Cordoned> {
        if let Some(why) = self.objection(seen) {
            return Decision::Refuse(why);
        }
        if seen.unschedulable {
            return Decision::Done(self.state(seen));
        }
        if seen.deleting {
            return Decision::Refuse("it is being deleted".to_owned());
        }
        Decision::Patch(json!({
            "metadata": {
                "resourceVersion": seen.resource_version,
                "annotations": {CORDON_ANNOTATION: self.owner},
            },
            "spec": {"unschedulable": true},
        }))
    }

    fn made(&self, _: &NodeHold, _: Option<&NodeHold>) -> Cordoned {
        Cordoned {
            ours: true,
            owner: Some(self.owner.to_owned()),
        }
    }

    fn shows(&self, seen: &NodeHold) -> bool {
        seen.unschedulable && self.is_ours(seen)
    }
}

/// The taking back of a cordon.
struct Lift<'a>(Cordon<'a>);

impl Step for Lift<'_> {
    type Target = NodeHold;
    type Made = Uncordoned;

    fn decide(&self, seen: &NodeHold) -> Decision<Uncordoned> {
        if let Some(why) = self.0.objection(seen) {
            return Decision::Refuse(why);
        }
        let marked = seen.cordon_owner.as_deref() == Some(self.0.owner);
        if seen.unschedulable && !self.0.is_ours(seen) {
            return Decision::Refuse(match &seen.cordon_owner {
                Some(other) if !marked => format!("the cordon is `{other}`'s, not `{}`'s", self.0.owner),
                _ => "the cordon was set by somebody else, and is theirs to lift".to_owned(),
            });
        }
        if !marked {
            return Decision::Done(Uncordoned {
                was_schedulable: true,
            });
        }
        // Also on a node that takes pods already: the mark must not claim the next cordon.
        Decision::Patch(json!({
            "metadata": {
                "resourceVersion": seen.resource_version,
                "annotations": {CORDON_ANNOTATION: null},
            },
            "spec": {"unschedulable": null},
        }))
    }

    fn made(&self, before: &NodeHold, _: Option<&NodeHold>) -> Uncordoned {
        Uncordoned {
            was_schedulable: !before.unschedulable,
        }
    }

    fn shows(&self, seen: &NodeHold) -> bool {
        !seen.unschedulable && seen.cordon_owner.is_none()
    }
}
