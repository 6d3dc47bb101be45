//! Cordons that an attempt which was killed between cordon and termination has left behind. Once the lease has ended nobody
//! would look for them, so they are lifted before.

use day2_core::action::{Lease, Step, Undo};
use day2_core::{Cause, Unreadable};

use super::super::words::count;
use crate::change::{Change, Held, Uncordon};
use crate::facts::Facts;

/// Seconds that one node may take.
const SECONDS_PER_NODE: u32 = 3;
/// Most seconds that are asked for.
const MOST_SECONDS: u32 = 60;

/// Nodes that carry the cordon of this lease.
///
/// # Errors
///
/// When the nodes could not be read, so that nobody knows. A cluster that is gone has no nodes.
pub(super) fn held(facts: &Facts, lease: Option<&Lease>) -> Result<Vec<Held>, Unreadable> {
    let Some(lease) = lease else {
        return Ok(Vec::new());
    };
    let owner = Change::cordon_owner(&lease.id);
    match &facts.cluster.nodes {
        Ok(nodes) => Ok(nodes
            .iter()
            .filter(|node| node.cordon_owner.as_deref() == Some(owner.as_str()))
            .map(|node| Held {
                node: node.name.clone(),
                uid: node.uid.clone(),
            })
            .collect()),
        Err(why) if why.cause == Cause::NotFound => Ok(Vec::new()),
        Err(why) => Err(why.clone()),
    }
}

/// The step that lifts them, if there are any.
pub(super) fn step(nodes: Vec<Held>) -> Option<Step<Change>> {
    let first = nodes.first()?;
    let number = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
    let names = match nodes.len() {
        1 => first.node.clone(),
        more => format!("{} and {} more", first.node, more - 1),
    };
    Some(Step {
        resource: format!("cordons of this lease on {}", count(nodes.len(), "node")),
        title: "lift the cordons that an earlier attempt has left".to_owned(),
        before: "cordoned by us".to_owned(),
        after: "taking pods".to_owned(),
        precondition: "each cordon is still the one that this lease has set".to_owned(),
        undo: Undo::ByHand {
            words: "kubectl cordon NODE".to_owned(),
        },
        blast_radius: format!("{names}; nothing that runs is touched"),
        disruptive: false,
        takes_seconds: number
            .saturating_mul(SECONDS_PER_NODE)
            .clamp(SECONDS_PER_NODE, MOST_SECONDS),
        change: Change::Uncordon(Uncordon { nodes }),
    })
}
