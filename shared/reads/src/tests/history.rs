use aws_sdk_cloudwatch::operation::describe_alarm_history::{
    DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput,
};
use aws_sdk_cloudwatch::operation::list_metrics::ListMetricsOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::metric::{Metric, Window};
use crate::{alarm_history, metric_names};

type CloudWatch = aws_sdk_cloudwatch::Client;

fn night() -> Window {
    Window {
        from: at("2026-11-20T03:30:00Z"),
        to: at("2026-11-20T11:30:00Z"),
    }
}

fn item(alarm: &str, minute: &str, data: Option<&str>) -> cw::AlarmHistoryItem {
    cw::AlarmHistoryItem::builder()
        .alarm_name(alarm)
        .timestamp(sdk_time(at(&format!("2026-11-20T{minute}:00Z"))))
        .history_summary("Alarm updated from OK to ALARM")
        .set_history_data(data.map(str::to_owned))
        .build()
}

#[tokio::test]
async fn the_night_is_read_of_both_kinds_of_alarm_over_all_pages_w05() {
    let asked = |request: &DescribeAlarmHistoryInput, token: Option<&str>| {
        request.alarm_types() == [cw::AlarmType::MetricAlarm, cw::AlarmType::CompositeAlarm]
            && request.history_item_type() == Some(&cw::HistoryItemType::StateUpdate)
            && request.start_date() == Some(&sdk_time(night().from))
            && request.end_date() == Some(&sdk_time(night().to))
            && request.next_token() == token
    };
    let data =
        r#"{"version":"1.0","oldState":{"stateValue":"INSUFFICIENT_DATA"},"newState":{"stateValue":"OK"}}"#;
    let first = mock!(CloudWatch::describe_alarm_history)
        .match_requests(move |request| asked(request, None))
        .then_output(move || {
            DescribeAlarmHistoryOutput::builder()
                .alarm_history_items(item("a", "06:10", Some(data)))
                .next_token("2")
                .build()
        });
    let second = mock!(CloudWatch::describe_alarm_history)
        .match_requests(move |request| asked(request, Some("2")))
        .then_output(|| {
            DescribeAlarmHistoryOutput::builder()
                .alarm_history_items(item("b", "05:00", Some("cut o")))
                .alarm_history_items(item("c", "04:00", None))
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&first, &second]);
    let seen = alarm_history::transitions(&client, &times(), night())
        .await
        .unwrap();
    let states: Vec<_> = seen
        .iter()
        .map(|one| {
            let (from, to) = (one.from.as_deref().unwrap(), one.to.as_deref().unwrap());
            (one.alarm.as_str(), from, to)
        })
        .collect();
    assert_eq!(
        states,
        [
            ("a", "INSUFFICIENT_DATA", "OK"),
            ("b", "OK", "ALARM"),
            ("c", "OK", "ALARM")
        ]
    );
}

#[tokio::test]
async fn a_lost_body_is_neither_a_quiet_night_nor_no_metric_w04() {
    let history = mock!(CloudWatch::describe_alarm_history)
        .then_output(|| DescribeAlarmHistoryOutput::builder().build());
    let metrics = mock!(CloudWatch::list_metrics).then_output(|| ListMetricsOutput::builder().build());
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&history, &metrics]);
    let why = alarm_history::transitions(&client, &times(), night()).await;
    assert_eq!(why.unwrap_err().cause, Cause::Malformed);
    let why = metric_names::active(&client, &times(), "N", "M", &[]).await;
    assert_eq!(why.unwrap_err().cause, Cause::Malformed);
}

#[tokio::test]
async fn metrics_are_listed_with_the_dimensions_they_carry_over_all_pages_w05() {
    let metric = |claim: &str| {
        let dimension = |name: &str, value: &str| cw::Dimension::builder().name(name).value(value).build();
        cw::Metric::builder()
            .dimensions(dimension("ClusterName", "prod-a"))
            .dimensions(dimension("persistentvolumeclaim", claim))
            .build()
    };
    let page = move |claim: &'static str, token: Option<&'static str>| {
        mock!(CloudWatch::list_metrics)
            .match_requests(move |request| {
                let filter = &request.dimensions()[0];
                (filter.name(), filter.value()) == (Some("ClusterName"), Some("prod-a"))
                    && request.recently_active() == Some(&cw::RecentlyActive::Pt3H)
                    && request.next_token().is_none() == token.is_some()
            })
            .then_output(move || {
                ListMetricsOutput::builder()
                    .metrics(metric(claim))
                    .set_next_token(token.map(str::to_owned))
                    .build()
            })
    };
    let (first, second) = (page("data-0", Some("2")), page("data-1", None));
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&first, &second]);
    let dimensions = [("ClusterName".to_owned(), "prod-a".to_owned())];
    let seen = metric_names::active(&client, &times(), "N", "M", &dimensions)
        .await
        .unwrap();
    let named = |claim: &str| {
        Metric::new("N", "M")
            .with("ClusterName", "prod-a")
            .with("persistentvolumeclaim", claim)
    };
    assert_eq!(seen, [named("data-0"), named("data-1")]);
}
