//! `SCW-101` to `SCW-104`: did the nodes of the window come, where, and how fast?

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Observed};
use day2_kube::objects::Node;
use jiff::Timestamp;

use super::control::not_ready;
use super::scene::{PlannedGroup, own_subnets};
use super::{count, minutes_since, population, worse_of};
use crate::settings::Limits;
use day2_reads::instances::Instance;
use day2_reads::subnets::Subnet;

/// Ready nodes per group against the peak.
pub(crate) fn counts(
    groups: &[PlannedGroup<'_>],
    seen: &Observed<Vec<Node>>,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-101";
    const TITLE: &str = "each group has its nodes Ready";
    let expected = groups.iter().map(|group| u64::from(group.plan.peak)).sum();
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let (mut wrong, mut summary, mut examined) = (Vec::new(), Vec::new(), 0);
    for group in groups {
        let nodes = group.nodes(all);
        let ready = nodes.iter().filter(|node| node.readiness().is_ready()).count();
        examined += nodes.len();
        summary.push(format!("{} {ready}/{}", group.plan.node_group, group.plan.peak));
        if u64::try_from(ready).unwrap_or(u64::MAX) < u64::from(group.plan.peak) {
            let says = format!(
                "{ready} Ready of {} nodes, planned {}",
                nodes.len(),
                group.plan.peak
            );
            wrong.push((group.plan.node_group.clone(), says));
        }
        wrong.extend(
            nodes
                .iter()
                // A node that is still coming up is the business of SCW-104.
                .filter(|node| {
                    node.created_at
                        .is_none_or(|at| minutes_since(at, now) >= i64::from(limits.join_minutes))
                })
                .filter_map(|node| not_ready(node, now).map(|says| (node.name.clone(), says))),
        );
    }
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        population(examined, expected),
        format!("Ready/planned: {}", summary.join(", ")),
    )
    .threshold("Ready nodes ≥ peak, none NotReady", "groups[].peak")
    .remedy("the waterfall on the page shows at which stage nodes were lost; SCW-016 names failed launches")
    .subjects(wrong)
}

/// From how many nodes on an equal share of a zone says something: of fewer, one node more or less is much.
const SHARE: usize = 4;

/// The zones that got some nodes and fewer than half of an equal share of them, in words; nothing where there are none, or where a
/// share is small. Auto Scaling launches into the zone that has fewest, so a group that is so uneven met a shortage.
fn short(per_zone: &BTreeMap<&str, usize>, zones: &BTreeSet<&str>) -> Option<String> {
    let nodes: usize = per_zone.values().sum();
    let share = nodes.checked_div(zones.len())?;
    if share < SHARE {
        return None;
    }
    let few: Vec<String> = zones
        .iter()
        .filter_map(|zone| Some((zone, *per_zone.get(zone)?)))
        .filter(|(_, number)| *number > 0 && number * zones.len() * 2 < nodes)
        .map(|(zone, number)| format!("{number} in {zone}"))
        .collect();
    (zones.len() > 1 && !few.is_empty()).then(|| {
        format!(
            "only {} of {nodes} nodes, an equal share is {share}",
            few.join(" and ")
        )
    })
}

