//! `HAS-004` and `HAS-005`: could one side carry everything, and how full is each?

use day2_core::{Item, Verdict};

use super::memory::Memory;
use super::steady::READ_AGAIN;
use super::{GONE, Says, Scene, lasting, population, worse_of};
use crate::facts::{Load, SideFacts};
use crate::settings::Peak;

/// What a side can carry besides what belongs to its nodes. Only nodes that are Ready and open count.
fn room(facts: &SideFacts) -> Option<Load> {
    let nodes = facts.nodes.as_ref().ok()?;
    let demand = facts.demand.as_ref().ok()?;
    let usable = nodes.iter().filter(|node| node.readiness.is_ready() && node.open);
    let all = usable.fold(Load::default(), |sum, node| {
        sum.plus(Load::new(node.allocatable, node.allocatable_pods))
    });
    Some(all.minus(demand.of_nodes))
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
        (Ok(nodes), Ok(_)) if !nodes.iter().any(|node| node.readiness.is_ready() && node.open) => {
            "no node is Ready and open".to_owned()
        }
        (Ok(_), Ok(_)) => READ_AGAIN.to_owned(),
    }
}

/// Each side could carry the whole load alone.
pub(crate) fn headroom(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    const CODE: &str = "HAS-004";
    const TITLE: &str = "either side could carry everything";
    let demands = scene
        .sides()
        .map(|(_, facts)| facts.demand.as_ref().ok().map(|demand| demand.moving));
    // What a side that just comes back carries is not yet the usual load.
    if let ([Some(primary), Some(secondary)], [false, false]) = (demands, memory.down()) {
        memory.load = Some((scene.now, primary.plus(secondary)));
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
    for ((side, facts), down) in scene.sides().into_iter().zip(memory.down()) {
        let name = side.platform.name.to_string();
        let room = room(facts);
        let blind = memory.blind(&format!("headroom/{name}"), room.is_none(), &scene.pair.detection);
        if down {
            unread.push((name, GONE.to_owned()));
            continue;
        }
        let Some(room) = room.filter(|_| !blind) else {
            unread.push((name, unreadable(facts)));
            continue;
        };
        examined += 1;
        let short = shortage(room, need);
        let says = if short.is_empty() {
            "could carry everything".to_owned()
        } else {
            format!("is short of {}{}", short.join(", "), growth(facts))
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
        let demand = facts.demand.as_ref().ok();
        let fullest = room(facts)
            .zip(demand)
            .and_then(|(room, demand)| fullest(demand.moving, room));
        let blind = memory.blind(&format!("full/{name}"), fullest.is_none(), &scene.pair.detection);
        if down {
            unread.push((name, GONE.to_owned()));
            continue;
        }
        let (Some((percent, of)), Some(demand), false) = (fullest, demand, blind) else {
            unread.push((name, unreadable(facts)));
            continue;
        };
        examined += 1;
        let waiting = if demand.waiting_pods > 0 {
            format!(", {} pods wait for a node", demand.waiting_pods)
        } else {
            String::new()
        };
        let says = format!("{percent:.0} % of its {of} requested{waiting}");
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

/// The resource that is used most, in percent.
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
    (room > 0).then(|| load as f64 / room as f64 * 100.0)
}
