use aws_sdk_rds::operation::describe_db_cluster_parameters::DescribeDbClusterParametersOutput;
use aws_sdk_rds::operation::describe_db_clusters::{DescribeDBClustersError, DescribeDbClustersOutput};
use aws_sdk_rds::operation::describe_db_instances::{DescribeDBInstancesError, DescribeDbInstancesOutput};
use aws_sdk_rds::operation::describe_db_parameters::DescribeDbParametersOutput;
use aws_sdk_rds::operation::describe_global_clusters::DescribeGlobalClustersOutput;
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::{Cause, Observed};

use super::times;
use crate::db_clusters::{self, DbCluster};
use crate::{db_cluster_parameters, db_instances, db_parameters, global_clusters};

fn cluster() -> rds::builders::DbClusterBuilder {
    let member = |id: &str, writer| {
        rds::DbClusterMember::builder()
            .db_instance_identifier(id)
            .is_cluster_writer(writer)
            .db_cluster_parameter_group_status("in-sync")
            .build()
    };
    rds::DbCluster::builder()
        .db_cluster_identifier("prod-a")
        .status("available")
        .engine("aurora-postgresql")
        .engine_mode("provisioned")
        .db_cluster_members(member("w", true))
        .db_cluster_members(member("r", false))
}

fn range(min: Option<f64>, max: Option<f64>) -> rds::ServerlessV2ScalingConfigurationInfo {
    rds::ServerlessV2ScalingConfigurationInfo::builder()
        .set_min_capacity(min)
        .set_max_capacity(max)
        .build()
}

async fn described(cluster: rds::DbCluster) -> Observed<DbCluster> {
    let page = mock!(aws_sdk_rds::Client::describe_db_clusters)
        .match_requests(|request| request.db_cluster_identifier() == Some("prod-a"))
        .then_output(move || {
            DescribeDbClustersOutput::builder()
                .db_clusters(cluster.clone())
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&page]);
    db_clusters::describe(&client, &times(), "prod-a").await
}

#[tokio::test]
async fn a_serverless_cluster_keeps_its_range_in_half_steps_w09() {
    let seen = described(
        cluster()
            .serverless_v2_scaling_configuration(range(Some(0.5), Some(16.5)))
            .build(),
    )
    .await
    .unwrap();
    let range = seen.serverless.unwrap();
    assert_eq!((range.min.halves(), range.max.halves()), (1, 33));
    let roles: Vec<_> = seen
        .members
        .iter()
        .map(|member| (member.id.as_str(), member.writer))
        .collect();
    assert_eq!(roles, [("w", true), ("r", false)]);
}

#[tokio::test]
async fn a_range_that_is_not_whole_is_malformed_and_not_provisioned_w09_w11() {
    for (min, max) in [
        (Some(0.3), Some(16.0)),
        (None, Some(16.0)),
        (Some(1.0), Some(f64::NAN)),
    ] {
        let why = described(
            cluster()
                .serverless_v2_scaling_configuration(range(min, max))
                .build(),
        )
        .await
        .unwrap_err();
        assert_eq!(why.cause, Cause::Malformed, "{min:?} {max:?}");
    }
    let provisioned = described(cluster().build()).await.unwrap();
    assert_eq!(provisioned.serverless, None);
}

#[tokio::test]
async fn a_cluster_says_where_it_belongs_and_what_waits_w06_w11() {
    let pending = rds::ClusterPendingModifiedValues::builder()
        .engine_version("16.6")
        .build();
    let seen = described(
        cluster()
            .status("modifying")
            .global_cluster_identifier("world")
            .replication_source_identifier("arn:aws:rds:eu-west-1:123456789012:cluster:prod-a")
            .global_write_forwarding_status(rds::WriteForwardingStatus::Enabled)
            .pending_modified_values(pending)
            .build(),
    )
    .await
    .unwrap();
    assert_eq!(seen.status, "modifying");
    assert_eq!(seen.global_cluster.as_deref(), Some("world"));
    assert!(seen.replicates_from.is_some());
    assert_eq!(seen.write_forwarding.as_deref(), Some("enabled"));
    assert_eq!(seen.pending, ["EngineVersion"]);
}

#[tokio::test]
async fn a_cluster_without_status_or_members_is_malformed_w04() {
    for cut in [
        cluster().set_status(None).build(),
        cluster().set_db_cluster_members(None).build(),
        cluster().set_engine(None).build(),
    ] {
        assert_eq!(described(cut).await.unwrap_err().cause, Cause::Malformed);
    }
}

#[tokio::test]
async fn a_cluster_that_is_gone_is_not_found_in_both_ways_of_saying_it_w17() {
    let empty = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        DescribeDbClustersOutput::builder()
            .set_db_clusters(Some(Vec::new()))
            .build()
    });
    let fault = mock!(aws_sdk_rds::Client::describe_db_clusters).then_error(|| {
        DescribeDBClustersError::generic(ErrorMetadata::builder().code("DBClusterNotFoundFault").build())
    });
    for rule in [&empty, &fault] {
        let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [rule]);
        let why = db_clusters::describe(&client, &times(), "prod-a")
            .await
            .unwrap_err();
        assert_eq!(why.cause, Cause::NotFound);
    }
}

