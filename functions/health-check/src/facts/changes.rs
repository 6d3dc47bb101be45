//! What was changed lately, for the triage of an incident.

use day2_core::Observed;
use day2_kube::Folded;
use jiff::Timestamp;

use crate::reduce::traces::TraceTally;

/// Changes since a moment.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The moment.
    pub since: Timestamp,
    /// New replica sets: new templates of Deployments.
    pub replica_sets: Observed<Folded<TraceTally>>,
    /// New controller revisions: new templates of stateful sets and daemon sets.
    pub revisions: Observed<Folded<TraceTally>>,
    /// Config maps.
    pub config_maps: Observed<Folded<TraceTally>>,
}

impl Changes {
    /// Every list, with the name of its kind.
    pub const fn lists(&self) -> [(&'static str, &Observed<Folded<TraceTally>>); 3] {
        [
            ("ReplicaSets", &self.replica_sets),
            ("ControllerRevisions", &self.revisions),
            ("ConfigMaps", &self.config_maps),
        ]
    }
}
