//! Making nodes and pods sick, and well again. The rules that act on it are in `kwok/*.yaml`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::objects::{node_condition, nodes_ready};
use crate::wait::wait_until;

/// Longest wait for KWOK to play its part, which it does within a second unless the machine is busy.
const EFFECT_LIMIT: Duration = Duration::from_mins(1);

/// Annotation on a Node, a Pod or a pod template that chooses the sickness; without it all is well.
pub const STAGE: &str = "day2.test/stage";
/// Annotation on a Node or Pod: how long it takes to become Ready, for example `20s`.
pub const READY_AFTER: &str = "day2.test/ready-after";
/// Annotation on a Pod: how long it takes to stop, for example `25s`.
pub const GONE_AFTER: &str = "day2.test/gone-after";
/// Annotation on a Pod of a Job: how long it runs, for example `5s`. Default: half a second.
pub const COMPLETE_AFTER: &str = "day2.test/complete-after";

/// What can be wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SickNode {
    /// The kubelet says that it is not ready: condition Ready is `False`.
    NotReady,
    /// The kubelet says nothing: condition Ready is `Unknown`.
    Unknown,
}

impl SickNode {
    /// The value of the annotation [`STAGE`].
    #[must_use]
    pub const fn stage(self) -> &'static str {
        match self {
            Self::NotReady => "not-ready",
            Self::Unknown => "unknown",
        }
    }

    /// The status of the condition Ready that it leads to.
    const fn ready(self) -> &'static str {
        match self {
            Self::NotReady => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// What can be wrong with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SickPod {
    /// All containers wait in `CrashLoopBackOff` after exit status 1.
    CrashLoop,
    /// All containers wait in `CrashLoopBackOff` after `OOMKilled`.
    OomKilled,
    /// All containers wait in `ImagePullBackOff`; the phase is `Pending`.
    ImagePullBackOff,
    /// The phase is `Failed`.
    Failed,
    /// Stays as it is, and stays when deleted.
    StuckTerminating,
}

impl SickPod {
    /// The value of the annotation [`STAGE`].
    #[must_use]
    pub const fn stage(self) -> &'static str {
        match self {
            Self::CrashLoop => "crash-loop",
            Self::OomKilled => "oom-killed",
            Self::ImagePullBackOff => "image-pull-back-off",
            Self::Failed => "failed",
            Self::StuckTerminating => "stuck-terminating",
        }
    }
}

/// Makes a node sick, and waits until its condition shows it.
///
/// Pods on a node that says it is not ready stay as they are. Those on a silent one are no longer Ready: the
/// node controller writes that when it finds the silence itself, so here it is written in its place.
///
/// # Errors
///
/// When the node or its pods cannot be changed.
pub async fn break_node(client: &Client, name: &str, how: SickNode) -> Result<()> {
    let nodes = Api::<Node>::all(client.clone());
    annotate(&nodes, name, Some(how.stage())).await?;
    wait_until(
        EFFECT_LIMIT,
        &format!("node {name} is {}", how.stage()),
        async || {
            let seen = node_condition(&nodes.get(name).await?, "Ready");
            ensure!(seen.as_deref() == Some(how.ready()), "Ready is {seen:?}");
            Ok(())
        },
    )
    .await?;
    match how {
        SickNode::NotReady => Ok(()),
        SickNode::Unknown => set_pods_ready(client, name, false).await,
    }
}

/// Makes a node well, and its pods Ready again once the node is.
///
/// # Errors
///
/// When the node or its pods cannot be changed.
pub async fn mend_node(client: &Client, name: &str) -> Result<()> {
    annotate(&Api::<Node>::all(client.clone()), name, None).await?;
    nodes_ready(client, &[name]).await?;
    set_pods_ready(client, name, true).await
}

/// Sets the condition Ready of the pods of a node whose containers run well.
async fn set_pods_ready(client: &Client, node: &str, ready: bool) -> Result<()> {
    let on_node = ListParams::default().fields(&format!("spec.nodeName={node},status.phase=Running"));
    let pods = Api::<Pod>::all(client.clone())
        .list(&on_node)
        .await
        .context("list pods of the node")?;
    for pod in pods.items.iter().filter(|pod| containers_are_ready(pod)) {
        let api = Api::<Pod>::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
        let status = if ready { "True" } else { "False" };
        let patch = json!({"status": {"conditions": [{"type": "Ready", "status": status}]}});
        api.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Strategic(patch))
            .await
            .with_context(|| format!("patch the status of pod {}", pod.name_any()))?;
    }
    Ok(())
}

/// Makes a pod sick.
///
/// # Errors
///
/// When the pod cannot be changed.
pub async fn break_pod(client: &Client, namespace: &str, name: &str, how: SickPod) -> Result<()> {
    annotate(
        &Api::<Pod>::namespaced(client.clone(), namespace),
        name,
        Some(how.stage()),
    )
    .await
}

/// Makes a pod well. A `Failed` one stays so, as in life.
///
/// # Errors
///
/// When the pod cannot be changed.
pub async fn mend_pod(client: &Client, namespace: &str, name: &str) -> Result<()> {
    annotate(&Api::<Pod>::namespaced(client.clone(), namespace), name, None).await
}

async fn annotate<K>(api: &Api<K>, name: &str, stage: Option<&str>) -> Result<()>
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let mut annotations = serde_json::Map::new();
    annotations.insert(STAGE.to_owned(), stage.map_or(Value::Null, Value::from));
    let patch = json!({"metadata": {"annotations": annotations}});
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .map(drop)
        .with_context(|| format!("cannot set the stage of {name}"))
}

fn containers_are_ready(pod: &Pod) -> bool {
    let mut conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|condition| condition.type_ == "ContainersReady" && condition.status == "True")
}
