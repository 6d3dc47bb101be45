//! Auto Scaling groups, their instances, and the nodes that the instances become.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context, Result};
use aws_sdk_autoscaling::Client as AutoScaling;
use aws_sdk_autoscaling::types::LaunchTemplateSpecification;
use aws_sdk_ec2::Client as Ec2;
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Node;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::network::Network;
use super::plan::{Action, GROUP_LABEL, Group, Plan, ZONE, ZONES};
use crate::aws::control::{Control, Instance};
use crate::cluster::objects::{create_nodes, nodes_ready};
use crate::cluster::shapes::NodeSpec;

/// The taint of a node that is Ready and not open yet, as network plugins and node managers set one.
const STARTING: &str = "day2.example.com/starting";
/// Time from launch to Ready of the quickest node.
const QUICKEST_JOIN: SignedDuration = SignedDuration::from_secs(82);

/// The instances that are nodes: instance id → node name.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_instance: BTreeMap<String, String>,
    /// How many nodes a group ever had in a zone, for addresses that are not used twice.
    counters: BTreeMap<(&'static str, usize), usize>,
    /// Whether those that join from now on take no pods.
    pub(super) closed: bool,
}

/// Makes the launch template and the Auto Scaling group, with as many instances as before the morning.
pub(super) async fn make_group(
    scaling: &AutoScaling,
    ec2: &Ec2,
    network: &Network,
    group: &Group,
) -> Result<()> {
    let name = group.auto_scaling_group();
    let data = RequestLaunchTemplateData::builder()
        .image_id(group.image())
        .instance_type(InstanceType::from(group.instance_type))
        .build();
    let template = ec2
        .create_launch_template()
        .launch_template_name(&name)
        .launch_template_data(data)
        .send()
        .await
        .with_context(|| format!("create the launch template {name}"))?;
    let template = template
        .launch_template()
        .and_then(|one| one.launch_template_id())
        .context("no template id")?;
    scaling
        .create_auto_scaling_group()
        .auto_scaling_group_name(&name)
        .launch_template(
            LaunchTemplateSpecification::builder()
                .launch_template_id(template)
                .version("$Latest")
                .build(),
        )
        .min_size(signed(group.min))
        .max_size(signed(group.max))
        .desired_capacity(signed(group.before))
        .vpc_zone_identifier(network.private.join(","))
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the Auto Scaling group {name}"))
}

/// Makes a scheduled action.
pub(super) async fn make_action(scaling: &AutoScaling, action: &Action) -> Result<()> {
    scaling
        .put_scheduled_update_group_action()
        .auto_scaling_group_name(format!("{}-{}", super::plan::TARGET, action.group))
        .scheduled_action_name(&action.name)
        .recurrence(action.recurrence())
        .time_zone(ZONE)
        .desired_capacity(signed(action.desired))
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the scheduled action {}", action.name))
}

/// Sets the desired capacity, as a scheduled action does.
pub(super) async fn set_desired(scaling: &AutoScaling, group: &Group, desired: u32) -> Result<()> {
    let name = group.auto_scaling_group();
    scaling
        .set_desired_capacity()
        .auto_scaling_group_name(&name)
        .desired_capacity(signed(desired))
        .send()
        .await
        .map(drop)
        .with_context(|| format!("set the desired capacity of {name}"))
}

/// Instance ids and zones of a group.
pub(super) async fn members(scaling: &AutoScaling, group: &Group) -> Result<Vec<(String, String)>> {
    let name = group.auto_scaling_group();
    let answer = scaling
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(&name)
        .send()
        .await;
    let answer = answer.with_context(|| format!("describe {name}"))?;
    let seen = answer
        .auto_scaling_groups()
        .first()
        .with_context(|| format!("no group {name}"))?;
    let member = |one: &aws_sdk_autoscaling::types::Instance| {
        (
            one.instance_id().unwrap_or_default().to_owned(),
            one.availability_zone().unwrap_or_default().to_owned(),
        )
    };
    Ok(seen.instances().iter().map(member).collect())
}

