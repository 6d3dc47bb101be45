//! The changes that this function makes, as the journal remembers them.

use day2_core::containment::{ContainedPod, Measure};
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Undoes one measure of a containment.
    Undo(Box<Undo>),
    /// Marks a containment as released: nothing of it is in force by our hand any more.
    Close(Close),
}

/// A measure that is to be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Id of the containment.
    pub containment: String,
    /// What was changed, by the name that the containment gives it.
    pub resource: String,
    /// The pod that is contained.
    pub pod: ContainedPod,
    /// What was done. The uid of a policy is the one that was seen.
    pub measure: Measure,
}

/// A containment that is to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Id of the containment.
    pub containment: String,
    /// Measures that were found undone, and how that showed.
    #[serde(default)]
    pub undone: Vec<Found>,
    /// Measures that stay as they are, and why.
    #[serde(default)]
    pub left: Vec<Found>,
    /// Measures that go over to another containment.
    #[serde(default)]
    pub kept: Vec<Kept>,
}

/// A measure that another containment stands on too. It stays in force, and is that one's to undo from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The resource, by the name that the containment gives it.
    pub resource: String,
    /// Id of the containment that it goes over to.
    pub to: String,
}

impl Kept {
    /// Why it stays, in words.
    #[must_use]
    pub fn says(&self) -> String {
        format!(
            "the containment {} needs it too: it goes over to that one, and is undone when that is released",
            self.to
        )
    }
}

/// What was found of a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The resource, by the name that the containment gives it.
    pub resource: String,
    /// What was seen, in words.
    pub says: String,
}
