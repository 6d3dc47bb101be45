//! `HAS-004` and `HAS-005`: could one side carry everything, and how full is each?

use std::collections::BTreeSet;

use day2_core::{Item, Verdict};
use day2_kube::objects::NodeRoom;

use super::memory::Memory;
use super::steady::READ_AGAIN;
use super::{GONE, Says, Scene, count, lasting, population, worse_of};
use crate::facts::{Load, SideFacts};
use crate::settings::Peak;

/// What a side can carry, and what it has to. Dedicated nodes and what runs there are in neither: they are a capacity of their
/// own, which no other pods may use.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    /// What usable nodes have, less what belongs to them.
    room: Load,
    /// What needs room: the pods of all other nodes, also of those that are cordoned, not Ready or not listed, and what waits.
    load: Load,
    /// Pods of the load that have no node yet.
    waiting_pods: i64,
    /// How many nodes the room is of.
    usable: usize,
    /// How many nodes are left out.
    dedicated: usize,
}

fn usable(node: &NodeRoom) -> bool {
    node.readiness.is_ready() && node.open
}

/// None where nodes or pods could not be read.
fn weigh(facts: &SideFacts) -> Option<Weighed> {
    let nodes = facts.nodes.as_ref().ok()?;
    let demand = facts.demand.as_ref().ok()?;
    let (mut room, mut open) = (Load::default(), 0);
    for node in nodes.iter().filter(|node| usable(node)) {
        let here = demand.on.get(&node.name).copied().unwrap_or_default();
        room = room
            .plus(Load::new(node.allocatable, node.allocatable_pods))
            .minus(here.of_node);
        open += 1;
    }
    let dedicated: BTreeSet<&str> = nodes
        .iter()
        .filter(|node| node.dedicated)
        .map(|node| node.name.as_str())
        .collect();
    let load = demand
        .on
        .iter()
        .filter(|(name, _)| !dedicated.contains(name.as_str()))
        .fold(demand.waiting, |sum, (_, here)| sum.plus(here.moving));
    Some(Weighed {
        room,
        load,
        waiting_pods: demand.waiting.pods,
        usable: open,
        dedicated: dedicated.len(),
    })
}

/// What was not judged of a side, where there is any.
fn left_out(weighed: Weighed) -> String {
    if weighed.dedicated == 0 {
        String::new()
    } else {
        format!(
            " (not judged: {} and what runs there)",
            count(weighed.dedicated, "tainted node")
        )
    }
}

fn of_peak(peak: &Peak) -> Load {
    Load {
        cpu_milli: i64::from(peak.cpu_cores) * 1000,
        memory_bytes: i64::from(peak.memory_gib) << 30,
        pods: i64::from(peak.pods),
    }
}

/// What is short, in words; nothing when all of it fits.
fn shortage(room: Load, need: Load) -> Vec<String> {
    let left = room.minus(need);
    let mut short = Vec::new();
    if left.cpu_milli < 0 {
        short.push(format!("{} CPU", cores(-left.cpu_milli)));
    }
    if left.memory_bytes < 0 {
        short.push(gib(-left.memory_bytes));
    }
    if left.pods < 0 {
        short.push(format!("{} places for pods", -left.pods));
    }
    short
}

