//! What a metric alarm watches.

use aws_sdk_cloudwatch::types::{self, Dimension, MetricAlarm};

use crate::metric::{Metric, Query};

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watches {
    /// One metric against a fixed threshold.
    Metric(Box<Rule>),
    /// A metric-math expression or a Metrics Insights query.
    Expression,
    /// A band that CloudWatch learns (anomaly detection).
    AnomalyBand,
    /// A `PromQL` query.
    PromQl,
    /// Other alarms.
    Composite {
        /// The rule over their states.
        rule: String,
    },
    /// CloudWatch did not describe it completely: what is missing, by the name of its field.
    Incomplete(&'static str),
}

/// One metric against a fixed threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Metric, statistic and period.
    pub query: Query,
    /// How many of the newest periods are looked at.
    pub evaluation_periods: u32,
    /// How many of them must breach.
    pub datapoints_to_alarm: u32,
    /// The threshold, in the unit of the metric.
    pub threshold: f64,
    /// For example `GreaterThanThreshold`.
    pub comparison: String,
    /// `missing`, `notBreaching`, `breaching` or `ignore`.
    pub missing_data: String,
    /// `evaluate` or `ignore`: what a percentile over few samples counts for.
    pub low_samples: Option<String>,
}

impl Rule {
    /// Whether one datapoint breaches; nothing for a value that is no number or a comparison that is not known.
    #[must_use]
    pub fn breaches(&self, value: f64) -> Option<bool> {
        if !value.is_finite() {
            return None;
        }
        match self.comparison.as_str() {
            "GreaterThanThreshold" => Some(value > self.threshold),
            "GreaterThanOrEqualToThreshold" => Some(value >= self.threshold),
            "LessThanThreshold" => Some(value < self.threshold),
            "LessThanOrEqualToThreshold" => Some(value <= self.threshold),
            _ => None,
        }
    }
}

pub(super) fn watches(seen: &MetricAlarm) -> Watches {
    if seen.evaluation_criteria().is_some() {
        return Watches::PromQl;
    }
    if seen.threshold_metric_id().is_some() {
        return Watches::AnomalyBand;
    }
    let query = match seen.metrics() {
        [] => own(seen),
        // The form of an alarm on a metric of another account: one query and no expression.
        [one] if one.expression().is_none() => asked(one),
        _ => return Watches::Expression,
    };
    query
        .and_then(|query| rule(seen, query))
        .map_or_else(Watches::Incomplete, |rule| Watches::Metric(Box::new(rule)))
}

fn rule(seen: &MetricAlarm, query: Query) -> Result<Rule, &'static str> {
    let evaluation_periods = count(seen.evaluation_periods()).ok_or("EvaluationPeriods")?;
    Ok(Rule {
        query,
        evaluation_periods,
        // The default of the API.
        datapoints_to_alarm: count(seen.datapoints_to_alarm()).unwrap_or(evaluation_periods),
        threshold: seen.threshold().ok_or("Threshold")?,
        comparison: seen
            .comparison_operator()
            .ok_or("ComparisonOperator")?
            .as_str()
            .to_owned(),
        missing_data: seen.treat_missing_data().unwrap_or("missing").to_owned(),
        low_samples: seen.evaluate_low_sample_count_percentile().map(str::to_owned),
    })
}

fn count(number: Option<i32>) -> Option<u32> {
    u32::try_from(number?).ok().filter(|number| *number > 0)
}

/// The metric in the fields of the alarm itself.
fn own(seen: &MetricAlarm) -> Result<Query, &'static str> {
    let statistic = seen
        .extended_statistic()
        .or_else(|| seen.statistic().map(types::Statistic::as_str))
        .ok_or("Statistic")?;
    let metric = Metric {
        namespace: seen.namespace().ok_or("Namespace")?.to_owned(),
        name: seen.metric_name().ok_or("MetricName")?.to_owned(),
        dimensions: dimensions(seen.dimensions()),
        account: None,
    };
    Ok(Query {
        metric,
        statistic: statistic.to_owned(),
        period_seconds: count(seen.period()).ok_or("Period")?,
        unit: seen.unit().map(|unit| unit.as_str().to_owned()),
    })
}

/// The metric in a query of the alarm.
fn asked(query: &types::MetricDataQuery) -> Result<Query, &'static str> {
    let stat = query.metric_stat().ok_or("MetricStat")?;
    let metric = stat.metric().ok_or("Metric")?;
    Ok(Query {
        metric: Metric {
            namespace: metric.namespace().ok_or("Namespace")?.to_owned(),
            name: metric.metric_name().ok_or("MetricName")?.to_owned(),
            dimensions: dimensions(metric.dimensions()),
            account: query.account_id().map(str::to_owned),
        },
        statistic: stat.stat().ok_or("Stat")?.to_owned(),
        period_seconds: count(stat.period()).ok_or("Period")?,
        unit: stat.unit().map(|unit| unit.as_str().to_owned()),
    })
}

fn dimensions(seen: &[Dimension]) -> Vec<(String, String)> {
    seen.iter()
        .map(|one| {
            (
                one.name().unwrap_or_default().to_owned(),
                one.value().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}
