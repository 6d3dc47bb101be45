//! Settings of `health-check`: per target, which groups are looked at and by which limits.

pub mod alarms;
mod aws;
pub mod certificates;
pub mod changes;
pub mod cluster;
mod component;
pub mod database;
pub mod eks;
mod group;
pub mod nodes;
pub mod ownership;
pub mod quotas;
pub mod security;
pub mod storage;
#[cfg(test)]
mod tests;
mod validate;
pub mod volumes;
pub mod workloads;

use day2_core::settings::{Mistakes, Named};
use day2_probe::Probe;
use deserr::Deserr;

pub use component::Component;
pub use group::Group;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct HealthCheckSettings {
    /// One plan per target name.
    pub targets: Named<Plan>,
}

/// How one platform is looked at. Every group has limits that work without being set.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Plan {
    /// Groups that are left out on purpose. A report must not be green for what nobody looked at, so the choice is written
    /// down here, and the report repeats it.
    #[deserr(default)]
    pub not_checked: Vec<Group>,
    /// Optional components that the cluster must have. One that is named here and missing is a FAIL; one that is not named
    /// is looked at where it is installed.
    #[deserr(default)]
    pub installed: Vec<Component>,
    /// Which team owns what.
    #[deserr(default)]
    pub ownership: ownership::Ownership,
    /// Limits of the group `cluster`.
    #[deserr(default)]
    pub cluster: cluster::ClusterLimits,
    /// Limits of the group `nodes`.
    #[deserr(default)]
    pub nodes: nodes::NodeLimits,
    /// Limits of the group `workloads`.
    #[deserr(default)]
    pub workloads: workloads::WorkloadLimits,
    /// Limits of the group `storage`.
    #[deserr(default)]
    pub storage: storage::StorageLimits,
    /// Limits of the group `quotas`.
    #[deserr(default)]
    pub quotas: quotas::QuotaLimits,
    /// Limits of the group `certificates`.
    #[deserr(default)]
    pub certificates: certificates::CertificateLimits,
    /// How far `triage` looks back.
    #[deserr(default)]
    pub changes: changes::ChangeLimits,
    /// Limits of the group `alarms`.
    #[deserr(default)]
    pub alarms: alarms::AlarmPolicy,
    /// Limits of the group `security`.
    #[deserr(default)]
    pub security: security::SecurityPolicy,
    /// Limits of the group `eks`.
    #[deserr(default)]
    pub eks: eks::EksPolicy,
    /// Limits of the group `database`.
    #[deserr(default)]
    pub database: database::DatabasePolicy,
    /// The endpoints of the group `endpoints`.
    #[deserr(default)]
    pub probes: Vec<Probe>,
    /// Limits of the group `volumes`.
    #[deserr(default)]
    pub volumes: volumes::VolumePolicy,
}

impl Plan {
    /// Whether the group is looked at.
    #[must_use]
    pub fn looks_at(&self, group: Group) -> bool {
        !self.not_checked.contains(&group)
    }

    /// Whether the settings say that the cluster has this component.
    #[must_use]
    pub fn expects(&self, component: Component) -> bool {
        self.installed.contains(&component)
    }
}
