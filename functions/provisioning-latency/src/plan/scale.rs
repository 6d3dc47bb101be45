//! Whether the group is raised, how far, and what objects.

use day2_core::action::guard::{Guard, Refusal, window};
use day2_core::action::{Lease, Skip, Step, Undo};
use day2_core::{Cause as Why, Item, Observed, Unreadable};
use day2_reads::scaling_groups::Group;
use jiff::Timestamp;

use super::launches::Failures;
use super::ownership::Owner;
use super::pending::Waiting;
use super::size::{Numbers, Size, size};
use super::words::{count, whole};
use super::{group, held, schedule};
use crate::change::{Change, Raise, Through};
use crate::facts::Facts;
use crate::settings::Platform;

/// Seconds that the request and reading it back may take; joining is watched afterwards.
const TAKES_SECONDS: u32 = 60;

/// What is decided about the group.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scaling {
    /// The raise.
    pub(crate) step: Option<Step<Change>>,
    /// Why nothing, or less, is raised.
    pub(crate) skips: Vec<Skip>,
    /// What objects.
    pub(crate) refusals: Vec<Refusal>,
    /// Lines that only a decision brings up.
    pub(crate) items: Vec<Item>,
}

/// What the decision rests on.
pub(crate) struct Grounds<'a> {
    /// Everything that was read.
    pub(crate) facts: &'a Facts,
    /// The settings of the target.
    pub(crate) platform: &'a Platform,
    /// Who sets the size.
    pub(crate) owner: &'a Observed<Owner>,
    /// Waiting workspaces.
    pub(crate) waiting: &'a Observed<Waiting>,
    /// Failed launches.
    pub(crate) failures: &'a Observed<Failures>,
    /// Open changes of ours.
    pub(crate) leases: &'a [Lease],
    /// Key of the occasion, which a change that was begun for it carries.
    pub(crate) key: &'a str,
    /// The moment.
    pub(crate) now: Timestamp,
}

/// Decides. Called only where missing capacity is a cause.
pub(crate) fn scaling(grounds: &Grounds<'_>) -> Scaling {
    let resource = Change::resource_of_group(&grounds.facts.group.name);
    let skip = |why: String| Scaling {
        skips: vec![Skip {
            resource: resource.clone(),
            why,
        }],
        ..Scaling::default()
    };
    let group = match &grounds.facts.group.group {
        Ok(group) => group,
        Err(why) if why.cause == Why::NotFound => {
            return skip(
                "there is no such Auto Scaling group any more, so that nothing can be raised: correct the target's \
                 node_groups"
                    .to_owned(),
            );
        }
        Err(why) => return refused(vec![unread(why)]),
    };
    if let Some(status) = &group.status {
        return skip(format!("the group cannot be changed: {status}"));
    }
    let through = match grounds.owner {
        Ok(Owner::Ours(through) | Owner::Declared(through, _)) => through,
        Ok(Owner::Another { who, advice }) => {
            return skip(format!("nothing is raised: {who}; {advice}"));
        }
        Ok(Owner::Refused(refusal)) => return refused(vec![refusal.clone()]),
        Err(why) => return refused(vec![unread(why)]),
    };
    let numbers = match numbers(grounds, group) {
        Ok(numbers) => numbers,
        Err(refusals) => return refused(refusals),
    };
    if let Some(raise) = held::begun(grounds.leases, group, grounds.key) {
        return go_on(grounds, group, raise);
    }
    match size(&numbers, &grounds.platform.step) {
        Size::AtMaximum => Scaling {
            items: vec![group::at_maximum(group)],
            ..skip(format!(
                "at maximum: desired {}, maximum {}; people must decide whether it may grow (PRV-014)",
                group.desired, group.max
            ))
        },
        Size::StepTaken { ceiling } => skip(step_taken(grounds, group, &numbers, ceiling)),
        Size::Coming { coming } => skip(format!(
            "{} were asked for and are not Ready yet, which is as many as are needed; more would not come sooner. If they do \
             not join, see PRV-007, PRV-009 and the waterfall",
            count(coming, "node")
        )),
        Size::NoRoom(why) => skip(format!("nothing is raised: {why}; see PRV-010 and PRV-011")),
        Size::Raise { to, bounds } => {
            let refusals = objections(grounds, group, to);
            if !refusals.is_empty() {
                return refused(refusals);
            }
            let raise = Raise {
                group: group.name.clone(),
                through: through.clone(),
                baseline: numbers.baseline,
                from: group.desired,
                to,
            };
            Scaling {
                step: Some(step(raise, group, grounds.platform.lease_minutes)),
                skips: bounds
                    .into_iter()
                    .map(|why| Skip {
                        resource: resource.clone(),
                        why: format!("raised to {to} and not further: {why}"),
                    })
                    .collect(),
                ..Scaling::default()
            }
        }
    }
}

