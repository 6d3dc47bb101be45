//! Where Velero keeps backups.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::{Meta, Time};

/// A `BackupStorageLocation` of `velero.io/v1` (source: Velero API types).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct VeleroLocation {
    /// Namespace of Velero.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Available` or `Unavailable`; empty before the first validation.
    pub phase: String,
    /// Why it is not available.
    pub message: Option<String>,
    /// When Velero looked last: an old time means that nobody looks any more.
    pub validated_at: Option<Timestamp>,
    /// Whether backups that name no location go there.
    pub default: bool,
    /// Whether nothing can be written there (`accessMode: ReadOnly`).
    pub read_only: bool,
    /// Bucket.
    pub bucket: Option<String>,
}

impl Kind for VeleroLocation {
    type Object = Self;
    const GROUP: &'static str = "velero.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "backupstoragelocations";
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
    default: Option<bool>,
    access_mode: Option<String>,
    object_storage: Option<Storage>,
}

#[derive(Deserialize)]
struct Storage {
    bucket: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    phase: Option<String>,
    message: Option<String>,
    last_validation_time: Option<Time>,
}

impl From<Wire> for VeleroLocation {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            phase: state.phase.unwrap_or_default(),
            message: state.message.filter(|text| !text.is_empty()),
            validated_at: state.last_validation_time.and_then(|time| time.0),
            default: spec.default.unwrap_or_default(),
            read_only: spec.access_mode.as_deref() == Some("ReadOnly"),
            bucket: spec.object_storage.and_then(|storage| storage.bucket),
        }
    }
}
