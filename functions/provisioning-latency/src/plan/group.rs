//! `PRV-008`, `PRV-010`, `PRV-011`, `PRV-014`: the group, and how far it could grow.

use std::collections::BTreeSet;

use day2_core::{Item, Observed};
use day2_kube::objects::Node;
use day2_reads::instance_refreshes::Refresh;
use day2_reads::quotas::Quota;
use day2_reads::scaling_groups::Group;
use day2_reads::subnets::Subnet;
use jiff::Timestamp;

use super::words::{count, fail_if, minutes_since, population, whole};
use crate::settings::{Platform, QuotaLimit};

/// A node that is not Ready so long after it joined is not coming any more: it is sick. Longer than a node of a common
/// image takes.
const COMING_MINUTES: i64 = 10;

/// Instances that were not asked to go.
pub(crate) fn alive(group: &Group) -> i64 {
    whole(
        group
            .instances
            .iter()
            .filter(|one| !one.lifecycle_state.starts_with("Terminat"))
            .count(),
    )
}

/// Nodes that were asked for and are not Ready yet: not launched, not joined, or joined a moment ago.
pub(crate) fn coming(group: &Group, nodes: &[Node], now: Timestamp) -> i64 {
    let members: BTreeSet<&str> = group
        .instances
        .iter()
        .filter(|one| !one.lifecycle_state.starts_with("Terminat"))
        .map(|one| one.id.as_str())
        .collect();
    let joined = nodes.iter().filter(|node| {
        let young = node
            .created_at
            .is_some_and(|at| minutes_since(at, now) < COMING_MINUTES);
        let arrived = node.readiness().is_ready() || !young;
        arrived && node.instance_id().is_some_and(|id| members.contains(id))
    });
    (group.desired - whole(joined.count())).max(0)
}

/// Nodes beyond the desired capacity that the free addresses of the group's subnets allow.
///
/// # Errors
///
/// In words, when a subnet of the group was not returned: then nobody knows.
pub(crate) fn room(group: &Group, subnets: &[Subnet], addresses_per_node: u32) -> Result<i64, String> {
    let own: Vec<&Subnet> = subnets
        .iter()
        .filter(|subnet| group.subnets.contains(&subnet.id))
        .collect();
    if own.is_empty() || own.len() < group.subnets.len() {
        return Err(format!(
            "{} of the {} of {} were returned",
            own.len(),
            count(group.subnets.len(), "subnet"),
            group.name
        ));
    }
    let per_node = u64::from(addresses_per_node.max(1));
    let nodes: u64 = own.iter().map(|subnet| subnet.free_addresses / per_node).sum();
    // What was asked for and is not launched yet will take its share.
    let unlaunched = (group.desired - alive(group)).max(0);
    Ok(i64::try_from(nodes)
        .unwrap_or(i64::MAX)
        .saturating_sub(unlaunched))
}

/// The size of the group that the quota allows, what others use set aside.
pub(crate) fn by_quota(quota: &Quota, limit: &QuotaLimit) -> i64 {
    let free = quota.value - f64::from(limit.vcpus_of_others);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float saturates, and fractions of a node do not count"
    )]
    let nodes = (free / f64::from(limit.vcpus_per_node.max(1))).floor() as i64;
    nodes.max(0)
}

/// The process without which nothing is launched (source: Auto Scaling, "Suspend and resume processes").
pub(crate) fn launch_suspended(group: &Group) -> Option<&str> {
    group
        .suspended
        .iter()
        .find(|(process, _)| process == "Launch")
        .map(|(_, reason)| reason.as_str())
}

/// A refresh that is under way.
pub(crate) fn refreshing(refreshes: &[Refresh]) -> Option<&Refresh> {
    refreshes.iter().find(|refresh| refresh.is_under_way())
}

