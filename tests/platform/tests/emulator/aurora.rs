//! Aurora: the rules of Serverless v2 and states that are placed.

use std::time::Duration;

use aws_sdk_rds::Client;
use aws_sdk_rds::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_rds::operation::modify_db_cluster::ModifyDBClusterError;
use aws_sdk_rds::types::{DbCluster, ServerlessV2ScalingConfiguration, ServerlessV2ScalingConfigurationInfo};
use day2_platform::aws::control::{DatabaseCluster, DatabaseInstance, GlobalRole};
use day2_platform::wait::wait_until;

use crate::emulator::emulator;

/// A cluster of a writer `<name>-1` and a reader `<name>-2` between 1 and 16 units.
async fn cluster(name: &str) -> Client {
    let rds = Client::new(&emulator().await.sdk_config());
    rds.create_db_cluster()
        .db_cluster_identifier(name)
        .engine("aurora-postgresql")
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .serverless_v2_scaling_configuration(range(1.0, 16.0))
        .send()
        .await
        .unwrap();
    for number in 1..=2 {
        rds.create_db_instance()
            .db_instance_identifier(format!("{name}-{number}"))
            .db_cluster_identifier(name)
            .engine("aurora-postgresql")
            .db_instance_class("db.serverless")
            .send()
            .await
            .unwrap();
    }
    rds
}

fn range(low: f64, high: f64) -> ServerlessV2ScalingConfiguration {
    ServerlessV2ScalingConfiguration::builder()
        .min_capacity(low)
        .max_capacity(high)
        .build()
}

async fn set_range(
    rds: &Client,
    name: &str,
    low: f64,
    high: f64,
) -> Result<(), SdkError<ModifyDBClusterError>> {
    rds.modify_db_cluster()
        .db_cluster_identifier(name)
        .serverless_v2_scaling_configuration(range(low, high))
        .apply_immediately(true)
        .send()
        .await
        .map(drop)
}

async fn seen(rds: &Client, name: &str) -> DbCluster {
    let seen = rds
        .describe_db_clusters()
        .db_cluster_identifier(name)
        .send()
        .await
        .unwrap();
    seen.db_clusters()[0].clone()
}

fn max_capacity(cluster: &DbCluster) -> Option<f64> {
    cluster
        .serverless_v2_scaling_configuration()
        .and_then(ServerlessV2ScalingConfigurationInfo::max_capacity)
}

/// For each instance, what its own group and what the cluster says of its parameters.
async fn apply_statuses(rds: &Client, name: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for member in seen(rds, name).await.db_cluster_members() {
        let instance = rds
            .describe_db_instances()
            .db_instance_identifier(member.db_instance_identifier().unwrap())
            .send()
            .await
            .unwrap();
        let own = instance.db_instances()[0].db_parameter_groups()[0]
            .parameter_apply_status()
            .unwrap()
            .to_owned();
        let of_cluster = member.db_cluster_parameter_group_status().unwrap().to_owned();
        told.push((own, of_cluster));
    }
    told
}

