//! Putting objects into the cluster and waiting until they are what they should be.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod, ServiceAccount};
use kube::api::{Api, ListParams, PostParams};
use kube::{Client, ResourceExt};

use super::shapes::{NodeSpec, Workload};
use crate::wait::wait_until;

/// How long [`nodes_ready`] and [`deployment_ready`] wait: hundreds of pods on a busy machine.
const READY_LIMIT: Duration = Duration::from_mins(3);

/// Creates the nodes.
///
/// # Errors
///
/// Names the node that was refused.
pub async fn create_nodes(client: &Client, nodes: &[NodeSpec]) -> Result<()> {
    let api = Api::<Node>::all(client.clone());
    for node in nodes {
        create(&api, &node.node()?).await?;
    }
    Ok(())
}

/// Creates the Deployment, and the namespace if it is missing.
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn create_workload(client: &Client, workload: &Workload) -> Result<()> {
    ensure_namespace(client, &workload.namespace).await?;
    create(
        &Api::namespaced(client.clone(), &workload.namespace),
        &workload.deployment()?,
    )
    .await
}

/// Creates a budget for the workload, see [`Workload::budget`].
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn create_budget(client: &Client, workload: &Workload, min_available: &str) -> Result<()> {
    create(
        &Api::namespaced(client.clone(), &workload.namespace),
        &workload.budget(min_available)?,
    )
    .await
}

/// Creates a namespace unless it is there, and waits until pods can be created in it.
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn ensure_namespace(client: &Client, name: &str) -> Result<()> {
    let api = Api::<Namespace>::all(client.clone());
    if api
        .get_opt(name)
        .await
        .with_context(|| format!("get namespace {name}"))?
        .is_none()
    {
        let namespace = Namespace {
            metadata: kube::api::ObjectMeta {
                name: Some(name.to_owned()),
                ..Default::default()
            },
            ..Default::default()
        };
        create(&api, &namespace).await?;
    }
    let what = format!("namespace {name} has its service account");
    wait_until(READY_LIMIT, &what, async || service_account(client, name).await).await
}

/// Whether pods can be created in the namespace `default`: the controllers work.
pub(crate) async fn default_service_account(client: &Client) -> Result<()> {
    service_account(client, "default").await
}

/// Admission refuses pods until the controllers have made the namespace's service account.
async fn service_account(client: &Client, namespace: &str) -> Result<()> {
    Api::<ServiceAccount>::namespaced(client.clone(), namespace)
        .get("default")
        .await
        .map(drop)
        .context("service account")
}

/// Creates any object; the error names it.
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn create<K>(api: &Api<K>, object: &K) -> Result<()>
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let name = object.name_any();
    api.create(&PostParams::default(), object)
        .await
        .map(drop)
        .with_context(|| format!("cannot create {name}"))
}

/// Waits until all these nodes are Ready and the node controller has taken its first taint away.
///
/// # Errors
///
/// Names those that are not.
pub async fn nodes_ready(client: &Client, names: &[&str]) -> Result<()> {
    let api = Api::<Node>::all(client.clone());
    wait_until(READY_LIMIT, "the nodes are Ready", async || {
        let nodes = api.list(&ListParams::default()).await?;
        let usable: Vec<String> = nodes
            .items
            .iter()
            .filter(|node| usable(node))
            .map(ResourceExt::name_any)
            .collect();
        let missing: Vec<&&str> = names
            .iter()
            .filter(|name| !usable.iter().any(|node| node == **name))
            .collect();
        ensure!(missing.is_empty(), "not Ready: {missing:?}");
        Ok(())
    })
    .await
}

fn usable(node: &Node) -> bool {
    let tainted = node
        .spec
        .iter()
        .flat_map(|spec| spec.taints.iter().flatten())
        .any(|taint| {
            ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].contains(&taint.key.as_str())
        });
    node_condition(node, "Ready").as_deref() == Some("True") && !tainted
}

/// The status of one condition of a node: `True`, `False`, `Unknown`.
#[must_use]
pub fn node_condition(node: &Node, kind: &str) -> Option<String> {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .filter(|condition| condition.type_ == kind)
        .map(|condition| condition.status.clone())
        .next()
}

/// Waits until as many pods of the Deployment are available as wanted.
///
/// # Errors
///
/// Tells how many are.
pub async fn deployment_ready(client: &Client, namespace: &str, name: &str) -> Result<()> {
    let what = format!("deployment {namespace}/{name} is available");
    wait_until(READY_LIMIT, &what, async || {
        deployment_ready_now(client, namespace, name).await
    })
    .await
}

/// Whether as many pods of the Deployment are available as wanted, at this moment.
///
/// # Errors
///
/// Tells how many are.
pub async fn deployment_ready_now(client: &Client, namespace: &str, name: &str) -> Result<()> {
    let deployment = Api::<Deployment>::namespaced(client.clone(), namespace)
        .get(name)
        .await?;
    let wanted = deployment.spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let status = deployment.status.unwrap_or_default();
    ensure!(
        status.observed_generation >= deployment.metadata.generation,
        "its last change was not seen yet"
    );
    let available = status.available_replicas.unwrap_or(0);
    ensure!(available == wanted, "{available} of {wanted} pods are available");
    Ok(())
}

/// The pods of a workload, by their label `app`.
///
/// # Errors
///
/// When the list fails.
pub async fn pods_of(client: &Client, namespace: &str, app: &str) -> Result<Vec<Pod>> {
    let params = ListParams::default().labels(&format!("app={app}"));
    let pods = Api::<Pod>::namespaced(client.clone(), namespace)
        .list(&params)
        .await;
    Ok(pods
        .with_context(|| format!("list pods of {namespace}/{app}"))?
        .items)
}

/// Why the first container of a pod waits, for example `CrashLoopBackOff`.
#[must_use]
pub fn waiting_reason(pod: &Pod) -> Option<String> {
    let mut statuses = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten());
    statuses.find_map(|status| status.state.as_ref()?.waiting.as_ref()?.reason.clone())
}