impl Nodes {
    /// Every new instance of the group joins the cluster as a Ready node. It was launched when `launched` says, or when
    /// Auto Scaling did it.
    pub(super) async fn follow(
        &mut self,
        to: (&Control, &Client),
        plan: &Plan,
        group: &Group,
        members: &[(String, String)],
        launched: impl Fn(usize) -> Option<Timestamp>,
    ) -> Result<()> {
        let (control, kube) = to;
        let mut instances = Vec::new();
        let mut fresh = 0;
        for (id, zone) in members {
            let mut instance = Instance {
                instance_id: Some(id.clone()),
                ..Instance::default()
            };
            if !self.by_instance.contains_key(id) {
                let place = ZONES
                    .iter()
                    .position(|known| known == zone)
                    .with_context(|| format!("no zone {zone}"))?;
                let number = self.counters.entry((group.name, place)).or_default();
                let address = plan.node_address(group.name, place, *number);
                *number += 1;
                instance.private_dns_name = Some(format!("ip-{}.ec2.internal", address.replace('.', "-")));
                instance.private_ip_address = Some(address);
                instance.launch_time = launched(fresh);
                fresh += 1;
            }
            instances.push(instance);
        }
        let placed = control
            .place_instances(&group.auto_scaling_group(), &instances)
            .await?;
        let mut joining = Vec::new();
        for one in placed {
            let mut spec = node(
                group,
                &one.private_dns_name,
                &one.instance_id,
                &one.availability_zone,
            );
            spec.taint = self.closed.then(|| STARTING.to_owned());
            if let Entry::Vacant(free) = self.by_instance.entry(one.instance_id) {
                free.insert(one.private_dns_name);
                joining.push((spec, one.launch_time));
            }
        }
        join(kube, &joining).await
    }

    /// Deletes the nodes whose instances are not in `alive`, as the cloud controller does.
    pub(super) async fn forget_gone(&mut self, kube: &Client, alive: &[String]) -> Result<()> {
        let gone: Vec<String> = self
            .by_instance
            .keys()
            .filter(|id| !alive.contains(id))
            .cloned()
            .collect();
        let api = Api::<Node>::all(kube.clone());
        for id in gone {
            if let Some(name) = self.by_instance.remove(&id) {
                api.delete(&name, &DeleteParams::default())
                    .await
                    .with_context(|| format!("delete node {name}"))?;
            }
        }
        Ok(())
    }

    /// How many nodes there are.
    pub(super) fn count(&self) -> usize {
        self.by_instance.len()
    }
}

fn node(group: &Group, name: &str, instance: &str, zone: &str) -> NodeSpec {
    NodeSpec {
        instance_type: group.instance_type.to_owned(),
        cpu: group.vcpus,
        memory_gib: group.memory_gib,
        labels: BTreeMap::from([(GROUP_LABEL.to_owned(), group.name.to_owned())]),
        ..NodeSpec::new(name, instance, zone, group.name)
    }
}

async fn join(kube: &Client, joining: &[(NodeSpec, Timestamp)]) -> Result<()> {
    let nodes: Vec<NodeSpec> = joining.iter().map(|(node, _)| node.clone()).collect();
    create_nodes(kube, &nodes).await?;
    nodes_ready(
        kube,
        &nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(),
    )
    .await?;
    // The nodes are Ready since this moment; in the story they are since shortly after their launch.
    let api = Api::<Node>::all(kube.clone());
    let (api, now) = (&api, crate::clock::now());
    try_join_all(joining.iter().enumerate().map(async |(index, (node, launched))| {
        let slower = SignedDuration::from_secs(i64::try_from(index * 13 % 70).unwrap_or_default());
        // Nobody is ready since a time that is still to come, however short ago the launch was.
        let since = launched.checked_add(QUICKEST_JOIN + slower)?.min(now);
        let patch = json!({"status": {"conditions": [{"type": "Ready", "lastTransitionTime": since}]}});
        let sent = api
            .patch_status(&node.name, &PatchParams::default(), &Patch::Strategic(patch))
            .await;
        sent.map(drop)
            .with_context(|| format!("date the node {}", node.name))
    }))
    .await
    .map(drop)
}

fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
