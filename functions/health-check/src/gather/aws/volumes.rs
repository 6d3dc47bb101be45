//! Usage of volumes, as an agent puts it into CloudWatch.

use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::metric::{Metric, Points, Query, Window};
use day2_reads::times::Times;
use day2_reads::{metric_names, metrics};

use super::{AwsClients, undeclared};
use crate::facts::volumes::Volume;
use crate::settings::Group;
use crate::settings::volumes::VolumePolicy;

/// How far back growth is measured, in minutes.
const DAY: u32 = 24 * 60;
/// Period of the datapoints, in seconds.
const HOUR: u32 = 3600;

pub(super) async fn read(
    clients: &AwsClients,
    target: &Target,
    policy: &VolumePolicy,
    times: &Times,
) -> Observed<Vec<Volume>> {
    let cluster = target
        .cluster
        .as_ref()
        .ok_or_else(|| undeclared("cluster", Group::Volumes))?;
    let client = &clients.cloudwatch;
    let of_cluster = [(policy.cluster_dimension.clone(), cluster.name.as_str().to_owned())];
    let found = metric_names::active(
        client,
        times,
        &policy.metric_namespace,
        &policy.used_metric,
        &of_cluster,
    )
    .await?;
    let mut volumes: Vec<(String, String, Metric)> = Vec::with_capacity(found.len());
    for metric in found {
        let (namespace, claim) = claim(&metric, policy)?;
        volumes.push((namespace, claim, metric));
    }
    let queries: Vec<Query> = volumes
        .iter()
        .flat_map(|(_, _, used)| {
            let capacity = Metric {
                name: policy.capacity_metric.clone(),
                ..used.clone()
            };
            // A pod may have moved between nodes within the hour, so that the largest value is the volume's.
            [used.clone(), capacity].map(|metric| Query::new(metric, "Maximum", HOUR))
        })
        .collect();
    let window = Window {
        from: times.ago(DAY),
        to: times.now,
    };
    let points = metrics::read(client, times, window, &queries).await?;
    let mut points = points.into_iter();
    let mut merged: Vec<Volume> = Vec::new();
    for (namespace, claim, _) in volumes {
        let (used, capacity) = (
            points.next().unwrap_or_default(),
            points.next().unwrap_or_default(),
        );
        merge(&mut merged, namespace, claim, used, capacity);
    }
    Ok(merged)
}

/// Namespace and name of the claim that a metric is about.
///
/// # Errors
///
/// When it carries no such dimension: the settings name others than the agent does.
fn claim(metric: &Metric, policy: &VolumePolicy) -> Observed<(String, String)> {
    let value = |wanted: &str| {
        metric
            .dimensions
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.clone())
            .ok_or_else(|| {
                let carried: Vec<&str> = metric.dimensions.iter().map(|(name, _)| name.as_str()).collect();
                let detail = format!("has no dimension `{wanted}`, but {}", carried.join(", "));
                Unreadable::new("cloudwatch:ListMetrics", &metric.name, Cause::NotFound, detail)
            })
    };
    Ok((
        value(&policy.namespace_dimension)?,
        value(&policy.claim_dimension)?,
    ))
}

/// One claim may have several metrics, one for each node or pod that it was mounted in: they are one volume.
fn merge(all: &mut Vec<Volume>, namespace: String, claim: String, used: Points, capacity: Points) {
    let same = |one: &&mut Volume| one.namespace == namespace && one.claim == claim;
    if let Some(known) = all.iter_mut().find(same) {
        known.used = larger(std::mem::take(&mut known.used), used);
        known.capacity = larger(std::mem::take(&mut known.capacity), capacity);
    } else {
        all.push(Volume {
            namespace,
            claim,
            used,
            capacity,
        });
    }
}

/// Points of both, the larger where both have one, oldest first.
fn larger(mut a: Points, b: Points) -> Points {
    a.extend(b);
    a.sort_by(|(at, value), (other, rival)| at.cmp(other).then(rival.total_cmp(value)));
    a.dedup_by_key(|(at, _)| *at);
    a
}
