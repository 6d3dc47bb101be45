//! Deployments, stateful sets and daemon sets: those that lack pods, and how many were looked at.

use day2_kube::objects::{DaemonSet, DeploymentDetail, Status, Workload as Replicas};
use day2_kube::{Reduce, Rollout};
use jiff::Timestamp;

use super::owner::Workload;
use super::short;

/// What is kept of one kind of workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadTally {
    /// Objects that were looked at.
    pub examined: usize,
    /// Of those, how many lie in the namespaces of the cluster's own workloads.
    pub of_system: usize,
    /// Those that lack pods.
    pub lacking: Vec<Lacking>,
}

/// A workload that has fewer available pods than it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Which.
    pub workload: Workload,
    /// Pods asked for; for a daemon set, nodes that should run one.
    pub desired: i64,
    /// Pods available.
    pub available: i64,
    /// Why pods of two templates may be there; then pods are missing on purpose.
    pub rolling: Option<String>,
    /// The rollout stands still (`ProgressDeadlineExceeded`).
    pub stalled: bool,
    /// Since when it has fewer available pods than it may (`Available=False`); only Deployments say so.
    pub unavailable_since: Option<Timestamp>,
    /// Why pods could not be made at all, as the controller says (`ReplicaFailure`).
    pub refused: Option<String>,
}

/// Reduces workloads. Holds the namespaces of the cluster's own.
#[derive(Debug, Clone, Copy)]
pub struct EachWorkload<'a>(pub &'a [String]);

impl EachWorkload<'_> {
    fn count(&self, sum: &mut WorkloadTally, namespace: &str) {
        sum.examined += 1;
        sum.of_system += usize::from(self.0.iter().any(|system| system == namespace));
    }

    fn join_all(sum: &mut WorkloadTally, page: WorkloadTally) {
        sum.examined += page.examined;
        sum.of_system += page.of_system;
        sum.lacking.extend(page.lacking);
    }
}

impl Reduce<DeploymentDetail> for EachWorkload<'_> {
    type Sum = WorkloadTally;

    fn empty(&self) -> WorkloadTally {
        WorkloadTally::default()
    }

    fn take(&self, sum: &mut WorkloadTally, one: DeploymentDetail) {
        self.count(sum, &one.namespace);
        let rollout = Rollout::of(&one);
        let stalled = rollout == Rollout::DeadlineExceeded;
        let refused = one
            .condition("ReplicaFailure")
            .filter(|failure| failure.status == Status::True)
            .map(|failure| short(failure.message.as_deref().unwrap_or("no reason given"), 300));
        let unavailable_since = one
            .condition("Available")
            .filter(|available| available.status == Status::False)
            .and_then(|available| available.since);
        // A rollout that stands still lacks pods of the new template, however many old ones serve.
        let lacks = one.available < one.desired || stalled || refused.is_some();
        if lacks && one.deleting_since.is_none() {
            sum.lacking.push(Lacking {
                workload: Workload::new(&one.namespace, "Deployment", &one.name),
                desired: one.desired,
                available: one.available,
                rolling: Rollout::between_templates(&one).map(|rollout| rollout.to_string()),
                stalled,
                unavailable_since,
                refused,
            });
        }
    }

    fn join(&self, sum: &mut WorkloadTally, page: WorkloadTally) {
        Self::join_all(sum, page);
    }
}

impl Reduce<Replicas> for EachWorkload<'_> {
    type Sum = WorkloadTally;

    fn empty(&self) -> WorkloadTally {
        WorkloadTally::default()
    }

    fn take(&self, sum: &mut WorkloadTally, one: Replicas) {
        self.count(sum, &one.namespace);
        // Not every version of Kubernetes counts the available pods of a stateful set; those that are Ready are the least.
        let available = one.available.max(one.ready);
        if available < one.replicas {
            let rolling = (one.updated < one.replicas || !one.is_observed()).then(|| {
                format!(
                    "{} of {} pods are of the newest template",
                    one.updated, one.replicas
                )
            });
            sum.lacking.push(Lacking {
                workload: Workload::new(&one.namespace, "StatefulSet", &one.name),
                desired: one.replicas,
                available,
                rolling,
                stalled: false,
                unavailable_since: None,
                refused: None,
            });
        }
    }

    fn join(&self, sum: &mut WorkloadTally, page: WorkloadTally) {
        Self::join_all(sum, page);
    }
}

impl EachWorkload<'_> {
    /// Daemon sets are few, and are read as a whole.
    #[must_use]
    pub fn daemon_sets(&self, sets: &[DaemonSet]) -> WorkloadTally {
        let mut sum = WorkloadTally::default();
        for set in sets {
            self.count(&mut sum, &set.namespace);
            if set.available < set.desired {
                sum.lacking.push(Lacking {
                    workload: Workload::new(&set.namespace, "DaemonSet", &set.name),
                    desired: set.desired,
                    available: set.available,
                    rolling: (!set.is_observed()).then(|| "its spec has just changed".to_owned()),
                    stalled: false,
                    unavailable_since: None,
                    refused: None,
                });
            }
        }
        sum
    }
}
