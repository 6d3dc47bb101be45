//! Settings of `scale-window`: per target, what the platform should look like before, at and after the peak.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::settings::{LocalTime, Mistakes, Named, Percent};
use day2_probe::Probe;
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ScaleWindowSettings {
    /// One plan per target name.
    pub targets: Named<Plan>,
}

/// What one platform should look like.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Plan {
    /// The nodes and workloads that must be there at any hour.
    pub control: Control,
    /// The groups that scale with the window.
    pub groups: Vec<GroupPlan>,
    /// Scheduled actions that must exist on the day of the run.
    #[deserr(default)]
    pub scheduled_actions: Vec<ActionPlan>,
    /// Endpoints that must answer.
    #[deserr(default)]
    pub probes: Vec<Probe>,
    /// Zones of the target's VPC that must each have an available NAT gateway.
    #[deserr(default)]
    pub nat_zones: Vec<String>,
    /// Which alarms count.
    #[deserr(default)]
    pub alarms: AlarmPolicy,
    /// Limits for the target's database.
    #[deserr(default)]
    pub database: DatabasePolicy,
    /// Service quotas that the peak needs.
    #[deserr(default)]
    pub quotas: Vec<QuotaPlan>,
    /// Limits for joining nodes and for looking back.
    #[deserr(default)]
    pub limits: Limits,
    /// Price of one instance hour by instance type, for the cost of what is still up.
    #[deserr(default)]
    pub cost: Cost,
    /// Namespaces whose running pods count as active workspaces in the evening.
    #[deserr(default)]
    pub workspace_namespaces: Vec<String>,
    /// Parts that are left out on purpose. A part that is neither declared nor named here is a mistake: a report must
    /// not be green for what nobody looked at, so the choice has to be written down, and the report repeats it.
    #[deserr(default)]
    pub not_checked: Vec<Part>,
}

/// A part of the check that a deployment may leave out, in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Part {
    /// Control Deployments (`control.workloads`).
    Workloads,
    /// HTTP endpoints (`probes`).
    Probes,
    /// NAT gateways (`nat_zones`).
    Nat,
    /// The database (`database` of the target).
    Database,
    /// Scheduled actions (`scheduled_actions`).
    Schedule,
    /// Service quotas (`quotas`).
    Quotas,
    /// What the groups launch from: launch templates and images. Always looked at unless it is named here.
    Templates,
}

impl Part {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Workloads => "workloads",
            Self::Probes => "probes",
            Self::Nat => "nat",
            Self::Database => "database",
            Self::Schedule => "schedule",
            Self::Quotas => "quotas",
            Self::Templates => "templates",
        }
    }
}

/// The part that never scales away.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Control {
    /// Node groups of the target and the least number of Ready nodes in each.
    pub groups: Vec<ControlGroup>,
    /// Deployments that must be fully available and spread.
    #[deserr(default)]
    pub workloads: Vec<ControlWorkload>,
}

/// One control node group.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ControlGroup {
    /// Name of a node group of the target.
    pub node_group: String,
    /// Least number of Ready nodes.
    pub min_ready: u32,
}

/// One control Deployment.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ControlWorkload {
    /// Namespace.
    pub namespace: String,
    /// Deployment name.
    pub deployment: String,
    /// Least number of distinct nodes that its available pods stand on.
    #[deserr(default = 2)]
    pub min_nodes: u32,
    /// Least number of distinct zones.
    #[deserr(default = 2)]
    pub min_zones: u32,
}

/// One scaling group and its counts, in nodes.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct GroupPlan {
    /// Name of a node group of the target.
    pub node_group: String,
    /// Desired before the morning scale-up.
    pub before: u32,
    /// Desired at the peak.
    pub peak: u32,
    /// Desired after the evening scale-down.
    pub after: u32,
    /// Minimum size of the Auto Scaling group before and after the peak.
    pub min: u32,
    /// Maximum size of the Auto Scaling group.
    pub max: u32,
    /// Least share of on-demand instances at the peak; absent means that the purchase option does not matter.
    #[deserr(default)]
    pub min_on_demand_percent: Option<Percent>,
    /// Addresses that one new node takes from its subnet at start. 16 is one `/28` prefix or the addresses of a common
    /// network interface; see the Amazon VPC CNI's `WARM_*` settings.
    #[deserr(default = 16)]
    pub addresses_per_node: u32,
    /// vCPUs of one node, for the quota sum; absent leaves the group out of it.
    #[deserr(default)]
    pub vcpus_per_node: Option<u32>,
    /// Instance types that its nodes may have at the peak; empty means that the type does not matter.
    #[deserr(default)]
    pub instance_types: Vec<String>,
}

