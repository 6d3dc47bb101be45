//! A pod that is under suspicion: who it is, what it runs, where, as whom, and under whose control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, Time, count, strings};
use super::{Kind, Owner};

/// The annotations that a [`PodDetail`] keeps: what makes it a static pod, and who deployed it.
const KEPT: [&str; 3] = [
    "kubernetes.io/config.mirror",
    "kubernetes.io/config.source",
    "argocd.argoproj.io/tracking-id",
];

/// A pod with what a containment must know of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct PodDetail {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid: a pod recreated under the same name has another one.
    pub uid: String,
    /// Version of the whole object; opaque.
    pub resource_version: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
    /// What must be done before it goes; somebody else's business.
    pub finalizers: Vec<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// Node it is bound to; none while it waits for the scheduler.
    pub node: Option<String>,
    /// Shares the network of its node, so that no policy for pods applies to it.
    pub host_network: bool,
    /// `spec.serviceAccountName`; the API server fills in `default`.
    pub service_account: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Few annotations: those of a static pod and of Argo CD.
    pub annotations: BTreeMap<String, String>,
    /// Controlling owner.
    pub owner: Option<Owner>,
    /// Whether it has any `metadata.ownerReferences`.
    pub has_owner_references: bool,
    /// Its addresses.
    pub ips: Vec<String>,
    /// All its containers, of all three kinds.
    pub containers: Vec<PodContainer>,
    /// ARNs in the variable `AWS_ROLE_ARN` of its containers, which IRSA's webhook sets when the pod is made and nobody can
    /// change afterwards (source: EKS user guide, "Configure Pods to use a Kubernetes service account").
    pub role_arns: BTreeSet<String>,
}

/// Which list of a pod a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerRole {
    /// `spec.initContainers`, sidecars included.
    Init,
    /// `spec.containers`.
    Regular,
    /// `spec.ephemeralContainers`, as `kubectl debug` adds them.
    Ephemeral,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodContainer {
    /// Name; unique within the pod.
    pub name: String,
    /// Which list it stands in.
    pub role: ContainerRole,
    /// The image as it was asked for; its tag may mean another image by now.
    pub image: String,
    /// `sha256:…` of what really runs, from `status.…imageID`; none before the image was pulled.
    pub digest: Option<String>,
    /// It runs or ran: there can be a log.
    pub ran: bool,
    /// It runs now.
    pub running: bool,
    /// It ended before its last start: there can be a log of the one before.
    pub has_previous: bool,
    /// How often it was restarted.
    pub restarts: i64,
}

impl Kind for PodDetail {
    type Object = Self;
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "pods";
}

impl PodDetail {
    /// A static pod as the kubelet shows it: deleting what is shown ends nothing.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        self.annotations.contains_key("kubernetes.io/config.mirror")
    }

    /// The digests of all its containers.
    #[must_use]
    pub fn digests(&self) -> BTreeSet<&str> {
        self.containers
            .iter()
            .filter_map(|container| container.digest.as_deref())
            .collect()
    }

    /// On Fargate, where the VPC CNI enforces no policy: its nodes are named `fargate-…`
    /// (source: EKS user guide, "Simplify compute management with AWS Fargate").
    #[must_use]
    pub fn is_on_fargate(&self) -> bool {
        self.labels.contains_key("eks.amazonaws.com/fargate-profile")
            || self
                .node
                .as_deref()
                .is_some_and(|node| node.starts_with("fargate-"))
    }
}

/// The digest in an image id: `registry/name@sha256:…`, or `sha256:…` alone for an image that came from no registry.
pub(super) fn digest(image_id: &str) -> Option<String> {
    const DIGITS: usize = 64;
    let (_, hex) = image_id.rsplit_once("sha256:")?;
    let is_digest = hex.len() == DIGITS
        && hex
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_digest.then(|| format!("sha256:{hex}"))
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
    node_name: Option<String>,
    host_network: Option<bool>,
    service_account_name: Option<String>,
    containers: Option<Vec<Asked>>,
    init_containers: Option<Vec<Asked>>,
    ephemeral_containers: Option<Vec<Asked>>,
}

#[derive(Deserialize)]
struct Asked {
    name: Option<String>,
    image: Option<String>,
    env: Option<Vec<Variable>>,
}

