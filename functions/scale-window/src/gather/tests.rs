//! Reads against the SDK's own types: what is asked, over how many pages, and what a failure becomes.

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_scaling_activities::DescribeScalingActivitiesOutput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::operation::describe_nat_gateways::{DescribeNatGatewaysError, DescribeNatGatewaysOutput};
use aws_sdk_ec2::types as ec2;
use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::operation::describe_db_instances::{DescribeDBInstancesError, DescribeDbInstancesOutput};
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::time::sdk_time;
use day2_core::Cause;
use jiff::Timestamp;

use super::alarms::{self, MetricQuery};
use super::{capacity, database, network};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn nat(id: &str) -> ec2::NatGateway {
    ec2::NatGateway::builder()
        .nat_gateway_id(id)
        .subnet_id("subnet-a")
        .state(ec2::NatGatewayState::Available)
        .build()
}

#[tokio::test]
async fn every_page_of_nat_gateways_is_read_w05() {
    let first = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            DescribeNatGatewaysOutput::builder()
                .nat_gateways(nat("nat-1"))
                .next_token("2")
                .build()
        });
    let empty = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| DescribeNatGatewaysOutput::builder().next_token("3").build());
    let last = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token() == Some("3"))
        .then_output(|| {
            DescribeNatGatewaysOutput::builder()
                .nat_gateways(nat("nat-2"))
                .build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&first, &empty, &last]);
    let seen = network::nat_gateways(&client, "vpc-1").await.unwrap();
    assert_eq!(
        seen.iter().map(|gateway| &*gateway.id).collect::<Vec<_>>(),
        ["nat-1", "nat-2"]
    );
}

#[tokio::test]
async fn a_token_that_comes_back_is_an_error_and_not_an_endless_loop_w05() {
    let looped = mock!(aws_sdk_ec2::Client::describe_nat_gateways).then_output(|| {
        DescribeNatGatewaysOutput::builder()
            .nat_gateways(nat("nat-1"))
            .next_token("same")
            .build()
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&looped]);
    assert!(network::nat_gateways(&client, "vpc-1").await.is_err());
}

#[tokio::test]
async fn a_denied_read_says_denied_and_never_an_empty_list_w28() {
    let denied = mock!(aws_sdk_ec2::Client::describe_nat_gateways).then_error(|| {
        DescribeNatGatewaysError::generic(
            ErrorMetadata::builder()
                .code("UnauthorizedOperation")
                .message("no")
                .build(),
        )
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&denied]);
    let why = network::nat_gateways(&client, "vpc-1").await.unwrap_err();
    assert_eq!(
        (why.operation.as_str(), why.cause),
        ("ec2:DescribeNatGateways", Cause::Denied)
    );
}

#[tokio::test]
async fn metric_and_composite_alarms_are_both_asked_for() {
    let both = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| {
            request.alarm_types() == [cw::AlarmType::MetricAlarm, cw::AlarmType::CompositeAlarm]
                && request.state_value().is_none()
        })
        .then_output(|| {
            DescribeAlarmsOutput::builder()
                .metric_alarms(
                    cw::MetricAlarm::builder()
                        .alarm_name("db")
                        .state_value(cw::StateValue::Ok)
                        .build(),
                )
                .composite_alarms(
                    cw::CompositeAlarm::builder()
                        .alarm_name("all")
                        .state_value(cw::StateValue::Alarm)
                        .build(),
                )
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&both]);
    let seen = alarms::alarms(&client).await.unwrap();
    assert_eq!(
        seen.iter()
            .map(|alarm| (&*alarm.name, &*alarm.state))
            .collect::<Vec<_>>(),
        [("db", "OK"), ("all", "ALARM")]
    );
}

#[tokio::test]
async fn a_group_that_is_not_returned_is_not_found_and_its_neighbour_is_kept_w25() {
    let one = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(|| {
        let group = asg::AutoScalingGroup::builder()
            .auto_scaling_group_name("here")
            .desired_capacity(3)
            .min_size(1)
            .max_size(9)
            .vpc_zone_identifier("subnet-a, subnet-b")
            .build();
        DescribeAutoScalingGroupsOutput::builder()
            .auto_scaling_groups(group)
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&one]);
    let seen = capacity::groups(&client, &["gone".into(), "here".into()]).await;
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::NotFound);
    let here = seen[1].1.as_ref().unwrap();
    assert_eq!(
        (here.desired, here.min, here.max, here.subnets.len()),
        (3, 1, 9, 2)
    );
}

