//! `HAS-008`: a side that is being made is ready in time. Until then it is expected to be missing, and nobody is paged again;
//! when it takes longer, somebody is.

use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::machine::SideState;
use super::memory::Memory;
use super::{Says, Scene, lasting, population};
use crate::facts::SideFacts;

/// Since when a side is being made; nothing for one that is not. A cluster that EKS calls `CREATING` is, and one that was
/// created after it was missed.
fn being_made(facts: &SideFacts, down_since: Timestamp) -> Option<Timestamp> {
    let cluster = facts.cluster.as_ref().ok()?;
    let created = cluster.created_at?;
    (cluster.status == "CREATING" || created >= down_since).then_some(created)
}

pub(crate) fn in_time(scene: &Scene<'_>, memory: &Memory) -> Item {
    let allowed = SignedDuration::from_mins(i64::from(scene.pair.provisioning_minutes));
    let (mut late, mut told): (Says, Vec<String>) = (Vec::new(), Vec::new());
    for ((side, facts), state) in scene.sides().into_iter().zip(memory.sides()) {
        if state.state != SideState::Down {
            continue;
        }
        let name = side.platform.name.to_string();
        // One that nobody makes again is late when it would have been ready by now.
        let (begun, what) = match being_made(facts, state.since) {
            Some(created) => (created, "being made"),
            None => (state.since, "gone"),
        };
        let lasts = scene.now.duration_since(begun);
        let says = format!("{what} for {}", lasting(lasts));
        if lasts > allowed {
            late.push((
                name.clone(),
                format!("{says}, expected within {}", lasting(allowed)),
            ));
        }
        told.push(format!("{name} is {says}"));
    }
    let verdict = if late.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let seen = if told.is_empty() {
        "no side is missing".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge("HAS-008", "a missing side comes back in time", verdict, population(2, 2), seen)
        .threshold(format!("within {}", lasting(allowed)), "provisioning_minutes")
        .remedy("it takes longer than it ever should: see the cluster and its groups in AWS, and whether anybody makes it again at all")
        .subjects(late)
}
