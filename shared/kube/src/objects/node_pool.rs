//! What says that Karpenter or EKS Auto Mode makes nodes here: node pools and node classes.

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::Meta;
use super::{Condition, Kind};

/// A `NodePool` of `karpenter.sh/v1`, which Karpenter and EKS Auto Mode share (source: EKS user guide, "Create a Node
/// Pool for EKS Auto Mode").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PoolWire")]
pub struct NodePool {
    /// Name.
    pub name: String,
    /// API group of its node class: `eks.amazonaws.com` is Auto Mode, `karpenter.k8s.aws` the self-managed Karpenter.
    pub class_group: String,
    /// Kind of its node class, `NodeClass` or `EC2NodeClass`.
    pub class_kind: String,
    /// Name of its node class.
    pub class_name: String,
    /// `Ready`, `NodeClassReady`, `ValidationSucceeded`.
    pub conditions: Vec<Condition>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// A `NodeClass` of `eks.amazonaws.com/v1`, which only EKS Auto Mode serves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ClassWire")]
pub struct NodeClass {
    /// Name; `default` is made by EKS.
    pub name: String,
    /// `Ready` and others.
    pub conditions: Vec<Condition>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

impl Kind for NodePool {
    type Object = Self;
    const GROUP: &'static str = "karpenter.sh";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodepools";
}

impl Kind for NodeClass {
    type Object = Self;
    const GROUP: &'static str = "eks.amazonaws.com";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodeclasses";
}

#[derive(Deserialize)]
struct PoolWire {
    metadata: Option<Meta>,
    spec: Option<PoolSpec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct PoolSpec {
    template: Option<Template>,
}

#[derive(Deserialize)]
struct Template {
    spec: Option<TemplateSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemplateSpec {
    node_class_ref: Option<ClassRef>,
}

#[derive(Deserialize)]
struct ClassRef {
    group: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct ClassWire {
    metadata: Option<Meta>,
    status: Option<State>,
}

#[derive(Deserialize)]
struct State {
    conditions: Option<Vec<Condition>>,
}

fn conditions(state: Option<State>) -> Vec<Condition> {
    state.and_then(|state| state.conditions).unwrap_or_default()
}

impl From<PoolWire> for NodePool {
    fn from(wire: PoolWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let class = wire.spec.and_then(|spec| spec.template?.spec?.node_class_ref);
        let (group, kind, name) =
            class.map_or((None, None, None), |class| (class.group, class.kind, class.name));
        Self {
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            class_group: group.unwrap_or_default(),
            class_kind: kind.unwrap_or_default(),
            class_name: name.unwrap_or_default(),
            conditions: conditions(wire.status),
        }
    }
}

impl From<ClassWire> for NodeClass {
    fn from(wire: ClassWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        Self {
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            conditions: conditions(wire.status),
        }
    }
}
