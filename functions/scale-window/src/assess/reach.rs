//! `SCW-014` to `SCW-017`: can the peak be reached? Addresses, maximum size, recent launches, quotas.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Observed, Verdict};
use jiff::Timestamp;

use super::causes::cause;
use super::scene::{PlannedGroup, is_complete, own_subnets};
use super::{count, minutes_since, population, worse_of};
use crate::settings::QuotaPlan;
use day2_reads::quotas::Quota;
use day2_reads::subnets::Subnet;

/// Enough free addresses in each zone for the nodes that the peak adds. A group spreads its new nodes evenly over the
/// zones of its subnets; groups in the same zone add up.
pub(crate) fn addresses(groups: &[PlannedGroup<'_>], subnets: &Observed<Vec<Subnet>>) -> Item {
    const CODE: &str = "SCW-014";
    const TITLE: &str = "subnets have addresses for the peak";
    let all = match subnets {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for planned in groups {
        let Some(group) = planned.known(&mut unread) else {
            continue;
        };
        let plan = planned.plan;
        let (own, missing) = own_subnets(group, all);
        unread.extend(missing.map(|says| (plan.node_group.clone(), says)));
        used.extend(own.iter().map(|subnet| subnet.id.as_str()));
        let zones: BTreeSet<&str> = own.iter().map(|subnet| subnet.zone.as_str()).collect();
        let new = u64::try_from(i64::from(plan.peak) - group.desired).unwrap_or(0);
        let per_zone = new.div_ceil(u64::try_from(zones.len()).unwrap_or(1).max(1));
        for zone in zones {
            *needed.entry(zone).or_default() += per_zone * u64::from(plan.addresses_per_node);
        }
    }
    let mut free: BTreeMap<&str, u64> = BTreeMap::new();
    for subnet in all.iter().filter(|subnet| used.contains(subnet.id.as_str())) {
        *free.entry(&subnet.zone).or_default() += subnet.free_addresses;
    }
    for (zone, needed) in &needed {
        let free = free.get(zone).copied().unwrap_or(0);
        if free < *needed {
            let each: Vec<String> = all
                .iter()
                .filter(|subnet| subnet.zone == **zone && used.contains(subnet.id.as_str()))
                .map(|subnet| format!("{} {}", subnet.id, subnet.free_addresses))
                .collect();
            wrong.push((
                (*zone).to_owned(),
                format!(
                    "{free} free addresses ({}), the peak needs {needed}",
                    each.join(", ")
                ),
            ));
        }
    }
    let summary: Vec<_> = needed
        .iter()
        .map(|(zone, needed)| {
            format!(
                "{zone} {} free for {needed}",
                free.get(zone).copied().unwrap_or(0)
            )
        })
        .collect();
    let words = if summary.is_empty() {
        "no subnet of a group was seen".to_owned()
    } else {
        summary.join(", ")
    };
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(used.len(), 1), words)
        .threshold("free addresses ≥ new nodes × addresses per node, in each zone", "groups[].addresses_per_node, peak")
        .remedy("launches in that zone will fail with InsufficientFreeAddressesInSubnet: add a subnet to the group or free addresses")
        .subjects(wrong)
        .subjects(unread)
}

/// The maximum size of each group lets it reach its peak.
pub(crate) fn maximum(groups: &[PlannedGroup<'_>]) -> Item {
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for PlannedGroup { plan, group, .. } in groups {
        match group {
            Err(why) => unread.push((plan.node_group.clone(), why.to_string())),
            Ok(group) if group.max < i64::from(plan.peak) => {
                wrong.push((
                    plan.node_group.clone(),
                    format!("maximum size {}, peak {}", group.max, plan.peak),
                ));
            }
            Ok(_) => {}
        }
    }
    let examined = groups.len() - unread.len();
    let expected = u64::try_from(groups.len()).unwrap_or(u64::MAX);
    let words = format!(
        "{} of {} can reach the peak",
        examined - wrong.len(),
        count(examined, "group")
    );
    Item::judge(
        "SCW-015",
        "maximum sizes allow the peak",
        worse_of(&wrong, &unread),
        population(examined, expected),
        words,
    )
    .threshold("maximum size ≥ peak", "groups[].peak")
    .remedy("Auto Scaling will stop at the maximum: raise it before the scheduled action fires")
    .subjects(wrong)
    .subjects(unread)
}

/// What a failed launch means when the group has what it wanted by now. Auto Scaling tries again until it succeeds, and
/// its history keeps the failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retried {
    /// It counts unless a later launch of the group succeeded: the next scale-up may meet the same shortage.
    Counts,
    /// It counts as long as the group is short: after the scale-up the question is whether the nodes came.
    MadeUpForWhenComplete,
}

/// No failed or cancelled launch since `since`, grouped by cause.
pub(crate) fn launches(
    groups: &[PlannedGroup<'_>],
    since: Timestamp,
    retried: Retried,
    now: Timestamp,
) -> Item {
    let window_minutes = minutes_since(since, now);
    let (mut unread, mut seen, mut made_up_for) = (Vec::new(), 0, 0_usize);
    let mut causes: BTreeMap<(String, &'static str), (usize, String, Timestamp)> = BTreeMap::new();
    for PlannedGroup {
        plan,
        group,
        activities,
        ..
    } in groups
    {
        match activities {
            Err(why) => unread.push((plan.node_group.clone(), why.to_string())),
            Ok(activities) => {
                let complete = retried == Retried::MadeUpForWhenComplete
                    && group.as_ref().is_ok_and(|group| is_complete(group, plan.peak));
                let recent = activities
                    .iter()
                    .filter(|one| one.is_launch() && minutes_since(one.started_at, now) <= window_minutes);
                let launched = activities
                    .iter()
                    .filter(|one| one.is_launch() && one.status == "Successful")
                    .map(|one| one.started_at)
                    .max();
                for one in recent {
                    seen += 1;
                    if !one.is_failed_launch() {
                        continue;
                    }
                    // Auto Scaling tries again until it succeeds; what succeeded later was no shortage that lasts.
                    if complete || retried == Retried::Counts && launched > Some(one.started_at) {
                        made_up_for += 1;
                        continue;
                    }
                    let entry = causes
                        .entry((plan.node_group.clone(), cause(one)))
                        .or_insert_with(|| (0, one.message.clone(), one.started_at));
                    entry.0 += 1;
                    if one.started_at > entry.2 {
                        (entry.1, entry.2) = (one.message.clone(), one.started_at);
                    }
                }
            }
        }
    }
    let failed: usize = causes.values().map(|(number, ..)| number).sum();
    let wrong: Vec<_> = causes
        .into_iter()
        .map(|((group, cause), (number, message, at))| {
            (
                group,
                format!(
                    "{number} × {cause}, last {} min ago: {message}",
                    minutes_since(at, now)
                ),
            )
        })
        .collect();
    // The population is the histories that were read: a group that had nothing to launch has an empty one.
    let examined = groups.len() - unread.len();
    let expected = u64::try_from(groups.len()).unwrap_or(u64::MAX);
    Item::judge(
        "SCW-016",
        "no launch failed or was cancelled",
        worse_of(&wrong, &unread),
        population(examined, expected),
        format!(
            "{failed} of {seen} launches of {} in the last {window_minutes} min{}",
            count(examined, "group"),
            if made_up_for == 0 { String::new() } else { format!(", {made_up_for} made up for since") }
        ),
    )
    .threshold("none Failed or Cancelled", "limits.launches_minutes, window_minutes, scheduled_actions; API DescribeScalingActivities")
    .remedy("capacity: add instance types or zones; quota: request more; addresses: add subnets; template: fix the launch template")
    .subjects(wrong)
    .subjects(unread)
}

/// The vCPUs of the peak fit into each declared quota. Instances outside the plan share the quota and are not counted,
/// so the line says what it compared.
pub(crate) fn quotas(plans: &[(&QuotaPlan, Observed<Quota>)], groups: &[PlannedGroup<'_>]) -> Item {
    let (mut wrong, mut unread, mut summary) = (Vec::new(), Vec::new(), Vec::new());
    for (plan, quota) in plans {
        let label = format!("{}/{}", plan.service, plan.code);
        let quota = match quota {
            Ok(quota) => quota,
            Err(why) => {
                unread.push((label, why.to_string()));
                continue;
            }
        };
        let needed: u64 = groups
            .iter()
            .filter(|group| plan.node_groups.contains(&group.plan.node_group))
            .map(|group| u64::from(group.plan.peak) * u64::from(group.plan.vcpus_per_node.unwrap_or(0)))
            .sum();
        summary.push(format!("{} {} for {needed} vCPUs", quota.name, quota.value));
        #[expect(clippy::cast_precision_loss, reason = "vCPU counts are far below 2^52")]
        if quota.value < needed as f64 {
            wrong.push((
                label,
                format!(
                    "{} is {}, the peak of the planned groups needs {needed}",
                    quota.name, quota.value
                ),
            ));
        }
    }
    let examined = plans.len() - unread.len();
    let expected = u64::try_from(plans.len()).unwrap_or(u64::MAX);
    let words = if summary.is_empty() {
        "no quota could be read".to_owned()
    } else {
        summary.join(", ")
    };
    let verdict: Verdict = worse_of(&wrong, &unread);
    Item::judge(
        "SCW-017",
        "quotas carry the peak",
        verdict,
        population(examined, expected),
        words,
    )
    .threshold(
        "quota ≥ vCPUs of the planned groups at the peak; others who share it are not counted",
        "quotas, groups[].vcpus_per_node",
    )
    .remedy("request an increase in Service Quotas now; it can take hours")
    .subjects(wrong)
    .subjects(unread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::GroupPlan;
    use day2_core::settings::Labels;
    use day2_reads::scaling_activities::Activity;
    use day2_reads::scaling_groups::{Group, Member};

    /// The verdict of one group with `serving` instances in service of 2 wanted, and one failed launch.
    fn judged(serving: usize, retried: Retried) -> Verdict {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let member = |number: usize| Member {
            id: format!("i-{number}"),
            zone: "us-east-1a".into(),
            lifecycle_state: "InService".into(),
            health: "Healthy".into(),
            protected: false,
            instance_type: None,
        };
        let group = Ok(Group {
            name: "g".into(),
            desired: 2,
            min: 0,
            max: 4,
            suspended: Vec::new(),
            instances: (0..serving).map(member).collect(),
            subnets: Vec::new(),
            tags: Vec::new(),
            status: None,
            launches_from: Vec::new(),
        });
        let activities = Ok(vec![Activity {
            group: "g".into(),
            status: "Failed".into(),
            description: "Launching a new EC2 instance".into(),
            message: "InsufficientInstanceCapacity".into(),
            started_at: now,
            zone: None,
        }]);
        let plan = GroupPlan {
            node_group: "g".into(),
            before: 0,
            peak: 2,
            after: 0,
            min: 0,
            max: 4,
            min_on_demand_percent: None,
            addresses_per_node: 16,
            vcpus_per_node: None,
            instance_types: Vec::new(),
        };
        let planned = PlannedGroup {
            plan: &plan,
            selector: &Labels::default(),
            group: &group,
            actions: &Ok(Vec::new()),
            activities: &activities,
            earlier: None,
        };
        let an_hour_ago: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        launches(&[planned], an_hour_ago, retried, now).verdict()
    }

    #[test]
    fn a_failed_launch_counts_after_the_scale_up_only_while_the_group_is_short() {
        assert_eq!(judged(1, Retried::MadeUpForWhenComplete), Verdict::Fail);
        assert_eq!(judged(2, Retried::MadeUpForWhenComplete), Verdict::Pass);
        assert_eq!(judged(2, Retried::Counts), Verdict::Fail);
    }
}
