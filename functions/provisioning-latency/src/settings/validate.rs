//! Mistakes that show only when fields are seen together.

use std::collections::BTreeSet;

use day2_core::settings::{Checker, Validate};

use super::{Binding, DeclaredMetric, Part, Platform, ProvisioningLatencySettings, SizeOwner};

impl Validate for ProvisioningLatencySettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.nested("safety", &self.safety);
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "names no platform",
            "add one for each target",
        );
        let mut known = BTreeSet::new();
        at.field("targets", |at| {
            for (target, platform) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| {
                    at.node_group_named("node_group", Some(target), &platform.node_group);
                    platform_of(platform, at);
                    // Also across targets: an alarm that meant two platforms would mean neither.
                    at.each("alarms", &platform.alarms, |at, alarm| {
                        at.require(
                            known.insert(alarm.arn.as_str().to_owned()),
                            "arn",
                            &alarm.arn,
                            "is bound twice",
                            "bind each alarm to one target, once",
                        );
                    });
                });
            }
        });
    }
}

fn platform_of(platform: &Platform, at: &mut Checker<'_>) {
    at.require(
        !platform.alarms.is_empty(),
        "alarms",
        "[]",
        "binds no alarm",
        "add the ARN of the alarm on provisioning time",
    );
    at.each("alarms", &platform.alarms, binding);
    at.require(
        !platform.workspace_namespaces.is_empty(),
        "workspace_namespaces",
        "[]",
        "names no namespace",
        "name the namespaces that workspaces run in; without them nothing can be waiting",
    );
    let empty = platform.eks_node_group.as_deref().is_some_and(str::is_empty);
    at.require(
        !empty,
        "eks_node_group",
        "",
        "is empty",
        "write its name, or leave it out",
    );
    let contradicts = platform.eks_node_group.is_some()
        && !matches!(platform.size_owner, None | Some(SizeOwner::ManagedNodeGroup));
    at.require(
        !contradicts,
        "eks_node_group",
        platform.eks_node_group.as_deref().unwrap_or_default(),
        "is named, but size_owner says that EKS does not set the size",
        "keep one of the two",
    );
    at.field("provisioner", |at| {
        for (field, value) in [
            ("namespace", &platform.provisioner.namespace),
            ("deployment", &platform.provisioner.deployment),
        ] {
            at.require(
                !value.is_empty(),
                field,
                value,
                "is empty",
                "write its name in the cluster",
            );
        }
    });
    ranges(platform, at);
    quota(platform, at);
}

fn ranges(platform: &Platform, at: &mut Checker<'_>) {
    let mut within = |group: Option<&str>, field: &str, value: u32, least: u32, most: u32| {
        let check = |at: &mut Checker<'_>| at.within(field, value, least, most);
        match group {
            Some(group) => at.field(group, check),
            None => check(at),
        }
    };
    let limits = &platform.limits;
    within(None, "lease_minutes", platform.lease_minutes, 15, 1_440);
    within(None, "addresses_per_node", platform.addresses_per_node, 1, 1_000);
    within(None, "min_samples", platform.min_samples, 1, 100_000);
    within(
        None,
        "workspaces_per_node",
        platform.workspaces_per_node.unwrap_or(1),
        1,
        1_000,
    );
    within(Some("step"), "max_nodes", platform.step.max_nodes, 1, 200);
    within(Some("limits"), "pending_minutes", limits.pending_minutes, 1, 120);
    within(
        Some("limits"),
        "launches_minutes",
        limits.launches_minutes,
        5,
        1_440,
    );
    within(
        Some("limits"),
        "scale_down_minutes",
        limits.scale_down_minutes,
        5,
        720,
    );
    within(
        Some("limits"),
        "api_latency_ms",
        limits.api_latency_ms,
        100,
        30_000,
    );
    at.field("step", |at| {
        at.require(
            platform.step.share() > 0.0,
            "percent",
            platform.step.share(),
            "would never raise anything",
            "write more than 0; mode `observe` keeps the function from acting",
        );
    });
}

fn quota(platform: &Platform, at: &mut Checker<'_>) {
    let word = Part::Quota.word();
    let left_out = platform.not_checked.contains(&Part::Quota);
    at.require(
        platform.quota.is_some() || left_out,
        "not_checked",
        word,
        "is neither declared nor left out in writing",
        format!("declare it, or add \"{word}\" to not_checked"),
    );
    at.require(
        platform.quota.is_none() || !left_out,
        "not_checked",
        word,
        "is declared and left out at once",
        "keep one of the two",
    );
    if let Some(quota) = &platform.quota {
        at.field("quota", |at| {
            at.require(
                quota.vcpus_per_node > 0,
                "vcpus_per_node",
                quota.vcpus_per_node,
                "would compare the quota with nothing",
                "write the vCPUs of the group's instance type",
            );
            at.require(
                !quota.code.is_empty() && !quota.service.is_empty(),
                "code",
                &quota.code,
                "names no quota",
                "write service and code as Service Quotas shows them",
            );
        });
    }
}

fn binding(at: &mut Checker<'_>, binding: &Binding) {
    at.alarm_of_others("arn", &binding.arn);
    if let Some(metric) = &binding.metric {
        at.field("metric", |at| declared(at, metric));
    }
}

fn declared(at: &mut Checker<'_>, metric: &DeclaredMetric) {
    for (field, value) in [
        ("namespace", &metric.namespace),
        ("name", &metric.name),
        ("statistic", &metric.statistic),
    ] {
        at.require(
            !value.is_empty(),
            field,
            value,
            "is empty",
            "write it as CloudWatch shows it",
        );
    }
    at.require(
        metric.threshold.is_finite(),
        "threshold",
        metric.threshold,
        "is no number",
        "write the limit in the metric's unit",
    );
    let period = metric.period_seconds;
    at.require(
        period > 0 && (period.is_multiple_of(60) || matches!(period, 10 | 20 | 30)),
        "period_seconds",
        period,
        "is no period of CloudWatch",
        "write 10, 20, 30, or a multiple of 60",
    );
    at.require(
        (1..=metric.evaluation_periods).contains(&metric.datapoints_to_alarm),
        "datapoints_to_alarm",
        metric.datapoints_to_alarm,
        format!(
            "is not within 1 and {} evaluation_periods",
            metric.evaluation_periods
        ),
        "write how many of the evaluation_periods must breach",
    );
    // What is looked at must lie in the hour that is read.
    at.require(
        period.saturating_mul(metric.evaluation_periods) <= 3_600,
        "evaluation_periods",
        metric.evaluation_periods,
        "reach back further than an hour",
        "shorten period_seconds or evaluation_periods",
    );
}
