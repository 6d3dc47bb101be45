//! `HLT-114`: what pods have reserved of the nodes.

use day2_kube::objects::Resources;

use super::super::Scene;
use super::super::line::{Finding, Line};
use super::super::read::reduced;
use super::super::words::count;
use crate::facts::inside::Inside;
use crate::reduce::nodes::{NodeFact, Purpose};

/// Whole percent, rounded down; none of nothing.
pub(in crate::assess) fn percent(used: i64, of: i64) -> Option<i64> {
    (of > 0).then(|| i64::try_from(i128::from(used) * 100 / i128::from(of)).unwrap_or(i64::MAX))
}

/// Requests against allocatable, over the nodes that take pods of any kind: dedicated nodes and what runs there are in neither, as
/// in `HAS-004`, unless all nodes are dedicated. What `kubectl top` shows is use at one moment, and says nothing about whether another pod fits.
pub(super) fn headroom(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-114";
    const TITLE: &str = "nodes have room for more pods";
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let pods = match reduced(inside.pods.as_ref(), CODE, TITLE)? {
        Ok(pods) => pods,
        Err(line) => return Some(line),
    };
    let (mut room, mut used, mut slots, mut taken, mut open) =
        (Resources::default(), Resources::default(), 0, 0, 0);
    let judged = judged(&nodes.sum);
    for node in &nodes.sum {
        if node.purpose != judged || !node.takes_pods() {
            continue;
        }
        open += 1;
        room += node.allocatable;
        slots += node.allocatable_pods;
        if let Some(load) = pods.sum.load.get(&node.name) {
            used += load.requests;
            taken += load.pods;
        }
    }
    let limit = i64::from(scene.plan.nodes.requests_percent);
    let shares = [
        ("CPU", percent(used.cpu_milli, room.cpu_milli)),
        ("memory", percent(used.memory_bytes, room.memory_bytes)),
        ("pods", percent(taken, slots)),
    ];
    let told: Vec<String> = shares
        .iter()
        .map(|(what, share)| {
            share.map_or_else(|| format!("{what} unknown"), |share| format!("{what} {share} %"))
        })
        .collect();
    let made = makes_nodes(inside);
    let wrong = shares
        .iter()
        .filter_map(|(what, share)| Some((what, (*share)?)))
        .filter(|(_, share)| *share > limit && !made)
        .map(|(what, share)| {
            Finding::of(
                format!("requested {what}"),
                format!("{share} % of what the nodes have"),
            )
        });
    let unread = shares
        .iter()
        .filter(|(_, share)| share.is_none() && open > 0)
        .map(|(what, _)| (format!("allocatable {what}"), "the nodes tell none".to_owned()));
    let limit = if made {
        "not judged: Karpenter or EKS Auto Mode makes nodes when pods need them".to_owned()
    } else {
        format!("at most {limit} % requested")
    };
    let seen = if open == 0 {
        "no node is Ready and open".to_owned()
    } else {
        format!("{} requested of {}", told.join(", "), count(open, "node"))
    };
    Some(
        Line::new(CODE, TITLE, open)
            .if_any_where(is_apart(&nodes.sum, made))
            .seen(format!("{seen}{}", left_out(&nodes.sum, judged)))
            .threshold(limit, "nodes.requests_percent")
            .remedy("add nodes, or lower the requests of what asks for more than it uses")
            .wrong(wrong.collect::<Vec<_>>())
            .unread(unread)
            .short_of(nodes.shortfall.as_ref())
            .short_of(pods.shortfall.as_ref()),
    )
}

/// Whether nobody needs room on nodes that there are: each is of the one pod that it came with, or dedicated where nodes are made
/// when pods need them.
fn is_apart(nodes: &[NodeFact], made: bool) -> bool {
    let apart = |node: &NodeFact| match node.purpose {
        Purpose::General => false,
        Purpose::Dedicated => made,
        Purpose::OnePod => true,
    };
    !nodes.is_empty() && nodes.iter().all(apart)
}

/// The nodes whose room is summed up: those for any pod, and where there are none, for example because each group has a team, the
/// dedicated ones.
fn judged(nodes: &[NodeFact]) -> Purpose {
    if nodes.iter().any(|node| node.purpose == Purpose::General) {
        Purpose::General
    } else {
        Purpose::Dedicated
    }
}

/// How many nodes are not judged, where there are any.
fn left_out(nodes: &[NodeFact], judged: Purpose) -> String {
    let others = nodes.iter().filter(|node| node.purpose != judged);
    match others.count() {
        0 => String::new(),
        tainted => format!(
            " (not judged: {} and what runs there)",
            count(tainted, "tainted node")
        ),
    }
}

/// Whether Karpenter or Auto Mode makes nodes here.
pub(in crate::assess) fn makes_nodes(inside: &Inside) -> bool {
    matches!(&inside.node_pools, Some(Ok(Some(pools))) if !pools.items().is_empty())
}
