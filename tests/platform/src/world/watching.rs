//! Alarms, and the metrics that AWS services send by themselves, kept fresh while the world lives.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, MetricDatum, StandardUnit, StateValue, Statistic,
};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::alarms::{
    ALARMS, COMPOSITE, COMPOSITE_RULE, CONNECTIONS, PROVISIONING, PROVISIONING_DIMENSION,
    PROVISIONING_METRIC, PROVISIONING_NAMESPACE, PROVISIONING_SECONDS, connections_alarm,
};
use super::database::{READER, WRITER};
use super::network::Gateways;
use super::plan::TARGET;
use super::readings::{CLAIM_CAPACITY, Readings, Size, series};
use super::workloads::{CLAIM, CONTROL_NAMESPACE};
use crate::aws::control::{Control, Metric, Point};

/// How far back the metrics reach when the world begins: a change is taken back only by the use of the last hour.
const HISTORY_MINUTES: i64 = 70;
/// How often new datapoints come.
const BEAT: Duration = Duration::from_mins(1);
const DATABASE_METRIC: &str = "VolumeBytesUsed";
/// Namespace of what the CloudWatch agent tells of volumes.
const VOLUME_NAMESPACE: &str = "ContainerInsights";
const CLAIM_METRIC: &str = "kubelet_volume_stats_used_bytes";
/// How many workspaces are provisioned in a minute, the quick, the ordinary and the slow ones. The slow ones are more
/// than 5 of 100, so that the 95th percentile is theirs.
const PROVISIONED_A_MINUTE: [f64; 3] = [40.0, 12.0, 8.0];

