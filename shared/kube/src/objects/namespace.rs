//! A namespace.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, strings};

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Namespace {
    /// Name.
    pub name: String,
    /// All labels: those of a team, of a mesh, of Pod Security.
    pub labels: BTreeMap<String, String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

impl Kind for Namespace {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "namespaces";
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
}

impl From<Wire> for Namespace {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            labels: strings(meta.labels),
        }
    }
}
