//! A `ResourceQuota`: what a namespace may use, and what it uses.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Kind;
use super::meta::Meta;
use super::resources::quantities;

/// A `ResourceQuota`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ResourceQuota {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Limits by resource (`requests.cpu`, `pods`, `count/jobs.batch`, …), in thousandths.
    pub hard: BTreeMap<String, i64>,
    /// Use by resource, in thousandths.
    pub used: BTreeMap<String, i64>,
}

impl Kind for ResourceQuota {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "resourcequotas";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct State {
    hard: Option<BTreeMap<String, Option<serde_json::Value>>>,
    used: Option<BTreeMap<String, Option<serde_json::Value>>>,
}

impl From<Wire> for ResourceQuota {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            hard: quantities(state.hard),
            used: quantities(state.used),
        }
    }
}