/// Every zone of a group's subnets got nodes, where the peak is large enough for all of them, and none got far fewer than
/// the others.
pub(crate) fn zones(
    groups: &[PlannedGroup<'_>],
    seen: &Observed<Vec<Node>>,
    subnets: &Observed<Vec<Subnet>>,
) -> Item {
    const CODE: &str = "SCW-102";
    const TITLE: &str = "nodes are spread over the zones";
    let (all, subnets) = match (seen, subnets) {
        (Ok(all), Ok(subnets)) => (all, subnets),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (mut wrong, mut unread, mut summary, mut examined) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for group in groups.iter().filter(|group| group.plan.peak > 0) {
        let name = &group.plan.node_group;
        let seen = match group.group {
            Ok(seen) => seen,
            Err(why) => {
                unread.push((name.clone(), why.to_string()));
                continue;
            }
        };
        let (own, missing) = own_subnets(seen, subnets);
        if let Some(says) = missing {
            unread.push((name.clone(), says));
            continue;
        }
        let zones: BTreeSet<&str> = own.iter().map(|subnet| subnet.zone.as_str()).collect();
        let mut per_zone: BTreeMap<&str, usize> = zones.iter().map(|zone| (*zone, 0)).collect();
        let nodes = group.nodes(all);
        examined += nodes.len();
        for node in nodes {
            *per_zone.entry(node.zone().unwrap_or("unknown zone")).or_default() += 1;
        }
        let parts: Vec<_> = per_zone
            .iter()
            .map(|(zone, number)| format!("{zone} {number}"))
            .collect();
        summary.push(format!("{name}: {}", parts.join(", ")));
        if usize::try_from(group.plan.peak).unwrap_or(usize::MAX) < zones.len() {
            continue;
        }
        let empty: Vec<_> = per_zone
            .iter()
            .filter(|(_, number)| **number == 0)
            .map(|(zone, _)| *zone)
            .collect();
        let none = (!empty.is_empty()).then(|| format!("no node in {}", empty.join(", ")));
        let says: Vec<String> = none.into_iter().chain(short(&per_zone, &zones)).collect();
        if !says.is_empty() {
            wrong.push((name.clone(), says.join("; ")));
        }
    }
    let expected: u64 = groups.iter().map(|group| u64::from(group.plan.peak.min(1))).sum();
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(examined, expected),
        summary.join("; "),
    )
    .threshold(
        format!(
            "no zone of the group's subnets without a node, or with less than half of an equal share of {SHARE} nodes or more"
        ),
        "the group's subnets (API DescribeAutoScalingGroups)",
    )
    .remedy("a zone without capacity or addresses: see SCW-016; the loss of another zone would now hurt more")
    .subjects(wrong)
    .subjects(unread)
}

/// The share of on-demand instances, for the groups that plan one. Counted among the group's own instances: a filter over
/// the account would count those of other teams.
pub(crate) fn lifecycle(groups: &[PlannedGroup<'_>], seen: &Observed<Vec<Instance>>) -> Option<Item> {
    const CODE: &str = "SCW-103";
    const TITLE: &str = "enough instances are on-demand";
    let planned: Vec<_> = groups
        .iter()
        .filter_map(|group| group.plan.min_on_demand_percent.map(|percent| (group, percent)))
        .collect();
    if planned.is_empty() {
        return None;
    }
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Some(Item::unreadable(CODE, TITLE, 1, why)),
    };
    let (mut wrong, mut unread, mut summary, mut examined, mut expected) =
        (Vec::new(), Vec::new(), Vec::new(), 0, 0);
    for (group, percent) in planned {
        let name = group.plan.node_group.clone();
        let seen = match group.group {
            Ok(seen) => seen,
            Err(why) => {
                unread.push((name, why.to_string()));
                continue;
            }
        };
        let own: Vec<_> = all
            .iter()
            .filter(|one| seen.instances.iter().any(|member| member.id == one.id))
            .collect();
        expected += seen.instances.len();
        examined += own.len();
        if own.len() < seen.instances.len() {
            unread.push((
                name,
                format!(
                    "{} of {} instances were described",
                    own.len(),
                    seen.instances.len()
                ),
            ));
            continue;
        }
        let on_demand = own.iter().filter(|one| !one.spot).count();
        summary.push(format!("{name} {on_demand} of {}", own.len()));
        #[expect(clippy::cast_precision_loss, reason = "instance counts are small")]
        if (on_demand as f64) < own.len() as f64 * percent.value() / 100.0 {
            wrong.push((
                name,
                format!(
                    "{on_demand} of {} on-demand, planned at least {percent} %",
                    own.len()
                ),
            ));
        }
    }
    Some(
        Item::judge(
            CODE,
            TITLE,
            worse_of(&wrong, &unread),
            population(examined, u64::try_from(expected.max(1)).unwrap_or(u64::MAX)),
            summary.join(", "),
        )
        .threshold(
            "share of on-demand instances as planned",
            "groups[].min_on_demand_percent",
        )
        .remedy("spot stood in for on-demand: check the mixed-instances policy and on-demand capacity")
        .subjects(wrong)
        .subjects(unread),
    )
}

/// Launch to Ready within the limit, and no instance that never joined.
pub(crate) fn latency(
    groups: &[PlannedGroup<'_>],
    nodes: &Observed<Vec<Node>>,
    instances: &Observed<Vec<Instance>>,
    limits: &Limits,
    since: Timestamp,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-104";
    const TITLE: &str = "new nodes became Ready in time";
    let (nodes, instances) = match (nodes, instances) {
        (Ok(nodes), Ok(instances)) => (nodes, instances),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let limit = i64::from(limits.join_minutes);
    let (mut wrong, mut measured) = (Vec::new(), Vec::new());
    let unread: Vec<_> = groups
        .iter()
        .filter_map(|group| not_described(group, instances).map(|says| (group.plan.node_group.clone(), says)))
        .collect();
    // Nodes of the days before have nothing to do with this morning; one that flapped would look slow for ever.
    let (mut young, mut still_coming) = (0_usize, 0_usize);
    for join in joins(groups, nodes, instances)
        .into_iter()
        .filter(|join| join.launched_at >= since)
    {
        young += 1;
        match join.ready_at {
            Some(ready_at) => {
                let minutes = minutes_since(join.launched_at, ready_at);
                measured.push(minutes);
                if minutes > limit {
                    wrong.push((join.instance, format!("Ready {minutes} min after its launch")));
                }
            }
            None if minutes_since(join.launched_at, now) > limit => {
                let stage = if join.joined {
                    "joined but is not Ready"
                } else {
                    "has not joined the cluster"
                };
                wrong.push((
                    join.instance,
                    format!(
                        "{stage} {} min after its launch",
                        minutes_since(join.launched_at, now)
                    ),
                ));
            }
            // Still within its time: neither good nor bad.
            None => still_coming += 1,
        }
    }
    measured.sort_unstable();
    let median = measured.get(measured.len() / 2).copied();
    let slowest = measured.last().copied();
    let words = match (median, slowest) {
        (Some(median), Some(slowest)) => format!(
            "median {median} min, slowest {slowest} min over {}",
            count(measured.len(), "node")
        ),
        _ => format!(
            "no node of the {} launched since then is Ready",
            count(young, "instance")
        ),
    };
    let expected = u64::try_from(young.max(1)).unwrap_or(u64::MAX);
    let judged = young - still_coming;
    let expected = if still_coming == 0 {
        expected
    } else {
        u64::try_from(judged).unwrap_or(u64::MAX)
    };
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(judged, expected), words)
        .threshold(format!("at most {limit} min from launch to Ready"), "limits.join_minutes")
        .remedy("read the instance's console output and the node's events: bootstrap, CNI and image pulls are the usual causes")
        .subjects(wrong)
        .subjects(unread)
}

/// What keeps the launch times of a group from being known: the group itself, or instances that were not described.
fn not_described(group: &PlannedGroup<'_>, instances: &[Instance]) -> Option<String> {
    let group = match group.group {
        Ok(group) => group,
        Err(why) => return Some(why.to_string()),
    };
    let known: BTreeSet<&str> = instances.iter().map(|instance| instance.id.as_str()).collect();
    let missing = group
        .instances
        .iter()
        .filter(|member| !known.contains(member.id.as_str()))
        .count();
    (missing > 0).then(|| {
        format!(
            "{missing} of {} instances were not described",
            group.instances.len()
        )
    })
}

/// One instance on its way into the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    /// Instance id.
    pub(crate) instance: String,
    /// Launch.
    pub(crate) launched_at: Timestamp,
    /// A Node object with its id exists.
    pub(crate) joined: bool,
    /// Since when it is Ready.
    pub(crate) ready_at: Option<Timestamp>,
}

/// Instances of the groups with their nodes, by instance id.
pub(crate) fn joins(groups: &[PlannedGroup<'_>], nodes: &[Node], instances: &[Instance]) -> Vec<Join> {
    let members: BTreeSet<&str> = groups
        .iter()
        .filter_map(|group| group.group.as_ref().ok())
        .flat_map(|group| &group.instances)
        .filter(|member| !member.lifecycle_state.starts_with("Terminat"))
        .map(|member| member.id.as_str())
        .collect();
    let by_instance: BTreeMap<&str, &Node> = nodes
        .iter()
        .filter_map(|node| node.instance_id().map(|id| (id, node)))
        .collect();
    instances
        .iter()
        .filter(|instance| members.contains(instance.id.as_str()))
        .filter_map(|instance| {
            let node = by_instance.get(instance.id.as_str());
            let ready = node.filter(|node| node.readiness().is_ready());
            Some(Join {
                instance: instance.id.clone(),
                launched_at: instance.launched_at?,
                joined: node.is_some(),
                // A node that flapped shows a later change; it never was Ready before its launch.
                ready_at: ready
                    .and_then(|node| node.readiness().since())
                    .filter(|at| Some(*at) >= instance.launched_at),
            })
        })
        .collect()
}
