//! `HAS-006`: each side has the nodes that its groups want, and the sides are alike; if not, what keeps them apart.

use std::cmp::Ordering;

use day2_core::Item;
use day2_reads::launch_failures::LaunchFailure;
use day2_reads::scaling_groups::Group;

use super::memory::Memory;
use super::steady::READ_AGAIN;
use super::{GONE, Says, Scene, count, population, worse_of};
use crate::facts::{GroupFacts, SideFacts};
use crate::settings::Part;

pub(crate) fn balanced(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    let detection = &scene.pair.detection;
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut expected, mut told) = (0, 0, Vec::new());
    if !scene.pair.not_checked.contains(&Part::Groups) {
        for ((side, facts), down) in scene.sides().into_iter().zip(memory.down()) {
            for group in &facts.groups {
                expected += 1;
                let name = format!("{}/{}", side.platform.name, group.name);
                let blind = memory.blind(&format!("group/{name}"), group.group.is_err(), detection);
                if down {
                    unread.push((name, GONE.to_owned()));
                    continue;
                }
                match &group.group {
                    Err(why) => unread.push((name, why.to_string())),
                    Ok(_) if blind => unread.push((name, READ_AGAIN.to_owned())),
                    Ok(seen) => {
                        examined += 1;
                        let (serving, says) = judge(seen, group);
                        let short = serving < seen.desired;
                        if memory.told(&format!("group/{name}"), short, detection) {
                            wrong.push((name.clone(), says.clone()));
                        }
                        told.push(format!("{name}: {serving} of {}", seen.desired));
                    }
                }
            }
        }
    }
    if let Some(most) = scene.pair.capacity.max_node_difference {
        expected += 1;
        let ready = scene.sides().map(|(_, facts)| ready_nodes(facts));
        let both = !memory.down().contains(&true);
        let blind = memory.blind("difference", ready.contains(&None), detection);
        if let ([Some(primary), Some(secondary)], true, false) = (ready, both, blind) {
            examined += 1;
            let apart = primary.abs_diff(secondary);
            let names =
                [&scene.pair.primary, &scene.pair.secondary].map(|side| side.platform.name.to_string());
            let [first, second] = names;
            let uneven = u64::try_from(apart).unwrap_or(u64::MAX) > u64::from(most);
            let says = format!("{first} has {primary} Ready nodes, {second} has {secondary}");
            if memory.told("difference", uneven, detection) {
                let limits = limits(scene, primary, secondary);
                wrong.push(("the sides".to_owned(), format!("{says}{limits}")));
            }
            told.push(says);
        } else {
            unread.push((
                "the sides".to_owned(),
                "one is unavailable, or its nodes could not be read".to_owned(),
            ));
        }
    }
    let seen = if told.is_empty() {
        "nothing could be read".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(
        "HAS-006",
        "nodes are as many as wanted, on both sides",
        worse_of(&wrong, &unread),
        population(examined, expected),
        seen,
    )
    .threshold(
        format!("desired instances in service, in {} looks", detection.agreeing_looks),
        "groups, capacity.max_node_difference, detection.agreeing_looks",
    )
    .remedy("the constraint is named: another instance type or zone, a quota, free addresses, the launch template, a permission, or a process that somebody suspended")
    .subjects(wrong)
    .subjects(unread)
}

fn ready_nodes(facts: &SideFacts) -> Option<usize> {
    let nodes = facts.nodes.as_ref().ok()?;
    Some(nodes.iter().filter(|node| node.readiness.is_ready()).count())
}

/// What limits the side with fewer nodes, by what its groups want, may have and have; nothing where no group is known of it.
fn limits(scene: &Scene<'_>, primary: usize, secondary: usize) -> String {
    let [first, second] = scene.sides();
    let ((side, smaller), (_, larger)) = match primary.cmp(&secondary) {
        Ordering::Less => (first, second),
        Ordering::Greater => (second, first),
        Ordering::Equal => return String::new(),
    };
    let less = desired(smaller)
        .zip(desired(larger))
        .filter(|(few, many)| few < many);
    let says = less.map_or_else(String::new, |(few, many)| {
        format!("; {} wants {few}, and the other side {many}", side.platform.name)
    });
    smaller
        .groups
        .iter()
        .fold(says, |says, group| format!("{says}; {}", limit(group)))
}

/// How many instances all groups of a side want together; none where there is none, or one could not be read.
fn desired(facts: &SideFacts) -> Option<i64> {
    if facts.groups.is_empty() {
        return None;
    }
    let wanted = facts
        .groups
        .iter()
        .map(|one| Some(one.group.as_ref().ok()?.desired));
    wanted.sum()
}

/// What limits one group of the smaller side.
fn limit(facts: &GroupFacts) -> String {
    let name = &facts.name;
    let group = match &facts.group {
        Ok(group) => group,
        Err(why) => return format!("{name}: {why}"),
    };
    let (serving, says) = judge(group, facts);
    let most = if group.desired >= group.max {
        "its maximum".to_owned()
    } else {
        format!("at most {}", group.max)
    };
    if serving < group.desired {
        format!("{name} ({most}): {says}")
    } else {
        format!("{name} ({most}) has the {} that it wants", group.desired)
    }
}

/// Instances in service, and why they are not more.
fn judge(group: &Group, facts: &GroupFacts) -> (i64, String) {
    let serving = group
        .instances
        .iter()
        .filter(|one| one.lifecycle_state == "InService" && one.health == "Healthy")
        .count();
    let serving = i64::try_from(serving).unwrap_or(i64::MAX);
    let says = format!(
        "{serving} of {} in service: {}",
        group.desired,
        constraint(group, facts)
    );
    (serving, says)
}

/// What limits a group, the likeliest first.
fn constraint(group: &Group, facts: &GroupFacts) -> String {
    let launch = group
        .suspended
        .iter()
        .find(|(process, _)| matches!(process.as_str(), "Launch" | "AddToLoadBalancer" | "HealthCheck"));
    if let Some((process, why)) = launch {
        return format!("the process {process} is suspended ({why})");
    }
    let failed = match &facts.activities {
        Ok(all) => all
            .iter()
            .filter(|one| one.is_failed_launch())
            .max_by_key(|one| one.started_at),
        Err(why) => return format!("its activities could not be read: {why}"),
    };
    if let Some(activity) = failed {
        return format!("{} ({})", kind(activity.failure()), activity.message);
    }
    if group.desired >= group.max {
        return "no launch failed in the last hour; the group is at its maximum".to_owned();
    }
    let coming = group
        .instances
        .iter()
        .filter(|one| one.lifecycle_state.starts_with("Pending"))
        .count();
    if coming > 0 {
        return format!("{} on the way", count(coming, "instance"));
    }
    "no launch failed in the last hour".to_owned()
}

/// The constraint in a word.
const fn kind(failure: LaunchFailure) -> &'static str {
    match failure {
        LaunchFailure::NoCapacity | LaunchFailure::NoSpotCapacity => "EC2 has no capacity of this type there",
        LaunchFailure::Quota => "a quota is reached",
        LaunchFailure::NoAddresses => "the subnet has no free addresses",
        LaunchFailure::Template | LaunchFailure::Image => "the launch template does not work",
        LaunchFailure::Permission => "Auto Scaling may not launch",
        LaunchFailure::Other => "launches failed",
    }
}
