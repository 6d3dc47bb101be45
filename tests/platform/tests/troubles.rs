//! The seeded world gets into the troubles that the remediations are for, and out of them. One world for all, because it
//! takes most of a minute to make.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_eks::types::NodegroupScalingConfig;
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::alarms::{PROVISIONING, connections_alarm};
use day2_platform::world::database::{READER, WRITER};
use day2_platform::world::plan::TARGET;
use day2_platform::world::workloads::{CLIENT, CLIENT_MOST_REPLICAS, CONTROL_NAMESPACE, PROVISIONER};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

/// Longest wait for the scheduler and KWOK.
const LIMIT: Duration = Duration::from_mins(2);

#[tokio::test]
async fn the_world_gets_into_each_trouble_and_out_of_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(folder.path()).await?;
    let mut world = platform.seed().await?;
    all_is_well(&platform).await?;
    provisioning_slows_down(&platform, &world).await?;
    connections_run_out(&platform, &world).await?;
    a_group_grows_and_shrinks(&platform, &mut world).await?;
    workloads_break(&platform, &world).await?;
    all_is_well(&platform).await
}

/// The names of the alarms that are not OK.
async fn ringing(platform: &Platform) -> Result<Vec<String>> {
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&platform.emulator.sdk_config());
    let seen = cloudwatch.describe_alarms().send().await?;
    ensure!(seen.metric_alarms().len() >= 11, "{:?}", seen.metric_alarms());
    let bad = seen
        .metric_alarms()
        .iter()
        .filter(|alarm| alarm.state_value().is_none_or(|state| state.as_str() != "OK"));
    Ok(bad
        .map(|alarm| alarm.alarm_name().unwrap_or_default().to_owned())
        .collect())
}

async fn all_is_well(platform: &Platform) -> Result<()> {
    let bad = ringing(platform).await?;
    ensure!(bad.is_empty(), "not OK are {bad:?}");
    Ok(())
}

async fn provisioning_slows_down(platform: &Platform, world: &World) -> Result<()> {
    ensure!(world.provisioning_is_slow(119.0).await? == "OK");
    ensure!(world.provisioning_is_slow(300.0).await? == "ALARM");
    ensure!(ringing(platform).await? == [PROVISIONING]);
    ensure!(world.provisioning_is_fast().await? == "OK");
    let history = aws_sdk_cloudwatch::Client::new(&platform.emulator.sdk_config())
        .describe_alarm_history()
        .alarm_name(PROVISIONING)
        .send()
        .await?;
    let told: Vec<&str> = history
        .alarm_history_items()
        .iter()
        .filter_map(|item| item.history_summary())
        .collect();
    let last = ["Alarm updated from ALARM to OK", "Alarm updated from OK to ALARM"];
    ensure!(told.starts_with(&last), "{told:?}");
    Ok(())
}

async fn connections_run_out(platform: &Platform, world: &World) -> Result<()> {
    let rising = [1500.0, 2100.0, 2700.0, 2900.0, 3100.0];
    ensure!(world.connections(WRITER, &rising).await? == "ALARM");
    ensure!(ringing(platform).await? == [connections_alarm(WRITER)]);
    ensure!(world.connections(WRITER, &[]).await? == "OK");
    ensure!(world.connections(READER, &[3000.0]).await? == "ALARM");
    ensure!(world.connections(READER, &[]).await? == "OK");
    let client =
        Api::<HorizontalPodAutoscaler>::namespaced(platform.cluster.admin_client()?, CONTROL_NAMESPACE);
    let most = client.get(CLIENT).await?.spec.map(|spec| spec.max_replicas);
    ensure!(most == Some(i32::try_from(CLIENT_MOST_REPLICAS)?), "{most:?}");
    Ok(())
}

async fn a_group_grows_and_shrinks(platform: &Platform, world: &mut World) -> Result<()> {
    let config = platform.emulator.sdk_config();
    let eks = aws_sdk_eks::Client::new(&config);
    let group = world.plan().workspace_group();
    let empty_before = world.empty_nodes(group.name).await?;
    world.workspaces_pending(3).await?;
    let before = world.follow_launches().await?;
    ensure!(world.pending_workspaces().await? == 3, "nothing came by itself");

    let wanted = i32::try_from(group.before)? + 3;
    eks.update_nodegroup_config()
        .cluster_name(TARGET)
        .nodegroup_name(group.name)
        .scaling_config(NodegroupScalingConfig::builder().desired_size(wanted).build())
        .send()
        .await?;
    ensure!(world.follow_launches().await? == before + 3);
    wait_until(LIMIT, "the workspaces have a node", async || {
        let left = world.pending_workspaces().await?;
        ensure!(left == 0, "{left} wait");
        Ok(())
    })
    .await?;
    ensure!(world.empty_nodes(group.name).await?.is_empty());

    world.no_workspaces_pending().await?;
    let mut empty = world.empty_nodes(group.name).await?;
    empty.retain(|node| !empty_before.contains(node));
    ensure!(empty.len() == 3, "{empty:?}");
    let scaling = aws_sdk_autoscaling::Client::new(&config);
    for node in &empty {
        scaling
            .terminate_instance_in_auto_scaling_group()
            .instance_id(instance_of(platform, node).await?)
            .should_decrement_desired_capacity(true)
            .send()
            .await?;
    }
    ensure!(world.follow_launches().await? == before);
    ensure!(world.empty_nodes(group.name).await? == empty_before);
    Ok(())
}

async fn instance_of(platform: &Platform, node: &str) -> Result<String> {
    let nodes = Api::<k8s_openapi::api::core::v1::Node>::all(platform.cluster.admin_client()?);
    let id = nodes
        .get(node)
        .await?
        .spec
        .and_then(|spec| spec.provider_id)
        .context("a node without provider id")?;
    Ok(id.rsplit('/').next().unwrap_or_default().to_owned())
}

async fn workloads_break(platform: &Platform, world: &World) -> Result<()> {
    world.image_pulls_fail(2).await?;
    world.image_pulls_work().await?;
    world.provisioner_is_broken().await?;
    world.provisioner_is_well().await?;
    world.provisioner_is_broken().await?;
    let kube = platform.cluster.admin_client()?;
    let restart = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}});
    Api::<Deployment>::namespaced(kube.clone(), CONTROL_NAMESPACE)
        .patch(PROVISIONER, &PatchParams::default(), &Patch::Strategic(restart))
        .await?;
    wait_until(LIMIT, "a restart makes the provisioner well", async || {
        let seen = Api::<Deployment>::namespaced(kube.clone(), CONTROL_NAMESPACE)
            .get_status(PROVISIONER)
            .await?;
        let status = seen.status.unwrap_or_default();
        ensure!(
            status.updated_replicas == Some(3)
                && status.available_replicas == Some(3)
                && status.replicas == Some(3),
            "{status:?}"
        );
        Ok(())
    })
    .await
}
