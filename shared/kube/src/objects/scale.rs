//! The subresource `scale` (`autoscaling/v1`), the same for every kind that has it.

use serde::Deserialize;

use super::meta::{Int, Meta, count};

/// What a controller was asked for and has. Its uid and version are those of the controller.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub(crate) struct Scale {
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    /// `spec.replicas`; the API omits a zero here.
    pub(crate) replicas: i64,
    /// `status.replicas`.
    pub(crate) pods: i64,
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    /// Required: an answer of something else is not "zero replicas".
    spec: Counted,
    status: Option<Counted>,
}

#[derive(Default, Deserialize)]
struct Counted {
    replicas: Option<Int>,
}

impl From<Wire> for Scale {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        Self {
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            replicas: count(wire.spec.replicas),
            pods: count(wire.status.unwrap_or_default().replicas),
        }
    }
}
