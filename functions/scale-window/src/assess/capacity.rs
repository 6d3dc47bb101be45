//! `SCW-011` and `SCW-012`: groups as planned, and no suspended process that the scaling needs.

use std::collections::BTreeSet;

use day2_core::Item;

use super::scene::PlannedGroup;
use super::{population, worse_of};
use crate::settings::GroupPlan;

/// Which count of the plan applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the morning scale-up.
    Before,
    /// At the peak.
    Peak,
    /// After the evening scale-down.
    After,
}

impl Moment {
    /// The planned desired capacity.
    pub(crate) const fn of(self, plan: &GroupPlan) -> u32 {
        match self {
            Self::Before => plan.before,
            Self::Peak => plan.peak,
            Self::After => plan.after,
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Before => "groups[].before, min, max",
            Self::Peak => "groups[].peak, max",
            Self::After => "groups[].after, min, max",
        }
    }
}

/// Desired, minimum and maximum of each group as planned. At the peak the minimum is not compared: a scheduled action
/// may raise it on purpose.
pub(crate) fn as_planned(groups: &[PlannedGroup<'_>], moment: Moment) -> Item {
    let (mut wrong, mut unread, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for planned in groups {
        let Some(group) = planned.known(&mut unread) else {
            continue;
        };
        let plan = planned.plan;
        let mut differences = Vec::new();
        let desired = i64::from(moment.of(plan));
        let compared = [
            ("desired", group.desired, desired, true),
            ("minimum", group.min, i64::from(plan.min), moment != Moment::Peak),
            ("maximum", group.max, i64::from(plan.max), true),
        ];
        for (what, is, planned, compare) in compared {
            // More than the peak is what users asked for, not a failure of the scale-up.
            let enough = moment == Moment::Peak && what == "desired" && is >= planned;
            if compare && is != planned && !enough {
                differences.push(format!("{what} is {is}, planned {planned}"));
            }
        }
        seen.push(format!(
            "{} {}/{}/{}",
            plan.node_group, group.desired, group.min, group.max
        ));
        if !differences.is_empty() {
            wrong.push((plan.node_group.clone(), differences.join("; ")));
        }
    }
    let verdict = worse_of(&wrong, &unread);
    let expected = u64::try_from(groups.len()).unwrap_or(u64::MAX);
    let words = if seen.is_empty() {
        "no group could be read".to_owned()
    } else {
        format!("desired/min/max: {}", seen.join(", "))
    };
    Item::judge("SCW-011", "scaling groups are as planned", verdict, population(groups.len() - unread.len(), expected), words)
        .threshold("desired, minimum and maximum as planned", moment.setting())
        .remedy("somebody or something changed the group since the last scheduled action: see its scaling activities, then correct the group or the plan")
        .subjects(wrong)
        .subjects(unread)
}

/// Processes without which a group does not reach its desired capacity, replace what is broken, or give its new instances
/// traffic: what is launched while `AddToLoadBalancer` is suspended is not added afterwards either (source: EC2 Auto Scaling
/// User Guide, "How suspended processes affect other processes"). Others, `AZRebalance` above all, are suspended on purpose
/// beside an autoscaler.
const NEEDED: [&str; 6] = [
    "Launch",
    "Terminate",
    "ScheduledActions",
    "HealthCheck",
    "ReplaceUnhealthy",
    "AddToLoadBalancer",
];

fn needed(process: &str) -> bool {
    NEEDED.contains(&process)
}

/// A process that the window does not need, with what is off while it is suspended.
fn off(process: &str) -> String {
    let what = match process {
        "AlarmNotification" => " (scaling policies do not act)",
        "AZRebalance" => " (zones are not evened out)",
        "InstanceRefresh" => " (no instance is refreshed)",
        _ => "",
    };
    format!("{process}{what}")
}

/// No suspended process that the window needs: a group with `Launch` or `ScheduledActions` suspended will not follow its schedule.
pub(crate) fn suspended(groups: &[PlannedGroup<'_>]) -> Item {
    let (mut wrong, mut unread, mut others) = (Vec::new(), Vec::new(), BTreeSet::new());
    for PlannedGroup { plan, group, .. } in groups {
        match group {
            Err(why) => unread.push((plan.node_group.clone(), why.to_string())),
            Ok(group) => {
                others.extend(
                    group
                        .suspended
                        .iter()
                        .filter(|(process, _)| !needed(process))
                        .map(|(process, _)| off(process)),
                );
                let processes: Vec<_> = group
                    .suspended
                    .iter()
                    .filter(|(process, _)| needed(process))
                    .map(|(process, reason)| {
                        if reason.is_empty() {
                            process.clone()
                        } else {
                            format!("{process} ({reason})")
                        }
                    })
                    .collect();
                if !processes.is_empty() {
                    wrong.push((
                        plan.node_group.clone(),
                        format!("suspended: {}", processes.join(", ")),
                    ));
                }
            }
        }
    }
    let verdict = worse_of(&wrong, &unread);
    let examined = groups.len() - unread.len();
    let expected = u64::try_from(groups.len()).unwrap_or(u64::MAX);
    let others: Vec<_> = others.into_iter().collect();
    let beside = if others.is_empty() {
        String::new()
    } else {
        format!("; also suspended: {}", others.join(", "))
    };
    Item::judge(
        "SCW-012",
        "no process that the scaling needs is suspended",
        verdict,
        population(examined, expected),
        format!("{} of {examined} groups lack one of them{beside}", wrong.len()),
    )
    .threshold(
        format!("none of {}", NEEDED.join(", ")),
        "API DescribeAutoScalingGroups, SuspendedProcesses",
    )
    .remedy(
        "resume the processes (aws autoscaling resume-processes) once it is known who suspended them and why",
    )
    .subjects(wrong)
    .subjects(unread)
}
