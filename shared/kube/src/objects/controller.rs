//! Whatever controls pods: the few fields that all such kinds share.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Owner;
use super::meta::{Int, Meta, strings};

/// Labels and annotations that name who deploys an object from a repository or chart. Sources: Argo CD, "Resource
/// Tracking"; Flux, "Kustomization" and "`HelmRelease`" API reference; Helm, "Labels and Annotations".
const DEPLOYED_BY: [&str; 8] = [
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/instance",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
    "helm.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/namespace",
];

/// One controller on the way from a pod to what a person deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Group and version, for example `apps/v1`.
    pub api_version: String,
    /// Kind, for example `Deployment`.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid, which was the one that the owner reference names.
    pub uid: String,
    /// Its own controller.
    pub owner: Option<Owner>,
    /// `spec.replicas`; none for kinds that have none (`DaemonSet`, `Job`) or leave it out.
    pub replicas: Option<i64>,
    /// `status.readyReplicas`; none when its status does not say, which for a Deployment means zero.
    pub ready: Option<i64>,
    /// `spec.suspend` of a Job or `CronJob`.
    pub suspended: bool,
    /// It is being deleted.
    pub deleting: bool,
    /// Labels and annotations that tell who deploys it; see [`deployed_by`](Self::deployed_by).
    pub marks: BTreeMap<String, String>,
}

/// A deployment tool that will undo what is changed by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployedBy {
    /// Argo CD; the application, if it says. With automated sync and self-heal it sets the replicas back.
    ArgoCd(Option<String>),
    /// A Flux Kustomization, `namespace/name`.
    FluxKustomization(String),
    /// A Flux `HelmRelease`, `namespace/name`.
    FluxHelmRelease(String),
    /// Plain Helm, or another tool that sets `app.kubernetes.io/managed-by`: nothing is set back by itself.
    Other(String),
}

impl Controller {
    pub(crate) fn of(wire: ControllerWire, owned_by: &Owner) -> Self {
        let mut meta = wire.metadata.unwrap_or_default();
        let mut marks = strings(meta.labels.take());
        marks.extend(strings(meta.annotations.take()));
        marks.retain(|key, _| DEPLOYED_BY.contains(&key.as_str()));
        Self {
            api_version: owned_by.api_version.clone(),
            kind: owned_by.kind.clone(),
            owner: meta.owner(),
            deleting: meta.deleting_since().is_some(),
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            uid: meta.uid.unwrap_or_default(),
            replicas: integer(&wire.spec, "/replicas"),
            ready: integer(&wire.status, "/readyReplicas"),
            suspended: wire.spec.pointer("/suspend").and_then(Value::as_bool) == Some(true),
            marks,
        }
    }

    /// Who deploys it and may set it back; none when it carries no mark of such a tool, which proves little.
    ///
    /// `app.kubernetes.io/instance` alone is not taken for Argo CD: Helm charts set it too.
    #[must_use]
    pub fn deployed_by(&self) -> Option<DeployedBy> {
        let mark = |key: &str| self.marks.get(key).filter(|value| !value.is_empty()).cloned();
        let flux = |tool: &str| {
            let name = mark(&format!("{tool}.toolkit.fluxcd.io/name"))?;
            let namespace = mark(&format!("{tool}.toolkit.fluxcd.io/namespace")).unwrap_or_default();
            Some(format!("{namespace}/{name}"))
        };
        // `<application>:<group>/<kind>:<namespace>/<name>`.
        let tracked = mark("argocd.argoproj.io/tracking-id");
        let application = tracked.map(|id| id.split(':').next().map(str::to_owned));
        if let Some(application) = application {
            return Some(DeployedBy::ArgoCd(application));
        }
        if let Some(application) = mark("argocd.argoproj.io/instance") {
            return Some(DeployedBy::ArgoCd(Some(application)));
        }
        let manager = mark("app.kubernetes.io/managed-by");
        if manager
            .as_deref()
            .is_some_and(|name| name.eq_ignore_ascii_case("argocd"))
        {
            return Some(DeployedBy::ArgoCd(mark("app.kubernetes.io/instance")));
        }
        flux("kustomize")
            .map(DeployedBy::FluxKustomization)
            .or_else(|| flux("helm").map(DeployedBy::FluxHelmRelease))
            .or_else(|| manager.map(DeployedBy::Other))
    }

    /// `Deployment shop/web`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// Spec and status stay untyped: custom kinds write other things than integers under the same names.
#[derive(Deserialize)]
pub(crate) struct ControllerWire {
    metadata: Option<Meta>,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

impl ControllerWire {
    pub(crate) fn uid(&self) -> Option<&str> {
        self.metadata.as_ref()?.uid.as_deref()
    }
}

fn integer(of: &Value, pointer: &str) -> Option<i64> {
    let value = of.pointer(pointer).filter(|value| value.is_number())?;
    Int::deserialize(value).ok().map(|int| int.0)
}
