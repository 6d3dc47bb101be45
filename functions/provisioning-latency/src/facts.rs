//! What AWS and the cluster said, as the reads give it: all that [`crate::plan`] may know besides the settings.
//!
//! Facts hold no opinion. What could not be read stays as the reason why, and a list is never empty because of an error.

use day2_core::alarm_now::Datapoint;
use day2_core::{Observed, Unreadable};
use day2_kube::Readyz;
use day2_kube::objects::{DeploymentDetail, Node, NodePool, Pod};
use day2_reads::alarms::Alarm;
use day2_reads::clusters::Cluster;
use day2_reads::instance_refreshes::Refresh;
use day2_reads::node_groups::NodeGroup;
use day2_reads::quotas::Quota;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::Group;
use day2_reads::scheduled_actions::ScheduledAction;
use day2_reads::subnets::Subnet;

/// One alarm, read again, and the metric behind it.
#[derive(Debug, Clone)]
pub struct AlarmFacts {
    /// Its ARN, from the settings.
    pub arn: String,
    /// Its name, from the ARN.
    pub name: String,
    /// The alarm as CloudWatch describes it now.
    pub alarm: Observed<Alarm>,
    /// The last hour of its metric, oldest first; none where the settings and the alarm name no single metric.
    pub points: Option<Observed<Vec<Datapoint>>>,
}

/// What the cluster's API server said.
#[derive(Debug, Clone)]
pub struct ClusterFacts {
    /// `/readyz`.
    pub readyz: Observed<Readyz>,
    /// All nodes.
    pub nodes: Observed<Vec<Node>>,
    /// All pods of all namespaces.
    pub pods: Observed<Vec<Pod>>,
    /// Deployments of all namespaces.
    pub deployments: Observed<Vec<DeploymentDetail>>,
    /// Karpenter's node pools, also those of EKS Auto Mode; none where the cluster does not know the kind.
    pub node_pools: Observed<Option<Vec<NodePool>>>,
}

impl ClusterFacts {
    /// A cluster of which nothing could be read, for one reason.
    #[must_use]
    pub fn unreadable(why: &Unreadable) -> Self {
        Self {
            readyz: Err(why.clone()),
            nodes: Err(why.clone()),
            pods: Err(why.clone()),
            deployments: Err(why.clone()),
            node_pools: Err(why.clone()),
        }
    }
}

/// The node group with what Auto Scaling keeps about it.
#[derive(Debug, Clone)]
pub struct GroupFacts {
    /// Name of its Auto Scaling group, from the target.
    pub name: String,
    /// The group itself.
    pub group: Observed<Group>,
    /// Its scheduled actions.
    pub scheduled: Observed<Vec<ScheduledAction>>,
    /// Its activities, newest first, since the window that is looked at.
    pub activities: Observed<Vec<Activity>>,
    /// Its instance refreshes.
    pub refreshes: Observed<Vec<Refresh>>,
    /// Subnets of the VPC.
    pub subnets: Observed<Vec<Subnet>>,
    /// The quota that its nodes count against, where one is declared.
    pub quota: Option<Observed<Quota>>,
}

/// What EKS says about who makes nodes.
#[derive(Debug, Clone)]
pub struct EksFacts {
    /// The cluster, with Auto Mode.
    pub cluster: Observed<Cluster>,
    /// Its managed node groups.
    pub node_groups: Observed<Vec<(String, Observed<NodeGroup>)>>,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The alarms that are asked about: the one of the occasion, or all of the target for a call by hand.
    pub alarms: Vec<AlarmFacts>,
    /// The cluster.
    pub cluster: ClusterFacts,
    /// The node group.
    pub group: GroupFacts,
    /// EKS.
    pub eks: EksFacts,
}
