//! Whose a pod is: the controller that a person would look at.

use std::fmt;

use day2_kube::objects::{Owner, PodHealth};

/// A workload, by which findings are grouped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workload {
    /// Namespace.
    pub namespace: String,
    /// Kind, for example `Deployment`; `Pod` for one without an owner.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Workload {
    /// A workload.
    #[must_use]
    pub fn new(namespace: &str, kind: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The top controller of a pod, as far as the pod itself tells: the hash of the template, which a Deployment and an Argo
    /// `Rollout` put into the name of the replica set and into a label, leads from the replica set to its owner (source:
    /// Kubernetes, "Deployments", "Pod-template-hash label"). A Job stays a Job; its `CronJob` is known from the Job only.
    #[must_use]
    pub fn of(pod: &PodHealth) -> Self {
        let Some(owner) = &pod.owner else {
            return Self::new(&pod.namespace, "Pod", &pod.name);
        };
        let (kind, name) = above_replica_set(pod, owner).unwrap_or((&owner.kind, &owner.name));
        Self::new(&pod.namespace, kind, name)
    }
}

fn above_replica_set<'p>(pod: &PodHealth, owner: &'p Owner) -> Option<(&'static str, &'p str)> {
    if owner.kind != "ReplicaSet" {
        return None;
    }
    [
        ("Deployment", "pod-template-hash"),
        ("Rollout", "rollouts-pod-template-hash"),
    ]
    .into_iter()
    .find_map(|(kind, label)| {
        let hash = pod.labels.get(label)?;
        let name = owner.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
        Some((kind, name))
    })
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind, self.name)
    }
}
