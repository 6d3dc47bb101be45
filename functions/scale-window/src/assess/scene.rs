//! One group of the plan together with all that is known of it.

use day2_core::Observed;
use day2_core::settings::Labels;
use day2_kube::objects::Node;

use super::count;
use crate::settings::GroupPlan;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::Group;
use day2_reads::scheduled_actions::ScheduledAction;
use day2_reads::subnets::Subnet;

/// A planned group, its Auto Scaling group and the labels of its nodes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlannedGroup<'a> {
    /// The plan.
    pub(crate) plan: &'a GroupPlan,
    /// Labels that every node of the group carries.
    pub(crate) selector: &'a Labels,
    /// What Auto Scaling says of it.
    pub(crate) group: &'a Observed<Group>,
    /// Its scheduled actions.
    pub(crate) actions: &'a Observed<Vec<ScheduledAction>>,
    /// Its scaling activities since the window that is looked at.
    pub(crate) activities: &'a Observed<Vec<Activity>>,
    /// Its failed launches of earlier days, where they were asked for.
    pub(crate) earlier: Option<&'a Observed<Vec<Activity>>>,
}

impl<'a> PlannedGroup<'a> {
    /// The Auto Scaling group; where it could not be read, the reason is added to `unread` under the group's name.
    pub(crate) fn known(&self, unread: &mut Vec<(String, String)>) -> Option<&'a Group> {
        self.group
            .as_ref()
            .inspect_err(|why| unread.push((self.plan.node_group.clone(), why.to_string())))
            .ok()
    }
}

/// Whether a group has at least `planned` instances in service, and all that it wants.
pub(crate) fn is_complete(group: &Group, planned: u32) -> bool {
    let serving = group
        .instances
        .iter()
        .filter(|one| one.lifecycle_state == "InService")
        .count();
    let serving = i64::try_from(serving).unwrap_or(i64::MAX);
    serving >= group.desired && serving >= i64::from(planned)
}

/// The subnets of a group among `all`, and in words which part of them was not returned.
pub(crate) fn own_subnets<'s>(group: &Group, all: &'s [Subnet]) -> (Vec<&'s Subnet>, Option<String>) {
    let own: Vec<&Subnet> = all
        .iter()
        .filter(|subnet| group.subnets.contains(&subnet.id))
        .collect();
    let short = own.is_empty() || own.len() < group.subnets.len();
    let missing = short.then(|| {
        format!(
            "{} of its {} were returned",
            own.len(),
            count(group.subnets.len(), "subnet")
        )
    });
    (own, missing)
}

impl PlannedGroup<'_> {
    /// The group's nodes.
    pub(crate) fn nodes<'n>(&self, all: &'n [Node]) -> Vec<&'n Node> {
        all.iter()
            .filter(|node| self.selector.select(&node.labels))
            .collect()
    }
}
