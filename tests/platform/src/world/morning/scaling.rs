//! Autoscalers that can do no more, or must not.

use anyhow::{Result, ensure};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Api, DeleteParams};
use serde_json::{Value, json};

use super::{Broken, LIMIT, PAYMENTS, SEARCH, Trouble, World, mark};
use crate::clock;
use crate::cluster::extensions;
use crate::cluster::objects::{self, deployment_ready};
use crate::cluster::shapes::Workload;
use crate::wait::wait_until;
use crate::world::workloads::on;

const GATEWAY: &str = "gateway";
const MOST: i32 = 4;
/// Of the requested processor time; the target is 70 %.
const OVERLOADED_PERCENT: u32 = 95;
const WORKER: &str = "queue-worker";

impl World {
    pub(super) async fn autoscaler_is_at_maximum(&self, trouble: Trouble) -> Result<Broken> {
        self.usage.set(PAYMENTS, GATEWAY, Some(OVERLOADED_PERCENT));
        let workload = on("control", Workload::new(PAYMENTS, GATEWAY, 2));
        self.deploy(&mark(trouble), &workload, &json!({})).await?;
        let autoscalers = Api::<HorizontalPodAutoscaler>::namespaced(self.kube.clone(), PAYMENTS);
        let target = json!({"type": "Utilization", "averageUtilization": 70});
        let autoscaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
            "metadata": {"name": GATEWAY},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": GATEWAY},
                "minReplicas": 2, "maxReplicas": MOST,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            },
        }))?;
        objects::create(&autoscalers, &autoscaler).await?;
        wait_until(LIMIT, "the autoscaler is at its maximum", async || {
            let status = autoscalers.get(GATEWAY).await?.status.unwrap_or_default();
            let limited =
                status.conditions.iter().flatten().any(|one| {
                    one.type_ == "ScalingLimited" && one.reason.as_deref() == Some("TooManyReplicas")
                });
            ensure!(status.current_replicas == Some(MOST) && limited, "{status:?}");
            Ok(())
        })
        .await?;
        deployment_ready(&self.kube, PAYMENTS, GATEWAY).await?;
        Ok(trouble.told(Some(PAYMENTS), GATEWAY.to_owned(), "TooManyReplicas"))
    }

    pub(super) async fn autoscaler_is_gone(&self) -> Result<()> {
        self.usage.set(PAYMENTS, GATEWAY, None);
        Api::<HorizontalPodAutoscaler>::namespaced(self.kube.clone(), PAYMENTS)
            .delete(GATEWAY, &DeleteParams::default())
            .await?;
        Ok(())
    }

    pub(super) async fn scaling_is_paused(&self, trouble: Trouble) -> Result<Broken> {
        let workload = on("control", Workload::new(SEARCH, WORKER, 1));
        self.deploy(&mark(trouble), &workload, &json!({})).await?;
        deployment_ready(&self.kube, SEARCH, WORKER).await?;
        let now = clock::now();
        let status = json!({"conditions": [
            {"type": "Ready", "status": "True", "reason": "ScaledObjectReady", "message": "ScaledObject is defined correctly"},
            {"type": "Active", "status": "Unknown"},
            {"type": "Fallback", "status": "False"},
            {"type": "Paused", "status": "True", "reason": "ScaledObjectPaused", "message": "ScaledObject is paused"},
        ], "lastActiveTime": now});
        let object = scaled_object();
        extensions::create(&self.kube, "scaledobjects", object.clone()).await?;
        extensions::place_status(&self.kube, "scaledobjects", &object, status).await?;
        Ok(trouble.told(Some(SEARCH), WORKER.to_owned(), "paused"))
    }

    pub(super) async fn scaling_goes_on(&self) -> Result<()> {
        extensions::delete(&self.kube, "scaledobjects", &scaled_object()).await?;
        self.undeploy(&mark(Trouble::ScalingPaused)).await
    }
}

fn scaled_object() -> Value {
    let trigger = json!({"type": "aws-sqs-queue", "metadata": {
        "queueURL": "https://sqs.us-east-1.amazonaws.com/123456789012/documents", "queueLength": "5", "awsRegion": "us-east-1",
    }});
    json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": WORKER, "namespace": SEARCH, "annotations": {"autoscaling.keda.sh/paused": "true"}},
        "spec": {"scaleTargetRef": {"name": WORKER}, "minReplicaCount": 0, "maxReplicaCount": 10, "triggers": [trigger]},
    })
}
