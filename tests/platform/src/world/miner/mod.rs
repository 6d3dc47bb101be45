//! A workload that was taken over: one of three pods of a Deployment mines, the same image runs in another namespace, and
//! autoscalers, a budget and an open network policy stand around it. Neighbours run beside it that are innocent.

mod finding;
mod roles;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service, ServiceAccount};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};
use serde_json::{Value, json};

use super::World;
use super::workloads::on;
use crate::aws::control::PostedFinding;
use crate::clock;
use crate::cluster::extensions::{self, Extension};
use crate::cluster::objects::{self, deployment_ready, pods_of};
use crate::cluster::shapes::Workload;
use crate::cluster::{LogInstance, PodLogs};
use crate::wait::wait_until;
pub use finding::finding;
pub use roles::role_arn;

/// Namespace of the suspect and of its neighbours.
pub const NAMESPACE: &str = "shop";
/// The Deployment, its service account, its container and its autoscaler.
pub const DEPLOYMENT: &str = "checkout";
/// Wanted pods of it.
pub const REPLICAS: u32 = 3;
/// A Deployment of the same namespace that has nothing to do with it.
pub const NEIGHBOUR: &str = "catalogue";
/// Another namespace, in which the same image runs.
pub const OTHER_NAMESPACE: &str = "jobs";
/// The Deployment there; KEDA scales it.
pub const SIBLING: &str = "report-worker";
/// What both run.
pub const DIGEST: &str = "sha256:5d41402abc4b2a76b9719d911017c5927d793f6f1d1a2b3c4d5e6f708192a3b4";
/// The policy that opens all egress of the Deployment's pods.
pub const OPEN_POLICY: &str = "allow-egress";
/// Type of the finding.
pub const FINDING_TYPE: &str = "CryptoCurrency:Runtime/BitcoinTool.B!DNS";
/// Said by the miner's log and by nothing else, so that a test can look where it went.
pub const LOG_MARK: &str = "stratum+tcp://pool.example.net:3333 login=4AfUP827TeRZ1cck3tZThgZbRCEwBrpcJTkA";

const LIMIT: std::time::Duration = std::time::Duration::from_mins(3);

/// A pod of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodId {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The node that it stands on.
    pub node: String,
}

impl PodId {
    /// Of this pod, as it was seen.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        Self {
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
            node: pod
                .spec
                .as_ref()
                .and_then(|spec| spec.node_name.clone())
                .unwrap_or_default(),
        }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miner {
    /// The pod that mines.
    pub pod: PodId,
    /// The two others of its Deployment.
    pub others: Vec<PodId>,
    /// The pod of the same image in [`OTHER_NAMESPACE`].
    pub sibling: PodId,
}

/// The reference by which a Deployment names the image: a tag of its own, and the digest that all share.
fn image(name: &str) -> String {
    format!("registry.example/{name}:4.2.0@{DIGEST}")
}

