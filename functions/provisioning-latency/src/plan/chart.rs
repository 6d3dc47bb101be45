//! The two figures: how slow it was in the last hour, and where nodes are on their way.

use std::collections::BTreeSet;

use day2_core::Observed;
use day2_core::chart::{Bars, Chart, Loss, Stage, Waterfall};
use day2_kube::objects::Node;
use day2_reads::scaling_groups::Group;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::group::alive;
use crate::facts::AlarmFacts;
use crate::gauge::Gauge;
use crate::settings::Platform;

/// The metric of each alarm over the last hour, by the clock of the deployment; nothing where there are no datapoints.
pub(crate) fn latency(
    alarms: &[AlarmFacts],
    platform: &Platform,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<Chart> {
    alarms
        .iter()
        .filter_map(|facts| {
            let alarm = facts.alarm.as_ref().ok()?;
            let binding = platform
                .alarms
                .iter()
                .find(|binding| binding.arn.as_str() == facts.arn)?;
            let gauge = Gauge::of(binding, alarm)?;
            let points = facts.points.as_ref()?.as_ref().ok()?;
            let bars: Vec<(String, f64)> = points
                .iter()
                .filter(|point| point.value.is_finite() && point.at <= now)
                .map(|point| {
                    let at = point.at.to_zoned(zone.clone());
                    (at.strftime("%H:%M").to_string(), point.value)
                })
                .collect();
            (!bars.is_empty()).then(|| {
                Chart::Bars(Bars {
                    title: format!(
                        "{} of {} in the last hour, alarm {} {}",
                        gauge.query.statistic,
                        gauge.query.metric.name,
                        gauge.rule.comparison.words(),
                        gauge.rule.threshold
                    ),
                    unit: gauge.query.metric.name.clone(),
                    bars,
                })
            })
        })
        .collect()
}

/// Requested → launched → joined → Ready. A stage that could not be read is a gap, never a zero.
pub(crate) fn nodes(group: &Observed<Group>, nodes: &Observed<Vec<Node>>) -> Chart {
    let group = group.as_ref().ok();
    let requested = group.map(|group| group.desired.unsigned_abs());
    let launched = group.map(|group| alive(group).unsigned_abs());
    let joined: Option<Vec<&Node>> = group.zip(nodes.as_ref().ok()).map(|(group, nodes)| {
        let members: BTreeSet<&str> = group
            .instances
            .iter()
            .filter(|one| !one.lifecycle_state.starts_with("Terminat"))
            .map(|one| one.id.as_str())
            .collect();
        nodes
            .iter()
            .filter(|node| node.instance_id().is_some_and(|id| members.contains(id)))
            .collect()
    });
    let ready = joined
        .as_ref()
        .map(|joined| joined.iter().filter(|node| node.readiness().is_ready()).count() as u64);
    let joined = joined.map(|joined| joined.len() as u64);
    let stage = |label: &str, count: Option<u64>, before: Option<u64>, reason: &str| {
        let lost = before
            .zip(count)
            .map_or(0, |(before, count)| before.saturating_sub(count));
        Stage {
            label: label.to_owned(),
            count,
            losses: if lost == 0 {
                Vec::new()
            } else {
                vec![Loss {
                    count: lost,
                    reason: reason.to_owned(),
                }]
            },
        }
    };
    Chart::Waterfall(Waterfall {
        title: "Nodes of the group on their way".to_owned(),
        unit: "nodes".to_owned(),
        stages: vec![
            stage("requested", requested, None, ""),
            stage("launched", launched, requested, "not launched yet, see PRV-009"),
            stage("joined", joined, launched, "no Node object has the instance's id"),
            stage("Ready", ready, joined, "joined and not Ready, see PRV-007"),
        ],
    })
}
