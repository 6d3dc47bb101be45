//! Which nodes of a group hold nothing that would be missed.

use std::collections::BTreeSet;

use day2_kube::Occupancy;
use day2_kube::objects::{Node, Pod};
use day2_reads::scaling_groups::Group;

use super::super::words::count;
use super::NAMED;
use crate::change::Leaving;

/// Empty nodes, the newest first, and in words what holds the others that are newer than the rest.
pub(super) fn candidates(group: &Group, nodes: &[Node], pods: &[Pod]) -> (Vec<Leaving>, Vec<String>) {
    let mut members: Vec<(&Node, &str, bool)> = Vec::new();
    let mut joined: BTreeSet<&str> = BTreeSet::new();
    for node in nodes {
        let Some(id) = node.instance_id() else { continue };
        if let Some(member) = group.instances.iter().find(|member| member.id == id) {
            joined.insert(id);
            if member.lifecycle_state == "InService" {
                members.push((node, id, member.protected));
            }
        }
    }
    members.sort_by_key(|(node, _, _)| std::cmp::Reverse(node.created_at));
    let (mut leaving, mut held) = (Vec::new(), Vec::new());
    let mut more = 0_usize;
    for (node, instance, protected) in members {
        let occupancy = Occupancy::of(&node.name, pods);
        let why = if protected {
            Some("it is protected from scale-in".to_owned())
        } else {
            occupancy
                .occupants
                .first()
                .map(|first| match occupancy.occupants.len() {
                    1 => format!("pod {first}"),
                    more => format!("pod {first} and {} more", more - 1),
                })
        };
        match why {
            None => leaving.push(Leaving {
                instance: instance.to_owned(),
                node: node.name.clone(),
                uid: node.uid.clone(),
            }),
            Some(why) if held.len() < NAMED => held.push(format!("{} holds {why}", node.name)),
            Some(_) => more += 1,
        }
    }
    if more > 0 {
        held.push(format!("{} more are not empty", count(more, "node")));
    }
    let unknown = group
        .instances
        .iter()
        .filter(|member| {
            !joined.contains(member.id.as_str()) && !member.lifecycle_state.starts_with("Terminat")
        })
        .count();
    if unknown > 0 {
        held.push(format!(
            "{} have not joined the cluster, so that nobody knows whether they are empty",
            count(unknown, "instance")
        ));
    }
    (leaving, held)
}