/// `PRV-008`.
pub(crate) fn item(group: &Observed<Group>, refreshes: &Observed<Vec<Refresh>>) -> Item {
    const CODE: &str = "PRV-008";
    const TITLE: &str = "nothing keeps the group from launching";
    let group = match group {
        Ok(group) => group,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let refreshes = match refreshes {
        Ok(refreshes) => refreshes,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let mut wrong: Vec<(String, String)> = group
        .suspended
        .iter()
        .map(|(process, reason)| (process.clone(), format!("suspended: {reason}")))
        .collect();
    let stops =
        launch_suspended(group).is_some() || refreshing(refreshes).is_some() || group.status.is_some();
    wrong.extend(refreshing(refreshes).map(|refresh| {
        (
            "instance refresh".to_owned(),
            format!(
                "{} is {}, {} % done",
                refresh.id,
                refresh.status,
                refresh.percent_complete.unwrap_or_default()
            ),
        )
    }));
    wrong.extend(
        group
            .status
            .iter()
            .map(|status| ("status".to_owned(), status.clone())),
    );
    Item::judge(
        CODE,
        TITLE,
        fail_if(stops),
        population(1, 1),
        format!(
            "{}: desired {}, minimum {}, maximum {}, {} there",
            group.name,
            group.desired,
            group.min,
            group.max,
            count(alive(group), "instance")
        ),
    )
    .threshold(
        "Launch not suspended, no instance refresh, not being deleted",
        "autoscaling:DescribeAutoScalingGroups, DescribeInstanceRefreshes",
    )
    .remedy("find out who suspended it or runs the refresh; resume it, or wait until it is done")
    .subjects(wrong)
}

/// `PRV-010`.
pub(crate) fn addresses_item(
    group: &Observed<Group>,
    subnets: &Observed<Vec<Subnet>>,
    platform: &Platform,
) -> Item {
    const CODE: &str = "PRV-010";
    const TITLE: &str = "the subnets have addresses for more nodes";
    let (group, subnets) = match (group, subnets) {
        (Ok(group), Ok(subnets)) => (group, subnets),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let per_node = u64::from(platform.addresses_per_node);
    let own: Vec<&Subnet> = subnets
        .iter()
        .filter(|subnet| group.subnets.contains(&subnet.id))
        .collect();
    let (used_up, seen) = match room(group, subnets, platform.addresses_per_node) {
        Ok(room) => (room <= 0, format!("room for {} more", count(room.max(0), "node"))),
        Err(why) => (true, why),
    };
    let short = own
        .iter()
        .filter(|subnet| subnet.free_addresses < per_node)
        .map(|subnet| {
            (
                format!("{} ({})", subnet.id, subnet.zone),
                format!("{} free, one node takes {per_node}", subnet.free_addresses),
            )
        });
    Item::judge(
        CODE,
        TITLE,
        fail_if(used_up),
        population(own.len(), whole(group.subnets.len()).unsigned_abs()),
        seen,
    )
    .threshold(
        format!("{per_node} addresses for one more node at least"),
        "addresses_per_node; ec2:DescribeSubnets",
    )
    .remedy("add a subnet to the group or free addresses; launches fail with InsufficientFreeAddressesInSubnet otherwise")
    .subjects(short)
}

/// `PRV-011`; nothing where no quota is declared.
pub(crate) fn quota_item(
    group: &Observed<Group>,
    quota: Option<&Observed<Quota>>,
    platform: &Platform,
) -> Option<Item> {
    const CODE: &str = "PRV-011";
    const TITLE: &str = "the quota carries more nodes";
    let limit = platform.quota.as_ref()?;
    let (group, quota) = match (group, quota?) {
        (Ok(group), Ok(quota)) => (group, quota),
        (Err(why), _) | (_, Err(why)) => return Some(Item::unreadable(CODE, TITLE, 1, why)),
    };
    let nodes = by_quota(quota, limit);
    let item = Item::judge(
        CODE,
        TITLE,
        fail_if(nodes <= group.desired),
        population(1, 1),
        format!(
            "{} is {} vCPUs: enough for a group of {}, it has {}",
            quota.name,
            quota.value,
            count(nodes, "node"),
            group.desired
        ),
    )
    .threshold(
        format!(
            "more than desired × {} vCPUs, {} vCPUs of others set aside",
            limit.vcpus_per_node, limit.vcpus_of_others
        ),
        "quota",
    )
    .remedy("request an increase in Service Quotas now; it can take hours");
    Some(item)
}

/// `PRV-014`: people are needed, because the group may not grow any more.
pub(crate) fn at_maximum(group: &Group) -> Item {
    Item::judge(
        "PRV-014",
        "the group may still grow",
        fail_if(true),
        population(1, 1),
        format!(
            "{} is at its maximum: desired {}, maximum {}",
            group.name, group.desired, group.max
        ),
    )
    .threshold("desired below the maximum", "MaxSize of the Auto Scaling group")
    .remedy(
        "nothing was raised, and nothing here raises a maximum: decide whether the platform may become larger, then raise the \
         maximum of the group, or end workspaces that nobody uses",
    )
}
