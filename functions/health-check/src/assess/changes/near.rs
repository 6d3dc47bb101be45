//! How near a change lies to what is broken: by what it is about, and by how long before.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::found::{About, Change, NodeEvent};
use crate::assess::Scene;
use crate::assess::line::Line;
use crate::assess::workloads::Broken;
use crate::assess::{aws, nodes};
use crate::facts::aws_changes;
use crate::facts::inside::Inside;
use crate::reduce::cause::Cause;
use crate::reduce::nodes::NodeFact;
use crate::settings::Group;

/// Seconds by which a change may seem to come after what it caused: times of the API are whole seconds, of several clocks.
const SLACK_SECONDS: i64 = 60;

/// Something that is broken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble<'f> {
    Workload(&'f Broken),
    Node(&'f NodeFact),
    Database,
}

impl Trouble<'_> {
    const fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Workload(one) => one.since,
            Self::Node(node) => node.readiness.since(),
            Self::Database => None,
        }
    }
}

/// Everything that is broken and may have been broken by a change. Of the database its lines tell.
pub(super) fn troubles<'f>(
    broken: &'f [Broken],
    inside: &'f Inside,
    lines: &[Line],
    scene: &Scene<'_>,
) -> Vec<Trouble<'f>> {
    let mut all: Vec<Trouble<'f>> = broken.iter().map(Trouble::Workload).collect();
    if scene.plan.looks_at(Group::Nodes) {
        all.extend(nodes::down(inside, scene).into_iter().map(Trouble::Node));
    }
    let fails = |line: &Line| aws::OF_THE_DATABASE.contains(&line.code) && !line.wrong.is_empty();
    if lines.iter().any(fails) {
        all.push(Trouble::Database);
    }
    all
}

/// How near, the nearest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// What all workloads stand on.
    Below,
    /// The same namespace.
    SameNamespace,
    /// What the broken thing depends on.
    Related,
    /// The broken thing itself.
    Itself,
}

/// The place of a change in the ranking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) rank: Rank,
    /// Seconds from the change to the trouble; to now where nobody knows when that began.
    pub(super) gap: i64,
    /// The relation in words.
    pub(super) place: &'static str,
}

/// Its place by the trouble that it lies nearest to; none where it is near nothing.
pub(super) fn near(change: &Change, troubles: &[Trouble<'_>], now: Timestamp) -> Option<Near> {
    let places = troubles.iter().filter_map(|one| {
        let gap = one.since().unwrap_or(now).as_second() - change.at.as_second();
        // A change that came after the trouble did not cause it.
        if one.since().is_some() && gap < -SLACK_SECONDS {
            return None;
        }
        let (rank, place) = relation(change, one)?;
        Some(Near {
            rank,
            gap: gap.max(0),
            place,
        })
    });
    places.max_by_key(|near| (near.rank, Reverse(near.gap)))
}

fn relation(change: &Change, trouble: &Trouble<'_>) -> Option<(Rank, &'static str)> {
    use aws_changes::About::{Database, NodeGroup, Platform};
    const WAIT: (Rank, &str) = (Rank::Related, ", and pods wait for a node");
    const BELOW: (Rank, &str) = (Rank::Below, "");
    match (&change.about, trouble) {
        (About::Namespace(namespace), Trouble::Workload(one)) => {
            if *namespace != one.workload.namespace {
                None
            } else if change.name == one.workload.to_string() {
                Some((Rank::Itself, ", and it is broken"))
            } else {
                Some((Rank::SameNamespace, ", beside what is broken"))
            }
        }
        (About::Node { name, event }, Trouble::Node(node)) if *name == node.name => {
            // That it is not Ready is the trouble, and not what made it.
            (*event != NodeEvent::Lost).then_some((Rank::Itself, ", and it is not Ready"))
        }
        (About::Node { event, .. }, Trouble::Workload(one)) => {
            let takes_room = *event != NodeEvent::Joined;
            Some(if takes_room && waits(one) { WAIT } else { BELOW })
        }
        (About::Aws(NodeGroup(_)), Trouble::Workload(one)) if waits(one) => Some(WAIT),
        (About::Aws(NodeGroup(group)), Trouble::Node(node)) if node.groups.contains(group) => {
            Some((Rank::Related, ", and a node of it is not Ready"))
        }
        (About::Aws(Database), Trouble::Database) => {
            Some((Rank::Related, ", and the database is in trouble"))
        }
        (About::Node { .. }, Trouble::Node(_))
        | (About::Aws(NodeGroup(_) | Platform), Trouble::Workload(_) | Trouble::Node(_))
        | (About::Aws(Database), Trouble::Workload(_)) => Some(BELOW),
        // The database stands on nothing of the cluster, and a node on no database.
        (About::Namespace(_), Trouble::Node(_) | Trouble::Database)
        | (About::Node { .. } | About::Aws(NodeGroup(_) | Platform), Trouble::Database)
        | (About::Aws(Database), Trouble::Node(_)) => None,
    }
}

/// Whether its pods wait for a node.
fn waits(one: &Broken) -> bool {
    one.cause == Cause::Unschedulable
}
