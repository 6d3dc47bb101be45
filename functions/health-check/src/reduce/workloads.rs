//! Deployments, stateful sets and daemon sets: those that lack pods, and how many were looked at.

use std::collections::BTreeSet;

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
    /// Those that an EKS add-on makes, by kind and name; see [`made_by`].
    pub of_addons: BTreeSet<(&'static str, &'static str)>,
    /// Those that lack pods.
    pub lacking: Vec<Lacking>,
    /// Deployments in the middle of a rollout that goes on and that nobody misses anything by.
    pub rolling: BTreeSet<Workload>,
}

/// Kind and name of workloads.
type Made = &'static [(&'static str, &'static str)];

/// The workloads that each EKS add-on makes. On EKS Auto Mode none of these is installed, so that nothing is expected there.
/// Source: *Amazon EKS User Guide*, "AWS add-ons" and the pages of each; the manifests of these add-ons.
const OF_ADDONS: [(&str, Made); 7] = [
    ("coredns", &[("Deployment", "coredns")]),
    ("kube-proxy", &[("DaemonSet", "kube-proxy")]),
    ("vpc-cni", &[("DaemonSet", "aws-node")]),
    ("metrics-server", &[("Deployment", "metrics-server")]),
    (
        "eks-pod-identity-agent",
        &[("DaemonSet", "eks-pod-identity-agent")],
    ),
    (
        "aws-ebs-csi-driver",
        &[
            ("Deployment", "ebs-csi-controller"),
            ("DaemonSet", "ebs-csi-node"),
        ],
    ),
    (
        "aws-efs-csi-driver",
        &[
            ("Deployment", "efs-csi-controller"),
            ("DaemonSet", "efs-csi-node"),
        ],
    ),
];

/// The workloads that an EKS add-on of this name makes; none for one that is not known here.
#[must_use]
pub fn made_by(addon: &str) -> Made {
    OF_ADDONS
        .iter()
        .find(|(name, _)| *name == addon)
        .map_or(&[], |(_, made)| *made)
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
    /// Pods that are there, well or not, where a status counts them: of a daemon set, nodes that have one; of a stateful set also
    /// those that are made in order and wait for one that is there.
    pub present: Option<i64>,
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
    fn count(&self, sum: &mut WorkloadTally, kind: &str, namespace: &str, name: &str) {
        sum.examined += 1;
        sum.of_system += usize::from(self.0.iter().any(|system| system == namespace));
        // An add-on may be installed into another namespace than `kube-system`, so that the name alone counts.
        let known = OF_ADDONS.iter().flat_map(|(_, made)| made.iter());
        sum.of_addons
            .extend(known.filter(|(of, called)| *of == kind && *called == name));
    }

    fn join_all(sum: &mut WorkloadTally, page: WorkloadTally) {
        sum.examined += page.examined;
        sum.of_system += page.of_system;
        sum.of_addons.extend(page.of_addons);
        sum.lacking.extend(page.lacking);
        sum.rolling.extend(page.rolling);
    }
}

/// A rollout that goes on: within its own deadline (`progressDeadlineSeconds`, ten minutes by default), not paused, and with as
/// many available pods as its strategy promises. How long its pods may take to start is what that deadline says. Source:
/// Kubernetes, "Deployments", "Deployment status": a paused or late one is not `Progressing=True`.
fn goes_on(deployment: &DeploymentDetail) -> bool {
    let holds = |kind: &str| {
        deployment
            .condition(kind)
            .is_some_and(|condition| condition.status == Status::True)
    };
    Rollout::between_templates(deployment).is_some() && holds("Progressing") && holds("Available")
}

impl Reduce<DeploymentDetail> for EachWorkload<'_> {
    type Sum = WorkloadTally;

    fn empty(&self) -> WorkloadTally {
        WorkloadTally::default()
    }

    fn take(&self, sum: &mut WorkloadTally, one: DeploymentDetail) {
        self.count(sum, "Deployment", &one.namespace, &one.name);
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
        if refused.is_none() && goes_on(&one) {
            let workload = Workload::new(&one.namespace, "Deployment", &one.name);
            sum.rolling.insert(workload);
        }
        if lacks && one.deleting_since.is_none() {
            sum.lacking.push(Lacking {
                workload: Workload::new(&one.namespace, "Deployment", &one.name),
                desired: one.desired,
                available: one.available,
                present: None,
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
        self.count(sum, "StatefulSet", &one.namespace, &one.name);
        // A pod that is Ready for less than `minReadySeconds` does its work.
        let available = one.available.max(one.ready);
        if available < one.replicas && one.deleting_since.is_none() {
            let waits = one.in_order && one.available < one.present;
            let present = if waits {
                one.replicas
            } else {
                one.present.max(available)
            };
            sum.lacking.push(Lacking {
                workload: Workload::new(&one.namespace, "StatefulSet", &one.name),
                desired: one.replicas,
                available,
                present: Some(present),
                // That a rollout goes on excuses nothing: a pod that it replaces is there, the old one or the new one, and one
                // that is missing is of no template, so that `updatedReplicas` looks like a rollout without any.
                rolling: (!one.is_observed()).then(|| "its spec has just changed".to_owned()),
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
            self.count(&mut sum, "DaemonSet", &set.namespace, &set.name);
            // A pod that is Ready for less than `minReadySeconds` does its work.
            let available = set.available.max(set.ready);
            if available < set.desired {
                sum.lacking.push(Lacking {
                    workload: Workload::new(&set.namespace, "DaemonSet", &set.name),
                    desired: set.desired,
                    available,
                    present: Some(set.scheduled.max(available)),
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
