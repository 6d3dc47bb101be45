//! Pods that may be ended, each with an image of its own: what one case does to its pod leaves the others as they were, and
//! nothing has to be put back.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::cluster::extensions;
use day2_platform::cluster::objects::{self, deployment_ready};
use day2_platform::cluster::shapes::Workload;
use day2_platform::wait::wait_until;
use day2_platform::world::miner::{DEPLOYMENT, NAMESPACE, PodId};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt as _;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::stand::Stand;

const SOON: Duration = Duration::from_mins(1);

/// What runs a suspect, and what scales that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// A pod without a controller.
    Alone,
    /// A Deployment of one replica that KEDA scales.
    Scaled,
    /// A Deployment of one replica with a horizontal pod autoscaler.
    Automatic,
}

/// A pod that mines, and the Deployment of the same name, if it has one.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) pod: PodId,
    pub(super) name: String,
    pub(super) run: Run,
}

/// An image that nothing else runs. The container has the name of the one that mines, whose log is known.
pub(super) fn container(number: u32) -> Value {
    json!({"name": DEPLOYMENT, "image": format!("registry.example/suspect:{number}@sha256:{number:064x}")})
}

impl Stand {
    pub(super) fn shop<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.admin.clone(), NAMESPACE)
    }

    /// A new suspect on the node of the miner.
    pub(super) async fn suspect(&self, number: u32, run: Run) -> Result<Suspect> {
        let name = format!("suspect-{number}");
        let spec = json!({"nodeName": self.miner.pod.node, "containers": [container(number)]});
        if run == Run::Alone {
            let pod = json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": spec});
            let pod: Pod = serde_json::from_value(pod)?;
            self.shop().create(&PostParams::default(), &pod).await?;
        } else {
            let workload = Workload::new(NAMESPACE, &name, 1);
            let deployment = workload.deployment_with(&json!({"spec": {"template": {"spec": spec}}}))?;
            objects::create(&self.shop::<Deployment>(), &deployment).await?;
            self.scaler(&name, run).await?;
            deployment_ready(&self.admin, NAMESPACE, &name).await?;
        }
        let pod = self.running(&name, 1).await?.remove(0);
        Ok(Suspect { pod, name, run })
    }

    /// So many pods of one Deployment.
    pub(super) async fn swarm(&self, name: &str, replicas: u32) -> Result<Vec<PodId>> {
        let workload = Workload::new(NAMESPACE, name, replicas);
        let spec = json!({"containers": [container(replicas + 9_000)]});
        let deployment = workload.deployment_with(&json!({"spec": {"template": {"spec": spec}}}))?;
        objects::create(&self.shop::<Deployment>(), &deployment).await?;
        self.running(name, usize::try_from(replicas)?).await
    }

    async fn scaler(&self, name: &str, run: Run) -> Result<()> {
        if run == Run::Automatic {
            let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name});
            let scaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
                "metadata": {"name": name}, "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
            }))?;
            return objects::create(&self.shop(), &scaler).await;
        }
        let scaler = json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"scaleTargetRef": {"name": name}, "minReplicaCount": 1, "maxReplicaCount": 3,
                     "triggers": [{"type": "cpu", "metadata": {"value": "60"}}]},
        });
        extensions::create(&self.admin, "scaledobjects", scaler).await
    }

    /// The pods of this label, once all of them run.
    pub(super) async fn running(&self, app: &str, pods: usize) -> Result<Vec<PodId>> {
        let selected = ListParams::default().labels(&format!("app={app}"));
        wait_until(SOON, &format!("{pods} pods of {app} run"), async || {
            let list = self.shop::<Pod>().list(&selected).await?;
            let running = |pod: &&Pod| {
                let status = pod.status.as_ref();
                let statuses = status.and_then(|status| status.container_statuses.as_ref());
                statuses.is_some_and(|all| all.iter().all(|one| !one.image_id.is_empty()))
            };
            let ids: Vec<PodId> = list.items.iter().filter(running).map(PodId::of).collect();
            ensure!(ids.len() == pods, "{} of them", ids.len());
            Ok(ids)
        })
        .await
    }

    /// What is left of a suspect that was ended: nothing runs, and nothing brings it back.
    pub(super) async fn is_ended(&self, suspect: &Suspect) -> Result<()> {
        wait_until(SOON, &format!("{} is gone", suspect.name), async || {
            let pod = self.shop::<Pod>().get_opt(&suspect.pod.name).await?;
            ensure!(
                pod.is_none_or(|pod| pod.uid() != Some(suspect.pod.uid.clone())),
                "it is there"
            );
            Ok(())
        })
        .await?;
        if suspect.run == Run::Alone {
            return Ok(());
        }
        let deployment = self.shop::<Deployment>().get(&suspect.name).await?;
        let replicas = deployment.spec.and_then(|spec| spec.replicas);
        ensure!(replicas == Some(0), "{replicas:?} replicas");
        if suspect.run == Run::Scaled {
            let scaler = self
                .kubectl(&[
                    "get",
                    "scaledobject",
                    "-n",
                    NAMESPACE,
                    &suspect.name,
                    "-o",
                    "json",
                ])
                .await?;
            let paused = &scaler["metadata"]["annotations"]["autoscaling.keda.sh/paused"];
            ensure!(paused == "true", "KEDA would bring it back: {paused}");
        }
        Ok(())
    }

    /// Whether the pod is there and is not ending.
    pub(super) async fn lives(&self, pod: &PodId) -> Result<bool> {
        let seen = self.shop::<Pod>().get_opt(&pod.name).await?;
        Ok(seen.is_some_and(|seen| {
            seen.uid().as_deref() == Some(&*pod.uid) && seen.metadata.deletion_timestamp.is_none()
        }))
    }

    /// Takes every cordon and every protection away, whoever set it.
    pub(super) async fn nodes_as_before(&self) -> Result<()> {
        let nodes = Api::<Node>::all(self.admin.clone());
        for node in self.cordoned().await? {
            let open = json!({"metadata": {"annotations": {"day2.dev/cordon": null}}, "spec": {"unschedulable": null}});
            nodes
                .patch(&node, &PatchParams::default(), &Patch::Merge(&open))
                .await
                .with_context(|| format!("uncordon {node}"))?;
        }
        self.no_instance_is_protected().await
    }

    /// The scheduler may put the next pod on any node, also on one whose instance an earlier containment protected.
    async fn no_instance_is_protected(&self) -> Result<()> {
        let autoscaling = aws_sdk_autoscaling::Client::new(&self.platform.emulator.sdk_config());
        let seen = autoscaling.describe_auto_scaling_instances().send().await?;
        for instance in seen.auto_scaling_instances() {
            if instance.protected_from_scale_in() == Some(true) {
                autoscaling
                    .set_instance_protection()
                    .set_auto_scaling_group_name(instance.auto_scaling_group_name.clone())
                    .set_instance_ids(instance.instance_id.clone().map(|id| vec![id]))
                    .protected_from_scale_in(false)
                    .send()
                    .await?;
            }
        }
        Ok(())
    }
}
