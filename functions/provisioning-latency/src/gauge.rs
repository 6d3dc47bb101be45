//! Which metric an alarm is judged by again: the one of its own definition, or the declared one where it has none.

use day2_core::alarm_now::{Comparison, MissingData, Rule};
use day2_reads::alarms::{Alarm, Watches};
use day2_reads::metric::{Metric, Query};

use crate::settings::{Binding, DeclaredMetric};

/// A metric and the rule it is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Metric, statistic and period. An extended statistic such as `p95` is asked for by the same field.
    pub query: Query,
    /// What is compared with what.
    pub rule: Rule,
}

impl Gauge {
    /// The metric of this alarm; nothing for a composite, metric-math or anomaly alarm without a declared one, which
    /// cannot be judged again.
    #[must_use]
    pub fn of(binding: &Binding, alarm: &Alarm) -> Option<Self> {
        match &alarm.watches {
            Watches::Metric(rule) => Some(Self {
                query: rule.query.clone(),
                rule: Rule {
                    comparison: Comparison::named(&rule.comparison)?,
                    threshold: rule.threshold,
                    period_seconds: rule.query.period_seconds,
                    evaluation_periods: rule.evaluation_periods,
                    datapoints_to_alarm: rule.datapoints_to_alarm,
                    missing: MissingData::named(Some(&rule.missing_data)),
                },
            }),
            // An alarm that was described only in part is not judged by something else.
            Watches::Incomplete(_) => None,
            _ => binding.metric.as_ref().map(Self::declared),
        }
    }

    fn declared(metric: &DeclaredMetric) -> Self {
        let mut named = Metric::new(metric.namespace.as_str(), metric.name.as_str());
        for (name, value) in metric.dimensions.iter() {
            named = named.with(name.as_str(), value.as_str());
        }
        Self {
            query: Query::new(named, metric.statistic.as_str(), metric.period_seconds),
            rule: Rule {
                comparison: Comparison::Above,
                threshold: metric.threshold,
                period_seconds: metric.period_seconds,
                evaluation_periods: metric.evaluation_periods,
                datapoints_to_alarm: metric.datapoints_to_alarm,
                missing: MissingData::Missing,
            },
        }
    }
}
