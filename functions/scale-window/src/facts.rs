//! What AWS and the probes said, in our own words: the only thing [`crate::assess`] may know besides the settings.
//!
//! Facts hold no opinion. A list that could not be read is an `Unreadable`, never an empty list. Most are those of
//! `day2_reads`; here is what only this function puts together.

use day2_core::database::AcuRange;
use day2_core::{Observed, Unreadable};
use day2_kube::objects::{DaemonSet, Deployment, Node, Pod, PodDisruptionBudget};
use day2_probe::Seen;
use day2_reads::alarms::Alarm;
use day2_reads::images::Image;
use day2_reads::instance_types::InstanceType;
use day2_reads::instances::Instance;
use day2_reads::launch_templates::TemplateVersion;
use day2_reads::metric::Series;
use day2_reads::nat_gateways::NatGateway;
use day2_reads::quotas::Quota;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::{Group, Template};
use day2_reads::scheduled_actions::ScheduledAction;
use day2_reads::subnets::Subnet;

/// The database as RDS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Cluster status, or the instance's own when there is no cluster.
    pub status: String,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// Parameter groups of the cluster and its instances by name.
    pub parameter_groups: Vec<String>,
    /// Serverless v2 capacity range.
    pub serverless: Option<AcuRange>,
    /// Members.
    pub instances: Vec<DatabaseInstance>,
}

/// One database instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInstance {
    /// Instance id.
    pub id: String,
    /// Status as its own description says.
    pub status: Observed<String>,
    /// The writer of its cluster.
    pub writer: bool,
    /// Parameter group state, for example `pending-reboot`.
    pub parameters: Option<String>,
    /// Name of its own parameter group.
    pub parameter_group: Option<String>,
    /// Class, for example `db.serverless`.
    pub class: Option<String>,
    /// Why it does not follow what it is a read replica of, in the words of RDS.
    pub not_following: Option<String>,
}

/// What the cluster's API server said. A list that the task does not judge is not asked for, and says so.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// All nodes.
    pub nodes: Observed<Vec<Node>>,
    /// All pods of all namespaces.
    pub pods: Observed<Vec<Pod>>,
    /// Deployments of all namespaces.
    pub deployments: Observed<Vec<Deployment>>,
    /// Daemon sets of all namespaces.
    pub daemon_sets: Observed<Vec<DaemonSet>>,
    /// Disruption budgets of all namespaces.
    pub budgets: Observed<Vec<PodDisruptionBudget>>,
}

impl Cluster {
    /// A cluster of which nothing could be read, for one reason.
    #[must_use]
    pub fn unreadable(why: &Unreadable) -> Self {
        Self {
            nodes: Err(why.clone()),
            pods: Err(why.clone()),
            deployments: Err(why.clone()),
            daemon_sets: Err(why.clone()),
            budgets: Err(why.clone()),
        }
    }
}

/// One planned group with what Auto Scaling keeps about it.
#[derive(Debug, Clone)]
pub struct GroupFacts {
    /// The group itself.
    pub group: Observed<Group>,
    /// Its scheduled actions.
    pub actions: Observed<Vec<ScheduledAction>>,
    /// Its activities since the window that is looked at.
    pub activities: Observed<Vec<Activity>>,
    /// Its launches of earlier days that came to nothing; absent where nobody asked for them.
    pub earlier: Option<Observed<Vec<Activity>>>,
}

/// What the groups launch from, each thing once, by the name under which the groups or templates name it.
#[derive(Debug, Clone)]
pub struct Launching {
    /// Versions of launch templates.
    pub templates: Vec<(Template, Observed<TemplateVersion>)>,
    /// Images by id.
    pub images: Vec<(String, Observed<Image>)>,
    /// The instance types that templates and overrides name, as far as the region has them.
    pub instance_types: Observed<Vec<InstanceType>>,
}

/// Everything that every task looks at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// One entry per planned group, in the plan's order.
    pub groups: Vec<GroupFacts>,
    /// Instances of the groups.
    pub instances: Observed<Vec<Instance>>,
    /// Subnets of the VPC.
    pub subnets: Observed<Vec<Subnet>>,
    /// The cluster.
    pub cluster: Cluster,
    /// What the groups launch from; only the morning before the scale-up looks at it.
    pub launching: Option<Launching>,
    /// What only the morning before the scale-up looks at.
    pub surroundings: Option<Surroundings>,
}

/// What a scale-up stands on besides nodes.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// NAT gateways of the VPC.
    pub gateways: Observed<Vec<NatGateway>>,
    /// `ErrorPortAllocation` of each available gateway.
    pub port_errors: Observed<Vec<Series>>,
    /// All alarms of the account and region.
    pub alarms: Observed<Vec<Alarm>>,
    /// The target's database, if it has one.
    pub database: Option<DatabaseFacts>,
    /// Answers in the order of the plan's probes.
    pub probes: Vec<Seen>,
    /// Quotas in the order of the plan's quotas.
    pub quotas: Vec<Observed<Quota>>,
}

/// The database and its metrics.
#[derive(Debug, Clone)]
pub struct DatabaseFacts {
    /// The description.
    pub database: Observed<Database>,
    /// `DatabaseConnections` of each instance.
    pub connections: Observed<Vec<Series>>,
    /// Replica lag of each reader, in milliseconds.
    pub lag: Observed<Vec<Series>>,
}
