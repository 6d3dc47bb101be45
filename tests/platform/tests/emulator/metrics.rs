//! CloudWatch, whose Rust SDK speaks CBOR only.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat, StateValue,
    Statistic,
};
use day2_platform::aws::control::{self, Point};
use jiff::{SignedDuration, Timestamp};

use crate::emulator::emulator;

pub(crate) fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// The values of one metric in the last hour, as the SDK gives them.
pub(crate) async fn values(
    namespace: &str,
    name: &str,
    dimensions: Vec<Dimension>,
    statistic: &str,
) -> Vec<f64> {
    let client = Client::new(&emulator().await.sdk_config());
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions))
        .build();
    let query = MetricDataQuery::builder()
        .id("m")
        .metric_stat(
            MetricStat::builder()
                .metric(metric)
                .period(60)
                .stat(statistic)
                .build(),
        )
        .build();
    #[expect(clippy::disallowed_methods, reason = "the emulator lives in the real time")]
    let now = SystemTime::now();
    let seen = client
        .get_metric_data()
        .metric_data_queries(query)
        .start_time(DateTime::from(now - Duration::from_hours(1)))
        .end_time(DateTime::from(now + Duration::from_mins(2)))
        .send()
        .await
        .unwrap();
    seen.metric_data_results()[0].values().to_vec()
}

#[expect(clippy::disallowed_methods, reason = "the emulator lives in the real time")]
pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_services_metric_is_emitted_by_the_platform_and_by_nobody_else() {
    let emulator = emulator().await;
    let metric = control::Metric {
        namespace: "AWS/NATGateway".to_owned(),
        name: "ErrorPortAllocation".to_owned(),
        dimensions: BTreeMap::from([("NatGatewayId".to_owned(), "nat-1".to_owned())]),
        unit: "Count".to_owned(),
        points: vec![
            Point {
                timestamp: minutes_ago(10),
                value: 1.0,
            },
            Point {
                timestamp: minutes_ago(5),
                value: 2.0,
            },
        ],
    };
    emulator.control().emit_metric(&metric).await.unwrap();
    let one = vec![dimension("NatGatewayId", "nat-1")];
    assert_eq!(
        values("AWS/NATGateway", "ErrorPortAllocation", one, "Sum").await,
        [2.0, 1.0],
        "newest first"
    );
    let other = vec![dimension("NatGatewayId", "nat-2")];
    assert!(
        values("AWS/NATGateway", "ErrorPortAllocation", other, "Sum")
            .await
            .is_empty()
    );
    assert!(
        values("AWS/NATGateway", "ErrorPortAllocation", Vec::new(), "Sum")
            .await
            .is_empty()
    );

    let client = Client::new(&emulator.sdk_config());
    let datum = MetricDatum::builder()
        .metric_name("DatabaseConnections")
        .value(1.0)
        .build();
    let error = client
        .put_metric_data()
        .namespace("AWS/RDS")
        .metric_data(datum)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn percentiles_are_computed_over_the_datapoints_of_one_metric() {
    let client = Client::new(&emulator().await.sdk_config());
    let one = dimension("target", "prod-a");
    for (dimension, values) in [
        (one.clone(), (1..=100).collect::<Vec<i32>>()),
        (dimension("target", "prod-b"), vec![9_999]),
    ] {
        let datum = MetricDatum::builder()
            .metric_name("JoinSeconds")
            .dimensions(dimension)
            .timestamp(DateTime::from_secs(minutes_ago(3).as_second()))
            .set_values(Some(values.into_iter().map(f64::from).collect()))
            .build();
        client
            .put_metric_data()
            .namespace("Day2")
            .metric_data(datum)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(values("Day2", "JoinSeconds", vec![one], "p95").await, [95.05]);
}

#[tokio::test]
async fn alarms_of_both_kinds_are_described_in_pages_and_by_state() {
    let client = Client::new(&emulator().await.sdk_config());
    for name in ["paged-1", "paged-2", "paged-3"] {
        alarm(&client, name, "target", name).await;
    }
    client
        .put_composite_alarm()
        .alarm_name("paged-all")
        .alarm_rule("ALARM(\"paged-2\")")
        .send()
        .await
        .unwrap();
    client
        .set_alarm_state()
        .alarm_name("paged-2")
        .state_value(StateValue::Alarm)
        .state_reason("test")
        .send()
        .await
        .unwrap();

    let mut pages = client
        .describe_alarms()
        .alarm_name_prefix("paged-")
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .into_paginator()
        .page_size(2)
        .send();
    let mut seen = Vec::new();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        count += 1;
        let metric = page
            .metric_alarms()
            .iter()
            .map(|one| (one.alarm_name().unwrap(), one.state_value().unwrap().as_str()));
        let composite = page
            .composite_alarms()
            .iter()
            .map(|one| (one.alarm_name().unwrap(), one.state_value().unwrap().as_str()));
        seen.extend(
            metric
                .chain(composite)
                .map(|(name, state)| format!("{name} {state}")),
        );
    }
    seen.sort();
    let expected = [
        "paged-1 INSUFFICIENT_DATA",
        "paged-2 ALARM",
        "paged-3 INSUFFICIENT_DATA",
        "paged-all ALARM",
    ]
    .map(str::to_owned);
    assert_eq!((seen, count), (expected.to_vec(), 2));
}

#[tokio::test]
async fn an_alarm_follows_its_own_dimensions_only() {
    let client = Client::new(&emulator().await.sdk_config());
    alarm(&client, "own-metric", "target", "prod-a").await;
    let state = async || {
        let seen = client
            .describe_alarms()
            .alarm_names("own-metric")
            .send()
            .await
            .unwrap();
        seen.metric_alarms()[0].state_value().unwrap().clone()
    };
    for (target, expected) in [
        ("prod-b", StateValue::InsufficientData),
        ("prod-a", StateValue::Alarm),
    ] {
        let datum = MetricDatum::builder()
            .metric_name("Failed")
            .dimensions(dimension("target", target))
            .value(9.0)
            .build();
        client
            .put_metric_data()
            .namespace("Day2")
            .metric_data(datum)
            .send()
            .await
            .unwrap();
        assert_eq!(state().await, expected, "after a datapoint of {target}");
    }
}

async fn alarm(client: &Client, name: &str, dimension_name: &str, value: &str) {
    client
        .put_metric_alarm()
        .alarm_name(name)
        .namespace("Day2")
        .metric_name("Failed")
        .dimensions(dimension(dimension_name, value))
        .statistic(Statistic::Maximum)
        .period(60)
        .evaluation_periods(1)
        .threshold(5.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .send()
        .await
        .unwrap();
}