#[tokio::test]
async fn an_instance_that_cannot_be_described_stays_with_its_reason_w28() {
    let writer = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("w"))
        .then_output(|| {
            let group = rds::DbParameterGroupStatus::builder()
                .db_parameter_group_name("prod-a-pg16")
                .parameter_apply_status("pending-reboot");
            let pending = rds::PendingModifiedValues::builder()
                .db_instance_class("db.r7g.large")
                .master_user_password("****");
            let instance = rds::DbInstance::builder()
                .db_instance_status("available")
                .db_instance_class("db.serverless")
                .engine("aurora-postgresql")
                .db_parameter_groups(group.build())
                .pending_modified_values(pending.build());
            DescribeDbInstancesOutput::builder()
                .db_instances(instance.build())
                .build()
        });
    let reader = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("r"))
        .then_error(|| {
            DescribeDBInstancesError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&writer, &reader]);
    let seen = db_instances::describe_each(&client, &times(), ["r", "w"]).await;
    assert_eq!(seen[0].0, "r");
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::Denied);
    let writer = seen[1].1.as_ref().unwrap();
    assert_eq!(writer.class.as_deref(), Some("db.serverless"));
    assert_eq!(
        writer.parameter_groups[0].status.as_deref(),
        Some("pending-reboot")
    );
    assert_eq!(
        writer.pending,
        [
            ("DBInstanceClass", "db.r7g.large".to_owned()),
            ("MasterUserPassword", "a new one".to_owned())
        ]
    );
}

fn parameter(name: &str, value: &str) -> rds::Parameter {
    rds::Parameter::builder()
        .parameter_name(name)
        .parameter_value(value)
        .source("user")
        .apply_type("static")
        .build()
}

#[tokio::test]
async fn a_parameter_is_looked_for_over_all_pages_w05() {
    let first = mock!(aws_sdk_rds::Client::describe_db_parameters)
        .match_requests(|request| {
            request.db_parameter_group_name() == Some("prod-a-pg16") && request.marker().is_none()
        })
        .then_output(|| {
            DescribeDbParametersOutput::builder()
                .parameters(parameter("max_connections_per_user", "1"))
                .marker("2")
                .build()
        });
    let second = mock!(aws_sdk_rds::Client::describe_db_parameters)
        .match_requests(|request| request.marker() == Some("2"))
        .then_output(|| {
            DescribeDbParametersOutput::builder()
                .parameters(parameter("max_connections", "800"))
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&first, &second]);
    let read = async |name| {
        db_parameters::named(&client, &times(), "prod-a-pg16", name)
            .await
            .unwrap()
    };
    let found = read("max_connections").await.unwrap();
    assert_eq!((found.value.as_deref(), found.is_set()), (Some("800"), true));
    assert_eq!(read("no_such_parameter").await, None);
}

#[tokio::test]
async fn a_parameter_group_of_a_cluster_is_read_alike_and_a_lost_list_is_malformed_w04() {
    let page = mock!(aws_sdk_rds::Client::describe_db_cluster_parameters)
        .match_requests(|request| request.db_cluster_parameter_group_name() == Some("prod-a"))
        .then_output(|| {
            DescribeDbClusterParametersOutput::builder()
                .parameters(parameter("max_connections", "900"))
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&page]);
    let found = db_cluster_parameters::named(&client, &times(), "prod-a", "max_connections").await;
    assert_eq!(found.unwrap().unwrap().value.as_deref(), Some("900"));
    let lost = mock!(aws_sdk_rds::Client::describe_db_cluster_parameters)
        .then_output(|| DescribeDbClusterParametersOutput::builder().build());
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&lost]);
    let found = db_cluster_parameters::named(&client, &times(), "prod-a", "max_connections").await;
    assert_eq!(found.unwrap_err().cause, Cause::Malformed);
}

#[tokio::test]
async fn a_secondary_is_told_from_a_primary_and_from_a_stranger_w11() {
    let arn = |region: &str| format!("arn:aws:rds:{region}:123456789012:cluster:prod-a");
    let page = mock!(aws_sdk_rds::Client::describe_global_clusters).then_output(move || {
        let member = |region: &str, writer| {
            rds::GlobalClusterMember::builder()
                .db_cluster_arn(arn(region))
                .is_writer(writer)
                .build()
        };
        let world = rds::GlobalCluster::builder()
            .global_cluster_identifier("world")
            .status("available")
            .global_cluster_members(member("eu-west-1", true))
            .global_cluster_members(member("us-east-1", false));
        DescribeGlobalClustersOutput::builder()
            .global_clusters(world.build())
            .build()
    });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&page]);
    let role = async |region: &str| {
        global_clusters::membership(&client, &times(), &arn(region))
            .await
            .unwrap()
            .map(|membership| membership.primary)
    };
    assert_eq!(role("eu-west-1").await, Some(true));
    assert_eq!(role("us-east-1").await, Some(false));
    assert_eq!(role("ap-south-1").await, None);
}
