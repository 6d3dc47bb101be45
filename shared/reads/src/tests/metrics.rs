use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::metric::{Metric, Query, Window};
use crate::metrics::{self, PerResource};

fn window() -> Window {
    Window {
        from: at("2026-11-20T11:15:00Z"),
        to: at("2026-11-20T11:30:00Z"),
    }
}

fn result(id: &str, values: &[f64]) -> cw::MetricDataResult {
    let mut result = cw::MetricDataResult::builder().id(id);
    for (index, value) in values.iter().enumerate() {
        // Newest first, as the service does by default.
        let minute = 29 - index;
        result = result
            .timestamps(sdk_time(at(&format!("2026-11-20T11:{minute}:00Z"))))
            .values(*value);
    }
    result.status_code(cw::StatusCode::Complete).build()
}

const CONNECTIONS: PerResource<'static> = PerResource {
    namespace: "AWS/RDS",
    name: "DatabaseConnections",
    dimension: "DBInstanceIdentifier",
    statistic: "Maximum",
    period_seconds: 60,
};

#[tokio::test]
async fn datapoints_come_back_to_their_own_resource_oldest_first() {
    let answer = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        GetMetricDataOutput::builder()
            .metric_data_results(result("m1", &[4.0, 3.0]))
            .metric_data_results(result("m0", &[2.0, 1.0]))
            .build()
    });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&answer]);
    let seen = metrics::per_resource(
        &client,
        &times(),
        window(),
        CONNECTIONS,
        &["w".into(), "r".into()],
    )
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
async fn a_percentile_and_its_sample_count_are_asked_for_in_one_request_w22() {
    let metric =
        Metric::new("Coder/Provisioning", "WorkspaceProvisioningSeconds").with("Environment", "prod-a");
    let p95 = Query::new(metric, "p95", 300);
    let queries = [p95.clone(), p95.under("SampleCount")];
    let asked = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| {
            let stats: Vec<_> = request
                .metric_data_queries()
                .iter()
                .filter_map(|query| query.metric_stat())
                .map(|stat| {
                    let dimensions = stat.metric().unwrap().dimensions().len();
                    (stat.stat().unwrap(), stat.period().unwrap(), dimensions)
                })
                .collect();
            stats == [("p95", 300, 1), ("SampleCount", 300, 1)]
        })
        .then_output(|| {
            GetMetricDataOutput::builder()
                .metric_data_results(result("m0", &[131.0]))
                .metric_data_results(result("m1", &[40.0]))
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&asked]);
    let seen = metrics::read(&client, &times(), window(), &queries)
        .await
        .unwrap();
    assert_eq!((seen[0][0].1, seen[1][0].1), (131.0, 40.0));
}

#[tokio::test]
async fn no_datapoints_are_an_empty_series_and_no_answer_is_an_error_w21() {
    let answered = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        GetMetricDataOutput::builder()
            .metric_data_results(result("m0", &[]))
            .build()
    });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&answered]);
    let read = async |resources: &[String]| {
        metrics::per_resource(&client, &times(), window(), CONNECTIONS, resources).await
    };
    assert!(read(&["w".into()]).await.unwrap()[0].points.is_empty());
    let why = read(&["w".into(), "r".into()]).await.unwrap_err();
    assert_eq!((why.resource.as_str(), why.cause), ("r", Cause::Malformed));
    assert_eq!(read(&[]).await, Ok(Vec::new()), "nothing is asked for nothing");
    assert_eq!(answered.num_calls(), 2);
}

#[tokio::test]
async fn a_result_that_is_never_completed_is_no_series_w05() {
    for (status, cause) in [
        (cw::StatusCode::PartialData, Cause::Partial),
        (cw::StatusCode::InternalError, Cause::Partial),
        (cw::StatusCode::Forbidden, Cause::Denied),
    ] {
        let cut = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(move || {
            let one = cw::MetricDataResult::builder()
                .id("m0")
                .status_code(status.clone());
            GetMetricDataOutput::builder()
                .metric_data_results(one.build())
                .build()
        });
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&cut]);
        let why = metrics::per_resource(&client, &times(), window(), CONNECTIONS, &["w".into()])
            .await
            .unwrap_err();
        assert_eq!(why.cause, cause, "{why}");
    }
}

#[tokio::test]
async fn a_partial_result_is_completed_by_the_next_page_w05() {
    let first = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            let mut one = result("m0", &[2.0]);
            one.status_code = Some(cw::StatusCode::PartialData);
            GetMetricDataOutput::builder()
                .metric_data_results(one)
                .next_token("2")
                .build()
        });
    let second = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| {
            GetMetricDataOutput::builder()
                .metric_data_results(result("m0", &[3.0]))
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&first, &second]);
    let seen = metrics::per_resource(&client, &times(), window(), CONNECTIONS, &["w".into()])
        .await
        .unwrap();
    assert_eq!(seen[0].points.len(), 2);
}

#[tokio::test]
async fn an_answer_without_results_is_malformed_w04() {
    let lost = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .then_output(|| GetMetricDataOutput::builder().build());
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&lost]);
    let why = metrics::per_resource(&client, &times(), window(), CONNECTIONS, &["w".into()])
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
}
