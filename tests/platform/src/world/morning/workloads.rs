//! Pods that do not run, and a budget that is never met.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, ListParams};
use serde_json::json;

use super::{Broken, LIMIT, PAYMENTS, SEARCH, Trouble, World, mark};
use crate::cluster::objects::{self, deployment_ready, pods_of, waiting_reason};
use crate::cluster::shapes::Workload;
use crate::cluster::stages::{STAGE, SickPod};
use crate::wait::wait_until;
use crate::world::workloads::{TROUBLE, on};

/// More than the largest node has, in thousandths of a core.
const TOO_LARGE_MILLIS: u32 = 200_000;
const QUOTA: &str = "objects";
/// 23 of 25 is 92 %; the one that Kubernetes puts into each namespace counts.
const QUOTA_HARD: usize = 25;
const QUOTA_USED: usize = 23;
/// The controller counts well within it.
const COUNTED: Duration = Duration::from_secs(1);

impl World {
    pub(super) async fn image_cannot_be_pulled(&self, trouble: Trouble) -> Result<Broken> {
        let name = "invoice-api";
        self.sick(trouble, PAYMENTS, name, 2, SickPod::ImagePullBackOff)
            .await?;
        Ok(trouble.told(Some(PAYMENTS), name.to_owned(), "ImagePullBackOff"))
    }

    pub(super) async fn killed_for_memory(&self, trouble: Trouble) -> Result<Broken> {
        let name = "indexer";
        self.sick(trouble, SEARCH, name, 1, SickPod::OomKilled).await?;
        Ok(trouble.told(Some(SEARCH), name.to_owned(), "OOMKilled"))
    }

    async fn sick(
        &self,
        trouble: Trouble,
        namespace: &str,
        name: &str,
        replicas: u32,
        how: SickPod,
    ) -> Result<()> {
        let mut workload = on("control", Workload::new(namespace, name, replicas));
        workload
            .annotations
            .insert(STAGE.to_owned(), how.stage().to_owned());
        self.deploy(&mark(trouble), &workload, &json!({})).await?;
        let wanted = match how {
            SickPod::ImagePullBackOff => "ImagePullBackOff",
            _ => "CrashLoopBackOff",
        };
        wait_until(LIMIT, &format!("{name} waits in {wanted}"), async || {
            let pods = pods_of(&self.kube, namespace, name).await?;
            let sick = pods
                .iter()
                .filter(|pod| waiting_reason(pod).as_deref() == Some(wanted));
            ensure!(sick.count() == usize::try_from(replicas)?, "not yet");
            Ok(())
        })
        .await
    }

    pub(super) async fn never_fits(&self, trouble: Trouble) -> Result<Broken> {
        let name = "reranker";
        let workload = Workload {
            cpu_millis: TOO_LARGE_MILLIS,
            ..Workload::new(SEARCH, name, 1)
        };
        self.deploy(&mark(trouble), &workload, &json!({})).await?;
        wait_until(LIMIT, "the scheduler says why", async || {
            let pods = pods_of(&self.kube, SEARCH, name).await?;
            ensure!(pods.iter().any(unschedulable), "not yet");
            Ok(())
        })
        .await?;
        Ok(trouble.told(Some(SEARCH), name.to_owned(), "Insufficient cpu"))
    }

    pub(super) async fn budget_is_never_met(&self, trouble: Trouble) -> Result<Broken> {
        let name = "ledger";
        let workload = on("control", Workload::new(PAYMENTS, name, 2));
        self.deploy(&mark(trouble), &workload, &json!({})).await?;
        objects::create_budget(&self.kube, &workload, "2").await?;
        deployment_ready(&self.kube, PAYMENTS, name).await?;
        wait_until(LIMIT, "the budget counts", async || {
            let budgets = Api::<PodDisruptionBudget>::namespaced(self.kube.clone(), PAYMENTS);
            let seen = budgets.get(name).await?.status.unwrap_or_default();
            ensure!(
                (seen.current_healthy, seen.disruptions_allowed) == (2, 0),
                "{seen:?}"
            );
            Ok(())
        })
        .await?;
        Ok(trouble.told(Some(PAYMENTS), name.to_owned(), "minAvailable"))
    }

    /// What was made for one of the troubles of this file, and of the autoscaler.
    pub(super) async fn workload_is_gone(&self, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::BudgetNeverMet => {
                let budgets = Api::<PodDisruptionBudget>::namespaced(self.kube.clone(), PAYMENTS);
                budgets.delete("ledger", &DeleteParams::default()).await?;
            }
            Trouble::AutoscalerAtMaximum => self.autoscaler_is_gone().await?,
            _ => {}
        }
        self.undeploy(&mark(trouble)).await
    }

    pub(super) async fn quota_is_nearly_full(&self, trouble: Trouble) -> Result<Broken> {
        let quota: ResourceQuota = serde_json::from_value(json!({
            "metadata": {"name": QUOTA, "namespace": SEARCH},
            "spec": {"hard": {"configmaps": QUOTA_HARD.to_string()}},
        }))?;
        let maps = Api::<ConfigMap>::namespaced(self.kube.clone(), SEARCH);
        // First the quota: then admission counts each object as it is made.
        let quotas = Api::<ResourceQuota>::namespaced(self.kube.clone(), SEARCH);
        objects::create(&quotas, &quota).await?;
        wait_until(LIMIT, "the quota is counted", async || used(&quotas).await).await?;
        let present = maps.list(&ListParams::default()).await?.items.len();
        for number in present..QUOTA_USED {
            let map: ConfigMap = serde_json::from_value(json!({
                "metadata": {"name": format!("synonyms-{number}"), "labels": {(TROUBLE): mark(trouble)}},
            }))?;
            objects::create(&maps, &map).await?;
        }
        counted(&quotas, &maps).await?;
        Ok(trouble.told(Some(SEARCH), QUOTA.to_owned(), "configmaps"))
    }

    pub(super) async fn quota_has_room(&self) -> Result<()> {
        let quotas = Api::<ResourceQuota>::namespaced(self.kube.clone(), SEARCH);
        quotas.delete(QUOTA, &DeleteParams::default()).await?;
        let made = ListParams::default().labels(&format!("{TROUBLE}={}", mark(Trouble::QuotaNearlyFull)));
        Api::<ConfigMap>::namespaced(self.kube.clone(), SEARCH)
            .delete_collection(&DeleteParams::default(), &made)
            .await?;
        Ok(())
    }
}

async fn used(quotas: &Api<ResourceQuota>) -> Result<usize> {
    let status = quotas.get(QUOTA).await?.status.context("no status")?;
    let used = status.used.unwrap_or_default();
    Ok(used.get("configmaps").context("not counted yet")?.0.parse()?)
}

/// Admission and controller count from caches: what came before theirs knew of the quota is counted when something is deleted, and
/// otherwise not for minutes.
async fn counted(quotas: &Api<ResourceQuota>, maps: &Api<ConfigMap>) -> Result<()> {
    wait_until(LIMIT, &format!("the quota counts {QUOTA_USED}"), async || {
        let seen = used(quotas).await?;
        if seen != QUOTA_USED {
            let again: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "counted-again"}}))?;
            objects::create(maps, &again).await?;
            maps.delete("counted-again", &DeleteParams::default()).await?;
            tokio::time::sleep(COUNTED).await;
            bail!("{seen}");
        }
        Ok(())
    })
    .await
}

fn unschedulable(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|one| one.reason.as_deref() == Some("Unschedulable") && one.message.is_some())
}
