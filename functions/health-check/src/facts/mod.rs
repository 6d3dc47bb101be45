//! What the cluster and AWS said, in our own words: the only thing [`crate::assess`] may know besides the settings.
//!
//! Facts hold no opinion. A list that could not be read is an `Unreadable`, never an empty list. A group that the settings
//! leave out is `None`.

pub mod aws;
pub mod aws_changes;
pub mod changes;
pub mod cluster;
pub mod database;
pub mod eks;
pub mod inside;
pub mod namespaces;
pub mod security;
pub mod stored;
pub mod volumes;

use day2_core::Observed;

use aws::AwsFacts;
use changes::Changes;
use cluster::ClusterFacts;
use inside::Inside;
use namespaces::Namespaces;

/// Everything that was read in one run.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Namespaces with their labels, for routing and for the mesh.
    pub namespaces: Observed<Namespaces>,
    /// Group `cluster`: the API server.
    pub cluster: Option<ClusterFacts>,
    /// What the lists of the cluster say. Several groups look at the same lists.
    pub inside: Inside,
    /// What changed lately; in the task `triage` only.
    pub changes: Option<Changes>,
    /// The groups that look at AWS and at endpoints.
    pub aws: AwsFacts,
}
