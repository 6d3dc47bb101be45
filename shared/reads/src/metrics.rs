//! Datapoints of CloudWatch metrics (`cloudwatch:GetMetricData`).

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{self, Dimension, MetricDataQuery, MetricStat, StandardUnit, StatusCode};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::{sdk_time, timestamp};
use day2_core::{Cause, Observed, Unreadable};

use crate::answer::listed;
use crate::metric::{Metric, Points, Query, Series, Window};
use crate::times::Times;

const ACTION: &str = "cloudwatch:GetMetricData";

/// Most queries of one request (API `GetMetricData`).
const BATCH: usize = 500;

/// Which metric to read for several resources that differ in one dimension.
#[derive(Debug, Clone, Copy)]
pub struct PerResource<'a> {
    /// Namespace, for example `AWS/RDS`.
    pub namespace: &'a str,
    /// Metric name.
    pub name: &'a str,
    /// Dimension that names the resource.
    pub dimension: &'a str,
    /// Statistic.
    pub statistic: &'a str,
    /// Period in seconds.
    pub period_seconds: u32,
}

/// Datapoints of one metric for each resource, in the order of the resources. Asks nothing when there are none.
///
/// # Errors
///
/// As [`read`].
pub async fn per_resource(
    client: &Client,
    times: &Times,
    window: Window,
    query: PerResource<'_>,
    resources: &[String],
) -> Observed<Vec<Series>> {
    let queries: Vec<Query> = resources
        .iter()
        .map(|resource| {
            let metric = Metric::new(query.namespace, query.name).with(query.dimension, resource);
            Query::new(metric, query.statistic, query.period_seconds)
        })
        .collect();
    let points = read(client, times, window, &queries).await?;
    Ok(resources
        .iter()
        .zip(points)
        .map(|(resource, points)| Series {
            resource: resource.clone(),
            points,
        })
        .collect())
}

/// Datapoints of each query, in the order of the queries; metrics, statistics and periods may be mixed. Asks nothing
/// when there are none. A metric that does not exist has no datapoints: CloudWatch does not tell the difference.
///
/// # Errors
///
/// When CloudWatch did not answer every query completely: what is missing could be the datapoint that matters.
pub async fn read(
    client: &Client,
    times: &Times,
    window: Window,
    queries: &[Query],
) -> Observed<Vec<Points>> {
    let Some(first) = queries.first() else {
        return Ok(Vec::new());
    };
    times
        .within(ACTION, &first.metric.name, all(client, window, queries))
        .await
}

async fn all(client: &Client, window: Window, queries: &[Query]) -> Observed<Vec<Points>> {
    let mut points = Vec::with_capacity(queries.len());
    for batch in queries.chunks(BATCH) {
        points.extend(one_batch(client, window, batch).await?);
    }
    Ok(points)
}

async fn one_batch(client: &Client, window: Window, queries: &[Query]) -> Observed<Vec<Points>> {
    let name = queries
        .first()
        .map(|query| query.metric.name.as_str())
        .unwrap_or_default();
    let asked: Vec<MetricDataQuery> = queries
        .iter()
        .enumerate()
        .map(|(index, query)| data_query(index, query))
        .collect();
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, name);
    loop {
        let page = client
            .get_metric_data()
            .set_metric_data_queries(Some(asked.clone()))
            .start_time(sdk_time(window.from))
            .end_time(sdk_time(window.to))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, name, &error))?;
        let results = listed(
            ACTION,
            name,
            "MetricDataResults",
            page.metric_data_results.as_deref(),
        )?;
        for result in results {
            let answer = answers
                .entry(result.id().unwrap_or_default().to_owned())
                .or_default();
            let points = result.timestamps().iter().zip(result.values());
            answer
                .points
                .extend(points.filter_map(|(at, value)| Some((timestamp(at)?, *value))));
            // `PartialData` says that more pages follow; what is left at the end was never completed.
            answer.unfinished = match result.status_code() {
                None | Some(StatusCode::Complete) => None,
                Some(status) => Some(status.as_str().to_owned()),
            };
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            break;
        }
    }
    queries
        .iter()
        .enumerate()
        .map(|(index, query)| complete(query, answers.remove(&id(index))))
        .collect()
}

/// What came for one query, over all pages.
#[derive(Debug, Default)]
struct Answer {
    points: Points,
    unfinished: Option<String>,
}

fn complete(query: &Query, answer: Option<Answer>) -> Observed<Points> {
    let metric = &query.metric;
    // The resource is in the dimensions; a metric without any is its own.
    let resource = metric.dimensions.last().map_or(&metric.name, |(_, value)| value);
    let failed = |cause, detail: String| Unreadable::new(ACTION, resource, cause, detail);
    let Some(mut answer) = answer else {
        return Err(failed(
            Cause::Malformed,
            format!("CloudWatch did not answer for {}", metric.name),
        ));
    };
    if let Some(status) = answer.unfinished {
        let cause = if status == "Forbidden" {
            Cause::Denied
        } else {
            Cause::Partial
        };
        return Err(failed(
            cause,
            format!("CloudWatch says {status} for {}", metric.name),
        ));
    }
    answer.points.sort_by_key(|(at, _)| *at);
    Ok(answer.points)
}

fn id(index: usize) -> String {
    // The API wants a lower-case letter first.
    format!("m{index}")
}

fn data_query(index: usize, query: &Query) -> MetricDataQuery {
    let dimensions = query
        .metric
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let metric = types::Metric::builder()
        .namespace(&query.metric.namespace)
        .metric_name(&query.metric.name)
        .set_dimensions(Some(dimensions))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(query.period_seconds).unwrap_or(i32::MAX))
        .stat(&query.statistic)
        .set_unit(query.unit.as_deref().map(StandardUnit::from))
        .build();
    MetricDataQuery::builder()
        .id(id(index))
        .metric_stat(stat)
        .set_account_id(query.metric.account.clone())
        .build()
}
