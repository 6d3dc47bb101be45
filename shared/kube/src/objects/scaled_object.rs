//! KEDA's `ScaledObject`: what it scales, between which bounds, and whether it is paused.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::managed::{Managed, managers};
use super::meta::{Int, Meta, strings};
use super::{Condition, Kind, ScaleTarget, Status};
use crate::change::{KEDA_PAUSE_ANNOTATION, KEDA_PAUSED_ANNOTATION};

/// Pauses at a number of replicas, which it sets first.
const PAUSED_REPLICAS: &str = "autoscaling.keda.sh/paused-replicas";
/// Annotations that pause, wholly or in one direction (source: KEDA, "Pausing autoscaling").
const PAUSES: [&str; 4] = [
    KEDA_PAUSED_ANNOTATION,
    PAUSED_REPLICAS,
    PAUSED_SCALE_IN,
    PAUSED_SCALE_OUT,
];
const PAUSED_SCALE_IN: &str = "autoscaling.keda.sh/paused-scale-in";
const PAUSED_SCALE_OUT: &str = "autoscaling.keda.sh/paused-scale-out";

/// A `ScaledObject` of `keda.sh/v1alpha1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ScaledObject {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// What it scales; kind and version are a Deployment's where it leaves them out.
    pub target: ScaleTarget,
    /// `spec.minReplicaCount`; 0 when left out.
    pub min: i64,
    /// `spec.maxReplicaCount`; 100 when left out.
    pub max: i64,
    /// The annotations that pause it.
    pub pauses: BTreeMap<String, String>,
    /// The owner of our pause.
    pub pause_owner: Option<String>,
    /// `Ready`, `Active`, `Paused`, …
    pub conditions: Vec<Condition>,
    /// It is being deleted.
    pub deleting: bool,
}

impl Kind for ScaledObject {
    type Object = Self;
    const GROUP: &'static str = "keda.sh";
    const VERSION: &'static str = "v1alpha1";
    const PLURAL: &'static str = "scaledobjects";
}

/// Whether annotations ask KEDA to scale neither up nor down.
fn paused(annotations: &BTreeMap<String, String>) -> bool {
    annotations.contains_key(PAUSED_REPLICAS) || set(annotations, KEDA_PAUSED_ANNOTATION)
}

/// Whether an annotation is there and says no "no", of which KEDA knows several (Go, `strconv.ParseBool`).
fn set(annotations: &BTreeMap<String, String>, key: &str) -> bool {
    const NO: [&str; 3] = ["false", "f", "0"];
    let value = annotations.get(key);
    value.is_some_and(|value| !NO.iter().any(|no| value.eq_ignore_ascii_case(no)))
}

impl ScaledObject {
    /// Whether it is asked to pause wholly.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        paused(&self.pauses)
    }

    /// Whether it is asked not to take replicas away.
    #[must_use]
    pub fn pauses_scale_in(&self) -> bool {
        set(&self.pauses, PAUSED_SCALE_IN)
    }

    /// Whether it is asked to add no replicas.
    #[must_use]
    pub fn pauses_scale_out(&self) -> bool {
        set(&self.pauses, PAUSED_SCALE_OUT)
    }

    /// Whether KEDA says that it has paused; none when it does not say.
    #[must_use]
    pub fn says_paused(&self) -> Option<bool> {
        let condition = self.conditions.iter().find(|one| one.kind == "Paused")?;
        match condition.status {
            Status::True => Some(true),
            Status::False => Some(false),
            Status::Unknown => None,
        }
    }

    /// Whether it scales this workload.
    #[must_use]
    pub fn scales(&self, namespace: &str, kind: &str, name: &str) -> bool {
        self.namespace == namespace && self.target.kind == kind && self.target.name == name
    }
}

/// A `ScaledObject`, as far as it matters whose pause it has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct ScaledObjectHold {
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) deleting: bool,
    /// The owner that our annotation names.
    pub(crate) owner: Option<String>,
    /// Who set KEDA's annotation; empty when it is not told.
    pub(crate) paused_managers: Vec<String>,
    paused: bool,
}

impl Kind for ScaledObjectHold {
    type Object = Self;
    const GROUP: &'static str = ScaledObject::GROUP;
    const VERSION: &'static str = ScaledObject::VERSION;
    const PLURAL: &'static str = ScaledObject::PLURAL;
}

impl ScaledObjectHold {
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Metadata>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(flatten)]
    meta: Meta,
    managed_fields: Option<Vec<Managed>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    scale_target_ref: Option<TargetWire>,
    min_replica_count: Option<Int>,
    max_replica_count: Option<Int>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetWire {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Default, Deserialize)]
struct State {
    conditions: Option<Vec<Condition>>,
}

impl From<Wire> for ScaledObject {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default().meta;
        let spec = wire.spec.unwrap_or_default();
        let target = spec.scale_target_ref.unwrap_or_default();
        let mut pauses = strings(meta.annotations.take());
        let pause_owner = pauses.remove(KEDA_PAUSE_ANNOTATION);
        pauses.retain(|key, _| PAUSES.contains(&key.as_str()));
        Self {
            deleting: meta.deleting_since().is_some(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            target: ScaleTarget {
                api_version: target.api_version.unwrap_or_else(|| "apps/v1".to_owned()),
                kind: target.kind.unwrap_or_else(|| "Deployment".to_owned()),
                name: target.name.unwrap_or_default(),
            },
            min: spec.min_replica_count.map_or(0, |least| least.0),
            max: spec.max_replica_count.map_or(100, |most| most.0),
            pauses,
            pause_owner,
            conditions: wire.status.unwrap_or_default().conditions.unwrap_or_default(),
        }
    }
}

impl From<Wire> for ScaledObjectHold {
    fn from(wire: Wire) -> Self {
        let Metadata {
            mut meta,
            managed_fields,
        } = wire.metadata.unwrap_or_default();
        let mut annotations = strings(meta.annotations.take());
        let field = format!("f:{KEDA_PAUSED_ANNOTATION}");
        Self {
            deleting: meta.deleting_since().is_some(),
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            owner: annotations.remove(KEDA_PAUSE_ANNOTATION),
            paused_managers: managers(managed_fields, &["f:metadata", "f:annotations", &field]),
            paused: paused(&annotations),
        }
    }
}
