//! A `HorizontalPodAutoscaler`: what it scales, between which bounds, and whether it can.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, count};
use super::{Condition, Kind};

/// A `HorizontalPodAutoscaler` of `autoscaling/v2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct HorizontalPodAutoscaler {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What it scales.
    pub target: ScaleTarget,
    /// `spec.minReplicas`; 1 when left out, as the API defaults it.
    pub min: i64,
    /// `spec.maxReplicas`.
    pub max: i64,
    /// Replicas that its controller last saw.
    pub current: i64,
    /// Replicas that it wants.
    pub desired: i64,
    /// When it last changed the number.
    pub last_scaled_at: Option<Timestamp>,
    /// `AbleToScale`, `ScalingActive`, `ScalingLimited`. `ScalingActive=False` with reason `ScalingDisabled` means that
    /// the target stands at zero replicas (source: Kubernetes, "Horizontal Pod Autoscaling").
    pub conditions: Vec<Condition>,
}

/// `spec.scaleTargetRef`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScaleTarget {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `Deployment`.
    pub kind: String,
    /// Name in the same namespace.
    pub name: String,
}

impl Kind for HorizontalPodAutoscaler {
    type Object = Self;
    const GROUP: &'static str = "autoscaling";
    const VERSION: &'static str = "v2";
    const PLURAL: &'static str = "horizontalpodautoscalers";
}

impl HorizontalPodAutoscaler {
    /// The condition of this type, if it has it.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether it scales the Deployment of this name.
    #[must_use]
    pub fn scales_deployment(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.target.kind == "Deployment" && self.target.name == name
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    scale_target_ref: Option<TargetWire>,
    min_replicas: Option<Int>,
    max_replicas: Option<Int>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetWire {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    current_replicas: Option<Int>,
    desired_replicas: Option<Int>,
    last_scale_time: Option<Time>,
    conditions: Option<Vec<Condition>>,
}

impl From<Wire> for HorizontalPodAutoscaler {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let target = spec.scale_target_ref.map(|target| ScaleTarget {
            api_version: target.api_version.unwrap_or_default(),
            kind: target.kind.unwrap_or_default(),
            name: target.name.unwrap_or_default(),
        });
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            target: target.unwrap_or_default(),
            min: spec.min_replicas.map_or(1, |least| least.0),
            max: count(spec.max_replicas),
            current: count(state.current_replicas),
            desired: count(state.desired_replicas),
            last_scaled_at: state.last_scale_time.and_then(|time| time.0),
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
