//! A Deployment with what is needed to judge its rollout and to know what it runs.
//!
//! [`Workload`](super::Workload) is the smaller projection, for counting replicas only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::meta::{Int, Meta, count, strings};
use super::{Condition, Kind, LabelSelector};

/// A Deployment: counts, conditions, template annotations, and images with their arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct DeploymentDetail {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid: a Deployment recreated under the same name has another one.
    pub uid: String,
    /// Version of the whole object, for optimistic preconditions; opaque.
    pub resource_version: String,
    /// Version of the spec. A Deployment's is also raised by a change of its own annotations (source: Kubernetes,
    /// `pkg/registry/apps/deployment/strategy.go`), so that a larger number alone does not prove a new template.
    pub generation: i64,
    /// Version of the spec that the counts and conditions speak about.
    pub observed_generation: i64,
    /// `spec.replicas`; 1 when left out, as the API defaults it.
    pub desired: i64,
    /// `status.replicas`: pods of any template that are not terminating.
    pub present: i64,
    /// Pods of the newest template.
    pub updated: i64,
    /// Ready pods.
    pub ready: i64,
    /// Pods ready for `minReadySeconds`.
    pub available: i64,
    /// Pods still missing to full availability.
    pub unavailable: i64,
    /// `spec.paused`: changes of the template are kept but not rolled out.
    pub paused: bool,
    /// `RollingUpdate` or `Recreate`; the latter ends all pods before the first new one starts.
    pub strategy: String,
    /// Which pods are its own.
    pub selector: Option<LabelSelector>,
    /// Annotations of the object itself.
    pub annotations: BTreeMap<String, String>,
    /// Annotations of the pod template.
    pub template_annotations: BTreeMap<String, String>,
    /// Containers of the template, init containers last.
    pub containers: Vec<DeploymentContainer>,
    /// `Available`, `Progressing`, `ReplicaFailure`.
    pub conditions: Vec<Condition>,
    /// Set while it is being deleted.
    pub deleting_since: Option<Timestamp>,
}

/// A container of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentContainer {
    /// Name.
    pub name: String,
    /// An init container.
    pub init: bool,
    /// Image reference as written.
    pub image: String,
    /// `command`, then `args`: what the process is started with, where the image does not say it itself.
    pub arguments: Vec<String>,
}

impl Kind for DeploymentDetail {
    type Object = Self;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "deployments";
}

impl DeploymentDetail {
    /// `namespace/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The condition of this type, if the Deployment has it.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}

#[derive(Deserialize)]
struct Wire {
    metadata: Option<Meta>,
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct Spec {
    replicas: Option<Int>,
    paused: Option<bool>,
    strategy: Option<Strategy>,
    selector: Option<LabelSelector>,
    template: Option<Template>,
}

#[derive(Deserialize)]
struct Strategy {
    r#type: Option<String>,
}

#[derive(Default, Deserialize)]
struct Template {
    metadata: Option<Meta>,
    spec: Option<PodSpec>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    containers: Option<Vec<ContainerWire>>,
    init_containers: Option<Vec<ContainerWire>>,
}

#[derive(Deserialize)]
struct ContainerWire {
    name: Option<String>,
    image: Option<String>,
    command: Option<Vec<String>>,
    args: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    replicas: Option<Int>,
    updated_replicas: Option<Int>,
    ready_replicas: Option<Int>,
    available_replicas: Option<Int>,
    unavailable_replicas: Option<Int>,
    observed_generation: Option<Int>,
    conditions: Option<Vec<Condition>>,
}

fn containers(wires: Option<Vec<ContainerWire>>, init: bool) -> impl Iterator<Item = DeploymentContainer> {
    wires
        .unwrap_or_default()
        .into_iter()
        .map(move |wire| DeploymentContainer {
            name: wire.name.unwrap_or_default(),
            init,
            image: wire.image.unwrap_or_default(),
            arguments: wire.command.into_iter().chain(wire.args).flatten().collect(),
        })
}

impl From<Wire> for DeploymentDetail {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let spec = wire.spec.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let template = spec.template.unwrap_or_default();
        let pods = template.spec.unwrap_or_default();
        Self {
            deleting_since: meta.deleting_since(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            generation: count(meta.generation),
            observed_generation: count(state.observed_generation),
            desired: spec.replicas.map_or(1, |replicas| replicas.0),
            present: count(state.replicas),
            updated: count(state.updated_replicas),
            ready: count(state.ready_replicas),
            available: count(state.available_replicas),
            unavailable: count(state.unavailable_replicas),
            paused: spec.paused.unwrap_or_default(),
            strategy: spec
                .strategy
                .and_then(|strategy| strategy.r#type)
                .unwrap_or_default(),
            selector: spec.selector,
            annotations: strings(meta.annotations),
            template_annotations: strings(template.metadata.and_then(|meta| meta.annotations)),
            containers: containers(pods.containers, false)
                .chain(containers(pods.init_containers, true))
                .collect(),
            conditions: state.conditions.unwrap_or_default(),
        }
    }
}
