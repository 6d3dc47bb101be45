//! The alarm that called, and its own metric.

use aws_sdk_cloudwatch::Client;
use day2_core::alarm_now::Datapoint;
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::alarms::{Rule, Watches};
use day2_reads::metric::Window;
use day2_reads::times::Times;
use day2_reads::{alarms, metrics};
use jiff::SignedDuration;

use crate::facts::AlarmFacts;

/// Reads the alarm of this ARN, if one called.
pub(super) async fn alarm(client: &Client, arn: Option<&str>, times: &Times) -> Option<AlarmFacts> {
    let arn = arn?;
    // The ARN of the event names an alarm of the settings; the runner asked for that.
    let name = arn.split_once(":alarm:").map_or(arn, |(_, name)| name).to_owned();
    let found = alarms::by_names(client, times, std::slice::from_ref(&name)).await;
    let alarm = found.into_iter().next().map_or_else(
        || {
            Err(Unreadable::new(
                "cloudwatch:DescribeAlarms",
                &name,
                Cause::NotFound,
                "no answer for this alarm",
            ))
        },
        |(_, alarm)| alarm,
    );
    let points = match &alarm {
        Ok(alarm) => match &alarm.watches {
            Watches::Metric(rule) => metric(client, rule, times).await,
            _ => Ok(Vec::new()),
        },
        Err(why) => Err(why.clone()),
    };
    Some(AlarmFacts {
        arn: arn.to_owned(),
        name,
        alarm,
        points,
    })
}

/// The metric under the alarm's own statistic and period, far enough back for late datapoints.
async fn metric(client: &Client, rule: &Rule, times: &Times) -> Observed<Vec<Datapoint>> {
    let periods = i64::from(rule.evaluation_periods).saturating_add(3);
    let back = SignedDuration::from_secs(periods.saturating_mul(i64::from(rule.query.period_seconds)))
        .saturating_add(SignedDuration::from_mins(10));
    let window = Window {
        from: times.now.saturating_sub(back).unwrap_or(times.now),
        to: times.now,
    };
    let read = metrics::read(client, times, window, std::slice::from_ref(&rule.query)).await?;
    let points = read.into_iter().next().unwrap_or_default();
    Ok(points
        .into_iter()
        .map(|(at, value)| Datapoint {
            at,
            value,
            samples: None,
        })
        .collect())
}
