//! What is read for the group `eks`.

use day2_core::Observed;
use day2_reads::addons::Addon;
use day2_reads::clusters::Cluster;
use day2_reads::insights::{Details, Insight};
use day2_reads::node_groups::NodeGroup;

/// An insight, with its details where it does not pass.
pub type Judged = (Insight, Option<Observed<Details>>);

/// What EKS says of the cluster and what it manages there.
#[derive(Debug, Clone)]
pub struct EksFacts {
    /// The cluster.
    pub cluster: Observed<Cluster>,
    /// Its add-ons.
    pub addons: Observed<Vec<(String, Observed<Addon>)>>,
    /// Its managed node groups.
    pub node_groups: Observed<Vec<(String, Observed<NodeGroup>)>>,
    /// Its insights, with the details of those that do not pass.
    pub insights: Observed<Vec<Judged>>,
}
