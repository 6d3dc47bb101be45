//! `HAS-002` and `HAS-003`: each control plane answers, and each side has its nodes.

use day2_core::Item;

use super::machine::SideState;
use super::memory::Memory;
use super::probe::Evidence;
use super::steady::READ_AGAIN;
use super::{GONE, Says, Scene, lasting, population, worse_of};

/// Both sides serve, as far as several probes agree, and their API servers answer in time.
pub(crate) fn answer(scene: &Scene<'_>, memory: &mut Memory, evidence: &[Evidence; 2]) -> Item {
    let detection = &scene.pair.detection;
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let mut told = Vec::new();
    let states = memory.sides().map(Clone::clone);
    for (((side, facts), state), evidence) in scene.sides().into_iter().zip(&states).zip(evidence) {
        let name = side.platform.name.to_string();
        let why = match evidence {
            Evidence::Good => "the last probe was good".to_owned(),
            Evidence::Bad(why) | Evidence::Blind(why) => why.clone(),
        };
        let last = state.last_good.map_or_else(
            || "no probe was good so far".to_owned(),
            |at| format!("the last good one {} ago", lasting(scene.now.duration_since(at))),
        );
        match state.state {
            SideState::Up => {}
            SideState::Down => wrong.push((
                name.clone(),
                format!("unavailable since {:.0}: {why}; {last}", state.since),
            )),
            SideState::Doubtful => unread.push((
                name.clone(),
                format!(
                    "{} failed and {} good probes in a row, of {} and {}: {why}; {last}",
                    state.failed, state.good, detection.failed_probes, detection.good_probes
                ),
            )),
        }
        if let Ok(readyz) = &facts.readyz {
            let ms = readyz.latency.as_millis();
            let slow = ms > u128::from(detection.max_latency_ms);
            if memory.told(&format!("slow/{name}"), slow, detection) {
                wrong.push((name.clone(), format!("its API server takes {ms} ms to answer")));
            }
            told.push(format!("{name} answers in {ms} ms"));
        }
    }
    let seen = if told.is_empty() {
        "neither API server answered".to_owned()
    } else {
        told.join(", ")
    };
    let known = states
        .iter()
        .filter(|side| side.state != SideState::Doubtful)
        .count();
    Item::judge(
        "HAS-002",
        "both sides answer",
        worse_of(&wrong, &unread),
        population(known, 2),
        seen,
    )
    .threshold(
        format!(
            "ready, within {} ms, with the nodes that it needs to serve",
            detection.max_latency_ms
        ),
        "detection, min_serving_nodes",
    )
    .remedy("look at the cluster in EKS, at its endpoint from this network, and at the side's nodes")
    .subjects(wrong)
    .subjects(unread)
}

/// Both sides have the nodes that they should have.
pub(crate) fn nodes(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for ((side, facts), down) in scene.sides().into_iter().zip(memory.down()) {
        let name = side.platform.name.to_string();
        let blind = memory.blind(
            &format!("nodes/{name}"),
            facts.nodes.is_err(),
            &scene.pair.detection,
        );
        if down {
            unread.push((name, GONE.to_owned()));
            continue;
        }
        let nodes = match &facts.nodes {
            Ok(_) if blind => {
                unread.push((name, READ_AGAIN.to_owned()));
                continue;
            }
            Ok(nodes) => nodes,
            Err(why) => {
                unread.push((name, why.to_string()));
                continue;
            }
        };
        examined += 1;
        let ready = nodes.iter().filter(|node| node.readiness.is_ready()).count();
        let short = u64::try_from(ready).unwrap_or(u64::MAX) < u64::from(side.min_ready_nodes);
        let says = format!(
            "{ready} of {} nodes are Ready, {} expected",
            nodes.len(),
            side.min_ready_nodes
        );
        if memory.told(&format!("nodes/{name}"), short, &scene.pair.detection) {
            wrong.push((name.clone(), says.clone()));
        }
        told.push(format!("{name}: {says}"));
    }
    let seen = if told.is_empty() {
        "no side's nodes could be read".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(
        "HAS-003",
        "both sides have their nodes",
        worse_of(&wrong, &unread),
        population(examined, 2),
        seen,
    )
    .threshold(
        format!(
            "min_ready_nodes Ready, in {} looks",
            scene.pair.detection.agreeing_looks
        ),
        "min_ready_nodes, detection.agreeing_looks",
    )
    .remedy("see HAS-006 for what keeps the missing ones away")
    .subjects(wrong)
    .subjects(unread)
}
