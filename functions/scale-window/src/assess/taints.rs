//! Which taints keep pods off a node although its group is not made with them.

use std::collections::{BTreeMap, BTreeSet};

use day2_kube::objects::{Node, is_passing_taint};

use super::scene::PlannedGroup;

/// Keys of the taints that keep pods off a node, each once.
fn closing(node: &Node) -> BTreeSet<&str> {
    node.taints
        .iter()
        .filter(|taint| taint.effect != "PreferNoSchedule")
        .map(|taint| taint.key.as_str())
        .collect()
}

/// By node, the keys of the taints that keep pods off it and are not its group's own; nodes without one are left out. A group's own
/// taint is one that more than half of its nodes carry. A node that is alone in its group compares with nobody: of its taints only
/// the passing ones are known not to be its own.
pub(crate) fn foreign<'n>(groups: &[PlannedGroup<'_>], all: &'n [Node]) -> BTreeMap<&'n str, Vec<&'n str>> {
    let mut found = BTreeMap::new();
    for group in groups {
        let own = group.nodes(all);
        let mut carriers: BTreeMap<&str, usize> = BTreeMap::new();
        for &node in &own {
            for key in closing(node) {
                *carriers.entry(key).or_default() += 1;
            }
        }
        let is_own = |key: &str| carriers.get(key).is_some_and(|number| number * 2 > own.len());
        for &node in &own {
            let keys: Vec<&str> = closing(node)
                .into_iter()
                .filter(|key| is_passing_taint(key) || !is_own(key))
                .collect();
            if !keys.is_empty() {
                found.insert(node.name.as_str(), keys);
            }
        }
    }
    found
}
