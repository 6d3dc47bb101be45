//! A believable platform to look at: network, node groups, database, alarms, workloads. [`plan`] says what there is;
//! [`World::seed`] makes it; `moves` and `troubles` change, break and mend it.

pub mod alarms;
mod baseline;
mod capacity;
pub mod database;
pub mod miner;
pub mod morning;
mod moves;
mod network;
pub mod plan;
#[cfg(test)]
mod plan_tests;
pub mod probe;
mod readings;
pub mod tfvars;
pub mod troubles;
mod usage;
mod watching;
pub mod workloads;

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::aws::Emulator;
use crate::aws::control::{ClusterPlace, Control};
use crate::clock;
use crate::cluster::{Cluster, PodLogs};
use network::Network;
use plan::{Plan, TARGET};
use probe::Probe;
use readings::Readings;
use tfvars::Facts;
use watching::Sender;

/// vCPUs that the account may run; the peak needs 420.
const QUOTA_VCPUS: f64 = 640.0;

/// The made world. Its metrics stay fresh while this lives.
pub struct World {
    plan: Plan,
    facts: Facts,
    network: Network,
    nodes: capacity::Nodes,
    probe: Probe,
    usage: usage::Usage,
    pod_logs: PodLogs,
    cordoned: Option<String>,
    sender: Sender,
    beat: JoinHandle<()>,
    control: Control,
    kube: kube::Client,
    scaling: aws_sdk_autoscaling::Client,
    ec2: aws_sdk_ec2::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    iam: aws_sdk_iam::Client,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("facts", &self.facts)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Makes the world of `plan` in an empty emulator and an empty cluster; returns when every pod runs.
    ///
    /// # Errors
    ///
    /// Names what was refused.
    pub async fn seed(emulator: &Emulator, cluster: &Cluster, plan: Plan) -> Result<Self> {
        let (aws, control, kube) = (emulator.sdk_config(), emulator.control(), cluster.admin_client()?);
        let ec2 = aws_sdk_ec2::Client::new(&aws);
        let scaling = aws_sdk_autoscaling::Client::new(&aws);
        let cloudwatch = aws_sdk_cloudwatch::Client::new(&aws);
        control
            .set_cluster(&ClusterPlace {
                name: TARGET.to_owned(),
                endpoint: cluster.endpoint().to_owned(),
                certificate_authority: STANDARD.encode(cluster.ca_pem()),
                authentication_mode: "API_AND_CONFIG_MAP".to_owned(),
                version: plan::KUBERNETES_MINOR.to_owned(),
            })
            .await
            .context("place the EKS cluster")?;
        let probe = Probe::start().await?;
        let usage = Box::pin(usage::Usage::start(cluster)).await?;
        let network = Network::make(&ec2, &plan).await?;
        for group in plan.groups() {
            control.place_image(&moves::image_of(&group)).await?;
            capacity::make_group(&scaling, &ec2, &network, &group).await?;
            let name = group.auto_scaling_group();
            control
                .adopt_node_group(TARGET, group.name, &name, group.instance_type)
                .await
                .with_context(|| format!("make {} a managed node group", group.name))?;
        }
        for action in plan.actions() {
            capacity::make_action(&scaling, &action).await?;
        }
        database::make(&aws_sdk_rds::Client::new(&aws)).await?;
        watching::make_alarms(&cloudwatch).await?;
        let sender = Sender {
            control: control.clone(),
            cloudwatch: cloudwatch.clone(),
            gateways: network.gateways(),
            readings: Readings::good(),
            turn: Arc::default(),
        };
        sender.send_history(clock::now()).await?;
        let name = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances";
        control
            .set_quota("ec2", tfvars::QUOTA_CODE, name, QUOTA_VCPUS)
            .await?;
        workloads::make(&kube, &plan).await?;
        let facts = Facts {
            cluster_endpoint: cluster.endpoint().to_owned(),
            vpc: network.vpc.clone(),
            probe_url: probe.url(),
        };
        let beat = sender.clone().keep_sending();
        let mut world = Self {
            plan,
            facts,
            network,
            nodes: capacity::Nodes::default(),
            probe,
            usage,
            pod_logs: cluster.pod_logs(),
            cordoned: None,
            sender,
            beat,
            control,
            kube,
            scaling,
            ec2,
            cloudwatch,
            iam: aws_sdk_iam::Client::new(&aws),
        };
        for group in world.plan.groups() {
            let plan = world.plan.clone();
            world
                .nodes_follow(&group, |index| Some(plan.launched_before(index)))
                .await?;
        }
        let nodes = u32::try_from(world.nodes.count())?;
        Box::pin(baseline::make(emulator, nodes, clock::now())).await?;
        world.settled().await?;
        Ok(world)
    }

    /// What it was made from.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The variables that Terraform needs, see [`Plan::tfvars`]; with the endpoint of a second cluster, those of the pair, too.
    #[must_use]
    pub fn tfvars(&self, second: Option<&str>) -> Value {
        let mut variables = self.plan.tfvars(&self.facts);
        if let Some(endpoint) = second {
            tfvars::add_pair(&mut variables, endpoint);
        }
        variables
    }

    /// The settings document of a function: what Terraform writes into `DAY2_SETTINGS` (`infra/settings.tf`), with the
    /// cluster at `cluster_endpoint`. `deployment` and `function` are those parts of it.
    #[must_use]
    pub fn document(&self, deployment: &Value, function: &Value, cluster_endpoint: &str) -> Value {
        let facts = Facts {
            cluster_endpoint: cluster_endpoint.to_owned(),
            ..self.facts.clone()
        };
        self.plan.document(&facts, deployment, function)
    }

    /// Its addresses and ids.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The endpoint that the platform's users see.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        self.facts.probe_url.clone()
    }

    /// The part `function` of the settings of `scale-window`.
    #[must_use]
    pub fn scale_window(&self) -> Value {
        self.plan.scale_window_settings(&self.facts)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.beat.abort();
    }
}
