//! Settings of `ha-status`: pairs of clusters, and when one of them counts as gone.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::names::ResourceName;
use day2_core::settings::{Mistakes, Named, Percent};
use day2_core::target::Target;
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct HaSettings {
    /// One pair per target name.
    pub targets: Named<Pair>,
}

/// Two clusters of which either may serve.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Pair {
    /// The side that serves while both are there.
    pub primary: Side,
    /// The other one.
    pub secondary: Side,
    /// Why high availability is switched off on purpose. The pair is then `DISABLED`, and the sides are looked at all the same.
    #[deserr(default)]
    pub disabled: Option<String>,
    /// When a side counts as unavailable, and as available again.
    #[deserr(default)]
    pub detection: Detection,
    /// How full a side may be, and what one side must be able to carry.
    #[deserr(default)]
    pub capacity: Capacity,
    /// How long the provisioning of a side takes, in minutes: until then a side that is being made is expected to be missing.
    #[deserr(default = 60)]
    pub provisioning_minutes: u32,
    /// How bad which state is, and how soon somebody must respond.
    #[deserr(default)]
    pub severity: Severities,
    /// Parts that are left out on purpose; the report repeats them.
    #[deserr(default)]
    pub not_checked: Vec<Part>,
}

/// A part of the check that a deployment may leave out, in writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Part {
    /// Scaling groups of the sides (`groups`).
    Groups,
    /// Queues of the sides (`queue`).
    Queue,
}

impl Part {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Queue => "queue",
        }
    }
}

/// One side.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Side {
    /// Where it is: account, region, role if it has one, cluster.
    pub platform: Target,
    /// Fewest Ready nodes that it should have.
    pub min_ready_nodes: u32,
    /// Fewest Ready nodes with which it serves at all; with fewer it is unavailable.
    #[deserr(default = 1)]
    pub min_serving_nodes: u32,
    /// Auto Scaling groups of its nodes: what is desired, and why it is not there.
    #[deserr(default)]
    pub groups: Vec<ResourceName>,
    /// The queue of its work.
    #[deserr(default)]
    pub queue: Option<Queue>,
}

/// A queue, by the metric of its depth.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Queue {
    /// Namespace of the metric, for example `AWS/SQS`.
    pub namespace: String,
    /// Its name, for example `ApproximateNumberOfMessagesVisible`.
    pub metric: String,
    /// All its dimensions, name and value: with one missing CloudWatch knows another metric, without data.
    #[deserr(default)]
    pub dimensions: Named<String>,
    /// Most that may wait.
    pub max_depth: f64,
}

/// When a side counts as unavailable.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Detection {
    /// How many probes one after another must fail.
    #[deserr(default = 3)]
    pub failed_probes: u32,
    /// Over how many minutes at least.
    #[deserr(default = 10)]
    pub failed_minutes: u32,
    /// How many probes one after another must succeed until it is believed again.
    #[deserr(default = 2)]
    pub good_probes: u32,
    /// How many looks one after another must agree on anything else before it is told, and before it is taken back.
    #[deserr(default = 3)]
    pub agreeing_looks: u32,
    /// Longest acceptable answer of an API server, in milliseconds.
    #[deserr(default = 2000)]
    pub max_latency_ms: u32,
}

impl Default for Detection {
    fn default() -> Self {
        Self {
            failed_probes: 3,
            failed_minutes: 10,
            good_probes: 2,
            agreeing_looks: 3,
            max_latency_ms: 2000,
        }
    }
}

/// How full a side may be.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Capacity {
    /// Most of a side's CPU, memory or pod places that may be requested, in percent; 80 when absent.
    #[deserr(default)]
    pub max_requested_percent: Option<Percent>,
    /// What the pair must carry at its peak; absent means what both sides carry now, or carried when both were last seen.
    #[deserr(default)]
    pub peak: Option<Peak>,
    /// By how many Ready nodes the sides may differ; absent does not compare them.
    #[deserr(default)]
    pub max_node_difference: Option<u32>,
}

impl Capacity {
    /// Most that may be requested, in percent.
    #[must_use]
    pub fn requested_percent(&self) -> f64 {
        self.max_requested_percent.map_or(80.0, Percent::value)
    }
}

/// Requests of everything that would have to run on one side, without what every node brings along (daemon sets) and without
/// what runs on dedicated nodes.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Peak {
    /// CPU, in cores.
    pub cpu_cores: u32,
    /// Memory, in GiB.
    pub memory_gib: u32,
    /// Pods.
    pub pods: u32,
}

/// How bad which state is.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Severities {
    /// One side is unavailable.
    #[deserr(default = Severity { name: "P1".to_owned(), respond_minutes: 30 })]
    pub one_side: Severity,
    /// Both are.
    #[deserr(default = Severity { name: "P0".to_owned(), respond_minutes: 0 })]
    pub both_sides: Severity,
}

impl Default for Severities {
    fn default() -> Self {
        let severity = |name: &str, respond_minutes| Severity {
            name: name.to_owned(),
            respond_minutes,
        };
        Self {
            one_side: severity("P1", 30),
            both_sides: severity("P0", 0),
        }
    }
}

/// A severity in the words of the on-call rota.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Severity {
    /// For example `P1`.
    pub name: String,
    /// Within how many minutes somebody must respond; 0 is at once.
    pub respond_minutes: u32,
}

impl Severity {
    /// `P1, respond within 30 min`.
    #[must_use]
    pub fn words(&self) -> String {
        if self.respond_minutes == 0 {
            format!("{}, respond at once", self.name)
        } else {
            format!("{}, respond within {} min", self.name, self.respond_minutes)
        }
    }
}
