//! Alarms: by the clock, on their own metric, with percentiles, missing data and forced states.

use std::time::Duration;

use anyhow::ensure;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, HistoryItemType, MetricAlarm, MetricDatum, StateValue, Statistic,
};
use day2_platform::wait::wait_until;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::emulator::emulator;
use crate::emulator::metrics::{dimension, minutes_ago, values};

/// A forced state holds 20 s, and then the clock looks every 5 s; the rest is for a busy machine.
const BY_THE_CLOCK: Duration = Duration::from_mins(1);

/// An alarm on the Maximum of `Waiting` of this queue above 5, in one period of a minute.
pub(crate) async fn alarm(name: &str) -> PutMetricAlarmFluentBuilder {
    Client::new(&emulator().await.sdk_config())
        .put_metric_alarm()
        .alarm_name(name)
        .namespace("Test")
        .metric_name("Waiting")
        .dimensions(dimension("queue", name))
        .statistic(Statistic::Maximum)
        .period(60)
        .evaluation_periods(1)
        .threshold(5.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
}

/// Sends values and how often each was seen, as of `at`.
async fn send(queue: &str, at: Timestamp, samples: &[(f64, f64)]) {
    let datum = MetricDatum::builder()
        .metric_name("Waiting")
        .dimensions(dimension("queue", queue))
        .timestamp(DateTime::from_secs(at.as_second()))
        .set_values(Some(samples.iter().map(|(value, _)| *value).collect()))
        .set_counts(Some(samples.iter().map(|(_, count)| *count).collect()))
        .build();
    Client::new(&emulator().await.sdk_config())
        .put_metric_data()
        .namespace("Test")
        .metric_data(datum)
        .send()
        .await
        .unwrap();
}

pub(crate) async fn force(name: &str, state: StateValue) {
    Client::new(&emulator().await.sdk_config())
        .set_alarm_state()
        .alarm_name(name)
        .state_value(state)
        .state_reason("testing alarm")
        .send()
        .await
        .unwrap();
}

pub(crate) async fn seen(name: &str) -> MetricAlarm {
    let client = Client::new(&emulator().await.sdk_config());
    let seen = client.describe_alarms().alarm_names(name).send().await.unwrap();
    seen.metric_alarms()[0].clone()
}

async fn reaches(name: &str, state: StateValue) -> MetricAlarm {
    wait_until(BY_THE_CLOCK, "the alarm has that state", async || {
        let alarm = seen(name).await;
        ensure!(
            alarm.state_value() == Some(&state),
            "{name} is {:?}",
            alarm.state_value()
        );
        Ok(alarm)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn without_any_datapoint_the_clock_moves_each_alarm_as_it_treats_missing_data() {
    for (treatment, state) in [
        ("breaching", StateValue::Alarm),
        ("notBreaching", StateValue::Ok),
        ("missing", StateValue::InsufficientData),
        ("ignore", StateValue::Alarm),
    ] {
        let name = format!("silent-{treatment}");
        alarm(&name)
            .await
            .treat_missing_data(treatment)
            .send()
            .await
            .unwrap();
        if treatment == "missing" || treatment == "ignore" {
            force(&name, StateValue::Alarm).await;
        }
        let moved = reaches(&name, state).await;
        if treatment == "breaching" {
            assert!(
                moved
                    .state_reason()
                    .unwrap()
                    .contains("no datapoints were received"),
                "{moved:?}"
            );
        }
    }
    // An evaluation that is not forced either keeps what was ignored.
    let kept = emulator()
        .await
        .control()
        .evaluate_alarm("silent-ignore")
        .await
        .unwrap();
    assert_eq!(kept, "ALARM");
}

#[tokio::test]
async fn a_percentile_alarm_counts_breaching_periods_and_gives_its_datapoints() {
    let name = "slow-starts";
    alarm(name)
        .await
        .set_statistic(None)
        .extended_statistic("p95")
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .treat_missing_data("missing")
        .send()
        .await
        .unwrap();
    let quick = [(1.0, 96.0), (9.0, 4.0)];
    let slow = [(1.0, 90.0), (9.0, 10.0)];
    // p95 of the quick minutes is 1, whatever their maximum is.
    // One moment for all, because the minute may end between two of them.
    let now = minutes_ago(0);
    let ago = |minutes: i64| now - SignedDuration::from_mins(minutes);
    for minutes in [7, 6, 5, 4, 3] {
        send(name, ago(minutes), &quick).await;
    }
    assert_eq!(seen(name).await.state_value(), Some(&StateValue::Ok));
    send(name, ago(2), &slow).await;
    send(name, ago(1), &slow).await;
    assert_eq!(seen(name).await.state_value(), Some(&StateValue::Ok), "2 of 5");
    send(name, ago(0), &slow).await;
    let alarmed = seen(name).await;
    assert_eq!(alarmed.state_value(), Some(&StateValue::Alarm), "3 of 5");
    assert!(
        alarmed
            .state_reason()
            .unwrap()
            .starts_with("Threshold Crossed: 3 out of the last 5 datapoints [9.0 ("),
        "{alarmed:?}"
    );
    let data: Value = serde_json::from_str(alarmed.state_reason_data().unwrap()).unwrap();
    assert_eq!(data["statistic"], "p95");
    assert_eq!(
        data["recentDatapoints"],
        serde_json::json!([1.0, 1.0, 9.0, 9.0, 9.0])
    );
    assert_eq!(data["evaluatedDatapoints"][0]["sampleCount"], 100.0);

    let queue = || vec![dimension("queue", name)];
    assert_eq!(values("Test", "Waiting", queue(), "p95").await[..1], [9.0]);
    assert_eq!(
        values("Test", "Waiting", queue(), "SampleCount").await[..1],
        [100.0]
    );
    let statistics = Client::new(&emulator().await.sdk_config())
        .get_metric_statistics()
        .namespace("Test")
        .metric_name("Waiting")
        .dimensions(dimension("queue", name))
        .extended_statistics("p95")
        .start_time(DateTime::from_secs(minutes_ago(60).as_second()))
        .end_time(DateTime::from_secs(minutes_ago(-1).as_second()))
        .period(60)
        .send()
        .await
        .unwrap();
    let told: Vec<f64> = statistics
        .datapoints()
        .iter()
        .filter_map(|one| one.extended_statistics()?.get("p95").copied())
        .collect();
    assert_eq!(told, [1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0]);
}

#[tokio::test]
async fn a_forced_state_has_no_reason_data_and_ends_with_the_next_evaluation() {
    let name = "forced";
    alarm(name).await.send().await.unwrap();
    send(name, minutes_ago(0), &[(1.0, 1.0)]).await;
    assert_eq!(seen(name).await.state_value(), Some(&StateValue::Ok));
    assert!(seen(name).await.state_reason_data().is_some());
    force(name, StateValue::Alarm).await;
    send(name, minutes_ago(0), &[(1.0, 1.0)]).await;
    let forced = seen(name).await;
    assert_eq!(forced.state_value(), Some(&StateValue::Alarm));
    assert_eq!(
        (forced.state_reason(), forced.state_reason_data()),
        (Some("testing alarm"), None)
    );
    let control = emulator().await.control();
    assert_eq!(control.evaluate_alarm(name).await.unwrap(), "OK");

    let history = Client::new(&emulator().await.sdk_config())
        .describe_alarm_history()
        .alarm_name(name)
        .history_item_type(HistoryItemType::StateUpdate)
        .send()
        .await
        .unwrap();
    let told: Vec<&str> = history
        .alarm_history_items()
        .iter()
        .filter_map(|item| item.history_summary())
        .collect();
    for expected in ["Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"] {
        assert!(told.contains(&expected), "{told:?}");
    }
}
