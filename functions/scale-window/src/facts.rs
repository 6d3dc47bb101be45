//! What AWS and the probes said, in our own words: the only thing [`crate::assess`] may know besides the settings.
//!
//! Facts hold no opinion. A list that could not be read is an `Unreadable`, never an empty list.

use day2_core::{Observed, Unreadable};
use day2_kube::objects::{DaemonSet, Deployment, Node, Pod, PodDisruptionBudget};
use jiff::Timestamp;

/// One Auto Scaling group (API `DescribeAutoScalingGroups`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Auto Scaling group name.
    pub name: String,
    /// Desired capacity, in instances.
    pub desired: i64,
    /// Minimum size, in instances.
    pub min: i64,
    /// Maximum size, in instances.
    pub max: i64,
    /// Names of suspended processes, for example `Launch`, with the reason AWS keeps.
    pub suspended: Vec<(String, String)>,
    /// Members.
    pub instances: Vec<Member>,
    /// Subnets it launches into (`VPCZoneIdentifier`).
    pub subnets: Vec<String>,
}

impl Group {
    /// Whether it has at least `planned` instances in service, and all that it wants.
    #[must_use]
    pub fn complete(&self, planned: u32) -> bool {
        let serving = self
            .instances
            .iter()
            .filter(|one| one.lifecycle_state == "InService")
            .count();
        let serving = i64::try_from(serving).unwrap_or(i64::MAX);
        serving >= self.desired && serving >= i64::from(planned)
    }
}

/// One instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Instance id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// `InService`, `Pending:Wait`, `Terminating:Wait`, …
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`.
    pub health: String,
    /// Protected from scale-in.
    pub protected: bool,
    /// Instance type, when the API names it.
    pub instance_type: Option<String>,
}

/// One scheduled action (API `DescribeScheduledActions`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Group it acts on.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Cron expression of a recurring action.
    pub recurrence: Option<String>,
    /// IANA zone of the recurrence; AWS takes UTC when absent.
    pub time_zone: Option<String>,
    /// Next or only start.
    pub starts_at: Option<Timestamp>,
    /// Desired capacity it sets.
    pub desired: Option<i64>,
}

/// One scaling activity (API `DescribeScalingActivities`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Group.
    pub group: String,
    /// `Successful`, `Failed`, `Cancelled`, `InProgress`, …
    pub status: String,
    /// What it did, for example `Launching a new EC2 instance`.
    pub description: String,
    /// Why it did not work, in the words of AWS.
    pub message: String,
    /// Start.
    pub started_at: Timestamp,
}

/// One NAT gateway with the zone of its subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatGateway {
    /// Id.
    pub id: String,
    /// Subnet.
    pub subnet: String,
    /// `pending | failed | available | deleting | deleted`.
    pub state: String,
    /// Failure message of AWS, if any.
    pub failure: Option<String>,
    /// A private gateway leads to other networks and not to the internet.
    pub private: bool,
    /// Zones of a regional gateway, which has no subnet; empty for a zonal one.
    pub zones: Vec<String>,
}

/// One subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// `AvailableIpAddressCount`.
    pub free_addresses: u64,
}

/// One EC2 instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// Type, for example `m7i.xlarge`.
    pub instance_type: String,
    /// Bought as spot.
    pub spot: bool,
    /// Launch time.
    pub launched_at: Option<Timestamp>,
}

/// One alarm, metric or composite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Name.
    pub name: String,
    /// `OK | ALARM | INSUFFICIENT_DATA`.
    pub state: String,
    /// `metric` or `composite`.
    pub kind: &'static str,
    /// Reason in the words of CloudWatch.
    pub reason: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// The database as RDS describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// Cluster status, or the instance's own when there is no cluster.
    pub status: String,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// Parameter groups of the cluster and its instances by name.
    pub parameter_groups: Vec<String>,
    /// Serverless v2 minimum and maximum in ACU.
    pub serverless: Option<(f64, f64)>,
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
}

/// Datapoints of one metric for one resource, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The resource, for example an instance id.
    pub resource: String,
    /// Time and value as CloudWatch gave them; may be empty, hold NaN or lie in the future.
    pub points: Vec<(Timestamp, f64)>,
}

/// Answer of one declared endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeAnswer {
    /// HTTP status.
    pub status: u16,
    /// From connecting to the last byte, in milliseconds.
    pub latency_ms: u64,
    /// The body as JSON, or why it is none.
    pub json: Result<serde_json::Value, String>,
    /// End of validity of the certificate that was served; `None` for plain HTTP.
    pub certificate_ends: Option<Timestamp>,
}

/// One service quota.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// Name in Service Quotas.
    pub name: String,
    /// Applied value.
    pub value: f64,
}

/// What the cluster's API server said.
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
    pub probes: Vec<Observed<ProbeAnswer>>,
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
