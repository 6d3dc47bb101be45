//! What runs in the cluster: the control plane of the workspaces, the daemons, and the workspaces.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::json;

use super::plan::{GROUP_LABEL, Plan, WORKSPACES};
use crate::cluster::objects;
use crate::cluster::shapes::Workload;
use crate::wait::wait_until;

const SETTLE_LIMIT: Duration = Duration::from_mins(3);
/// Namespace of the control workload.
pub const CONTROL_NAMESPACE: &str = "coder";
/// The control workload.
pub(super) const CONTROL_DEPLOYMENT: &str = "coder-server";
/// The daemons that build workspaces, in [`CONTROL_NAMESPACE`].
pub const PROVISIONER: &str = "coder-provisioner";
/// How many of them.
pub const PROVISIONER_REPLICAS: u32 = 3;
/// A service with many database connections, in [`CONTROL_NAMESPACE`].
pub const CLIENT: &str = "coder-api";
/// How many pods of it, and the fewest that its autoscaler keeps.
pub const CLIENT_REPLICAS: u32 = 3;
/// The most that its autoscaler makes.
pub const CLIENT_MOST_REPLICAS: u32 = 30;
/// A claim that is bound, in [`CONTROL_NAMESPACE`].
pub const CLAIM: &str = "coder-cache";
/// Label on Deployments that are made for trouble: nobody waits until they are available.
pub(super) const TROUBLE: &str = "day2.test/trouble";
const DAEMONS: [&str; 2] = ["aws-node", "kube-proxy"];

/// Makes everything; [`settled`] tells when it runs.
pub(super) async fn make(kube: &Client, plan: &Plan) -> Result<()> {
    for name in DAEMONS {
        objects::create(&Api::namespaced(kube.clone(), "kube-system"), &daemon_set(name)?).await?;
    }
    objects::create_workload(kube, &on("control", Workload::new("kube-system", "coredns", 2))).await?;
    let server = spread(&on(
        "control",
        Workload::new(CONTROL_NAMESPACE, CONTROL_DEPLOYMENT, 2),
    ))?;
    objects::ensure_namespace(kube, CONTROL_NAMESPACE).await?;
    objects::create(&Api::namespaced(kube.clone(), CONTROL_NAMESPACE), &server).await?;
    make_clients(kube).await?;
    make_claim(kube).await?;
    for workspace in plan.workspaces() {
        let workload = Workload {
            cpu_millis: 1000,
            ..on("workspace", Workload::new(WORKSPACES, &workspace.name, 1))
        };
        objects::create_workload(kube, &workload).await?;
        if workspace.protected {
            objects::create_budget(kube, &workload, "1").await?;
        }
    }
    Ok(())
}

/// The daemons that build workspaces, and a service with many database connections that is scaled by its load. Both
/// stand on the control nodes, because the others may all be gone at night.
async fn make_clients(kube: &Client) -> Result<()> {
    let coder = Api::namespaced(kube.clone(), CONTROL_NAMESPACE);
    objects::create(&coder, &provisioner()?).await?;
    let client = Workload {
        cpu_millis: 200,
        ..on(
            "control",
            Workload::new(CONTROL_NAMESPACE, CLIENT, CLIENT_REPLICAS),
        )
    };
    objects::create_workload(kube, &client).await?;
    objects::create_budget(kube, &client, "2").await?;
    objects::create(&Api::namespaced(kube.clone(), CONTROL_NAMESPACE), &autoscaler()?).await
}

/// A claim and the volume that was made for it.
async fn make_claim(kube: &Client) -> Result<()> {
    let (size, class) = (json!({"storage": "100Gi"}), "gp3");
    let volume: PersistentVolume = serde_json::from_value(json!({
        "metadata": {"name": "pvc-7c1d4f7e"},
        "spec": {
            "capacity": size, "accessModes": ["ReadWriteOnce"], "storageClassName": class,
            "claimRef": {"namespace": CONTROL_NAMESPACE, "name": CLAIM},
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-0a1b2c3d4e5f60718"},
        },
    }))?;
    objects::create(&Api::all(kube.clone()), &volume).await?;
    let claim: PersistentVolumeClaim = serde_json::from_value(json!({
        "metadata": {"name": CLAIM},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": class, "volumeName": "pvc-7c1d4f7e",
            "resources": {"requests": size},
        },
    }))?;
    objects::create(&Api::namespaced(kube.clone(), CONTROL_NAMESPACE), &claim).await
}

