//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::{Group, HealthCheckSettings, Plan, aws, certificates as of_certificates};

impl Validate for HealthCheckSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "plans nothing",
            "add a plan for each target",
        );
        at.field("targets", |at| {
            for (target, plan) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| plan_of(plan, at));
            }
        });
    }
}

fn plan_of(plan: &Plan, at: &mut Checker<'_>) {
    let mut groups = Group::OF_THE_CLUSTER.iter().chain(&Group::OF_AWS);
    at.require(
        groups.any(|group| plan.looks_at(*group)),
        "not_checked",
        "every group",
        "leaves nothing to look at",
        "keep at least one group",
    );
    at.unique(
        "not_checked",
        "",
        "group",
        plan.not_checked.iter().map(|group| group.word()),
    );
    at.unique(
        "installed",
        "",
        "component",
        plan.installed.iter().map(|component| component.word()),
    );
    let (nodes, pods, certificates) = (&plan.nodes, &plan.workloads, &plan.certificates);
    for (part, field, value, most) in [
        ("nodes", "join_minutes", nodes.join_minutes, DAY),
        ("workloads", "grace_minutes", pods.grace_minutes, DAY),
        ("workloads", "hpa_minutes", pods.hpa_minutes, 30 * DAY),
        ("workloads", "cron_job_minutes", pods.cron_job_minutes, 7 * DAY),
        ("storage", "pending_minutes", plan.storage.pending_minutes, DAY),
        ("storage", "attach_minutes", plan.storage.attach_minutes, DAY),
    ] {
        at.field(part, |at| {
            at.require(
                value <= most,
                field,
                value,
                format!("is more than {most}"),
                "write a number from 0, which grants no time, or leave it out for the default",
            );
        });
    }
    for (part, field, value, most) in [
        ("cluster", "max_latency_ms", plan.cluster.max_latency_ms, 30_000),
        ("nodes", "cordon_minutes", nodes.cordon_minutes, 30 * DAY),
        ("nodes", "register_minutes", nodes.register_minutes, DAY),
        ("nodes", "requests_percent", nodes.requests_percent, 100),
        ("nodes", "pool_percent", nodes.pool_percent, 100),
        ("workloads", "terminating_minutes", pods.terminating_minutes, DAY),
        ("workloads", "window_hours", pods.window_hours, 24 * 14),
        ("quotas", "used_percent", plan.quotas.used_percent, 100),
        ("certificates", "min_days", certificates.min_days, 365),
        (
            "certificates",
            "renewal_hours",
            certificates.renewal_hours,
            24 * 90,
        ),
        (
            "certificates",
            "issuing_minutes",
            certificates.issuing_minutes,
            DAY,
        ),
        ("changes", "minutes", plan.changes.minutes, DAY),
    ] {
        at.field(part, |at| {
            at.require(
                (1..=most).contains(&value),
                field,
                value,
                format!("is not within 1 and {most}"),
                "write a number within these, or leave it out for the default",
            );
        });
    }
    at.field("certificates", |at| {
        of_certificates::validate(certificates, plan.looks_at(Group::Certificates), at);
    });
    aws::validate(plan, at);
}

/// Minutes of a day.
const DAY: u32 = 1440;
