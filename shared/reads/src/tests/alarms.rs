use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::alarms::{self, Alarm, Watches};

fn plain(name: &str) -> cw::builders::MetricAlarmBuilder {
    cw::MetricAlarm::builder()
        .alarm_name(name)
        .state_value(cw::StateValue::Alarm)
        .namespace("Coder/Provisioning")
        .metric_name("WorkspaceProvisioningSeconds")
        .dimensions(
            cw::Dimension::builder()
                .name("Environment")
                .value("prod-a")
                .build(),
        )
        .extended_statistic("p95")
        .period(300)
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .threshold(120.0)
        .comparison_operator(cw::ComparisonOperator::GreaterThanThreshold)
}

async fn described(alarm: cw::MetricAlarm) -> Alarm {
    let page = mock!(aws_sdk_cloudwatch::Client::describe_alarms).then_output(move || {
        DescribeAlarmsOutput::builder()
            .metric_alarms(alarm.clone())
            .build()
    });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&page]);
    let mut all = alarms::all(&client, &times()).await.unwrap();
    all.remove(0)
}

#[tokio::test]
async fn metric_and_composite_alarms_are_both_asked_for() {
    let both = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| {
            request.alarm_types() == [cw::AlarmType::MetricAlarm, cw::AlarmType::CompositeAlarm]
                && request.state_value().is_none()
        })
        .then_output(|| {
            let composite = cw::CompositeAlarm::builder()
                .alarm_name("all")
                .state_value(cw::StateValue::Alarm)
                .alarm_rule("ALARM(db)");
            DescribeAlarmsOutput::builder()
                .metric_alarms(plain("db").state_value(cw::StateValue::Ok).build())
                .composite_alarms(composite.build())
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&both]);
    let seen = alarms::all(&client, &times()).await.unwrap();
    assert_eq!(
        seen.iter()
            .map(|alarm| (&*alarm.name, &*alarm.state, alarm.kind()))
            .collect::<Vec<_>>(),
        [("db", "OK", "metric"), ("all", "ALARM", "composite")]
    );
    let rule = "ALARM(db)".to_owned();
    assert_eq!(seen[1].watches, Watches::Composite { rule });
}

#[tokio::test]
async fn alarms_by_name_keep_their_order_and_one_that_is_gone_is_not_found_d06() {
    let two = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| {
            request.alarm_names() == ["gone", "b", "a"] && request.alarm_types().len() == 2
        })
        .then_output(|| {
            DescribeAlarmsOutput::builder()
                .metric_alarms(plain("a").build())
                .metric_alarms(plain("b").state_value(cw::StateValue::Ok).build())
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&two]);
    let names = ["gone", "b", "a"].map(str::to_owned);
    let seen = alarms::by_names(&client, &times(), &names).await;
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::NotFound);
    let state = |index: usize| {
        (
            seen[index].0.as_str(),
            seen[index].1.as_ref().unwrap().state.as_str(),
        )
    };
    assert_eq!((state(1), state(2)), (("b", "OK"), ("a", "ALARM")));
    // Without names the API would describe every alarm of the account.
    assert!(alarms::by_names(&client, &times(), &[]).await.is_empty());
    assert_eq!(two.num_calls(), 1);
}

#[tokio::test]
async fn only_the_prefix_is_asked_for() {
    let some = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| request.alarm_name_prefix() == Some("prod-a-"))
        .then_output(|| {
            DescribeAlarmsOutput::builder()
                .metric_alarms(plain("prod-a-p95").build())
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&some]);
    let seen = alarms::with_prefix(&client, &times(), "prod-a-").await.unwrap();
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn an_answer_without_any_list_is_malformed_and_not_no_alarms_w04() {
    let lost = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .then_output(|| DescribeAlarmsOutput::builder().build());
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&lost]);
    let why = alarms::all(&client, &times()).await.unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
    let named = alarms::by_names(&client, &times(), &["a".into()]).await;
    assert_eq!(named[0].1.as_ref().unwrap_err().cause, Cause::Malformed);
}

#[tokio::test]
async fn all_that_is_needed_to_judge_again_is_kept_w22_w24() {
    let forced = plain("p95")
        .alarm_arn("arn:aws:cloudwatch:us-east-1:123456789012:alarm:p95")
        .state_reason("testing alarm")
        .state_updated_timestamp(sdk_time(at("2026-11-20T11:28:00Z")))
        .actions_enabled(true)
        .treat_missing_data("notBreaching");
    let seen = described(forced.build()).await;
    assert_eq!(seen.reason, "testing alarm");
    assert_eq!(seen.reason_data, None);
    assert_eq!(seen.updated_at, Some(at("2026-11-20T11:28:00Z")));
    assert_eq!(seen.since, seen.updated_at);
    let Watches::Metric(rule) = seen.watches else {
        panic!("{:?}", seen.watches);
    };
    assert_eq!(rule.query.statistic, "p95");
    assert_eq!(rule.query.period_seconds, 300);
    assert_eq!(
        rule.query.metric.dimensions,
        [("Environment".to_owned(), "prod-a".to_owned())]
    );
    assert_eq!((rule.evaluation_periods, rule.datapoints_to_alarm), (5, 3));
    assert_eq!(rule.missing_data, "notBreaching");
    assert_eq!(
        [120.0, 120.1, f64::NAN].map(|value| rule.breaches(value)),
        [Some(false), Some(true), None]
    );
}

