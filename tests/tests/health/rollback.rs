//! A rollback on the real API server, by its real controller: it makes no replica set.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::wait::wait_until;
use day2_platform::world::plan::WORKSPACES;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{CHANGED, LIMIT, Stand};

/// A workspace whose image cannot be pulled.
const WORKSPACE: &str = "ws-new-0";

/// The workspace gets a template that works, and is then rolled back to the one that does not.
pub(super) async fn what_went_back_to_an_earlier_template_is_the_change(stand: &mut Stand) -> Result<()> {
    let client = stand.platform.cluster.admin_client()?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), WORKSPACES);
    let spec = deployments.get(WORKSPACE).await?.spec.context("no spec")?;
    let metadata = spec.template.metadata.context("no metadata of the template")?;
    let broken = metadata.annotations.context("nothing says how its pods are")?;
    let mut well: BTreeMap<&str, Option<&str>> = broken.keys().map(|key| (key.as_str(), None)).collect();
    // What only removes something leaves no trace of who did it.
    well.insert("tried", Some("yes"));
    set(&deployments, &json!(well)).await?;
    wait_until(LIMIT, "the workspace is well", async || {
        let sets = templates(&client).await?;
        let in_use: Vec<_> = sets.iter().filter(|set| set.replicas > 0).collect();
        ensure!(
            sets.len() == 2 && in_use.iter().all(|set| !set.is_first && set.ready == 1),
            "{sets:?}"
        );
        Ok(())
    })
    .await?;
    // Times of the API server are whole seconds; a person is never faster.
    tokio::time::sleep(Duration::from_secs(3)).await;
    roll_back(stand).await?;
    wait_until(LIMIT, "its first template is in use again", async || {
        let sets = templates(&client).await?;
        let again = |set: &Set| set.is_first && set.history.is_some() && set.replicas > 0;
        ensure!(sets.len() == 2 && sets.iter().any(again), "{sets:?}");
        Ok(())
    })
    .await?;
    wait_until(LIMIT, "the rollback is told first", async || {
        let report = stand.look("triage").await?;
        let says = said(&report);
        // Nothing is left of what was undone that tells who had done it.
        for (place, expected) in [
            "changed by kubectl (its pod template is an earlier one)",
            "new pod template ",
            "created by ",
        ]
        .into_iter()
        .enumerate()
        {
            let told = says.get(place);
            ensure!(told.is_some_and(|told| told.starts_with(expected)), "{says:?}");
        }
        Ok(())
    })
    .await
}

/// Gives the template these annotations, by a client of its own.
async fn set(deployments: &Api<Deployment>, annotations: &Value) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let by = PatchParams {
        field_manager: Some("kubectl-annotate".to_owned()),
        ..PatchParams::default()
    };
    let template = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
    deployments.patch(WORKSPACE, &by, &Patch::Merge(template)).await?;
    Ok(())
}

/// As a person does it.
async fn roll_back(stand: &Stand) -> Result<()> {
    let cluster = &stand.platform.cluster;
    let output = tokio::process::Command::new(cluster.kubectl_path())
        .arg("--kubeconfig")
        .arg(cluster.admin_kubeconfig_path())
        .args([
            "rollout",
            "undo",
            "deployment",
            WORKSPACE,
            "--namespace",
            WORKSPACES,
        ])
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl rollout undo: {said}");
    Ok(())
}

/// What the ranking says about the workspace, in its order.
fn said(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().into_iter().flatten();
    let subjects = items
        .filter(|item| item["code"] == CHANGED)
        .flat_map(|item| item["subjects"].as_array().into_iter().flatten());
    let name = format!("{WORKSPACES}/Deployment/{WORKSPACE}");
    subjects
        .filter(|one| one["name"] == name.as_str())
        .filter_map(|one| one["says"].as_str().map(str::to_owned))
        .collect()
}

/// A replica set of the workspace.
#[derive(Debug)]
struct Set {
    is_first: bool,
    replicas: i32,
    ready: i32,
    /// The numbers that its template had before, if it was used again.
    history: Option<String>,
}

async fn templates(client: &kube::Client) -> Result<Vec<Set>> {
    let sets: Api<ReplicaSet> = Api::namespaced(client.clone(), WORKSPACES);
    let mut all = sets.list(&ListParams::default()).await?.items;
    all.retain(|set| {
        let owners = set.metadata.owner_references.iter().flatten();
        owners.into_iter().any(|owner| owner.name == WORKSPACE)
    });
    all.sort_by_key(|set| set.metadata.creation_timestamp.clone());
    let set = |(place, set): (usize, ReplicaSet)| {
        let status = set.status.unwrap_or_default();
        let notes = set.metadata.annotations.unwrap_or_default();
        Set {
            is_first: place == 0,
            replicas: status.replicas,
            ready: status.ready_replicas.unwrap_or_default(),
            history: notes.get("deployment.kubernetes.io/revision-history").cloned(),
        }
    };
    Ok(all.into_iter().enumerate().map(set).collect())
}
