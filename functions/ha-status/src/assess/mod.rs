//! Every opinion of `ha-status`. Pure: same facts, same pair, same notes, same moment, same items.

pub(crate) mod capacity;
pub(crate) mod imbalance;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod pair;
pub(crate) mod probe;
pub(crate) mod provisioning;
pub(crate) mod queue;
pub(crate) mod sides;
pub(crate) mod steady;

#[cfg(test)]
pub(crate) mod tests;

use day2_core::compare::{Earlier, Notes};
pub(crate) use day2_core::judging::{count, lasting, population, worse_of};
use day2_core::{Item, Observed};
use jiff::Timestamp;

use crate::facts::{Facts, SideFacts};
use crate::settings::{Pair, Part, Side};
use memory::Memory;
use probe::probe;

/// What a judgement may look at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What was read.
    pub facts: &'a Facts,
    /// What should be.
    pub pair: &'a Pair,
    /// What the run before noted.
    pub before: &'a Observed<Option<Earlier>>,
    /// The moment of the run.
    pub now: Timestamp,
}

impl<'a> Scene<'a> {
    /// Both sides, the primary first.
    pub(crate) fn sides(&self) -> [(&'a Side, &'a SideFacts); 2] {
        [
            (&self.pair.primary, &self.facts.primary),
            (&self.pair.secondary, &self.facts.secondary),
        ]
    }
}

/// Judges the facts. The notes are for the next run.
#[must_use]
pub fn assess(scene: &Scene<'_>) -> (Vec<Item>, Notes) {
    let earlier = scene.before.as_ref().ok().and_then(Option::as_ref);
    let old = earlier.and_then(|before| Memory::read(&before.notes));
    let evidence = scene.sides().map(|(side, facts)| probe(side, facts));
    let mut memory = machine::step(old.as_ref(), scene.pair, &evidence, scene.now);
    let mut items = vec![
        pair::status(scene, old.as_ref(), &memory),
        sides::answer(scene, &mut memory, &evidence),
        sides::nodes(scene, &mut memory),
        capacity::headroom(scene, &mut memory),
        capacity::requested(scene, &mut memory),
    ];
    if !scene.pair.not_checked.contains(&Part::Groups) || scene.pair.capacity.max_node_difference.is_some() {
        items.push(imbalance::balanced(scene, &mut memory));
    }
    if !scene.pair.not_checked.contains(&Part::Queue) {
        items.push(queue::short(scene, &mut memory));
    }
    items.push(provisioning::in_time(scene, &memory));
    (items, memory.notes())
}

/// Something wrong or unread: its name, and what about it.
pub(crate) type Says = Vec<(String, String)>;

/// Why a side that is down is not judged further.
pub(crate) const GONE: &str = "is unavailable: see HAS-001";
