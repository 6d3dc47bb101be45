//! Reads against the SDK's own types: which metric of which instance, and what a failure becomes.

use std::sync::Arc;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::operation::describe_db_engine_versions::DescribeDbEngineVersionsOutput;
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;
use jiff::{SignedDuration, Timestamp};

use super::*;

const ARN: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a: connections";

fn times() -> Times {
    let now: Timestamp = "2026-11-20T12:00:30Z".parse().unwrap();
    Times {
        now,
        deadline: now + SignedDuration::from_secs(60),
        clock: Arc::new(move || now),
    }
}

#[tokio::test]
async fn the_alarm_is_read_by_its_name_and_its_metric_under_its_own_statistic_d06_w22() {
    let alarm = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| request.alarm_names() == ["prod-a: connections"])
        .then_output(|| {
            let alarm = cw::MetricAlarm::builder()
                .alarm_name("prod-a: connections")
                .state_value(cw::StateValue::Alarm)
                .namespace("AWS/RDS")
                .metric_name("DatabaseConnections")
                .extended_statistic("p95")
                .period(60)
                .evaluation_periods(3)
                .threshold(650.0)
                .comparison_operator(cw::ComparisonOperator::GreaterThanThreshold)
                .build();
            DescribeAlarmsOutput::builder().metric_alarms(alarm).build()
        });
    let data = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| {
            let stat = request.metric_data_queries()[0].metric_stat().unwrap();
            stat.stat() == Some("p95") && stat.period() == Some(60)
        })
        .then_output(|| {
            let result = cw::MetricDataResult::builder()
                .id("m0")
                .status_code(cw::StatusCode::Complete)
                .timestamps(sdk_time("2026-11-20T11:59:00Z".parse().unwrap()))
                .values(780.0)
                .build();
            GetMetricDataOutput::builder().metric_data_results(result).build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&alarm, &data]);
    let facts = alarm::alarm(&client, Some(ARN), &times()).await.unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.arn.as_str()),
        ("prod-a: connections", ARN)
    );
    assert_eq!(facts.points.unwrap().len(), 1);
    assert_eq!(data.num_calls(), 1);
    assert!(
        alarm::alarm(&client, None, &times()).await.is_none(),
        "nobody called"
    );
}

#[tokio::test]
async fn a_composite_alarm_has_no_metric_to_read() {
    let composite = mock!(aws_sdk_cloudwatch::Client::describe_alarms).then_output(|| {
        let alarm = cw::CompositeAlarm::builder()
            .alarm_name("prod-a: connections")
            .state_value(cw::StateValue::Alarm)
            .build();
        DescribeAlarmsOutput::builder().composite_alarms(alarm).build()
    });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&composite]);
    let facts = alarm::alarm(&client, Some(ARN), &times()).await.unwrap();
    assert_eq!(facts.points, Ok(Vec::new()));
}

#[tokio::test]
async fn the_limit_of_an_engine_version_is_asked_for_w08() {
    let versions = mock!(aws_sdk_rds::Client::describe_db_engine_versions)
        .match_requests(|request| {
            request.engine() == Some("aurora-postgresql") && request.engine_version() == Some("16.6")
        })
        .then_output(|| {
            let support = rds::ServerlessV2FeaturesSupport::builder()
                .max_capacity(256.0)
                .build();
            let version = rds::DbEngineVersion::builder()
                .serverless_v2_features_support(support)
                .build();
            DescribeDbEngineVersionsOutput::builder()
                .db_engine_versions(version)
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&versions]);
    let limit = engine::limit(&client, "aurora-postgresql", Some("16.6"), &times()).await;
    assert_eq!(limit.unwrap().unwrap().to_string(), "256");
    assert_eq!(
        engine::limit(&client, "aurora-postgresql", None, &times()).await,
        Ok(None)
    );
    assert_eq!(versions.num_calls(), 1);
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_not_found_and_nothing_else_is_asked_w11() {
    let none = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        DescribeDbClustersOutput::builder()
            .set_db_clusters(Some(Vec::new()))
            .build()
    });
    let cloudwatch = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .then_output(|| GetMetricDataOutput::builder().build());
    let clients = Clients {
        cloudwatch: mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&cloudwatch]),
        rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&none]),
        eks: mock_client!(aws_sdk_eks, RuleMode::MatchAny, []),
        credentials: None,
    };
    let settings = crate::plan::tests::world::World::new().settings();
    let why = Box::pin(database::database(&clients, &settings.targets[0], &times()))
        .await
        .unwrap_err();
    assert_eq!(
        (why.cause, why.resource.as_str()),
        (Cause::NotFound, "prod-a-aurora")
    );
    assert_eq!(cloudwatch.num_calls(), 0);
}
