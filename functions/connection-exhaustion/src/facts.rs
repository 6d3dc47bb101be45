//! What AWS and the cluster said, in our own words: the only thing [`crate::plan`] may know besides settings and journal.

use day2_core::Observed;
use day2_core::alarm_now::Datapoint;
use day2_core::database::{Acu, AcuRange, Parameter};
use day2_kube::objects::{DeploymentDetail, HorizontalPodAutoscaler, Pod, PodDisruptionBudget};
use day2_reads::alarms::Alarm;
use day2_reads::db_instances::DbInstance;
use day2_reads::global_clusters::Membership;
use day2_reads::metric::Points;

/// Everything that is looked at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The alarm that called, also behind an approval.
    pub alarm: Option<AlarmFacts>,
    /// The target's database.
    pub database: Observed<Database>,
    /// One entry per client of the settings, in their order.
    pub clients: Vec<ClientFacts>,
}

/// An alarm and its own metric, read again.
#[derive(Debug, Clone)]
pub struct AlarmFacts {
    /// ARN, from the event.
    pub arn: String,
    /// Name, from the ARN.
    pub name: String,
    /// The alarm as CloudWatch describes it.
    pub alarm: Observed<Alarm>,
    /// Its metric; empty for an alarm without one of its own.
    pub points: Observed<Vec<Datapoint>>,
}

/// A database: an Aurora cluster with its instances, or one RDS instance.
#[derive(Debug, Clone)]
pub struct Database {
    /// Cluster or instance identifier.
    pub id: String,
    /// Status of the cluster, or of the instance where there is none.
    pub status: String,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// What only a cluster has.
    pub cluster: Option<Cluster>,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// What only an Aurora cluster has.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Engine version, for example `16.6`.
    pub engine_version: Option<String>,
    /// `provisioned` (also of Serverless v2), `serverless` (v1 only), …
    pub engine_mode: Option<String>,
    /// Capacity range of Serverless v2; none for a provisioned cluster.
    pub range: Option<AcuRange>,
    /// `max_connections` of the cluster's parameter group.
    pub parameter: Observed<Option<Parameter>>,
    /// What it is in a global database; none when it is in no such.
    pub membership: Observed<Option<Membership>>,
    /// The largest capacity of its engine version (`ServerlessV2FeaturesSupport.MaxCapacity`); none when the API does
    /// not say.
    pub engine_limit: Observed<Option<Acu>>,
}

/// One instance, with its metrics of the last hour.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Identifier.
    pub id: String,
    /// The writer of its cluster, or an RDS instance.
    pub writer: bool,
    /// State of the *cluster's* parameter group on it.
    pub cluster_parameter_status: Option<String>,
    /// Its own description.
    pub described: Observed<DbInstance>,
    /// `max_connections` of its own parameter group.
    pub parameter: Observed<Option<Parameter>>,
    /// `DatabaseConnections`, maximum per minute.
    pub connections: Observed<Points>,
    /// `ServerlessDatabaseCapacity`, maximum per minute, in ACU. Empty for a provisioned instance.
    pub capacity: Observed<Points>,
    /// `ACUUtilization`, maximum per minute, in percent of the maximum ACU. Empty for a provisioned instance.
    pub utilization: Observed<Points>,
}

/// What the cluster says of one client.
#[derive(Debug, Clone)]
pub struct ClientFacts {
    /// Its Deployment; none when there is none of this name.
    pub deployment: Observed<Option<DeploymentDetail>>,
    /// Autoscalers of its Deployment.
    pub autoscalers: Observed<Vec<HorizontalPodAutoscaler>>,
    /// Its pods.
    pub pods: Observed<Vec<Pod>>,
    /// Disruption budgets of its namespace.
    pub budgets: Observed<Vec<PodDisruptionBudget>>,
}
