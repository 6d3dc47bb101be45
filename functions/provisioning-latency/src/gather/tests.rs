//! What is asked of CloudWatch, and what of its answers is believed.

use std::sync::Arc;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;
use day2_reads::times::Times;

use super::{Clients, alarm_facts};
use crate::plan::tests::world;
use crate::settings::Binding;

fn times() -> Times {
    let now = world::now();
    Times {
        now,
        deadline: now + jiff::SignedDuration::from_secs(60),
        clock: Arc::new(move || now),
    }
}

fn clients(rules: &[&Rule]) -> Clients {
    Clients {
        autoscaling: mock_client!(aws_sdk_autoscaling, RuleMode::Sequential, [] as [&Rule; 0]),
        cloudwatch: mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, rules),
        ec2: mock_client!(aws_sdk_ec2, RuleMode::Sequential, [] as [&Rule; 0]),
        eks: mock_client!(aws_sdk_eks, RuleMode::Sequential, [] as [&Rule; 0]),
        quotas: mock_client!(aws_sdk_servicequotas, RuleMode::Sequential, [] as [&Rule; 0]),
        credentials: None,
    }
}

fn described(arn: &'static str) -> Rule {
    mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| request.alarm_names() == ["prod-a-provisioning-p95"])
        .then_output(move || {
            let alarm = cw::MetricAlarm::builder()
                .alarm_name("prod-a-provisioning-p95")
                .alarm_arn(arn)
                .state_value(cw::StateValue::Alarm)
                .namespace("Coder/Provisioning")
                .metric_name("WorkspaceProvisioningSeconds")
                .extended_statistic("p95")
                .period(60)
                .evaluation_periods(5)
                .datapoints_to_alarm(3)
                .threshold(120.0)
                .comparison_operator(cw::ComparisonOperator::GreaterThanThreshold)
                .build();
            DescribeAlarmsOutput::builder().metric_alarms(alarm).build()
        })
}

fn data(id: &str, values: &[(i64, f64)]) -> cw::MetricDataResult {
    let mut result = cw::MetricDataResult::builder()
        .id(id)
        .status_code(cw::StatusCode::Complete);
    for (minutes_ago, value) in values {
        result = result
            .timestamps(sdk_time(world::ago(*minutes_ago)))
            .values(*value);
    }
    result.build()
}

async fn asked(rules: &[&Rule]) -> crate::facts::AlarmFacts {
    let settings = world::settings();
    let bindings: Vec<&Binding> = settings.function.targets["prod-a"].alarms.iter().collect();
    alarm_facts(&clients(rules), &bindings, &times()).await.remove(0)
}

#[tokio::test]
async fn the_percentile_is_asked_for_as_the_alarm_defines_it_with_its_samples_beside_it_w22() {
    let alarm = described(world::ARN);
    let metric = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| {
            let statistics: Vec<_> = request
                .metric_data_queries()
                .iter()
                .filter_map(|query| query.metric_stat()?.stat())
                .collect();
            statistics == ["p95", "SampleCount"]
        })
        .then_output(|| {
            GetMetricDataOutput::builder()
                .metric_data_results(data("m0", &[(1, 200.0), (2, 190.0)]))
                .metric_data_results(data("m1", &[(1, 60.0)]))
                .build()
        });
    let facts = asked(&[&alarm, &metric]).await;
    let points = facts.points.unwrap().unwrap();
    let seen: Vec<_> = points.iter().map(|point| (point.value, point.samples)).collect();
    // A value without a count is kept, and its samples are not known: never zero, never enough.
    assert_eq!(seen, [(190.0, None), (200.0, Some(60.0))]);
}

#[tokio::test]
async fn an_alarm_of_the_same_name_elsewhere_is_not_ours_e19() {
    let other = described("arn:aws:cloudwatch:us-east-1:999999999999:alarm:prod-a-provisioning-p95");
    let metric = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .then_output(|| GetMetricDataOutput::builder().build());
    let facts = asked(&[&other, &metric]).await;
    assert_eq!(facts.alarm.unwrap_err().cause, Cause::NotFound);
    assert!(facts.points.is_none());
    assert_eq!(metric.num_calls(), 0);
}

#[tokio::test]
async fn a_metric_that_is_not_given_stays_with_its_reason() {
    let alarm = described(world::ARN);
    let refused = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .then_output(|| GetMetricDataOutput::builder().build());
    let facts = asked(&[&alarm, &refused]).await;
    assert!(facts.alarm.is_ok());
    let why = facts.points.unwrap().unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
}