/// Every method fails when AWS or the cluster refuses what it asks for.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl World {
    /// Makes it all, and returns when every pod runs and the miner has written its log.
    pub async fn miner(&self) -> Result<Miner> {
        self.install(&[Extension::Keda, Extension::PolicyEndpoints])
            .await?;
        for namespace in [NAMESPACE, OTHER_NAMESPACE] {
            objects::ensure_namespace(&self.kube, namespace).await?;
        }
        self.roles().await?;
        self.account_with_a_role().await?;
        let suspect = Workload {
            spread_over_zones: true,
            ..on("workspace", Workload::new(NAMESPACE, DEPLOYMENT, REPLICAS))
        };
        self.run(&suspect, true).await?;
        objects::create_budget(&self.kube, &suspect, "2").await?;
        let neighbour = on("workspace", Workload::new(NAMESPACE, NEIGHBOUR, 2));
        objects::create_workload(&self.kube, &neighbour).await?;
        let sibling = on("workspace", Workload::new(OTHER_NAMESPACE, SIBLING, 1));
        self.run(&sibling, false).await?;
        self.around_it().await?;
        for (namespace, name) in [
            (NAMESPACE, DEPLOYMENT),
            (NAMESPACE, NEIGHBOUR),
            (OTHER_NAMESPACE, SIBLING),
        ] {
            deployment_ready(&self.kube, namespace, name).await?;
        }
        // Their controller tries again after a second when it was quicker than its own cache.
        wait_until(LIMIT, "the service has its endpoints", async || {
            let slices = Api::<EndpointSlice>::namespaced(self.kube.clone(), NAMESPACE);
            let slices = slices.list(&ListParams::default()).await?;
            let seen: usize = slices.iter().map(|one| one.endpoints.len()).sum();
            ensure!(seen == usize::try_from(REPLICAS)?, "{seen} endpoints");
            Ok(())
        })
        .await?;
        self.policy_is_enforced(NAMESPACE, OPEN_POLICY).await?;
        mine(&self.pod_logs)?;
        let mut pods = self.pod_ids(NAMESPACE, DEPLOYMENT).await?;
        ensure!(pods.len() == usize::try_from(REPLICAS)?, "{pods:?}");
        let sibling = self.pod_ids(OTHER_NAMESPACE, SIBLING).await?.into_iter().next();
        Ok(Miner {
            pod: pods.remove(0),
            others: pods,
            sibling: sibling.context("the sibling has no pod")?,
        })
    }

    /// `GuardDuty` finds it: the event goes to the default bus.
    pub async fn miner_is_found(&self, miner: &Miner, id: &str) -> Result<PostedFinding> {
        self.control.post_finding(&miner.finding(id)).await
    }

    /// Both namespaces are gone, with everything in them, labels and finalizers or not.
    pub async fn no_miner(&self) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.kube.clone());
        for name in [NAMESPACE, OTHER_NAMESPACE] {
            if namespaces.get_opt(name).await?.is_some() {
                namespaces.delete(name, &DeleteParams::default()).await?;
            }
        }
        wait_until(LIMIT, "the namespaces are gone", async || {
            for name in [NAMESPACE, OTHER_NAMESPACE] {
                ensure!(namespaces.get_opt(name).await?.is_none(), "{name} is there");
            }
            Ok(())
        })
        .await
    }

    /// The pods of a Deployment, by name.
    pub async fn pod_ids(&self, namespace: &str, app: &str) -> Result<Vec<PodId>> {
        let mut pods: Vec<PodId> = pods_of(&self.kube, namespace, app)
            .await?
            .iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
            .map(PodId::of)
            .collect();
        pods.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(pods)
    }

    /// Does what the network policy controller of Amazon EKS does: a `PolicyEndpoint` that lists the pods which a policy
    /// selects at this moment. No controller runs here, so a policy has none until this is called.
    pub async fn policy_is_enforced(&self, namespace: &str, policy: &str) -> Result<()> {
        let policies = Api::<NetworkPolicy>::namespaced(self.kube.clone(), namespace);
        let seen = policies
            .get(policy)
            .await
            .with_context(|| format!("get the policy {policy}"))?;
        let spec = seen.spec.context("a policy without spec")?;
        let labels = spec
            .pod_selector
            .as_ref()
            .and_then(|selector| selector.match_labels.clone());
        let labels: Vec<String> = labels
            .iter()
            .flatten()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let selected = ListParams::default().labels(&labels.join(","));
        let pods = Api::<Pod>::namespaced(self.kube.clone(), namespace)
            .list(&selected)
            .await?;
        let endpoints: Vec<Value> = pods.iter().filter_map(|pod| {
            let status = pod.status.as_ref()?;
            Some(json!({"name": pod.name_any(), "namespace": namespace, "podIP": status.pod_ip, "hostIP": status.host_ip}))
        }).collect();
        let object = json!({
            "apiVersion": "networking.k8s.aws/v1alpha1", "kind": "PolicyEndpoint",
            "metadata": {"name": format!("{policy}-x7k2p"), "namespace": namespace},
            "spec": {
                "policyRef": {"name": policy, "namespace": namespace}, "podIsolation": spec.policy_types,
                "podSelector": spec.pod_selector, "podSelectorEndpoints": endpoints,
            },
        });
        extensions::delete(&self.kube, "policyendpoints", &object).await?;
        extensions::create(&self.kube, "policyendpoints", object).await
    }

    /// A Deployment of the shared image; `guarded` ones have the service account and an init container.
    async fn run(&self, workload: &Workload, guarded: bool) -> Result<()> {
        let requests = json!({"cpu": "100m", "memory": "64Mi"});
        let container = json!({
            "name": if guarded { DEPLOYMENT } else { "main" }, "image": image(&workload.name), "resources": {"requests": requests},
        });
        let mut pod = json!({"containers": [container]});
        if let (true, Some(fields)) = (guarded, pod.as_object_mut()) {
            let fetch = json!([{"name": "fetch", "image": "registry.example/fetch:1.4.0"}]);
            fields.insert("serviceAccountName".to_owned(), json!(DEPLOYMENT));
            fields.insert("initContainers".to_owned(), fetch);
        }
        let deployment = workload.deployment_with(&json!({"spec": {"template": {"spec": pod}}}))?;
        objects::create(
            &Api::namespaced(self.kube.clone(), &workload.namespace),
            &deployment,
        )
        .await
    }

    /// Service accounts that AWS knows (IRSA), and what that of the Deployment may in the cluster.
    async fn account_with_a_role(&self) -> Result<()> {
        for name in [DEPLOYMENT, NEIGHBOUR] {
            let account: ServiceAccount = serde_json::from_value(json!({
                "metadata": {"name": name, "annotations": {"eks.amazonaws.com/role-arn": role_arn(name)}},
            }))?;
            objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &account).await?;
        }
        let rules: Role = serde_json::from_value(json!({
            "metadata": {"name": DEPLOYMENT},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}],
        }))?;
        objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &rules).await?;
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": {"name": DEPLOYMENT},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": DEPLOYMENT},
            "subjects": [{"kind": "ServiceAccount", "name": DEPLOYMENT, "namespace": NAMESPACE}],
        }))?;
        objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &binding).await
    }

    /// Service, autoscalers and the policy that opens the way out.
    async fn around_it(&self) -> Result<()> {
        let selector = json!({"app": DEPLOYMENT});
        let service: Service = serde_json::from_value(json!({
            "metadata": {"name": DEPLOYMENT}, "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
        }))?;
        objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &service).await?;
        let autoscaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
            "metadata": {"name": DEPLOYMENT},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": DEPLOYMENT},
                "minReplicas": REPLICAS, "maxReplicas": 10,
                "metrics": [{"type": "Resource",
                             "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}],
            },
        }))?;
        objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &autoscaler).await?;
        let policy: NetworkPolicy = serde_json::from_value(json!({
            "metadata": {"name": OPEN_POLICY},
            "spec": {"podSelector": {"matchLabels": selector}, "policyTypes": ["Egress"], "egress": [{}]},
        }))?;
        objects::create(&Api::namespaced(self.kube.clone(), NAMESPACE), &policy).await?;
        let trigger = json!({"type": "cron", "metadata": {
            "timezone": "Etc/UTC", "start": "0 0 * * *", "end": "59 23 * * *", "desiredReplicas": "1",
        }});
        let scaled = json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": SIBLING, "namespace": OTHER_NAMESPACE},
            "spec": {"scaleTargetRef": {"name": SIBLING}, "minReplicaCount": 1, "maxReplicaCount": 5, "triggers": [trigger]},
            "status": {"conditions": [
                {"type": "Ready", "status": "True", "reason": "ScaledObjectReady"}, {"type": "Active", "status": "True"},
                {"type": "Fallback", "status": "False"}, {"type": "Paused", "status": "False"},
            ]},
        });
        extensions::create(&self.kube, "scaledobjects", scaled).await
    }
}

/// What the miner's containers say: the running one, the one before it, and the one that fetched it.
fn mine(logs: &PodLogs) -> Result<()> {
    let now = clock::now();
    let current = [
        b" * ABOUT        XMRig/6.22.0".as_slice(),
        LOG_MARK.as_bytes(),
        b"[\xff\xfe] speed 10s/60s/15m 812.4 805.1 n/a H/s",
    ];
    logs.add(DEPLOYMENT, LogInstance::Current, now, &current)?;
    logs.add(
        DEPLOYMENT,
        LogInstance::Previous,
        now,
        &[b"panic: cannot bind /tmp/.x"],
    )?;
    logs.add(
        "fetch",
        LogInstance::Current,
        now,
        &[b"fetched http://203.0.113.9/x.tgz"],
    )
}