/// Rounded up to tenths: a shortage is never called nothing.
fn cores(milli: i64) -> String {
    let tenths = milli.saturating_add(99) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn gib(bytes: i64) -> String {
    let tenths = bytes.saturating_mul(10).saturating_add((1 << 30) - 1) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

/// Why a side's room is not judged.
fn unreadable(facts: &SideFacts) -> String {
    match (&facts.nodes, &facts.demand) {
        (Err(why), _) | (_, Err(why)) => why.to_string(),
        (Ok(nodes), Ok(_)) if !nodes.iter().any(usable) => "no node is Ready and open".to_owned(),
        (Ok(_), Ok(_)) => READ_AGAIN.to_owned(),
    }
}

/// Each side could carry the whole load alone.
pub(crate) fn headroom(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    const CODE: &str = "HAS-004";
    const TITLE: &str = "either side could carry everything";
    let sides = scene.sides().map(|(_, facts)| weigh(facts));
    // What a side that just comes back carries is not yet the usual load.
    if let ([Some(primary), Some(secondary)], [false, false]) = (sides, memory.down()) {
        memory.load = Some((scene.now, primary.load.plus(secondary.load)));
    }
    let (need, source) = match (&scene.pair.capacity.peak, memory.load) {
        (Some(peak), _) => (of_peak(peak), "capacity.peak".to_owned()),
        (None, Some((at, load))) => {
            let age = scene.now.duration_since(at);
            let seen = if age.is_zero() {
                "what both sides carry now".to_owned()
            } else {
                format!(
                    "what both sides carried {} ago, when both were last seen",
                    lasting(age)
                )
            };
            (load, seen)
        }
        (None, None) => {
            return Item::judge(
                CODE,
                TITLE,
                Verdict::Unknown,
                population(0, 2),
                "what would have to be carried is not known: both sides were never seen together",
            )
            .remedy("declare capacity.peak");
        }
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for (((side, facts), weighed), down) in scene.sides().into_iter().zip(sides).zip(memory.down()) {
        let name = side.platform.name.to_string();
        // That nothing fits on no node is no proof of anything: all nodes may be dedicated.
        let weighed = weighed.filter(|weighed| weighed.usable > 0 || need != Load::default());
        let blind = memory.blind(
            &format!("headroom/{name}"),
            weighed.is_none(),
            &scene.pair.detection,
        );
        if down {
            unread.push((name, GONE.to_owned()));
            continue;
        }
        let Some(weighed) = weighed.filter(|_| !blind) else {
            unread.push((name, unreadable(facts)));
            continue;
        };
        examined += 1;
        let short = shortage(weighed.room, need);
        let not_judged = left_out(weighed);
        let says = if short.is_empty() {
            format!("could carry everything{not_judged}")
        } else {
            format!("is short of {}{}{not_judged}", short.join(", "), growth(facts))
        };
        if memory.told(
            &format!("headroom/{name}"),
            !short.is_empty(),
            &scene.pair.detection,
        ) {
            wrong.push((name.clone(), says.clone()));
        }
        told.push(format!("{name} {says}"));
    }
    let seen = if told.is_empty() {
        "neither side could be read".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(examined, 2), seen)
        .threshold(
            format!("{} CPU, {}, {} pods on Ready and open nodes", cores(need.cpu_milli), gib(need.memory_bytes), need.pods),
            source,
        )
        .remedy("raise the size of the side that is short before the other one fails: nodes that must be launched then take minutes, if there are any")
        .subjects(wrong)
        .subjects(unread)
}

/// How far its groups could still grow. Named and not counted: an instance that is not there may not be had.
fn growth(facts: &SideFacts) -> String {
    let more: i64 = facts
        .groups
        .iter()
        .filter_map(|group| group.group.as_ref().ok())
        .map(|group| (group.max - group.desired).max(0))
        .sum();
    if more == 0 {
        String::new()
    } else {
        format!("; its groups may grow by {more} nodes")
    }
}

/// No side is fuller than allowed.
pub(crate) fn requested(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    let limit = scene.pair.capacity.requested_percent();
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for ((side, facts), down) in scene.sides().into_iter().zip(memory.down()) {
        let name = side.platform.name.to_string();
        let weighed = weigh(facts).filter(|weighed| weighed.usable > 0);
        let fullest = weighed.and_then(|weighed| fullest(weighed.load, weighed.room));
        let blind = memory.blind(&format!("full/{name}"), fullest.is_none(), &scene.pair.detection);
        if down {
            unread.push((name, GONE.to_owned()));
            continue;
        }
        let (Some((percent, of)), Some(weighed), false) = (fullest, weighed, blind) else {
            unread.push((name, unreadable(facts)));
            continue;
        };
        examined += 1;
        let waiting = if weighed.waiting_pods > 0 {
            format!(", {} pods wait for a node", weighed.waiting_pods)
        } else {
            String::new()
        };
        let how = if percent.is_finite() {
            format!("{percent:.0} % of its {of} requested")
        } else {
            format!("no {of} left beside what DaemonSets take")
        };
        let says = format!("{how}{waiting}{}", left_out(weighed));
        if memory.told(&format!("full/{name}"), percent > limit, &scene.pair.detection) {
            wrong.push((name.clone(), says.clone()));
        }
        told.push(format!("{name}: {says}"));
    }
    let seen = if told.is_empty() {
        "neither side could be read".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(
        "HAS-005",
        "no side is too full",
        worse_of(&wrong, &unread),
        population(examined, 2),
        seen,
    )
    .threshold(
        format!(
            "at most {limit} % of CPU, memory or pod places, in {} looks",
            scene.pair.detection.agreeing_looks
        ),
        "capacity.max_requested_percent, detection.agreeing_looks",
    )
    .remedy("add nodes to that side, or move work to the other one")
    .subjects(wrong)
    .subjects(unread)
}

/// The resource that is used most, in percent; none where nothing is there and nothing is asked for.
fn fullest(load: Load, room: Load) -> Option<(f64, &'static str)> {
    [
        (load.cpu_milli, room.cpu_milli, "CPU"),
        (load.memory_bytes, room.memory_bytes, "memory"),
        (load.pods, room.pods, "places for pods"),
    ]
    .into_iter()
    .filter_map(|(load, room, of)| Some((percent(load, room)?, of)))
    .max_by(|a, b| a.0.total_cmp(&b.0))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage of bytes needs no more than 52 bits"
)]
fn percent(load: i64, room: i64) -> Option<f64> {
    if room > 0 {
        Some(load as f64 / room as f64 * 100.0)
    } else {
        // Without room any load is too much.
        (load > 0).then_some(f64::INFINITY)
    }
}