fn provisioner() -> Result<Deployment> {
    let labels = json!({"app": PROVISIONER, "app.kubernetes.io/name": PROVISIONER});
    serde_json::from_value(json!({
        "metadata": {"name": PROVISIONER, "namespace": CONTROL_NAMESPACE, "labels": labels},
        "spec": {
            "replicas": PROVISIONER_REPLICAS,
            "selector": {"matchLabels": {"app": PROVISIONER}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": {(GROUP_LABEL): "control"},
                    "containers": [{
                        "name": "provisioner",
                        "image": "ghcr.io/coder/coder:v2.31.4",
                        "command": ["/opt/coder"],
                        "args": ["provisioner", "start", "--tag", "environment=prod-a"],
                        "env": [{"name": "CODER_URL", "value": "https://coder.example.com"}],
                        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}},
                    }],
                },
            },
        },
    }))
    .context("provisioner")
}

fn autoscaler() -> Result<HorizontalPodAutoscaler> {
    serde_json::from_value(json!({
        "metadata": {"name": CLIENT, "namespace": CONTROL_NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": CLIENT},
            "minReplicas": CLIENT_REPLICAS,
            "maxReplicas": CLIENT_MOST_REPLICAS,
            "metrics": [{"type": "Resource",
                         "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}],
        },
    }))
    .context("autoscaler")
}

/// Waits until every Deployment that nobody keeps waiting is available and every node has its daemons.
pub(super) async fn settled(kube: &Client, nodes: usize) -> Result<()> {
    let daemons = Api::<DaemonSet>::all(kube.clone());
    let deployments = Api::<Deployment>::all(kube.clone());
    let all = ListParams::default();
    wait_until(SETTLE_LIMIT, "the workloads run", async || {
        for set in daemons.list(&all).await? {
            let status = set.status.clone().unwrap_or_default();
            let ready = usize::try_from(status.number_ready).unwrap_or_default();
            let wanted = usize::try_from(status.desired_number_scheduled).unwrap_or_default();
            ensure!(
                (ready, wanted) == (nodes, nodes),
                "{}: {ready} of {wanted} on {nodes} nodes",
                set.name_any()
            );
        }
        let served = ListParams::default().labels(&format!("!{TROUBLE}"));
        for one in deployments.list(&served).await? {
            let wanted = one.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
            let available = one
                .status
                .as_ref()
                .and_then(|status| status.available_replicas)
                .unwrap_or(0);
            ensure!(wanted == available, "{}: {available} of {wanted}", one.name_any());
        }
        Ok(())
    })
    .await
}

/// The node on which the pod of a workspace stands.
pub(super) async fn node_of(kube: &Client, workspace: &str) -> Result<String> {
    let pods: Vec<Pod> = objects::pods_of(kube, WORKSPACES, workspace).await?;
    let node = pods.iter().find_map(|pod| pod.spec.as_ref()?.node_name.clone());
    node.with_context(|| format!("the workspace {workspace} stands on no node"))
}

/// Cordons a node or takes that back.
pub(super) async fn set_unschedulable(kube: &Client, node: &str, unschedulable: bool) -> Result<()> {
    let patch = json!({"spec": {"unschedulable": unschedulable}});
    let api = Api::<Node>::all(kube.clone());
    let sent = api
        .patch(node, &PatchParams::default(), &Patch::Merge(patch))
        .await;
    sent.map(drop).with_context(|| format!("cordon {node}"))
}

pub(super) fn on(group: &str, workload: Workload) -> Workload {
    Workload {
        node_selector: BTreeMap::from([(GROUP_LABEL.to_owned(), group.to_owned())]),
        ..workload
    }
}

/// Every pod on a node and in a zone of its own.
fn spread(workload: &Workload) -> Result<Deployment> {
    let mut deployment = workload.deployment()?;
    let rule = |key: &str| {
        json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule",
               "labelSelector": {"matchLabels": {"app": workload.name}}})
    };
    let rules = json!([
        rule("topology.kubernetes.io/zone"),
        rule("kubernetes.io/hostname")
    ]);
    let pod = deployment
        .spec
        .as_mut()
        .and_then(|spec| spec.template.spec.as_mut())
        .context("no pod template")?;
    pod.topology_spread_constraints = Some(serde_json::from_value(rules)?);
    Ok(deployment)
}

/// `aws-node` has the agent beside it that enforces network policies, as the VPC CNI of Amazon EKS installs it.
fn daemon_set(name: &str) -> Result<DaemonSet> {
    let labels = json!({"k8s-app": name});
    let mut containers = vec![json!({"name": name, "image": format!("registry.example/{name}:1.20.1")})];
    if name == "aws-node" {
        containers.push(json!({
            "name": "aws-eks-nodeagent", "image": "registry.example/aws-network-policy-agent:1.2.4",
            "args": ["--enable-network-policy=true"],
        }));
    }
    serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": "kube-system", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "tolerations": [{"operator": "Exists"}],
                    "containers": containers,
                },
            },
        },
    }))
    .context("daemon set")
}
