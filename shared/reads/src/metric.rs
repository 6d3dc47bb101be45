//! Metrics as CloudWatch names them: what an alarm watches and what a read of datapoints asks for. Calls nothing.

use jiff::Timestamp;

/// One metric: CloudWatch keeps a metric of its own for each set of dimensions, so that all of them must be named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Namespace, for example `AWS/RDS`.
    pub namespace: String,
    /// Metric name.
    pub name: String,
    /// Dimensions, name and value.
    pub dimensions: Vec<(String, String)>,
    /// Account it belongs to, where that is another one (cross-account observability).
    pub account: Option<String>,
}

impl Metric {
    /// A metric of this account without dimensions.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            dimensions: Vec::new(),
            account: None,
        }
    }

    /// The same with one more dimension.
    #[must_use]
    pub fn with(mut self, dimension: impl Into<String>, value: impl Into<String>) -> Self {
        self.dimensions.push((dimension.into(), value.into()));
        self
    }
}

/// One metric under one statistic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The metric.
    pub metric: Metric,
    /// `Average`, `Maximum`, `Sum`, `SampleCount`, or an extended one such as `p95`. `GetMetricData` takes both in the same
    /// field; only the older `GetMetricStatistics` tells them apart.
    pub statistic: String,
    /// Period in seconds.
    pub period_seconds: u32,
    /// Unit; only datapoints that were put with it are counted. Without one, all are.
    pub unit: Option<String>,
}

impl Query {
    /// The metric under a statistic, in any unit.
    #[must_use]
    pub fn new(metric: Metric, statistic: impl Into<String>, period_seconds: u32) -> Self {
        Self {
            metric,
            statistic: statistic.into(),
            period_seconds,
            unit: None,
        }
    }

    /// The same metric and period under another statistic, for example `SampleCount` beside `p95`.
    #[must_use]
    pub fn under(&self, statistic: impl Into<String>) -> Self {
        Self {
            statistic: statistic.into(),
            ..self.clone()
        }
    }
}

/// From when to when datapoints are read. A datapoint carries the *begin* of its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Begin.
    pub from: Timestamp,
    /// End, not included.
    pub to: Timestamp,
}

/// Datapoints, oldest first, as CloudWatch gave them: may be empty, hold NaN or lie in the future.
pub type Points = Vec<(Timestamp, f64)>;

/// Datapoints of one metric for one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The resource, for example an instance id.
    pub resource: String,
    /// Its datapoints.
    pub points: Points,
}
