//! What was changed lately, for the triage of an incident.

use day2_core::{Observed, Unreadable};
use day2_kube::Folded;
use jiff::Timestamp;

use crate::reduce::traces::TraceTally;

/// What the metadata of one kind told.
pub type Traces = Observed<Folded<TraceTally>>;

/// Changes since a moment.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The moment.
    pub since: Timestamp,
    /// New replica sets: new templates of Deployments.
    pub replica_sets: Traces,
    /// New controller revisions: new templates of stateful sets and daemon sets.
    pub revisions: Traces,
    /// Deployments that somebody changed or scaled.
    pub deployments: Traces,
    /// Stateful sets that somebody changed or scaled.
    pub stateful_sets: Traces,
    /// Daemon sets that somebody changed.
    pub daemon_sets: Traces,
    /// Config maps.
    pub config_maps: Traces,
}

impl Changes {
    /// Nothing could be read.
    #[must_use]
    pub fn unread(since: Timestamp, why: &Unreadable) -> Self {
        let none = || Err(why.clone());
        Self {
            since,
            replica_sets: none(),
            revisions: none(),
            deployments: none(),
            stateful_sets: none(),
            daemon_sets: none(),
            config_maps: none(),
        }
    }

    /// Every list, with the name of its kind.
    pub const fn lists(&self) -> [(&'static str, &Traces); 6] {
        [
            ("ReplicaSets", &self.replica_sets),
            ("ControllerRevisions", &self.revisions),
            ("Deployments", &self.deployments),
            ("StatefulSets", &self.stateful_sets),
            ("DaemonSets", &self.daemon_sets),
            ("ConfigMaps", &self.config_maps),
        ]
    }
}
