//! What looks like trouble and is none: a report that names any of it has a false alarm.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;

use super::{LIMIT, PAYMENTS, SEARCH, World};
use crate::cluster::objects::{self, deployment_ready, pods_of};
use crate::cluster::shapes::Workload;
use crate::cluster::stages::READY_AFTER;
use crate::wait::wait_until;
use crate::world::plan::WORKSPACES;
use crate::world::workloads::{self, on};

const ROLLING: &str = "storefront";
const JOB: &str = "nightly-report";
const ONE_OFF: &str = "one-off";
/// Values of the label of what is made here.
const ROLLOUT: &str = "rollout";
const SIDECAR: &str = "sidecar";

/// Every method fails when the cluster refuses what it asks for.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl World {
    /// An ordinary morning: a Job that is done, a pod of nobody that is done, a Deployment in the middle of a rollout with a
    /// pod more than wanted, a pod with a native sidecar, and a node that was cordoned a moment ago, with the pods of the
    /// `DaemonSets` on it. Gives the name of that node.
    pub async fn ordinary_life(&self) -> Result<String> {
        self.teams_are_there().await?;
        self.job_is_done().await?;
        self.rollout_goes_on().await?;
        self.sidecar_runs().await?;
        let nodes = self.nodes_of(self.plan.workspace_group().name).await?;
        let node = nodes.last().context("no workspace node")?;
        let name = kube::ResourceExt::name_any(node);
        workloads::set_unschedulable(&self.kube, &name, true).await?;
        Ok(name)
    }

    /// The budgets that keep workspaces where they are end: none of them could ever be met, and a report says so.
    pub async fn workspaces_may_move(&self) -> Result<()> {
        Api::<PodDisruptionBudget>::namespaced(self.kube.clone(), WORKSPACES)
            .delete_collection(&DeleteParams::default(), &ListParams::default())
            .await
            .context("delete the budgets of the workspaces")?;
        Ok(())
    }

    /// What [`Self::ordinary_life`] made is gone, and its node takes pods again.
    pub async fn ordinary_life_ends(&self, cordoned: &str) -> Result<()> {
        for made in [ROLLOUT, SIDECAR] {
            self.undeploy(made).await?;
        }
        Api::<Job>::namespaced(self.kube.clone(), SEARCH)
            .delete(JOB, &DeleteParams::background())
            .await
            .context("delete the job")?;
        Api::<Pod>::namespaced(self.kube.clone(), SEARCH)
            .delete(ONE_OFF, &DeleteParams::default())
            .await
            .context("delete the pod")?;
        workloads::set_unschedulable(&self.kube, cordoned, false).await
    }

    /// The budgets that [`Self::workspaces_may_move`] ended are there again.
    pub async fn workspaces_must_stay(&self) -> Result<()> {
        for workspace in self.plan.workspaces().into_iter().filter(|one| one.protected) {
            let workload = Workload::new(WORKSPACES, &workspace.name, 1);
            objects::create_budget(&self.kube, &workload, "1").await?;
        }
        Ok(())
    }

    async fn job_is_done(&self) -> Result<()> {
        let containers = json!([{"name": "main", "image": "registry.example/report:3.1.0"}]);
        let job: Job = serde_json::from_value(json!({
            "metadata": {"name": JOB, "labels": {"app": JOB}},
            "spec": {"template": {
                "metadata": {"labels": {"app": JOB}},
                "spec": {"restartPolicy": "Never", "containers": containers},
            }},
        }))?;
        let jobs = Api::<Job>::namespaced(self.kube.clone(), SEARCH);
        objects::create(&jobs, &job).await?;
        let pods = Api::<Pod>::namespaced(self.kube.clone(), SEARCH);
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": ONE_OFF, "labels": {"app": ONE_OFF}},
            "spec": {"restartPolicy": "Never", "containers": containers},
        }))?;
        objects::create(&pods, &pod).await?;
        wait_until(LIMIT, "the job is done", async || {
            let done = jobs.get(JOB).await?.status.and_then(|status| status.succeeded);
            ensure!(done == Some(1), "{done:?}");
            let running = pods.get(ONE_OFF).await?.status.and_then(|status| status.phase);
            ensure!(running.as_deref() == Some("Running"), "{running:?}");
            Ok(())
        })
        .await?;
        let ended = json!({"status": {"phase": "Succeeded"}});
        pods.patch_status(ONE_OFF, &PatchParams::default(), &Patch::Merge(ended))
            .await
            .context("end the pod")?;
        Ok(())
    }

    /// The new pod takes an hour to become ready; all four old ones serve.
    async fn rollout_goes_on(&self) -> Result<()> {
        let workload = on("control", Workload::new(PAYMENTS, ROLLING, 4));
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        let changes = json!({"spec": {"strategy": rolling, "progressDeadlineSeconds": 7200}});
        self.deploy(ROLLOUT, &workload, &changes).await?;
        deployment_ready(&self.kube, PAYMENTS, ROLLING).await?;
        let deployments = Api::<Deployment>::namespaced(self.kube.clone(), PAYMENTS);
        let next = json!({"spec": {"template": {"metadata": {"annotations": {(READY_AFTER): "1h"}}}}});
        deployments
            .patch(ROLLING, &PatchParams::default(), &Patch::Strategic(next))
            .await
            .context("begin the rollout")?;
        wait_until(LIMIT, "the rollout is in its middle", async || {
            let pods = pods_of(&self.kube, PAYMENTS, ROLLING).await?.len();
            let status = deployments.get(ROLLING).await?.status.unwrap_or_default();
            ensure!(
                pods == 5 && status.available_replicas == Some(4) && status.unavailable_replicas == Some(1),
                "{pods} pods, {status:?}"
            );
            Ok(())
        })
        .await
    }

    async fn sidecar_runs(&self) -> Result<()> {
        let workload = on("control", Workload::new(PAYMENTS, "with-sidecar", 1));
        let sidecar = json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.1", "restartPolicy": "Always"});
        let changes = json!({"spec": {"template": {"spec": {"initContainers": [sidecar]}}}});
        self.deploy(SIDECAR, &workload, &changes).await?;
        deployment_ready(&self.kube, PAYMENTS, "with-sidecar").await
    }
}