/// One scheduled action that must exist.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ActionPlan {
    /// Name of a node group of the target.
    pub node_group: String,
    /// Name of the scheduled action; absent means any with the right time and capacity.
    #[deserr(default)]
    pub name: Option<String>,
    /// Local time in the deployment's zone.
    pub at: LocalTime,
    /// Desired capacity that it must set.
    pub desired: u32,
}

/// Which alarms count.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct AlarmPolicy {
    /// Only alarms whose name begins with this; empty means every alarm of the account and region.
    #[deserr(default)]
    pub prefix: String,
    /// Alarms by name that do not count, for example those of Auto Scaling target tracking.
    #[deserr(default)]
    pub ignore: Vec<String>,
    /// Least number of alarms that must exist; a region with none proves nothing.
    #[deserr(default = 1)]
    pub expected_at_least: u32,
}

impl Default for AlarmPolicy {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            ignore: Vec::new(),
            expected_at_least: 1,
        }
    }
}

/// Limits for the database.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Most connections, in percent of the effective maximum; 80 when absent.
    #[deserr(default)]
    pub max_connections_percent: Option<Percent>,
    /// The effective `max_connections`, where it is set by a parameter group; absent derives it for Aurora Serverless v2.
    #[deserr(default)]
    pub max_connections: Option<u32>,
    /// Most replica lag, in milliseconds.
    #[deserr(default = 1000)]
    pub max_replica_lag_ms: u32,
    /// Least number of readers; 1 for Aurora and 0 for RDS when absent.
    #[deserr(default)]
    pub min_readers: Option<u32>,
}

impl DatabasePolicy {
    /// The share of the effective maximum that may be in use, in percent.
    #[must_use]
    pub fn connections_percent(&self) -> f64 {
        self.max_connections_percent.map_or(80.0, Percent::value)
    }
}

impl Default for DatabasePolicy {
    fn default() -> Self {
        Self {
            max_connections_percent: None,
            max_connections: None,
            max_replica_lag_ms: 1000,
            min_readers: None,
        }
    }
}

/// One quota.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct QuotaPlan {
    /// Service code, for example `ec2`.
    pub service: String,
    /// Quota code, for example `L-1216C47A` (running on-demand standard instances, in vCPUs).
    pub code: String,
    /// Node groups whose peak it must carry, in vCPUs.
    pub node_groups: Vec<String>,
}

/// Times and looks back.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Limits {
    /// Longest time from launch to Ready, in minutes.
    #[deserr(default = 10)]
    pub join_minutes: u32,
    /// How far failed launches are looked for before the scale-up, in minutes. The default of a day holds yesterday's
    /// scale-up.
    #[deserr(default = 1440)]
    pub launches_minutes: u32,
    /// How far the verifications after a scaling look back, in minutes; absent follows `scheduled_actions`, and is 60 where
    /// none of them made the scaling.
    #[deserr(default)]
    pub window_minutes: Option<u32>,
    /// Days whose scale-up is looked at for failed launches, at most the 42 that Auto Scaling keeps; 0 leaves them out.
    #[deserr(default = 14)]
    pub history_days: u32,
    /// On how many of these days launches of a group must have failed for the line to fail.
    #[deserr(default = 7)]
    pub history_failed_days: u32,
    /// Time between the two looks of a scale-up that is not complete at the first, in seconds; 0 looks once.
    #[deserr(default = 45)]
    pub second_look_seconds: u32,
    /// Shortest time that a pod may be Pending before it counts, in minutes.
    #[deserr(default = 2)]
    pub pending_minutes: u32,
    /// Time that a drain may take before it counts as stuck, in minutes.
    #[deserr(default = 15)]
    pub drain_minutes: u32,
    /// Window of the metrics, in minutes.
    #[deserr(default = 15)]
    pub metric_minutes: u32,
    /// Least number of datapoints that carry a verdict.
    #[deserr(default = 3)]
    pub min_datapoints: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            join_minutes: 10,
            launches_minutes: 1440,
            window_minutes: None,
            history_days: 14,
            history_failed_days: 7,
            second_look_seconds: 45,
            pending_minutes: 2,
            drain_minutes: 15,
            metric_minutes: 15,
            min_datapoints: 3,
        }
    }
}

/// Prices for the evening.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Cost {
    /// Currency code, for example `USD`.
    #[deserr(default = "USD".to_owned())]
    pub currency: String,
    /// Price of one hour by instance type.
    #[deserr(default)]
    pub per_hour: Named<f64>,
}