#[tokio::test]
async fn what_the_api_leaves_out_has_the_defaults_of_the_api() {
    let alarm = plain("p95").set_datapoints_to_alarm(None);
    let Watches::Metric(rule) = described(alarm.build()).await.watches else {
        panic!("not a metric");
    };
    assert_eq!(rule.datapoints_to_alarm, 5);
    assert_eq!(rule.missing_data, "missing");
}

#[tokio::test]
async fn every_comparison_is_judged_as_cloudwatch_does() {
    use cw::ComparisonOperator as Operator;
    for (operator, below, equal, above) in [
        (
            Operator::GreaterThanThreshold,
            Some(false),
            Some(false),
            Some(true),
        ),
        (
            Operator::GreaterThanOrEqualToThreshold,
            Some(false),
            Some(true),
            Some(true),
        ),
        (Operator::LessThanThreshold, Some(true), Some(false), Some(false)),
        (
            Operator::LessThanOrEqualToThreshold,
            Some(true),
            Some(true),
            Some(false),
        ),
        (Operator::GreaterThanUpperThreshold, None, None, None),
    ] {
        let alarm = plain("a").comparison_operator(operator.clone());
        let Watches::Metric(rule) = described(alarm.build()).await.watches else {
            panic!("not a metric");
        };
        let judged = [119.0, 120.0, 121.0].map(|value| rule.breaches(value));
        assert_eq!(judged, [below, equal, above], "{operator}");
    }
}

#[tokio::test]
async fn what_is_more_than_one_metric_says_what_it_is() {
    let query = |expression: Option<&str>| {
        let metric = cw::Metric::builder().namespace("N").metric_name("M").build();
        let stat = cw::MetricStat::builder()
            .metric(metric)
            .period(60)
            .stat("Sum")
            .build();
        cw::MetricDataQuery::builder()
            .id("m")
            .account_id("210987654321")
            .set_expression(expression.map(str::to_owned))
            .set_metric_stat(expression.is_none().then_some(stat))
            .build()
    };
    let other_account = described(plain("a").metrics(query(None)).build()).await.watches;
    let Watches::Metric(rule) = other_account else {
        panic!("{other_account:?}");
    };
    assert_eq!(rule.query.metric.account.as_deref(), Some("210987654321"));
    assert_eq!(rule.query.metric.name, "M");
    let math = plain("a").metrics(query(None)).metrics(query(Some("m/2")));
    assert_eq!(described(math.build()).await.watches, Watches::Expression);
    let insights = plain("a").metrics(query(Some("SELECT AVG(CPUUtilization) FROM \"AWS/EC2\"")));
    assert_eq!(described(insights.build()).await.watches, Watches::Expression);
    let band = plain("a").metrics(query(None)).threshold_metric_id("ad1");
    assert_eq!(described(band.build()).await.watches, Watches::AnomalyBand);
    let cut = plain("a").set_threshold(None);
    assert_eq!(
        described(cut.build()).await.watches,
        Watches::Incomplete("Threshold")
    );
}

#[tokio::test]
async fn whom_alarms_tell_is_read_by_name_of_both_types_and_one_that_is_gone_is_not_found() {
    let page = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .match_requests(|request| {
            request.alarm_names() == ["db", "all", "gone"]
                && request.alarm_types() == [cw::AlarmType::MetricAlarm, cw::AlarmType::CompositeAlarm]
        })
        .then_output(|| {
            let composite = cw::CompositeAlarm::builder()
                .alarm_name("all")
                .actions_enabled(false)
                .alarm_actions("arn:aws:sns:us-east-1:123456789012:pager");
            DescribeAlarmsOutput::builder()
                .metric_alarms(plain("db").actions_enabled(true).build())
                .composite_alarms(composite.build())
                .build()
        });
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&page]);
    let names = ["db", "all", "gone"].map(str::to_owned);
    let seen = alarms::notices_by_names(&client, &times(), &names).await;
    let told = |number: usize| {
        let (_, notices) = &seen[number];
        notices
            .as_ref()
            .map(|one| (one.enabled, one.on_alarm.len()))
            .map_err(|why| why.cause)
    };
    assert_eq!(
        [told(0), told(1), told(2)],
        [Ok((true, 0)), Ok((false, 1)), Err(Cause::NotFound)]
    );

    let lost = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .then_output(|| DescribeAlarmsOutput::builder().build());
    let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&lost]);
    let seen = alarms::notices_by_names(&client, &times(), &names[..1]).await;
    assert_eq!(seen[0].1.as_ref().unwrap_err().cause, Cause::Malformed);
}
