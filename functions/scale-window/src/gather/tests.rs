//! The database out of several answers, against the SDK's own types. The reads themselves are tested in `day2-reads`.

use std::sync::Arc;

use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::operation::describe_db_instances::{DescribeDBInstancesError, DescribeDbInstancesOutput};
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::Cause;
use day2_reads::times::Times;
use jiff::Timestamp;

use super::database;

fn times() -> Times {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let now = at("2026-11-20T11:30:00Z");
    Times {
        now,
        deadline: at("2026-11-20T11:31:00Z"),
        clock: Arc::new(move || now),
    }
}

#[tokio::test]
async fn a_member_that_cannot_be_described_stays_with_its_reason() {
    let cluster = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        let member = |id: &str, writer| {
            rds::DbClusterMember::builder()
                .db_instance_identifier(id)
                .is_cluster_writer(writer)
                .build()
        };
        let cluster = rds::DbCluster::builder()
            .status("available")
            .engine("aurora-postgresql")
            .serverless_v2_scaling_configuration(
                rds::ServerlessV2ScalingConfigurationInfo::builder()
                    .min_capacity(1.0)
                    .max_capacity(16.0)
                    .build(),
            )
            .db_cluster_members(member("w", true))
            .db_cluster_members(member("r", false))
            .build();
        DescribeDbClustersOutput::builder().db_clusters(cluster).build()
    });
    let writer = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("w"))
        .then_output(|| {
            let instance = rds::DbInstance::builder().db_instance_status("available").build();
            DescribeDbInstancesOutput::builder()
                .db_instances(instance)
                .build()
        });
    let reader = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("r"))
        .then_error(|| {
            DescribeDBInstancesError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&cluster, &writer, &reader]);
    let seen = database::aurora(&client, &times(), "prod-a").await.unwrap();
    assert_eq!(seen.serverless.unwrap().to_string(), "1 to 16 ACU");
    assert_eq!(seen.instances[0].status, Ok("available".to_owned()));
    assert_eq!(
        seen.instances[1].status.as_ref().unwrap_err().cause,
        Cause::Denied
    );
}

#[tokio::test]
async fn the_read_replicas_of_an_instance_are_its_readers_and_one_that_is_denied_stays_with_its_reason() {
    let own = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("prod-c"))
        .then_output(|| {
            let instance = rds::DbInstance::builder()
                .db_instance_status("available")
                .engine("postgres")
                .read_replica_db_instance_identifiers("prod-c-2")
                .read_replica_db_instance_identifiers("prod-c-3");
            DescribeDbInstancesOutput::builder()
                .db_instances(instance.build())
                .build()
        });
    let replica = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("prod-c-2"))
        .then_output(|| {
            let instance = rds::DbInstance::builder().db_instance_status("available").build();
            DescribeDbInstancesOutput::builder()
                .db_instances(instance)
                .build()
        });
    let denied = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("prod-c-3"))
        .then_error(|| {
            DescribeDBInstancesError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&own, &replica, &denied]);
    let seen = database::rds(&client, &times(), "prod-c").await.unwrap();
    let told: Vec<_> = seen
        .instances
        .iter()
        .map(|one| (one.id.as_str(), one.writer, one.status.is_ok()))
        .collect();
    assert_eq!(
        told,
        [
            ("prod-c", true, true),
            ("prod-c-2", false, true),
            ("prod-c-3", false, false)
        ]
    );
}
