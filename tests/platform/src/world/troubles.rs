//! Slow provisioning and connections that run out, for tests and for the demo, and the way back from each. Every method
//! returns when it has taken effect.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};

use super::World;
use super::alarms::{PROVISIONING, connections_alarm};
use super::plan::{GROUP_LABEL, WORKSPACES};
use super::workloads::{CONTROL_NAMESPACE, PROVISIONER, TROUBLE, on};
use crate::clock;
use crate::cluster::objects::{self, deployment_ready, pods_of, waiting_reason};
use crate::cluster::shapes::Workload;
use crate::cluster::stages::{self, STAGE, SickPod};
use crate::wait::wait_until;

/// Connections of the writer that climb, one count a minute: 16 ACU allow 3,360.
pub const CLIMBING_CONNECTIONS: [f64; 6] = [2_350.0, 2_500.0, 2_650.0, 2_800.0, 2_950.0, 3_100.0];
/// How long the scheduler and KWOK may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);
/// What a large workspace asks for, in thousandths of a core: a node of 8 cores holds one, and none beside another
/// workspace.
const LARGE_CPU_MILLIS: u32 = 7000;
const WAITING: &str = "waiting";
const UNPULLED: &str = "unpulled";

/// Every method fails when AWS or the cluster refuses what it asks for.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl World {
    /// 95 of 100 workspaces take up to so many seconds, since 20 minutes and until it is told otherwise. Gives the state of
    /// the alarm then.
    pub async fn provisioning_is_slow(&self, p95_seconds: f64) -> Result<String> {
        self.sender.readings.set_provisioning_p95(Some(p95_seconds));
        self.provisioning_is_told().await
    }

    /// Provisioning is as quick as on a good day again. Gives the state of the alarm then.
    pub async fn provisioning_is_fast(&self) -> Result<String> {
        self.sender.readings.set_provisioning_p95(None);
        self.provisioning_is_told().await
    }

    async fn provisioning_is_told(&self) -> Result<String> {
        self.sender.retell_provisioning(clock::now()).await?;
        self.control.evaluate_alarm(PROVISIONING).await
    }

    /// Connections of a database instance, one count a minute, the newest last; before the first and after the last they
    /// stay as they are. One count is a level; none is a good day. Gives the state of the instance's alarm then.
    pub async fn connections(&self, instance: &str, counts: &[f64]) -> Result<String> {
        let now = clock::now();
        self.sender.readings.set_connections(instance, counts, now);
        self.sender.retell_connections(instance, now).await?;
        self.control.evaluate_alarm(&connections_alarm(instance)).await
    }

    /// `count` workspaces wait, because no node has the cores left that they ask for. What still fits is filled up first:
    /// one is added whenever all have found a node, because a node can become free while they are made.
    pub async fn workspaces_pending(&self, count: usize) -> Result<()> {
        let mut made = self.room_for_large().await? + count;
        for number in 0..made {
            self.large_workspace(number).await?;
        }
        wait_until(
            LIMIT,
            "every large workspace runs or waits for cores",
            async || {
                let pods = self.pods_made_for(WAITING).await?;
                let settled = pods.iter().filter(|pod| is_placed(pod) || waits_for_cores(pod));
                let left = made.saturating_sub(settled.count());
                ensure!(left == 0, "{left} of {made} do neither");
                let waiting = pods.iter().filter(|pod| waits_for_cores(pod)).count();
                if waiting < count {
                    self.large_workspace(made).await?;
                    made += 1;
                    bail!("{waiting} of them wait");
                }
                Ok(())
            },
        )
        .await?;
        self.pods_in_trouble(WAITING, count, waits_for_cores).await
    }

    async fn large_workspace(&self, number: usize) -> Result<()> {
        let workload = Workload {
            cpu_millis: LARGE_CPU_MILLIS,
            ..on(
                "workspace",
                Workload::new(WORKSPACES, &format!("ws-large-{number}"), 1),
            )
        };
        self.make_trouble(&workload, WAITING).await
    }

    /// The large workspaces are gone, those that run and those that wait.
    pub async fn no_workspaces_pending(&self) -> Result<()> {
        self.end_trouble(WAITING).await
    }

    /// `count` of the large workspaces that run on the youngest nodes close. All must have a node.
    pub async fn workspaces_close(&self, count: usize) -> Result<()> {
        wait_until(LIMIT, "every workspace has a node", async || {
            let waiting = self.pending_workspaces().await?;
            ensure!(waiting == 0, "{waiting} wait");
            Ok(())
        })
        .await?;
        let mut nodes = Api::<Node>::all(self.kube.clone())
            .list(&ListParams::default())
            .await?
            .items;
        nodes.sort_by_key(|node| std::cmp::Reverse(node.creation_timestamp()));
        let age = |pod: &Pod| {
            let named = |node: &Node| node_name(pod) == node.metadata.name.as_ref();
            nodes.iter().position(named).unwrap_or(usize::MAX)
        };
        let mut pods = self.pods_made_for(WAITING).await?;
        pods.sort_by_key(age);
        let deployments = Api::<Deployment>::namespaced(self.kube.clone(), WORKSPACES);
        for pod in pods.iter().take(count) {
            let name = pod.name_any();
            // A pod of a Deployment is called after it and its ReplicaSet: `<deployment>-<hash>-<suffix>`.
            let deployment = name.rsplitn(3, '-').nth(2).context("a pod of no Deployment")?;
            deployments
                .delete(deployment, &DeleteParams::background())
                .await?;
        }
        let rest = pods.len().saturating_sub(count);
        wait_until(LIMIT, "their pods are gone", async || {
            let left = self.pods_made_for(WAITING).await?.len();
            ensure!(left == rest, "{left} are left, not {rest}");
            Ok(())
        })
        .await
    }

    /// How many pods wait for a node at present.
    pub async fn pending_workspaces(&self) -> Result<usize> {
        let pods = self.pods_made_for(WAITING).await?;
        Ok(pods.iter().filter(|pod| !is_placed(pod)).count())
    }

    /// The images of `count` new workspaces cannot be pulled.
    pub async fn image_pulls_fail(&self, count: usize) -> Result<()> {
        for number in 0..count {
            let mut workload = on(
                "workspace",
                Workload::new(WORKSPACES, &format!("ws-new-{number}"), 1),
            );
            let stage = SickPod::ImagePullBackOff.stage().to_owned();
            workload.annotations.insert(STAGE.to_owned(), stage);
            self.make_trouble(&workload, UNPULLED).await?;
        }
        self.pods_in_trouble(UNPULLED, count, |pod| {
            waiting_reason(pod).as_deref() == Some("ImagePullBackOff")
        })
        .await
    }

    /// Those workspaces are gone.
    pub async fn image_pulls_work(&self) -> Result<()> {
        self.end_trouble(UNPULLED).await
    }

    /// All pods of the provisioner are in a crash loop. A restart of its Deployment makes well ones, as in life.
    pub async fn provisioner_is_broken(&self) -> Result<()> {
        let pods = pods_of(&self.kube, CONTROL_NAMESPACE, PROVISIONER).await?;
        // One that ends may be gone before it is broken.
        for pod in pods
            .iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        {
            stages::break_pod(&self.kube, CONTROL_NAMESPACE, &pod.name_any(), SickPod::CrashLoop).await?;
        }
        wait_until(LIMIT, "the provisioner is in a crash loop", async || {
            let pods = pods_of(&self.kube, CONTROL_NAMESPACE, PROVISIONER).await?;
            let sick = |pod: &&Pod| waiting_reason(pod).as_deref() == Some("CrashLoopBackOff");
            ensure!(
                !pods.is_empty() && pods.iter().all(|pod| sick(&pod)),
                "not every pod is"
            );
            Ok(())
        })
        .await
    }

    /// The pods of the provisioner are well again, by themselves.
    pub async fn provisioner_is_well(&self) -> Result<()> {
        for pod in pods_of(&self.kube, CONTROL_NAMESPACE, PROVISIONER).await? {
            stages::mend_pod(&self.kube, CONTROL_NAMESPACE, &pod.name_any()).await?;
        }
        deployment_ready(&self.kube, CONTROL_NAMESPACE, PROVISIONER).await
    }

    /// Names of the nodes of a group on which nothing stands but pods of `DaemonSets` and mirror pods.
    pub async fn empty_nodes(&self, group: &str) -> Result<Vec<String>> {
        let nodes = self.nodes_of(group).await?;
        let pods = Api::<Pod>::all(self.kube.clone());
        let pods = pods.list(&ListParams::default()).await.context("list pods")?;
        let holds = |node: &Node| {
            let name = node.name_any();
            pods.items
                .iter()
                .any(|pod| node_name(pod) == Some(&name) && !stays_on_its_node(pod))
        };
        Ok(nodes
            .iter()
            .filter(|node| !holds(node))
            .map(ResourceExt::name_any)
            .collect())
    }

    pub(super) async fn nodes_of(&self, group: &str) -> Result<Vec<Node>> {
        let of_group = ListParams::default().labels(&format!("{GROUP_LABEL}={group}"));
        let nodes = Api::<Node>::all(self.kube.clone()).list(&of_group).await;
        Ok(nodes.with_context(|| format!("list the nodes of {group}"))?.items)
    }

    /// How many large workspaces the workspace nodes could still take: one each on those that hold no workspace.
    async fn room_for_large(&self) -> Result<usize> {
        let usable: Vec<String> = self
            .nodes_of(self.plan.workspace_group().name)
            .await?
            .iter()
            .filter(|node| node.spec.as_ref().and_then(|spec| spec.unschedulable) != Some(true))
            .map(ResourceExt::name_any)
            .collect();
        let empty = self.empty_nodes(self.plan.workspace_group().name).await?;
        Ok(empty.iter().filter(|name| usable.contains(name)).count())
    }

    async fn make_trouble(&self, workload: &Workload, kind: &str) -> Result<()> {
        let mut deployment = workload.deployment()?;
        deployment
            .labels_mut()
            .insert(TROUBLE.to_owned(), kind.to_owned());
        if let Some(spec) = deployment.spec.as_mut() {
            let labels = &mut spec.template.metadata.get_or_insert_default().labels;
            labels
                .get_or_insert_default()
                .insert(TROUBLE.to_owned(), kind.to_owned());
        }
        objects::create(
            &Api::namespaced(self.kube.clone(), &workload.namespace),
            &deployment,
        )
        .await
    }

    async fn pods_made_for(&self, kind: &str) -> Result<Vec<Pod>> {
        let of_kind = ListParams::default().labels(&format!("{TROUBLE}={kind}"));
        let pods = Api::<Pod>::namespaced(self.kube.clone(), WORKSPACES)
            .list(&of_kind)
            .await;
        Ok(pods.context("list the pods in trouble")?.items)
    }

    /// Waits until exactly `count` of the pods are in that trouble, and the rest has a node.
    async fn pods_in_trouble(&self, kind: &str, count: usize, is_in: impl Fn(&Pod) -> bool) -> Result<()> {
        wait_until(LIMIT, &format!("{count} pods are {kind}"), async || {
            let pods = self.pods_made_for(kind).await?;
            let (stuck, others): (Vec<&Pod>, Vec<&Pod>) = pods.iter().partition(|pod| is_in(pod));
            let placed = others.iter().filter(|pod| is_placed(pod)).count();
            ensure!(
                stuck.len() == count && placed == others.len(),
                "{} of {} are, {placed} have a node",
                stuck.len(),
                pods.len()
            );
            Ok(())
        })
        .await
    }

    async fn end_trouble(&self, kind: &str) -> Result<()> {
        let of_kind = ListParams::default().labels(&format!("{TROUBLE}={kind}"));
        Api::<Deployment>::namespaced(self.kube.clone(), WORKSPACES)
            .delete_collection(&DeleteParams::background(), &of_kind)
            .await
            .context("delete the Deployments in trouble")?;
        wait_until(LIMIT, "their pods are gone", async || {
            let left = self.pods_made_for(kind).await?.len();
            ensure!(left == 0, "{left} are left");
            Ok(())
        })
        .await
    }
}

fn node_name(pod: &Pod) -> Option<&String> {
    pod.spec.as_ref()?.node_name.as_ref()
}

fn is_placed(pod: &Pod) -> bool {
    node_name(pod).is_some()
}

fn waits_for_cores(pod: &Pod) -> bool {
    let no_cores = |message: &String| message.contains("Insufficient cpu");
    pod.status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .any(|condition| {
            condition.type_ == "PodScheduled"
                && condition.reason.as_deref() == Some("Unschedulable")
                && condition.message.iter().any(no_cores)
        })
}

/// A pod of a DaemonSet, or a mirror of what the kubelet runs by itself.
fn stays_on_its_node(pod: &Pod) -> bool {
    pod.owner_references()
        .iter()
        .any(|owner| owner.kind == "DaemonSet")
        || pod.annotations().contains_key("kubernetes.io/config.mirror")
}
