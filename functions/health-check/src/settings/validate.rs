//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::{Group, HealthCheckSettings, Plan, aws};

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
    aws::validate(plan, at);
    at.field("cluster", |at| {
        let limit = plan.cluster.max_latency_ms;
        at.require(
            (1..=30_000).contains(&limit),
            "max_latency_ms",
            limit,
            "is not within 1 and 30000",
            "write a limit a user would accept",
        );
    });
}
