//! What Karpenter and EKS Auto Mode say of the nodes they make: claims, and pools with their limits.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Meta, strings};
use super::resources::quantities;
use super::{Condition, Kind};

/// A `NodeClaim` of `karpenter.sh/v1`: one node that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ClaimWire")]
pub struct NodeClaim {
    /// Name.
    pub name: String,
    /// Its pool.
    pub pool: Option<String>,
    /// Its node, once there is one.
    pub node: Option<String>,
    /// `Launched`, `Registered`, `Initialized`, `Ready`, `Drifted`, …
    pub conditions: Vec<Condition>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// The room of a `NodePool`: its limits, and what its nodes use of them, in thousandths by resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PoolWire")]
pub struct NodePoolRoom {
    /// Name.
    pub name: String,
    /// `spec.limits`; empty for none.
    pub limits: BTreeMap<String, i64>,
    /// `status.resources`.
    pub used: BTreeMap<String, i64>,
    /// `Ready` and others.
    pub conditions: Vec<Condition>,
}

impl Kind for NodeClaim {
    type Object = Self;
    const GROUP: &'static str = "karpenter.sh";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodeclaims";
}

impl Kind for NodePoolRoom {
    type Object = Self;
    const GROUP: &'static str = "karpenter.sh";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "nodepools";
}

type Quantities = BTreeMap<String, Option<serde_json::Value>>;

#[derive(Deserialize)]
struct ClaimWire {
    metadata: Option<Meta>,
    status: Option<ClaimState>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaimState {
    node_name: Option<String>,
    conditions: Option<Vec<Condition>>,
}

impl From<ClaimWire> for NodeClaim {
    fn from(wire: ClaimWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            pool: strings(meta.labels).remove("karpenter.sh/nodepool"),
            node: state.node_name.filter(|node| !node.is_empty()),
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
struct PoolWire {
    metadata: Option<Meta>,
    spec: Option<PoolSpec>,
    status: Option<PoolState>,
}

#[derive(Default, Deserialize)]
struct PoolSpec {
    limits: Option<Quantities>,
}

#[derive(Default, Deserialize)]
struct PoolState {
    resources: Option<Quantities>,
    conditions: Option<Vec<Condition>>,
}

impl From<PoolWire> for NodePoolRoom {
    fn from(wire: PoolWire) -> Self {
        let state = wire.status.unwrap_or_default();
        Self {
            name: wire.metadata.and_then(|meta| meta.name).unwrap_or_default(),
            limits: quantities(wire.spec.and_then(|spec| spec.limits)),
            used: quantities(state.resources),
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
