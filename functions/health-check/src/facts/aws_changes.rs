//! What AWS changed lately, for a triage.

use day2_core::Observed;
use jiff::Timestamp;

/// Changes since the moment that the plan looks back to, by where they were read.
#[derive(Debug, Clone, Default)]
pub struct AwsChanges {
    /// What was read, one entry per source, so that a source that could not be read stays visible.
    pub sources: Vec<Source>,
}

/// What a source tells changes of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A node group: a declared one by its name in the settings, a managed one by its name in EKS.
    NodeGroup(String),
    /// The target's database.
    Database,
    /// What all workloads stand on: control plane and add-ons.
    Platform,
}

/// One place that keeps changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name in words, for example `scaling activities of eks-workers`.
    pub name: String,
    /// What it tells changes of.
    pub about: About,
    /// What it holds.
    pub changes: Observed<Vec<Change>>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it began.
    pub at: Timestamp,
    /// What was changed, for example a group, an update, an instance.
    pub what: String,
    /// What happened to it, in the words of AWS.
    pub says: String,
    /// Whether it failed, so that it comes before those that worked.
    pub failed: bool,
}
