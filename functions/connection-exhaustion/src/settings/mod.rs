//! Settings of `connection-exhaustion`: per target, its alarms, its clients, and how far the function may go.

#[cfg(test)]
pub(crate) mod tests;
mod validate;

use day2_core::arn::Arn;
use day2_core::database::Acu;
use day2_core::names::{DnsLabel, DnsName};
use day2_core::settings::{Mistakes, Named, Percent, Safety};
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ConnectionExhaustionSettings {
    /// The safety belts; `mode` has no default.
    pub safety: Safety,
    /// One policy per target name.
    pub targets: Named<Policy>,
}

/// What is known of one database and its clients, and what may be done about them.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Policy {
    /// Alarms that call the function for this target. May be empty: then it is called by hand only.
    #[deserr(default)]
    pub alarm_arns: Vec<Arn>,
    /// Deployments that open connections. Without them nothing is restarted, and no pool is computed.
    #[deserr(default)]
    pub clients: Vec<Client>,
    /// Name of the client that is known to leak. Without it the evidence must point at exactly one.
    #[deserr(default)]
    pub suspect: Option<String>,
    /// Connections that belong to no client: monitoring, people, the engine itself. Default 15.
    #[deserr(default = 15)]
    pub other_connections: u32,
    /// The effective `max_connections` of each instance, for engines without a rule; absent derives it.
    #[deserr(default)]
    pub max_connections: Option<u32>,
    /// Limits of the judgement.
    #[deserr(default)]
    pub limits: Limits,
    /// What counts as a leak.
    #[deserr(default)]
    pub leak: Leak,
    /// Whether and how far the maximum ACU may be raised; absent means never.
    #[deserr(default)]
    pub acu: Option<AcuPolicy>,
}

/// A Deployment that opens connections to the database.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Client {
    /// Name in reports.
    pub name: String,
    /// Namespace of the Deployment.
    pub namespace: DnsLabel,
    /// Name of the Deployment.
    pub deployment: DnsName,
    /// Most connections that one pod opens to this database, over all its containers and pools.
    pub pool_size: u32,
    /// Whether the function may restart it, by its own rollout. Default no.
    #[deserr(default)]
    pub may_restart: bool,
}

/// Limits of the judgement.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Limits {
    /// Share of the effective maximum from which an instance is acted on; 80 when absent.
    #[deserr(default)]
    pub act_at_percent: Option<Percent>,
    /// Share that a higher maximum should bring an instance to; 60 when absent.
    #[deserr(default)]
    pub target_percent: Option<Percent>,
    /// An instance is acted on too when it will be full within so many minutes. Default 30.
    #[deserr(default = 30)]
    pub act_within_minutes: u32,
    /// How far back connections are read for their slope, 15 to 60 minutes. Default 30.
    #[deserr(default = 30)]
    pub look_back_minutes: u32,
    /// Least number of datapoints, one a minute, that carry a statement about now. Default 3.
    #[deserr(default = 3)]
    pub min_datapoints: u32,
}

impl Limits {
    /// Share from which an instance is acted on, in percent.
    #[must_use]
    pub fn act_at(&self) -> f64 {
        self.act_at_percent.map_or(80.0, Percent::value)
    }

    /// Share that a higher maximum should bring an instance to, in percent.
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target_percent.map_or(60.0, Percent::value)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            act_at_percent: None,
            target_percent: None,
            act_within_minutes: 30,
            look_back_minutes: 30,
            min_datapoints: 3,
        }
    }
}

/// What counts as a leak. There is no login to the database, so that a leak is arithmetic: more connections than all
/// declared pools can explain.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Leak {
    /// By how much the connections must exceed what the pools explain; 20 when absent.
    #[deserr(default)]
    pub excess_percent: Option<Percent>,
    /// A client whose pods are all younger than this has changed, which makes it credible. Default 120 minutes.
    #[deserr(default = 120)]
    pub changed_within_minutes: u32,
}

impl Leak {
    /// By how much the connections must exceed what the pools explain, in percent.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.excess_percent.map_or(20.0, Percent::value)
    }
}

impl Default for Leak {
    fn default() -> Self {
        Self {
            excess_percent: None,
            changed_within_minutes: 120,
        }
    }
}

/// Whether and how far the maximum ACU may be raised.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct AcuPolicy {
    /// Whether it may be raised at all. More ACU cost from the moment that they are used, and give more connections only
    /// after a reboot; so there is no default.
    pub may_raise: bool,
    /// The budget: the maximum ACU is never raised beyond it. Steps of 0.5.
    pub max_ceiling: f64,
    /// Most ACU that one raise adds, in steps of 0.5. Default 32.
    #[deserr(default = 32.0)]
    pub max_step: f64,
    /// How long a raise lasts, 30 to 10,080 minutes. Default 240.
    #[deserr(default = 240)]
    pub lease_minutes: u32,
}

impl AcuPolicy {
    /// The budget; nothing is allowed by one that is no capacity.
    #[must_use]
    pub fn ceiling(&self) -> Acu {
        Acu::exactly(self.max_ceiling).unwrap_or_default()
    }

    /// Most that one raise adds; nothing by a step that is no capacity.
    #[must_use]
    pub fn step(&self) -> Acu {
        Acu::exactly(self.max_step).unwrap_or_default()
    }
}

impl Client {
    /// `Deployment namespace/name`, the name of the resource in plans.
    #[must_use]
    pub fn resource(&self) -> String {
        format!("Deployment {}/{}", self.namespace, self.deployment)
    }
}
