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
    /// When it was made.
    pub created_at: Option<Timestamp>,
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
    /// How many entries `spec.metrics` has.
    pub metrics: usize,
    /// Those of them that `status.currentMetrics` has no value of, by type and name, for example `External queue_length`. Values
    /// stand at the same place as in the spec, and the place of one that could not be had is empty. All are without one before
    /// the first look, and while the target stands at zero or outside of the bounds (source: API `autoscaling/v2`, `MetricSpec`
    /// and `MetricStatus`; Kubernetes, `computeReplicasForMetrics`).
    pub unseen: Vec<String>,
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
    metrics: Option<Vec<Metric>>,
}

/// A `MetricSpec`. Of its sources it has the one that its type names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    r#type: Option<String>,
    resource: Option<Source>,
    container_resource: Option<Source>,
    pods: Option<Source>,
    object: Option<Source>,
    external: Option<Source>,
}

/// A resource has its name here, any other metric has it one level deeper.
#[derive(Default, Deserialize)]
struct Source {
    container: Option<String>,
    name: Option<String>,
    metric: Option<Identifier>,
}

#[derive(Deserialize)]
struct Identifier {
    name: Option<String>,
}

impl Metric {
    /// Type, container and name, as far as it has them.
    fn name(self) -> String {
        let source = self
            .resource
            .or(self.container_resource)
            .or(self.pods)
            .or(self.object)
            .or(self.external)
            .unwrap_or_default();
        let name = source
            .name
            .or_else(|| source.metric.and_then(|metric| metric.name));
        let words = [self.r#type, source.container, name];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
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
    current_metrics: Option<Vec<MetricState>>,
    conditions: Option<Vec<Condition>>,
}

/// A `MetricStatus`, as far as it tells whether there is a value.
#[derive(Deserialize)]
struct MetricState {
    r#type: Option<String>,
}

impl MetricState {
    fn is_empty(&self) -> bool {
        self.r#type.as_ref().is_none_or(String::is_empty)
    }
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
        let created_at = meta.created_at();
        let metrics = spec.metrics.unwrap_or_default();
        let how_many = metrics.len();
        let values = state.current_metrics.unwrap_or_default();
        let unseen = metrics
            .into_iter()
            .enumerate()
            .filter(|(at, _)| values.get(*at).is_none_or(MetricState::is_empty))
            .map(|(_, metric)| metric.name())
            .collect();
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            created_at,
            target: target.unwrap_or_default(),
            min: spec.min_replicas.map_or(1, |least| least.0),
            max: count(spec.max_replicas),
            current: count(state.current_replicas),
            desired: count(state.desired_replicas),
            last_scaled_at: state.last_scale_time.and_then(|time| time.0),
            metrics: how_many,
            unseen,
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