fn refused(refusals: Vec<Refusal>) -> Scaling {
    Scaling {
        refusals,
        ..Scaling::default()
    }
}

fn unread(why: &Unreadable) -> Refusal {
    Refusal::new(
        Guard::Unreadable,
        why.to_string(),
        "let the function read it (self-check tells what is missing), then try again",
    )
}

/// The numbers, or everything that keeps them from being known.
fn numbers(grounds: &Grounds<'_>, group: &Group) -> Result<Numbers, Vec<Refusal>> {
    let (facts, platform) = (grounds.facts, grounds.platform);
    let mut refusals = Vec::new();
    let mut keep = |refusal: Refusal| {
        refusals.push(refusal);
    };
    let baseline = held::baseline(grounds.leases, group).unwrap_or_else(|refusal| {
        keep(refusal);
        group.desired
    });
    let coming = match &facts.cluster.nodes {
        Ok(nodes) => group::coming(group, nodes, grounds.now),
        Err(why) => {
            keep(unread(why));
            0
        }
    };
    let by_addresses = match facts.group.subnets.as_ref().map_err(unread).and_then(|subnets| {
        group::room(group, subnets, platform.addresses_per_node).map_err(|says| {
            Refusal::new(
                Guard::Unreadable,
                says,
                "correct vpc_id of the target, or let the function read the subnets",
            )
        })
    }) {
        Ok(room) => room,
        Err(refusal) => {
            keep(refusal);
            0
        }
    };
    let by_quota = match (&platform.quota, &facts.group.quota) {
        (Some(limit), Some(Ok(quota))) => Some(group::by_quota(quota, limit)),
        (Some(_), Some(Err(why))) => {
            keep(unread(why));
            None
        }
        (Some(_), None) => {
            keep(Refusal::new(
                Guard::Unreadable,
                "the declared quota was not read",
                "run again",
            ));
            None
        }
        (None, _) => None,
    };
    // Where nobody says how many fit on a node, one node for each is the most that can be needed.
    let per_node = usize::try_from(platform.workspaces_per_node.unwrap_or(1).max(1)).unwrap_or(1);
    let waiting = grounds.waiting.as_ref().map_or(0, Waiting::for_nodes);
    let needed = whole(waiting.div_ceil(per_node));
    if refusals.is_empty() {
        Ok(Numbers {
            desired: group.desired,
            max: group.max,
            baseline,
            coming,
            needed,
            by_addresses,
            by_quota,
        })
    } else {
        Err(refusals)
    }
}

fn step_taken(grounds: &Grounds<'_>, group: &Group, numbers: &Numbers, ceiling: i64) -> String {
    let ends = held::ends(grounds.leases, group);
    format!(
        "already raised: {} of at most {ceiling} nodes, counted from {} before our raise, which is in force{ends}; a second step \
         is for people to decide (step.percent, step.max_nodes)",
        numbers.desired, numbers.baseline
    )
}

/// What is left of a raise that an earlier delivery of the same event has begun: exactly that one, or nothing.
fn go_on(grounds: &Grounds<'_>, group: &Group, raise: Raise) -> Scaling {
    let why = if group.desired >= raise.to.min(group.max) {
        format!(
            "already raised by this event: {} of {} nodes",
            group.desired, raise.to
        )
    } else if group.desired < raise.from {
        format!(
            "the group was lowered to {} since this event began to raise it from {}: whoever did decides now",
            group.desired, raise.from
        )
    } else {
        let refusals = objections(grounds, group, raise.to);
        if !refusals.is_empty() {
            return refused(refusals);
        }
        return Scaling {
            step: Some(step(raise, group, grounds.platform.lease_minutes)),
            ..Scaling::default()
        };
    };
    Scaling {
        skips: vec![Skip {
            resource: Change::resource_of_group(&group.name),
            why,
        }],
        ..Scaling::default()
    }
}

