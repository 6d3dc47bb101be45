//! Claims, volumes, attachments and classes.

use jiff::Timestamp;
use serde::Deserialize;

use super::Kind;
use super::meta::Meta;

/// A `PersistentVolumeClaim`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ClaimWire")]
pub struct VolumeClaim {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Pending`, `Bound` or `Lost`.
    pub phase: String,
    /// Storage class; none for the default one that is not written down yet.
    pub class: Option<String>,
    /// Bound volume.
    pub volume: Option<String>,
    /// Node that the scheduler chose for it: with `WaitForFirstConsumer`, provisioning begins then.
    pub selected_node: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// A `PersistentVolume`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "VolumeWire")]
pub struct Volume {
    /// Name.
    pub name: String,
    /// `Available`, `Bound`, `Released`, `Failed`, `Pending`.
    pub phase: String,
    /// Why it is in this phase, if the API says.
    pub reason: Option<String>,
    /// Bound claim, namespace and name.
    pub claim: Option<(String, String)>,
    /// Zones from which it can be used; empty for all.
    pub zones: Vec<String>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// A `VolumeAttachment`: the order to attach a volume to a node, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AttachmentWire")]
pub struct VolumeAttachment {
    /// Name.
    pub name: String,
    /// CSI driver.
    pub attacher: String,
    /// Node.
    pub node: String,
    /// Volume; none for an inline one.
    pub volume: Option<String>,
    /// Whether it is attached.
    pub attached: bool,
    /// Why the last attempt to attach failed; text of the driver.
    pub attach_error: Option<String>,
    /// Why the last attempt to detach failed; text of the driver.
    pub detach_error: Option<String>,
    /// When it was ordered.
    pub created_at: Option<Timestamp>,
    /// When detaching was ordered.
    pub deleting_since: Option<Timestamp>,
}

/// A `StorageClass`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ClassWire")]
pub struct StorageClass {
    /// Name.
    pub name: String,
    /// Whether it waits for a pod before it makes a volume (`WaitForFirstConsumer`).
    pub waits_for_a_pod: bool,
    /// The default class.
    pub is_default: bool,
}

impl Kind for VolumeClaim {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "persistentvolumeclaims";
}

impl Kind for Volume {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "persistentvolumes";
}

impl Kind for VolumeAttachment {
    type Object = Self;
    const GROUP: &'static str = "storage.k8s.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "volumeattachments";
}

impl Kind for StorageClass {
    type Object = Self;
    const GROUP: &'static str = "storage.k8s.io";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "storageclasses";
}

fn annotation(meta: &Meta, key: &str) -> Option<String> {
    meta.annotations.as_ref()?.get(key)?.clone()
}

fn text(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

#[derive(Deserialize)]
struct ClaimWire {
    metadata: Option<Meta>,
    spec: Option<ClaimSpec>,
    status: Option<Phase>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaimSpec {
    storage_class_name: Option<String>,
    volume_name: Option<String>,
}

#[derive(Default, Deserialize)]
struct Phase {
    phase: Option<String>,
    reason: Option<String>,
}

impl From<ClaimWire> for VolumeClaim {
    fn from(wire: ClaimWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            selected_node: text(annotation(&meta, "volume.kubernetes.io/selected-node")),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            phase: wire.status.unwrap_or_default().phase.unwrap_or_default(),
            class: text(spec.storage_class_name),
            volume: text(spec.volume_name),
        }
    }
}

#[derive(Deserialize)]
struct VolumeWire {
    metadata: Option<Meta>,
    spec: Option<VolumeSpec>,
    status: Option<Phase>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeSpec {
    claim_ref: Option<ClaimRef>,
    node_affinity: Option<Affinity>,
}

#[derive(Deserialize)]
struct ClaimRef {
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Affinity {
    required: Option<Terms>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terms {
    node_selector_terms: Option<Vec<Term>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    match_expressions: Option<Vec<Expression>>,
}

#[derive(Deserialize)]
struct Expression {
    key: Option<String>,
    operator: Option<String>,
    values: Option<Vec<String>>,
}

/// Labels by which drivers tie a volume to a zone (source: AWS EBS CSI driver, "Topology"; Kubernetes, "Well-Known Labels").
const ZONE_KEYS: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.ebs.csi.aws.com/zone",
    "topology.ebs.csi.eks.amazonaws.com/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

impl From<VolumeWire> for Volume {
    fn from(wire: VolumeWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let status = wire.status.unwrap_or_default();
        let mut zones: Vec<String> = spec
            .node_affinity
            .and_then(|affinity| affinity.required)
            .and_then(|required| required.node_selector_terms)
            .unwrap_or_default()
            .into_iter()
            .flat_map(|term| term.match_expressions.unwrap_or_default())
            .filter(|one| {
                let zone = one.key.as_deref().is_some_and(|key| ZONE_KEYS.contains(&key));
                zone && one.operator.as_deref() == Some("In")
            })
            .flat_map(|one| one.values.unwrap_or_default())
            .collect();
        zones.sort();
        zones.dedup();
        Self {
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            phase: status.phase.unwrap_or_default(),
            reason: text(status.reason),
            claim: spec.claim_ref.map(|claim| {
                (
                    claim.namespace.unwrap_or_default(),
                    claim.name.unwrap_or_default(),
                )
            }),
            zones,
        }
    }
}

#[derive(Deserialize)]
struct AttachmentWire {
    metadata: Option<Meta>,
    spec: Option<AttachmentSpec>,
    status: Option<AttachmentState>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentSpec {
    attacher: Option<String>,
    node_name: Option<String>,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    persistent_volume_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentState {
    attached: Option<bool>,
    attach_error: Option<Failure>,
    detach_error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    message: Option<String>,
}

fn message(failure: Option<Failure>) -> Option<String> {
    failure.map(|failure| failure.message.unwrap_or_else(|| "no reason given".to_owned()))
}

impl From<AttachmentWire> for VolumeAttachment {
    fn from(wire: AttachmentWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        Self {
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            name: meta.name.unwrap_or_default(),
            attacher: spec.attacher.unwrap_or_default(),
            node: spec.node_name.unwrap_or_default(),
            volume: spec.source.and_then(|source| text(source.persistent_volume_name)),
            attached: state.attached.unwrap_or_default(),
            attach_error: message(state.attach_error),
            detach_error: message(state.detach_error),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClassWire {
    metadata: Option<Meta>,
    volume_binding_mode: Option<String>,
}

impl From<ClassWire> for StorageClass {
    fn from(wire: ClassWire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let marked = annotation(&meta, "storageclass.kubernetes.io/is-default-class");
        Self {
            is_default: marked.as_deref() == Some("true"),
            name: meta.name.unwrap_or_default(),
            waits_for_a_pod: wire.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"),
        }
    }
}
