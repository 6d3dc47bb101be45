//! Who changed an object and when, from its metadata alone: what it holds is not read.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Meta, Time};
use super::{Kind, Owner};

/// The traces of changes in the metadata of an object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Trace {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Controlling owner.
    pub owner: Option<Owner>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When each client last changed or added something, the newest first, as `managedFields` records it. Changes of the status are
    /// not among it; of those through `scale` the API server keeps no time, and of what only removes something no trace at all.
    pub changes: Vec<(Timestamp, String)>,
    /// The annotation `deployment.kubernetes.io/revision`: of a Deployment the number of its present template, of a replica set
    /// that of its template.
    pub revision: Option<String>,
    /// The annotation `deployment.kubernetes.io/revision-history`: the template of this replica set had other numbers before,
    /// because a Deployment went back to it.
    pub used_again: bool,
    /// A lock of a leader election, which its holder writes again every few seconds.
    pub is_lock: bool,
}

/// Kinds of which the metadata is read only.
macro_rules! traces {
    ($($(#[$doc:meta])* $kind:ident = $group:literal $plural:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            type Object = Trace;
            const GROUP: &'static str = $group;
            const VERSION: &'static str = "v1";
            const PLURAL: &'static str = $plural;
            const METADATA_ONLY: bool = true;
        }
    )*};
}

traces! {
    /// Config maps, of which the metadata is read only.
    ConfigMaps = "" "configmaps";
    /// Replica sets, of which the metadata is read only: each is one template of its Deployment.
    ReplicaSets = "apps" "replicasets";
    /// Controller revisions, of which the metadata is read only: each is one template of a `StatefulSet` or `DaemonSet`.
    ControllerRevisions = "apps" "controllerrevisions";
    /// Deployments, of which the metadata is read only.
    DeploymentTraces = "apps" "deployments";
    /// Stateful sets, of which the metadata is read only.
    StatefulSetTraces = "apps" "statefulsets";
    /// Daemon sets, of which the metadata is read only.
    DaemonSetTraces = "apps" "daemonsets";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(flatten)]
    meta: Meta,
    managed_fields: Option<Vec<Managed>>,
}

#[derive(Deserialize)]
struct Managed {
    manager: Option<String>,
    subresource: Option<String>,
    time: Option<Time>,
}

impl From<Wire> for Trace {
    fn from(wire: Wire) -> Self {
        let Metadata {
            mut meta,
            managed_fields,
        } = wire.metadata.unwrap_or_default();
        let mut changes: Vec<(Timestamp, String)> = managed_fields
            .unwrap_or_default()
            .into_iter()
            .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty())
            .filter_map(|entry| Some((entry.time?.0?, entry.manager.unwrap_or_default())))
            .collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        let note = |name: &str| meta.annotations.as_ref()?.get(name).cloned();
        let word = |name: &str| note(name).flatten().filter(|value| !value.is_empty());
        Self {
            changes,
            revision: word("deployment.kubernetes.io/revision"),
            used_again: word("deployment.kubernetes.io/revision-history").is_some(),
            is_lock: note("control-plane.alpha.kubernetes.io/leader").is_some(),
            owner: meta.owner(),
            created_at: meta.created_at(),
            namespace: meta.namespace.take().unwrap_or_default(),
            name: meta.name.take().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_change_of_each_client_and_the_numbers_of_a_template_are_read() {
        let entry = |manager: &str, subresource: &str, at: &str| json!({"manager": manager, "subresource": subresource, "time": format!("2026-03-29T{at}:00Z")});
        let replica_set = json!({"metadata": {
            "name": "web-5f", "namespace": "shop", "creationTimestamp": "2026-03-01T05:00:00Z",
            "annotations": {"deployment.kubernetes.io/revision": "9", "deployment.kubernetes.io/revision-history": "3,7"},
            "managedFields": [
                entry("helm", "", "05:00"), entry("kubectl-edit", "", "05:30"), entry("controller", "status", "05:40"),
                {"manager": "keda", "subresource": "scale"}, {"manager": "of an old version"},
            ],
        }});
        let trace: Trace = serde_json::from_value(replica_set).unwrap();
        let at = |time: &str| format!("2026-03-29T{time}:00Z").parse::<Timestamp>().unwrap();
        let changes = [
            (at("05:30"), "kubectl-edit".to_owned()),
            (at("05:00"), "helm".to_owned()),
        ];
        assert_eq!(trace.changes, changes);
        assert_eq!((trace.revision.as_deref(), trace.used_again), (Some("9"), true));

        let never: Trace = serde_json::from_value(json!({"metadata": {"annotations": {
            "deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/revision-history": "",
            "control-plane.alpha.kubernetes.io/leader": null,
        }}}))
        .unwrap();
        assert!(never.changes.is_empty() && !never.used_again && never.is_lock);
    }
}
