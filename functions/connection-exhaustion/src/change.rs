//! The changes of this function as data: remembered in the journal before they are made, and read again to take them back.

use day2_core::database::{Acu, AcuRange};
use serde::{Deserialize, Serialize};

/// One change. Capacities are counted in halves of an ACU, so that nothing is rounded on the way through the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Restart a Deployment by its own rollout.
    Restart {
        /// Name of the client in the settings.
        client: String,
        /// Namespace.
        namespace: String,
        /// Name of the Deployment.
        deployment: String,
        /// The Deployment that was judged; another one under its name is not touched.
        uid: String,
        /// Connections over all instances when it was planned, for the comparison afterwards.
        connections: u64,
    },
    /// Raise the maximum of a cluster's capacity range. The minimum stays as it is read when the change is made.
    RaiseAcu {
        /// Cluster identifier.
        cluster: String,
        /// Minimum when it was planned, in halves.
        min_halves: u32,
        /// Maximum before, in halves.
        before_halves: u32,
        /// Maximum afterwards, in halves.
        after_halves: u32,
    },
    /// Take a raise back.
    RestoreAcu {
        /// Cluster identifier.
        cluster: String,
        /// The maximum that the raise set, in halves. Any other is left alone.
        raised_halves: u32,
        /// The maximum before the raise, in halves.
        before_halves: u32,
    },
}

impl Change {
    /// The range before a raise, and the maximum afterwards.
    #[must_use]
    pub const fn raised(&self) -> Option<(AcuRange, Acu)> {
        match self {
            Self::RaiseAcu {
                min_halves,
                before_halves,
                after_halves,
                ..
            } => Some((
                AcuRange {
                    min: Acu::from_halves(*min_halves),
                    max: Acu::from_halves(*before_halves),
                },
                Acu::from_halves(*after_halves),
            )),
            Self::Restart { .. } | Self::RestoreAcu { .. } => None,
        }
    }
}

/// The name of a cluster as the resource of a plan.
#[must_use]
pub(crate) fn cluster_resource(id: &str) -> String {
    format!("Aurora cluster {id}")
}
