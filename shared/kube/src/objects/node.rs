//! A node, as far as capacity and health are judged by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, strings};
use super::{Condition, Kind, Status};
use crate::change::CORDON_ANNOTATION;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Node {
    /// Object name; on EKS the private DNS name or the instance id.
    pub name: String,
    /// Uid: a node that joined again under the same name has another one.
    pub uid: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// `spec.providerID`, on EKS `aws:///<zone>/<instance id>`.
    pub provider_id: Option<String>,
    /// Cordoned.
    pub unschedulable: bool,
    /// The owner that [`crate::change::CORDON_ANNOTATION`] names, whether it is cordoned or not.
    pub cordon_owner: Option<String>,
    /// Taints, including those that Kubernetes sets itself (`node.kubernetes.io/…`).
    pub taints: Vec<Taint>,
    /// All conditions.
    pub conditions: Vec<Condition>,
    /// When the Node object was created: the moment at which the kubelet joined.
    pub created_at: Option<Timestamp>,
    /// Set while the object is being deleted.
    pub deleting_since: Option<Timestamp>,
    /// `status.allocatable.pods`.
    pub allocatable_pods: Option<i64>,
    /// For example `v1.33.5-eks-113cf36`.
    pub kubelet_version: Option<String>,
}

/// A taint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value; empty for none.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
    /// When it was added, if Kubernetes recorded it (it does for `NoExecute`).
    pub since: Option<Timestamp>,
}

/// The `Ready` condition in one word, with the time of its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// `Ready=True`.
    Ready {
        /// Time of the last change.
        since: Option<Timestamp>,
    },
    /// `Ready=False`: the kubelet says so itself.
    NotReady {
        /// Time of the last change.
        since: Option<Timestamp>,
    },
    /// `Ready=Unknown` or no such condition: the kubelet is silent, or has not reported yet.
    Silent {
        /// Time of the last change.
        since: Option<Timestamp>,
    },
}

impl Readiness {
    /// Whether the node is ready.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// When it became what it is.
    #[must_use]
    pub const fn since(self) -> Option<Timestamp> {
        match self {
            Self::Ready { since } | Self::NotReady { since } | Self::Silent { since } => since,
        }
    }
}

impl Kind for Node {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodes";
}

impl Node {
    /// The condition of this type, if the node has it.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The `Ready` condition.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(ready) = self.condition("Ready") else {
            return Readiness::Silent { since: None };
        };
        let since = ready.since;
        match ready.status {
            Status::True => Readiness::Ready { since },
            Status::False => Readiness::NotReady { since },
            Status::Unknown => Readiness::Silent { since },
        }
    }

    /// The EC2 instance id, from the provider id (`aws:///us-east-1a/i-0123…`).
    #[must_use]
    pub fn instance_id(&self) -> Option<&str> {
        let id = self.provider_id.as_deref()?.rsplit('/').next()?;
        id.starts_with("i-").then_some(id)
    }

    /// The availability zone: the well-known label, or the one in the provider id.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        const LABELS: [&str; 2] = [
            "topology.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/zone",
        ];
        let labelled = LABELS.iter().find_map(|label| self.labels.get(*label));
        labelled.map(String::as_str).or_else(|| {
            let path = self.provider_id.as_deref()?.strip_prefix("aws:///")?;
            path.split_once('/').map(|(zone, _)| zone)
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    unschedulable: Option<bool>,
    taints: Option<Vec<TaintWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaintWire {
    key: Option<String>,
    value: Option<String>,
    effect: Option<String>,
    time_added: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    conditions: Option<Vec<Condition>>,
    allocatable: Option<Allocatable>,
    node_info: Option<Info>,
}

#[derive(Deserialize)]
struct Allocatable {
    pods: Option<Int>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    kubelet_version: Option<String>,
}

impl From<TaintWire> for Taint {
    fn from(wire: TaintWire) -> Self {
        Self {
            key: wire.key.unwrap_or_default(),
            value: wire.value.unwrap_or_default(),
            effect: wire.effect.unwrap_or_default(),
            since: wire.time_added.and_then(|time| time.0),
        }
    }
}

impl From<Wire> for Node {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            cordon_owner: meta
                .annotations
                .take()
                .and_then(|mut annotations| annotations.remove(CORDON_ANNOTATION))
                .flatten(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            labels: strings(meta.labels),
            provider_id: spec.provider_id.filter(|id| !id.is_empty()),
            unschedulable: spec.unschedulable.unwrap_or_default(),
            taints: spec
                .taints
                .unwrap_or_default()
                .into_iter()
                .map(Taint::from)
                .collect(),
            conditions: state.conditions.unwrap_or_default(),
            allocatable_pods: state.allocatable.and_then(|a| a.pods).map(|pods| pods.0),
            kubelet_version: state
                .node_info
                .and_then(|info| info.kubelet_version)
                .filter(|version| !version.is_empty()),
        }
    }
}
