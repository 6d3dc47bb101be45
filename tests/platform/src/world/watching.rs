//! Alarms, and the metrics that AWS services send by themselves, kept fresh while the world lives.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue, Statistic};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use super::alarms::{ALARMS, COMPOSITE, COMPOSITE_RULE};
use super::database::{READER, WRITER};
use super::network::Gateways;
use crate::aws::control::{Control, Metric, Point};

/// How far back the metrics reach when the world begins.
const HISTORY_MINUTES: i64 = 20;
/// How often new datapoints come.
const BEAT: Duration = Duration::from_mins(1);

/// Makes all alarms; each is OK.
pub(super) async fn make_alarms(cloudwatch: &Client) -> Result<()> {
    for alarm in ALARMS {
        cloudwatch
            .put_metric_alarm()
            .alarm_name(alarm.name)
            .namespace(alarm.namespace)
            .metric_name(alarm.metric)
            .statistic(Statistic::Maximum)
            .period(60)
            .evaluation_periods(3)
            .threshold(f64::from(alarm.threshold))
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .send()
            .await
            .with_context(|| format!("create the alarm {}", alarm.name))?;
    }
    cloudwatch
        .put_composite_alarm()
        .alarm_name(COMPOSITE)
        .alarm_rule(COMPOSITE_RULE)
        .send()
        .await
        .with_context(|| format!("create the alarm {COMPOSITE}"))?;
    for name in ALARMS.iter().map(|alarm| alarm.name).chain([COMPOSITE]) {
        set_alarm(
            cloudwatch,
            name,
            StateValue::Ok,
            "all datapoints are below the threshold",
        )
        .await?;
    }
    Ok(())
}

/// Sets the state of an alarm.
pub(super) async fn set_alarm(
    cloudwatch: &Client,
    name: &str,
    state: StateValue,
    reason: &str,
) -> Result<()> {
    cloudwatch
        .set_alarm_state()
        .alarm_name(name)
        .state_value(state)
        .state_reason(reason)
        .send()
        .await
        .map(drop)
        .with_context(|| format!("set the state of the alarm {name}"))
}

/// Sends the last [`HISTORY_MINUTES`] of every metric.
pub(super) async fn send_history(control: &Control, gateways: &Gateways, now: Timestamp) -> Result<()> {
    send(control, gateways, now, HISTORY_MINUTES).await
}

/// Sends a datapoint per metric and minute until it is aborted.
pub(super) fn keep_sending(control: Control, gateways: Gateways) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(BEAT).await;
            // An emulator that is gone ends the world anyway; what a check then misses, it says.
            let _ = send(&control, &gateways, crate::clock::now(), 2).await;
        }
    })
}

async fn send(control: &Control, gateways: &Gateways, now: Timestamp, minutes: i64) -> Result<()> {
    let newest = now.as_second().div_euclid(60) * 60;
    let at: Vec<Timestamp> = (0..minutes)
        .filter_map(|ago| {
            Timestamp::from_second(newest)
                .ok()?
                .checked_sub(SignedDuration::from_mins(ago))
                .ok()
        })
        .collect();
    let series = |value: f64, wobble: f64| -> Vec<Point> {
        at.iter()
            .map(|timestamp| {
                let minute = u32::try_from(timestamp.as_second().div_euclid(60).rem_euclid(7)).unwrap_or(0);
                Point {
                    timestamp: *timestamp,
                    value: value + wobble * f64::from(minute),
                }
            })
            .collect()
    };
    let of = |namespace: &str, name: &str, dimension: &str, resource: &str, unit: &str, points| Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::from([(dimension.to_owned(), resource.to_owned())]),
        unit: unit.to_owned(),
        points,
    };
    let database =
        |name, instance, unit, points| of("AWS/RDS", name, "DBInstanceIdentifier", instance, unit, points);
    let mut metrics = vec![
        database("DatabaseConnections", WRITER, "Count", series(212.0, 9.0)),
        database("DatabaseConnections", READER, "Count", series(87.0, 4.0)),
        database("AuroraReplicaLag", READER, "Milliseconds", series(14.0, 1.5)),
    ];
    let living: Vec<String> = gateways
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .values()
        .cloned()
        .collect();
    metrics.extend(living.iter().map(|gateway| {
        of(
            "AWS/NATGateway",
            "ErrorPortAllocation",
            "NatGatewayId",
            gateway,
            "Count",
            series(0.0, 0.0),
        )
    }));
    for metric in &metrics {
        control
            .emit_metric(metric)
            .await
            .with_context(|| format!("send {}", metric.name))?;
    }
    Ok(())
}
