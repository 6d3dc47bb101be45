//! `SCW-201` and `SCW-202`: what is still up in the evening, why, and what it costs per hour.

use std::collections::BTreeMap;

use day2_core::{Item, Observed};
use day2_kube::objects::Node;
use jiff::Timestamp;

use super::blockers::Blockers;
use super::scene::PlannedGroup;
use super::{count, minutes_since, population, worse_of};
use crate::settings::{Cost, Limits};
use day2_reads::instances::Instance;

/// Why nothing seen holds a node that is still up.
const UNEXPLAINED: &str =
    "nothing on it holds it; the group's desired capacity or minimum keeps it (SCW-011)";

/// Nodes beyond the evening's count, each with what holds it. Of the nodes of a group those with the strongest reason are
/// named, as many as there are too many.
pub(crate) fn still_up(
    groups: &[PlannedGroup<'_>],
    nodes: &Observed<Vec<Node>>,
    instances: &Observed<Vec<Instance>>,
    blockers: &Blockers<'_>,
    cost: &Cost,
) -> Item {
    const CODE: &str = "SCW-201";
    const TITLE: &str = "nothing is left up after the scale-down";
    let expected: u64 = groups.iter().map(|group| u64::from(group.plan.after)).sum();
    let all = match nodes {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let (mut wrong, mut examined, mut summary, mut extra_nodes) = (Vec::new(), 0, Vec::new(), Vec::new());
    for group in groups {
        let own = group.nodes(all);
        examined += own.len();
        summary.push(format!(
            "{} {}/{}",
            group.plan.node_group,
            own.len(),
            group.plan.after
        ));
        let extra = own
            .len()
            .saturating_sub(usize::try_from(group.plan.after).unwrap_or(usize::MAX));
        if extra == 0 {
            continue;
        }
        let mut explained: Vec<(&Node, Observed<Vec<String>>)> =
            own.into_iter().map(|node| (node, blockers.of(node))).collect();
        explained.sort_by_key(|(node, reasons)| {
            let strength = reasons.as_ref().map_or(0, Vec::len);
            (
                std::cmp::Reverse(node.unschedulable),
                std::cmp::Reverse(strength),
                node.name.clone(),
            )
        });
        for (node, reasons) in explained.into_iter().take(extra) {
            let cordoned = if node.unschedulable { "cordoned; " } else { "" };
            let says = match reasons {
                Err(why) => format!("{cordoned}why could not be read: {why}"),
                Ok(reasons) if reasons.is_empty() => format!("{cordoned}{UNEXPLAINED}"),
                Ok(reasons) => format!("{cordoned}{}", reasons.join("; ")),
            };
            wrong.push((node.name.clone(), says));
            extra_nodes.push(node);
        }
    }
    let price = if extra_nodes.is_empty() {
        String::new()
    } else {
        format!("; {}", hourly(&extra_nodes, instances, cost))
    };
    // With an evening count of zero a complete, empty list is what was planned: the nodes of the whole cluster are the
    // population then, so that an empty cluster stays unknown.
    let seen_nodes = if expected == 0 { all.len() } else { examined };
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &[] as &[()]),
        population(seen_nodes, expected),
        format!("up/planned: {}{price}", summary.join(", ")),
    )
    .threshold("nodes ≤ planned for the evening", "groups[].after; cost.per_hour")
    .remedy("free what holds the node, or end it knowingly; never delete somebody's workspace for it")
    .subjects(wrong)
}

/// Price of the nodes per hour; types without a price are named instead of being counted as free.
fn hourly(nodes: &[&Node], instances: &Observed<Vec<Instance>>, cost: &Cost) -> String {
    let by_id: BTreeMap<&str, &Instance> = instances.as_ref().map_or_else(
        |_| BTreeMap::new(),
        |all| all.iter().map(|one| (one.id.as_str(), one)).collect(),
    );
    let (mut sum, mut unknown) = (0.0, BTreeMap::<String, usize>::new());
    for node in nodes {
        let kind = node
            .instance_id()
            .and_then(|id| by_id.get(id))
            .map(|instance| instance.instance_type.clone())
            .or_else(|| node.labels.get("node.kubernetes.io/instance-type").cloned())
            .unwrap_or_else(|| "unknown type".to_owned());
        match cost.per_hour.get(&kind) {
            Some(price) => sum += price,
            None => *unknown.entry(kind).or_default() += 1,
        }
    }
    let missing: Vec<_> = unknown
        .iter()
        .map(|(kind, number)| format!("{number} × {kind}"))
        .collect();
    let note = if missing.is_empty() {
        String::new()
    } else {
        format!(", no price declared for {}", missing.join(", "))
    };
    format!(
        "{} cost {sum:.2} {} per hour{note}",
        count(nodes.len(), "extra node"),
        cost.currency
    )
}

/// How long a node has been cordoned, in minutes, where the taint that goes with it says so.
fn cordoned_minutes(node: &Node, now: Timestamp) -> Option<i64> {
    let taint = node
        .taints
        .iter()
        .find(|taint| taint.key == "node.kubernetes.io/unschedulable")?;
    taint.since.map(|since| minutes_since(since, now))
}

/// No node of a group has been cordoned for longer than a drain takes and is still held. A cordon whose age is not known
/// counts as old.
pub(crate) fn stuck_drains(
    groups: &[PlannedGroup<'_>],
    nodes: &Observed<Vec<Node>>,
    blockers: &Blockers<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-202";
    const TITLE: &str = "no drain is stuck";
    let all = match nodes {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (mut wrong, mut unread, mut cordoned) = (Vec::new(), Vec::new(), 0_usize);
    for node in groups
        .iter()
        .flat_map(|group| group.nodes(all))
        .filter(|node| node.unschedulable)
    {
        cordoned += 1;
        let age = cordoned_minutes(node, now);
        match blockers.of(node) {
            Err(why) => unread.push((node.name.clone(), why.to_string())),
            Ok(reasons) if reasons.is_empty() => {}
            Ok(_) if age.is_some_and(|minutes| minutes < i64::from(limits.drain_minutes)) => {}
            Ok(reasons) => {
                let since = age.map_or_else(String::new, |minutes| format!("cordoned for {minutes} min; "));
                wrong.push((node.name.clone(), format!("{since}{}", reasons.join("; "))));
            }
        }
    }
    let seen = format!("{cordoned} cordoned, {} of them cannot be drained", wrong.len());
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(all.len(), 1),
        seen,
    )
    .threshold(
        format!("none for longer than {} min", limits.drain_minutes),
        "limits.drain_minutes; PodDisruptionBudgets, annotations, scale-in protection, lifecycle hooks",
    )
    .remedy("do what frees the named pod; a forced drain would break the promise that its budget makes")
    .subjects(wrong)
    .subjects(unread)
}