/// Makes all alarms; each that no metric moves is OK.
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
            .treat_missing_data("ignore")
            .send()
            .await
            .with_context(|| format!("create the alarm {}", alarm.name))?;
    }
    make_provisioning_alarm(cloudwatch).await?;
    for instance in [WRITER, READER] {
        make_connections_alarm(cloudwatch, instance).await?;
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

async fn make_provisioning_alarm(cloudwatch: &Client) -> Result<()> {
    let (dimension, value) = PROVISIONING_DIMENSION;
    cloudwatch
        .put_metric_alarm()
        .alarm_name(PROVISIONING)
        .alarm_description("95 of 100 workspaces are provisioned within two minutes")
        .namespace(PROVISIONING_NAMESPACE)
        .metric_name(PROVISIONING_METRIC)
        .dimensions(Dimension::builder().name(dimension).value(value).build())
        .extended_statistic("p95")
        .period(60)
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .threshold(f64::from(PROVISIONING_SECONDS))
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .treat_missing_data("missing")
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the alarm {PROVISIONING}"))
}

async fn make_connections_alarm(cloudwatch: &Client, instance: &str) -> Result<()> {
    let name = connections_alarm(instance);
    let dimension = Dimension::builder()
        .name("DBInstanceIdentifier")
        .value(instance)
        .build();
    cloudwatch
        .put_metric_alarm()
        .alarm_name(&name)
        .alarm_description("Connections above four fifths of what the instance takes")
        .namespace("AWS/RDS")
        .metric_name("DatabaseConnections")
        .dimensions(dimension)
        .statistic(Statistic::Maximum)
        .period(60)
        .evaluation_periods(3)
        .threshold(f64::from(CONNECTIONS))
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .treat_missing_data("missing")
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the alarm {name}"))
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

/// What sends the metrics: where to, and what is living and measured at present.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub control: Control,
    pub cloudwatch: Client,
    pub gateways: Gateways,
    pub readings: Readings,
    /// Held while datapoints are sent, so that none of an older reading comes after a past that was told anew.
    pub turn: Arc<tokio::sync::Mutex<()>>,
}

impl Sender {
    /// Sends the last [`HISTORY_MINUTES`] of every metric.
    pub(super) async fn send_history(&self, now: Timestamp) -> Result<()> {
        self.send_services(now, HISTORY_MINUTES).await?;
        self.send_provisioning(now, HISTORY_MINUTES).await
    }

    /// Sends a datapoint per metric and minute until it is aborted.
    pub(super) fn keep_sending(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                // An emulator that is gone ends the world anyway; what a check then misses, it says.
                let _turn = self.turn.lock().await;
                let now = crate::clock::now();
                let _ = self.send_services(now, 2).await;
                let _ = self.send_provisioning(now, 1).await;
            }
        })
    }

    /// Tells the past of an instance's connections anew, from its readings.
    pub(super) async fn retell_connections(&self, instance: &str, now: Timestamp) -> Result<()> {
        let _turn = self.turn.lock().await;
        let of_instance = BTreeMap::from([("DBInstanceIdentifier".to_owned(), instance.to_owned())]);
        self.control
            .forget_metric("AWS/RDS", "DatabaseConnections", &of_instance)
            .await?;
        let metric = self.connections(instance, &minutes(now, HISTORY_MINUTES));
        self.control.emit_metric(&metric).await
    }

    /// Tells the past of the sizes anew, from their readings.
    pub(super) async fn retell_sizes(&self, now: Timestamp) -> Result<()> {
        let _turn = self.turn.lock().await;
        let of_database = BTreeMap::from([("DBClusterIdentifier".to_owned(), TARGET.to_owned())]);
        self.control
            .forget_metric("AWS/RDS", DATABASE_METRIC, &of_database)
            .await?;
        self.control
            .forget_metric(VOLUME_NAMESPACE, CLAIM_METRIC, &claim_dimensions())
            .await?;
        for metric in self.sizes(&minutes(now, HISTORY_MINUTES)) {
            self.control.emit_metric(&metric).await?;
        }
        Ok(())
    }

    /// Tells the past of the provisioning anew, from its reading.
    pub(super) async fn retell_provisioning(&self, now: Timestamp) -> Result<()> {
        let _turn = self.turn.lock().await;
        let (dimension, value) = PROVISIONING_DIMENSION;
        let dimensions = BTreeMap::from([(dimension.to_owned(), value.to_owned())]);
        self.control
            .forget_metric(PROVISIONING_NAMESPACE, PROVISIONING_METRIC, &dimensions)
            .await?;
        self.send_provisioning(now, HISTORY_MINUTES).await
    }

    async fn send_services(&self, now: Timestamp, count: i64) -> Result<()> {
        let at = minutes(now, count);
        let lag = series(&at, 14.0, 1.5);
        let mut metrics = vec![
            self.connections(WRITER, &at),
            self.connections(READER, &at),
            metric(
                "AWS/RDS",
                "AuroraReplicaLag",
                ("DBInstanceIdentifier", READER),
                "Milliseconds",
                lag,
            ),
        ];
        metrics.extend([WRITER, READER].map(|instance| {
            // Well below the maximum, so that a raised one can go back.
            let used = series(&at, 6.5, 0.5);
            let of = ("DBInstanceIdentifier", instance);
            metric("AWS/RDS", "ServerlessDatabaseCapacity", of, "None", used)
        }));
        let living: Vec<String> = self
            .gateways
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        metrics.extend(self.sizes(&at));
        metrics.extend(living.iter().map(|gateway| {
            let none = series(&at, 0.0, 0.0);
            metric(
                "AWS/NATGateway",
                "ErrorPortAllocation",
                ("NatGatewayId", gateway),
                "Count",
                none,
            )
        }));
        for one in &metrics {
            self.control
                .emit_metric(one)
                .await
                .with_context(|| format!("send {}", one.name))?;
        }
        Ok(())
    }

    fn connections(&self, instance: &str, at: &[Timestamp]) -> Metric {
        let points = self.readings.connections(instance, at);
        metric(
            "AWS/RDS",
            "DatabaseConnections",
            ("DBInstanceIdentifier", instance),
            "Count",
            points,
        )
    }

    /// The volume of the database, and the claim's as the CloudWatch agent puts it from the kubelet.
    fn sizes(&self, at: &[Timestamp]) -> [Metric; 3] {
        let points = |bytes: f64| series(at, bytes, 0.0);
        let of_claim = |name: &str, bytes: f64| Metric {
            namespace: VOLUME_NAMESPACE.to_owned(),
            name: name.to_owned(),
            dimensions: claim_dimensions(),
            unit: "Bytes".to_owned(),
            points: points(bytes),
        };
        [
            metric(
                "AWS/RDS",
                DATABASE_METRIC,
                ("DBClusterIdentifier", TARGET),
                "Bytes",
                points(self.readings.size(Size::Database)),
            ),
            of_claim(CLAIM_METRIC, self.readings.size(Size::Claim)),
            of_claim("kubelet_volume_stats_capacity_bytes", CLAIM_CAPACITY),
        ]
    }

    /// Every minute as many workspaces as make a percentile mean something, 95 of 100 of them within the reading.
    async fn send_provisioning(&self, now: Timestamp, count: i64) -> Result<()> {
        let seconds = self.readings.provisioning_p95();
        let (dimension, value) = PROVISIONING_DIMENSION;
        let dimension = Dimension::builder().name(dimension).value(value).build();
        let datum = |at: &Timestamp| {
            MetricDatum::builder()
                .metric_name(PROVISIONING_METRIC)
                .dimensions(dimension.clone())
                .timestamp(DateTime::from_secs(at.as_second()))
                .unit(StandardUnit::Seconds)
                .set_values(Some(vec![seconds * 0.4, seconds * 0.7, seconds]))
                .set_counts(Some(PROVISIONED_A_MINUTE.to_vec()))
                .build()
        };
        self.cloudwatch
            .put_metric_data()
            .namespace(PROVISIONING_NAMESPACE)
            .set_metric_data(Some(minutes(now, count).iter().map(datum).collect()))
            .send()
            .await
            .map(drop)
            .with_context(|| format!("send {PROVISIONING_METRIC}"))
    }
}

fn claim_dimensions() -> BTreeMap<String, String> {
    let of = [
        ("ClusterName", TARGET),
        ("namespace", CONTROL_NAMESPACE),
        ("persistentvolumeclaim", CLAIM),
    ];
    of.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The begins of the last minutes, the newest first.
fn minutes(now: Timestamp, count: i64) -> Vec<Timestamp> {
    let newest = now.as_second().div_euclid(60) * 60;
    (0..count)
        .filter_map(|ago| Timestamp::from_second(newest - ago * 60).ok())
        .collect()
}

fn metric(namespace: &str, name: &str, dimension: (&str, &str), unit: &str, points: Vec<Point>) -> Metric {
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::from([(dimension.0.to_owned(), dimension.1.to_owned())]),
        unit: unit.to_owned(),
        points,
    }
}