#[tokio::test]
async fn reading_activities_stops_at_the_first_old_one() {
    let activity = |id: &str, started: &str| {
        asg::Activity::builder()
            .activity_id(id)
            .auto_scaling_group_name("g")
            .start_time(sdk_time(at(started)))
            .status_code(asg::ScalingActivityStatusCode::Failed)
            .status_message(id)
            .build()
    };
    let page = mock!(aws_sdk_autoscaling::Client::describe_scaling_activities).then_output(move || {
        DescribeScalingActivitiesOutput::builder()
            .activities(activity("new", "2026-11-20T11:00:00Z"))
            .activities(activity("old", "2026-11-18T11:00:00Z"))
            .next_token("never asked for")
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
    let seen = capacity::activities(&client, "g", at("2026-11-19T11:30:00Z"))
        .await
        .unwrap();
    assert_eq!(
        seen.iter().map(|activity| &*activity.message).collect::<Vec<_>>(),
        ["new"]
    );
    assert_eq!(page.num_calls(), 1);
}

#[tokio::test]
async fn managed_instances_are_asked_for_and_batches_are_joined() {
    let asked = mock!(aws_sdk_ec2::Client::describe_instances)
        .match_requests(|request| {
            request.include_managed_resources() == Some(true) && request.filters().len() == 1
        })
        .then_output(|| {
            let instance = ec2::Instance::builder()
                .instance_id("i-1")
                .instance_lifecycle(ec2::InstanceLifecycleType::Spot)
                .launch_time(sdk_time(at("2026-11-20T11:00:00Z")))
                .build();
            DescribeInstancesOutput::builder()
                .reservations(ec2::Reservation::builder().instances(instance).build())
                .build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&asked]);
    let ids: Vec<String> = (0..201).map(|index| format!("i-{index}")).collect();
    let seen = capacity::instances(&client, &ids).await.unwrap();
    assert_eq!(asked.num_calls(), 2, "201 ids are two requests");
    assert!(
        seen.iter()
            .all(|instance| instance.spot && instance.launched_at.is_some())
    );
}

#[tokio::test]
async fn datapoints_come_back_to_their_own_resource_oldest_first() {
    let answer = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        let result = |id: &str, values: [f64; 2]| {
            cw::MetricDataResult::builder()
                .id(id)
                .timestamps(sdk_time(at("2026-11-20T11:20:00Z")))
                .timestamps(sdk_time(at("2026-11-20T11:19:00Z")))
                .values(values[0])
                .values(values[1])
                .build()
        };
        GetMetricDataOutput::builder()
            .metric_data_results(result("m1", [4.0, 3.0]))
            .metric_data_results(result("m0", [2.0, 1.0]))
            .build()
    });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&answer]);
    let query = MetricQuery {
        namespace: "AWS/RDS",
        name: "DatabaseConnections",
        dimension: "DBInstanceIdentifier",
        statistic: "Maximum",
        period_seconds: 60,
        from: at("2026-11-20T11:15:00Z"),
        to: at("2026-11-20T11:30:00Z"),
    };
    let seen = alarms::series(&client, query, &["w".into(), "r".into()])
        .await
        .unwrap();
    let values = |index: usize| {
        seen[index]
            .points
            .iter()
            .map(|(_, value)| *value)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (seen[0].resource.as_str(), values(0), values(1)),
        ("w", vec![1.0, 2.0], vec![3.0, 4.0])
    );
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
    let seen = database::aurora(&client, "prod-a").await.unwrap();
    assert_eq!(seen.serverless, Some((1.0, 16.0)));
    assert_eq!(seen.instances[0].status, Ok("available".to_owned()));
    assert_eq!(
        seen.instances[1].status.as_ref().unwrap_err().cause,
        Cause::Denied
    );
}
