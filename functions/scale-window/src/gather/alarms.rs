//! CloudWatch alarms and metrics.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client as CloudWatch;
use aws_sdk_cloudwatch::types::{AlarmType, Dimension, Metric, MetricDataQuery, MetricStat, StatusCode};
use day2_aws::error::unreadable;
use day2_aws::pages::Pages;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;

use crate::facts::{Alarm, Series};

/// Every alarm, metric *and* composite, in every state: the API returns only metric alarms unless both types are named
/// (API `DescribeAlarms`), and asking for all states tells "none is in ALARM" from "there are no alarms".
pub(crate) async fn alarms(client: &CloudWatch) -> Observed<Vec<Alarm>> {
    const ACTION: &str = "cloudwatch:DescribeAlarms";
    let mut alarms = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, "all alarms");
    loop {
        let page = client
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, "all alarms", &error))?;
        alarms.extend(page.metric_alarms().iter().map(|seen| {
            Alarm {
                name: seen.alarm_name().unwrap_or_default().to_owned(),
                state: seen
                    .state_value()
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                kind: "metric",
                reason: seen.state_reason().unwrap_or_default().to_owned(),
                since: seen
                    .state_transitioned_timestamp()
                    .or_else(|| seen.state_updated_timestamp())
                    .and_then(timestamp),
            }
        }));
        alarms.extend(page.composite_alarms().iter().map(|seen| {
            Alarm {
                name: seen.alarm_name().unwrap_or_default().to_owned(),
                state: seen
                    .state_value()
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                kind: "composite",
                reason: seen.state_reason().unwrap_or_default().to_owned(),
                since: seen
                    .state_transitioned_timestamp()
                    .or_else(|| seen.state_updated_timestamp())
                    .and_then(timestamp),
            }
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

/// Which metric to read for several resources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetricQuery<'a> {
    /// Namespace, for example `AWS/RDS`.
    pub(crate) namespace: &'a str,
    /// Metric name.
    pub(crate) name: &'a str,
    /// Dimension that names the resource.
    pub(crate) dimension: &'a str,
    /// Statistic.
    pub(crate) statistic: &'a str,
    /// Period in seconds.
    pub(crate) period_seconds: i32,
    /// Begin of the window.
    pub(crate) from: Timestamp,
    /// End of the window.
    pub(crate) to: Timestamp,
}

/// Datapoints of one metric for each resource, oldest first.
pub(crate) async fn series(
    client: &CloudWatch,
    query: MetricQuery<'_>,
    resources: &[String],
) -> Observed<Vec<Series>> {
    const ACTION: &str = "cloudwatch:GetMetricData";
    // At most 500 queries per request (API `GetMetricData`).
    const BATCH: usize = 500;
    let mut all: Vec<Series> = resources
        .iter()
        .map(|resource| Series {
            resource: resource.clone(),
            points: Vec::new(),
        })
        .collect();
    let mut unfinished: BTreeMap<usize, String> = BTreeMap::new();
    for (batch_index, batch) in resources.chunks(BATCH).enumerate() {
        let queries: Vec<_> = batch
            .iter()
            .enumerate()
            .map(|(index, resource)| {
                let metric = Metric::builder()
                    .namespace(query.namespace)
                    .metric_name(query.name)
                    .dimensions(Dimension::builder().name(query.dimension).value(resource).build())
                    .build();
                let stat = MetricStat::builder()
                    .metric(metric)
                    .period(query.period_seconds)
                    .stat(query.statistic)
                    .build();
                MetricDataQuery::builder()
                    .id(format!("m{index}"))
                    .metric_stat(stat)
                    .build()
            })
            .collect();
        let mut token = None;
        let mut pages = Pages::new(ACTION, query.name);
        loop {
            let page = client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(sdk_time(query.from))
                .end_time(sdk_time(query.to))
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| unreadable(ACTION, query.name, &error))?;
            for result in page.metric_data_results() {
                let index = result
                    .id()
                    .and_then(|id| id.strip_prefix('m'))
                    .and_then(|id| id.parse::<usize>().ok());
                let Some((index, series)) = index
                    .map(|index| batch_index * BATCH + index)
                    .and_then(|index| Some((index, all.get_mut(index)?)))
                else {
                    continue;
                };
                let points = result.timestamps().iter().zip(result.values());
                series
                    .points
                    .extend(points.filter_map(|(at, value)| Some((timestamp(at)?, *value))));
                // `PartialData` says that more pages follow; what is left at the end was never completed.
                match result.status_code() {
                    None | Some(StatusCode::Complete) => unfinished.remove(&index),
                    Some(status) => unfinished.insert(index, status.as_str().to_owned()),
                };
            }
            token = pages.next(page.next_token())?;
            if token.is_none() {
                break;
            }
        }
    }
    if let Some((index, status)) = unfinished.first_key_value() {
        let cause = if status == "Forbidden" {
            Cause::Denied
        } else {
            Cause::Partial
        };
        let resource = all.get(*index).map_or(query.name, |series| &series.resource);
        return Err(Unreadable::new(
            ACTION,
            resource,
            cause,
            format!("CloudWatch says {status} for {}", query.name),
        ));
    }
    for series in &mut all {
        series.points.sort_by_key(|(at, _)| *at);
    }
    Ok(all)
}