fn both(status: &str) -> (String, String) {
    (status.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_range_that_aurora_does_not_know_is_refused_and_changes_nothing() {
    let rds = cluster("ranges").await;
    for (low, high, code) in [
        (1.0, 16.3, "InvalidParameterValue"),
        (0.25, 16.0, "InvalidParameterValue"),
        (1.0, 300.0, "InvalidParameterValue"),
        (1.0, 0.5, "InvalidParameterValue"),
        (20.0, 16.0, "InvalidParameterCombination"),
    ] {
        let error = set_range(&rds, "ranges", low, high).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{low} to {high}: {error:?}");
    }
    assert_eq!(max_capacity(&seen(&rds, "ranges").await), Some(16.0));
    assert_eq!(
        apply_statuses(&rds, "ranges").await,
        [both("in-sync"), both("in-sync")]
    );
}

#[tokio::test]
async fn an_older_engine_ends_at_128_units_and_does_not_pause() {
    let rds = cluster("older").await;
    let older = DatabaseCluster {
        id: "older".to_owned(),
        engine_version: Some("15.4".to_owned()),
        ..DatabaseCluster::default()
    };
    emulator()
        .await
        .control()
        .place_database_cluster(&older)
        .await
        .unwrap();
    for (low, high) in [(1.0, 128.5), (0.0, 16.0)] {
        let error = set_range(&rds, "older", low, high).await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterValue"), "{low} to {high}");
    }
    set_range(&rds, "older", 1.0, 128.0).await.unwrap();
}

#[tokio::test]
async fn more_connections_wait_for_a_reboot_of_each_instance() {
    let rds = cluster("pending").await;
    set_range(&rds, "pending", 1.0, 24.0).await.unwrap();
    assert_eq!(max_capacity(&seen(&rds, "pending").await), Some(24.0));
    assert_eq!(
        apply_statuses(&rds, "pending").await,
        [both("pending-reboot"), both("pending-reboot")]
    );
    wait_until(Duration::from_secs(20), "the writer takes a reboot", async || {
        rds.reboot_db_instance()
            .db_instance_identifier("pending-1")
            .send()
            .await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(
        apply_statuses(&rds, "pending").await,
        [both("in-sync"), both("pending-reboot")]
    );
}

#[tokio::test]
async fn a_change_that_leaves_the_connections_as_they_were_leaves_nothing_pending() {
    let rds = cluster("capped").await;
    set_range(&rds, "capped", 1.0, 64.0).await.unwrap();
    for instance in ["capped-1", "capped-2"] {
        let synced = DatabaseInstance {
            id: instance.to_owned(),
            parameter_apply_status: Some("in-sync".to_owned()),
            ..DatabaseInstance::default()
        };
        emulator()
            .await
            .control()
            .place_database_instance(&synced)
            .await
            .unwrap();
    }
    // 5,000 connections are the most, and 32 units reach them.
    set_range(&rds, "capped", 2.0, 96.0).await.unwrap();
    assert_eq!(
        apply_statuses(&rds, "capped").await,
        [both("in-sync"), both("in-sync")]
    );
    // A minimum of half a unit caps them at 2,000.
    set_range(&rds, "capped", 0.5, 96.0).await.unwrap();
    assert_eq!(
        apply_statuses(&rds, "capped").await,
        [both("pending-reboot"), both("pending-reboot")]
    );
}

#[tokio::test]
async fn a_busy_cluster_takes_no_change_until_it_is_available() {
    let rds = cluster("busy").await;
    let control = emulator().await.control();
    let status = |status: &str| DatabaseCluster {
        id: "busy".to_owned(),
        status: Some(status.to_owned()),
        ..DatabaseCluster::default()
    };
    for busy in ["modifying", "backing-up"] {
        control.place_database_cluster(&status(busy)).await.unwrap();
        assert_eq!(seen(&rds, "busy").await.status(), Some(busy));
        let error = set_range(&rds, "busy", 1.0, 24.0).await.unwrap_err();
        assert!(
            error.into_service_error().is_invalid_db_cluster_state_fault(),
            "while {busy}"
        );
    }
    control
        .place_database_cluster(&status("available"))
        .await
        .unwrap();
    set_range(&rds, "busy", 1.0, 24.0).await.unwrap();
}

#[tokio::test]
async fn a_cluster_can_be_provisioned_and_have_values_pending() {
    let rds = cluster("provisioned").await;
    let place = DatabaseCluster {
        id: "provisioned".to_owned(),
        serverless_v2: Some(false),
        pending_modified_values: Some([("EngineVersion".to_owned(), "17.5".to_owned())].into()),
        ..DatabaseCluster::default()
    };
    let control = emulator().await.control();
    control.place_database_cluster(&place).await.unwrap();
    let class = DatabaseInstance {
        id: "provisioned-1".to_owned(),
        instance_class: Some("db.r6g.large".to_owned()),
        ..DatabaseInstance::default()
    };
    control.place_database_instance(&class).await.unwrap();
    let cluster = seen(&rds, "provisioned").await;
    assert_eq!(max_capacity(&cluster), None);
    assert_eq!(
        cluster.pending_modified_values().unwrap().engine_version(),
        Some("17.5")
    );
}

#[tokio::test]
async fn a_cluster_is_either_side_of_a_global_database() {
    const OTHER: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:elsewhere";
    let rds = cluster("worldwide").await;
    let control = emulator().await.control();
    let writers = async || {
        let seen = rds.describe_global_clusters().send().await.unwrap();
        let all = seen.global_clusters();
        let ours = all
            .iter()
            .find(|one| one.global_cluster_identifier() == Some("world"));
        ours.map(|one| {
            one.global_cluster_members()
                .iter()
                .filter(|member| member.is_writer() == Some(true))
                .map(|member| member.db_cluster_arn().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
    };
    let own = seen(&rds, "worldwide").await.db_cluster_arn().unwrap().to_owned();
    for (role, writer) in [
        (GlobalRole::Primary, Some(vec![own])),
        (GlobalRole::Secondary, Some(vec![OTHER.to_owned()])),
        (GlobalRole::None, None),
    ] {
        control
            .place_global_database("world", "worldwide", role, OTHER)
            .await
            .unwrap();
        assert_eq!(writers().await, writer, "as {role:?}");
    }
}