/// A variable; its value is kept of one name only.
#[derive(Deserialize)]
struct Variable {
    name: Option<String>,
    value: Option<String>,
}

/// The values of `AWS_ROLE_ARN` of one list of containers.
fn role_arns(asked: Option<&Vec<Asked>>) -> impl Iterator<Item = String> {
    let variables = asked
        .into_iter()
        .flatten()
        .flat_map(|one| one.env.iter().flatten());
    variables
        .filter(|one| one.name.as_deref() == Some("AWS_ROLE_ARN"))
        .filter_map(|one| one.value.clone())
        .filter(|arn| !arn.is_empty())
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    phase: Option<String>,
    #[serde(rename = "podIP")]
    pod_ip: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Option<Vec<Ip>>,
    container_statuses: Option<Vec<Running>>,
    init_container_statuses: Option<Vec<Running>>,
    ephemeral_container_statuses: Option<Vec<Running>>,
}

#[derive(Deserialize)]
struct Ip {
    ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    name: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    restart_count: Option<Int>,
    state: Option<Moment>,
    last_state: Option<Moment>,
}

#[derive(Default, Deserialize)]
struct Moment {
    running: Option<Started>,
    terminated: Option<Started>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    started_at: Option<Time>,
}

/// The containers of one list, each with its status, if the kubelet has reported one.
fn containers(
    asked: Option<Vec<Asked>>,
    statuses: Option<Vec<Running>>,
    role: ContainerRole,
) -> impl Iterator<Item = PodContainer> {
    let mut statuses: BTreeMap<String, Running> = statuses
        .unwrap_or_default()
        .into_iter()
        .map(|status| (status.name.clone().unwrap_or_default(), status))
        .collect();
    asked.unwrap_or_default().into_iter().map(move |asked| {
        let name = asked.name.unwrap_or_default();
        let status = statuses.remove(&name);
        let mut container = PodContainer {
            name,
            role,
            image: asked.image.unwrap_or_default(),
            digest: None,
            ran: false,
            running: false,
            has_previous: false,
            restarts: 0,
        };
        if let Some(status) = status {
            let now = status.state.unwrap_or_default();
            let before = status.last_state.unwrap_or_default();
            container.digest = status.image_id.as_deref().and_then(digest);
            container.restarts = count(status.restart_count);
            container.running = now.running.is_some();
            container.has_previous = before.terminated.is_some() || container.restarts > 0;
            // A container whose image could not be pulled is `terminated` without ever having started.
            let ended = now
                .terminated
                .is_some_and(|end| end.started_at.is_some_and(|at| at.0.is_some()));
            container.ran = container.running || ended || container.has_previous;
        }
        container
    })
}

impl From<Wire> for PodDetail {
    fn from(wire: Wire) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let mut annotations = strings(meta.annotations.take());
        annotations.retain(|key, _| KEPT.contains(&key.as_str()));
        let mut ips: Vec<String> = state
            .pod_ips
            .unwrap_or_default()
            .into_iter()
            .filter_map(|one| one.ip)
            .collect();
        if ips.is_empty() {
            ips.extend(state.pod_ip.filter(|ip| !ip.is_empty()));
        }
        let role_arns = role_arns(spec.init_containers.as_ref())
            .chain(role_arns(spec.containers.as_ref()))
            .chain(role_arns(spec.ephemeral_containers.as_ref()))
            .collect();
        let init = containers(
            spec.init_containers,
            state.init_container_statuses,
            ContainerRole::Init,
        );
        let regular = containers(spec.containers, state.container_statuses, ContainerRole::Regular);
        let ephemeral = containers(
            spec.ephemeral_containers,
            state.ephemeral_container_statuses,
            ContainerRole::Ephemeral,
        );
        Self {
            has_owner_references: meta.has_owners(),
            owner: meta.owner(),
            created_at: meta.created_at(),
            deleting_since: meta.deleting_since(),
            finalizers: meta.finalizers.unwrap_or_default(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            labels: strings(meta.labels),
            annotations,
            phase: state.phase.unwrap_or_default(),
            node: spec.node_name.filter(|node| !node.is_empty()),
            host_network: spec.host_network.unwrap_or_default(),
            service_account: spec
                .service_account_name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "default".to_owned()),
            ips,
            containers: init.chain(regular).chain(ephemeral).collect(),
            role_arns,
        }
    }
}