/// Everything that objects to raising the group to `to`.
fn objections(grounds: &Grounds<'_>, group: &Group, to: i64) -> Vec<Refusal> {
    let facts = grounds.facts;
    let limits = &grounds.platform.limits;
    let mut found = Vec::new();
    if let Some(reason) = group::launch_suspended(group) {
        found.push(Refusal::new(
            Guard::Degraded,
            format!("Launch is suspended ({reason}): nothing would be launched"),
            format!(
                "find out who suspended it; aws autoscaling resume-processes --auto-scaling-group-name {} --scaling-processes \
                 Launch",
                group.name
            ),
        ));
    }
    match &facts.group.refreshes {
        Err(why) => found.push(unread(why)),
        Ok(refreshes) => found.extend(group::refreshing(refreshes).map(|refresh| {
            Refusal::new(
                Guard::Degraded,
                format!(
                    "an instance refresh replaces the group's instances ({}, {} % done)",
                    refresh.status,
                    refresh.percent_complete.unwrap_or_default()
                ),
                "wait until it is done, or cancel it",
            )
        })),
    }
    match grounds.failures {
        Err(why) => found.push(unread(why)),
        Ok(failures) => found.extend(failures.hopeless().map(|says| {
            Refusal::new(
                Guard::Degraded,
                format!("{says}; asking for more brings no node"),
                format!(
                    "add instance types, zones, subnets or quota (PRV-009); looked back {} min (limits.launches_minutes)",
                    limits.launches_minutes
                ),
            )
        })),
    }
    match facts
        .group
        .scheduled
        .as_ref()
        .map_err(unread)
        .and_then(|actions| {
            schedule::next_lowering(actions, to, grounds.now).map_err(|says| {
                Refusal::new(
                    Guard::Unreadable,
                    says,
                    "write the recurrence as five fields with an IANA zone",
                )
            })
        }) {
        Err(refusal) => found.push(refusal),
        Ok(None) => {}
        Ok(Some((name, at, size))) => found.extend(window(
            format!("the scheduled action {name}, which lowers the group to {size},"),
            at,
            grounds.now,
            limits.scale_down_minutes,
            "limits.scale_down_minutes",
        )),
    }
    found.extend(updating(grounds));
    found
}

/// A managed node group that EKS is updating takes no other change (`ResourceInUseException`).
fn updating(grounds: &Grounds<'_>) -> Option<Refusal> {
    let groups = &grounds.facts.eks.node_groups;
    let found = super::ownership::managed_group(groups, &grounds.facts.group.name).ok()??;
    let free = matches!(found.status.as_str(), "ACTIVE" | "DEGRADED");
    (!free).then(|| {
        Refusal::new(
            Guard::Degraded,
            format!("the managed node group {} is {}", found.name, found.status),
            "wait until EKS is done with it",
        )
    })
}

fn step(raise: Raise, group: &Group, lease_minutes: u32) -> Step<Change> {
    let added = raise.to - raise.from;
    let by = match &raise.through {
        Through::AutoScaling => "Auto Scaling".to_owned(),
        Through::Eks { node_group, .. } => format!("the managed node group {node_group}"),
    };
    Step {
        resource: Change::resource_of_group(&raise.group),
        title: format!(
            "raise the desired capacity by {}, through {by}",
            count(added, "node")
        ),
        before: count(raise.from, "node"),
        after: count(raise.to, "node"),
        precondition: format!(
            "desired is still {} or more and below {}, the maximum is {}, Launch is not suspended",
            raise.from, raise.to, group.max
        ),
        undo: Undo::Lease {
            minutes: lease_minutes,
            words: format!(
                "terminate as many nodes as were added, those that are empty of all but DaemonSet and mirror pods, never below {}",
                count(raise.baseline, "node")
            ),
        },
        blast_radius: format!(
            "{} more on {}, of at most {}; nothing that runs is touched",
            count(added, "node"),
            count(raise.from, "node"),
            group.max
        ),
        disruptive: false,
        takes_seconds: TAKES_SECONDS,
        change: Change::Raise(raise),
    }
}
