//! `SCW-201` and `SCW-202`: what is still up in the evening, why, and what it costs per hour.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Observed};
use day2_kube::objects::Node;
use jiff::Timestamp;

use super::blockers::{Blockers, of_member};
use super::scene::PlannedGroup;
use super::{count, minutes_since, population, worse_of};
use crate::settings::{Cost, Limits, Plan};
use day2_reads::instances::Instance;
use day2_reads::scaling_groups::Member;

/// Why nothing seen holds a node that is still up.
const UNEXPLAINED: &str =
    "nothing on it holds it; the group's desired capacity or minimum keeps it (SCW-011)";

/// Instances by id.
type ById<'a> = BTreeMap<&'a str, &'a Instance>;

/// Nodes and instances beyond the evening's count, each with what holds it. An instance of a group that is no node costs like one
/// and runs nothing, so it is named first; of the nodes of a group those with the strongest reason are named, as many as there are
/// too many.
pub(crate) fn still_up(
    groups: &[PlannedGroup<'_>],
    nodes: &Observed<Vec<Node>>,
    instances: &Observed<Vec<Instance>>,
    blockers: &Blockers<'_>,
    plan: &Plan,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-201";
    const TITLE: &str = "nothing is left up after the scale-down";
    let expected: u64 = groups.iter().map(|group| u64::from(group.plan.after)).sum();
    let all = match nodes {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let by_id: ById<'_> = instances.as_ref().map_or_else(
        |_| BTreeMap::new(),
        |all| all.iter().map(|one| (one.id.as_str(), one)).collect(),
    );
    let joined: BTreeSet<&str> = all.iter().filter_map(Node::instance_id).collect();
    let is_left = |member: &Member| {
        let launched = by_id.get(member.id.as_str()).and_then(|one| one.launched_at);
        let joins = launched.is_some_and(|at| minutes_since(at, now) < i64::from(plan.limits.join_minutes));
        !joins && !joined.contains(member.id.as_str()) && !goes_by_itself(member)
    };
    let (mut wrong, mut unread, mut summary) = (Vec::new(), Vec::new(), Vec::new());
    let (mut types, mut examined) = (Vec::new(), 0);
    for group in groups {
        let own = group.nodes(all);
        examined += own.len();
        let mut left: Vec<&Member> = group.known(&mut unread).map_or_else(Vec::new, |seen| {
            seen.instances.iter().filter(|member| is_left(member)).collect()
        });
        let after = usize::try_from(group.plan.after).unwrap_or(usize::MAX);
        if let Err(why) = instances
            && !left.is_empty()
            && own.len() + left.len() > after
        {
            let says = format!("{} without a node may have just been launched: {why}", left.len());
            unread.push((group.plan.node_group.clone(), says));
            left.clear();
        }
        summary.push(told(group, own.len(), left.len()));
        let extra = (own.len() + left.len()).saturating_sub(after);
        let extra_nodes = extra.saturating_sub(left.len());
        for member in left.into_iter().take(extra) {
            wrong.push((member.id.clone(), without_node(member)));
            types.push(instance_type(&member.id, member.instance_type.as_ref(), &by_id));
        }
        for (node, says) in strongest(own, extra_nodes, blockers) {
            wrong.push((node.name.clone(), says));
            let id = node.instance_id().unwrap_or_default();
            let label = node.labels.get("node.kubernetes.io/instance-type");
            types.push(instance_type(id, label, &by_id));
        }
    }
    let price = if types.is_empty() {
        String::new()
    } else {
        format!("; {}", hourly(&types, &plan.cost))
    };
    // With an evening count of zero a complete, empty list is what was planned: the nodes of the whole cluster are the
    // population then, so that an empty cluster stays unknown.
    let seen_nodes = if expected == 0 { all.len() } else { examined };
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(seen_nodes, expected),
        format!("up/planned: {}{price}", summary.join(", ")),
    )
    .threshold(
        "nodes, and instances without one, ≤ planned for the evening",
        "groups[].after; limits.join_minutes, cost.per_hour",
    )
    .remedy("free what holds it, or end it knowingly; never delete somebody's workspace for it")
    .subjects(wrong)
    .subjects(unread)
}

/// Whether a member of a group is on its way out and waits for nobody, or is kept stopped on purpose (source: EC2 Auto Scaling User
/// Guide, "Amazon EC2 Auto Scaling instance lifecycle").
fn goes_by_itself(member: &Member) -> bool {
    let state = member.lifecycle_state.as_str();
    matches!(state, "Terminating" | "Terminating:Proceed" | "Terminated") || state.starts_with("Warmed:")
}

/// `workspace 3/2`, and how many instances of the group are no node.
fn told(group: &PlannedGroup<'_>, nodes: usize, left: usize) -> String {
    let beside = if left == 0 {
        String::new()
    } else {
        format!(" and {} without a node", count(left, "instance"))
    };
    format!("{} {nodes}/{}{beside}", group.plan.node_group, group.plan.after)
}

/// What is known of an instance that is no node: its state, and what keeps it.
fn without_node(member: &Member) -> String {
    let reasons = of_member(member);
    let why = if reasons.is_empty() {
        UNEXPLAINED.to_owned()
    } else {
        reasons.join("; ")
    };
    format!("{}, and no Node has its id; {why}", member.lifecycle_state)
}

/// The `number` nodes with the strongest reasons to be up, each with them in words.
fn strongest<'n>(nodes: Vec<&'n Node>, number: usize, blockers: &Blockers<'_>) -> Vec<(&'n Node, String)> {
    if number == 0 {
        return Vec::new();
    }
    let mut explained: Vec<(&Node, Observed<Vec<String>>)> =
        nodes.into_iter().map(|node| (node, blockers.of(node))).collect();
    explained.sort_by_key(|(node, reasons)| {
        let strength = reasons.as_ref().map_or(0, Vec::len);
        (Reverse(node.unschedulable), Reverse(strength), node.name.clone())
    });
    let told = explained.into_iter().take(number).map(|(node, reasons)| {
        let cordoned = if node.unschedulable { "cordoned; " } else { "" };
        let says = match reasons {
            Err(why) => format!("{cordoned}why could not be read: {why}"),
            Ok(reasons) if reasons.is_empty() => format!("{cordoned}{UNEXPLAINED}"),
            Ok(reasons) => format!("{cordoned}{}", reasons.join("; ")),
        };
        (node, says)
    });
    told.collect()
}

/// The type of an instance: as EC2 says, else as Auto Scaling or its Node does.
fn instance_type(id: &str, beside: Option<&String>, by_id: &ById<'_>) -> String {
    let described = by_id.get(id).map(|instance| &instance.instance_type);
    let known = described.or(beside).cloned();
    known.unwrap_or_else(|| "unknown type".to_owned())
}

/// Price of the instances of these types per hour; types without a price are named instead of being counted as free.
fn hourly(types: &[String], cost: &Cost) -> String {
    let (mut sum, mut unknown) = (0.0, BTreeMap::<&str, usize>::new());
    for kind in types {
        match cost.per_hour.get(kind) {
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
        count(types.len(), "extra instance"),
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
