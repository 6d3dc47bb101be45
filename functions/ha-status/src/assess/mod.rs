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
use day2_core::item::Population;
use day2_core::{Item, Observed, Verdict};
use jiff::{SignedDuration, Timestamp};

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

/// Population in one word.
pub(crate) fn population(examined: usize, expected_at_least: usize) -> Population {
    Population {
        examined: u64::try_from(examined).unwrap_or(u64::MAX),
        expected_at_least: u64::try_from(expected_at_least).unwrap_or(u64::MAX),
    }
}

/// A failure outweighs what could not be read, which outweighs a pass.
pub(crate) fn worse_of<A, B>(wrong: &[A], unread: &[B]) -> Verdict {
    match (wrong.is_empty(), unread.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    }
}

/// `1 node`, `2 nodes`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// `45 min`, `2 h 30 min`, `12 d`.
pub(crate) fn lasting(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, _) if hours >= 96 => format!("{} d", hours / 24),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
