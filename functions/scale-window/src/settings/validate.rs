//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::{Limits, Part, Plan, ScaleWindowSettings};

impl Validate for ScaleWindowSettings {
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
                at.field(target, |at| plan_of(target, plan, at));
            }
        });
    }
}

fn plan_of(target: &str, plan: &Plan, at: &mut Checker<'_>) {
    at.field("control", |at| {
        at.require(
            !plan.control.groups.is_empty(),
            "groups",
            "[]",
            "names no control nodes",
            "add the control node group",
        );
        at.each("groups", &plan.control.groups, |at, group| {
            at.node_group_named("node_group", Some(target), &group.node_group);
            at.require(
                group.min_ready > 0,
                "min_ready",
                group.min_ready,
                "would pass without any node",
                "write at least 1",
            );
        });
    });
    groups(target, plan, at);
    needs(plan, at);
    limits(plan, at);
    left_out(plan, at);
}

fn groups(target: &str, plan: &Plan, at: &mut Checker<'_>) {
    at.require(
        !plan.groups.is_empty(),
        "groups",
        "[]",
        "names no group that scales",
        "add the groups of the window",
    );
    at.unique(
        "groups",
        "node_group",
        "group",
        plan.groups.iter().map(|group| &group.node_group),
    );
    at.each("groups", &plan.groups, |at, group| {
        at.node_group_named("node_group", Some(target), &group.node_group);
        for (field, value) in [
            ("before", group.before),
            ("peak", group.peak),
            ("after", group.after),
        ] {
            let fine = (group.min..=group.max).contains(&value);
            let way_out = format!("write {} to {}, or correct min and max", group.min, group.max);
            at.require(fine, field, value, "is not between min and max", way_out);
        }
        at.require(
            group.peak >= group.before,
            "peak",
            group.peak,
            "is below before",
            "the peak is the larger number",
        );
    });
}

/// What refers to the groups.
fn needs(plan: &Plan, at: &mut Checker<'_>) {
    at.each("scheduled_actions", &plan.scheduled_actions, |at, action| {
        let known = plan
            .groups
            .iter()
            .any(|group| group.node_group == action.node_group);
        at.require(
            known,
            "node_group",
            &action.node_group,
            "is not one of the plan's groups",
            "name a group of the plan",
        );
    });
    day2_probe::validate(at, &plan.probes);
    at.each("quotas", &plan.quotas, |at, quota| {
        let empty = quota.node_groups.is_empty();
        at.require(
            !empty,
            "node_groups",
            "[]",
            "would compare the quota with nothing",
            "name the groups that use it",
        );
        for name in &quota.node_groups {
            let group = plan.groups.iter().find(|group| group.node_group == *name);
            at.require(
                group.is_some(),
                "node_groups",
                name,
                "is not one of the plan's groups",
                "name a group of the plan",
            );
            let counted = group.is_none_or(|group| group.vcpus_per_node.is_some());
            at.require(
                counted,
                "node_groups",
                name,
                "has no vcpus_per_node",
                "add vcpus_per_node to the group",
            );
        }
    });
}

fn limits(plan: &Plan, at: &mut Checker<'_>) {
    let limits = &plan.limits;
    for (field, value) in [
        ("join_minutes", limits.join_minutes),
        ("launches_minutes", limits.launches_minutes),
        ("metric_minutes", limits.metric_minutes),
        ("min_datapoints", limits.min_datapoints),
    ] {
        at.field("limits", |at| {
            at.require(value > 0, field, value, "would judge nothing", "write at least 1");
        });
    }
    at.field("limits", |at| spans(limits, at));
    at.field("limits", |at| {
        let fine = limits.min_datapoints <= limits.metric_minutes;
        at.require(
            fine,
            "min_datapoints",
            limits.min_datapoints,
            "is more than one per minute of metric_minutes",
            "lower it, or raise metric_minutes",
        );
    });
    for (kind, price) in plan.cost.per_hour.iter() {
        let fine = price.is_finite() && *price >= 0.0;
        at.field("cost", |at| {
            at.require(fine, kind, price, "is not a price", "write the price of one hour");
        });
    }
}

/// Spans of time that are bounded on both sides.
fn spans(limits: &Limits, at: &mut Checker<'_>) {
    if let Some(minutes) = limits.window_minutes {
        at.require(
            (5..=1440).contains(&minutes),
            "window_minutes",
            minutes,
            "is not between 5 minutes and a day",
            "write 5 to 1440, or leave it out to follow scheduled_actions",
        );
    }
    at.require(
        limits.history_days <= 42,
        "history_days",
        limits.history_days,
        "is more than Auto Scaling remembers",
        "write 0 to 42",
    );
    let days = limits.history_days;
    at.require(
        days == 0 || (1..=days).contains(&limits.history_failed_days),
        "history_failed_days",
        limits.history_failed_days,
        "can never be met, or always is",
        format!("write 1 to {days}, the days of history_days"),
    );
    at.require(
        limits.second_look_seconds <= 300,
        "second_look_seconds",
        limits.second_look_seconds,
        "is longer than a mail should wait",
        "write 0 to 300",
    );
}

/// Each part is either declared or left out in writing.
fn left_out(plan: &Plan, at: &mut Checker<'_>) {
    let declared = [
        (Part::Workloads, plan.control.workloads.is_empty()),
        (Part::Probes, plan.probes.is_empty()),
        (Part::Nat, plan.nat_zones.is_empty()),
        (Part::Schedule, plan.scheduled_actions.is_empty()),
        (Part::Quotas, plan.quotas.is_empty()),
    ];
    for (part, empty) in declared {
        let word = part.word();
        let left_out = plan.not_checked.contains(&part);
        at.require(
            !empty || left_out,
            "not_checked",
            word,
            "is neither declared nor left out in writing",
            format!("declare it, or add \"{word}\" to not_checked"),
        );
        at.require(
            empty || !left_out,
            "not_checked",
            word,
            "is declared and left out at once",
            "keep one of the two",
        );
    }
}
