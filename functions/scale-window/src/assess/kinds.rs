//! `SCW-108`: of which instance types are the nodes of the peak?

use std::collections::BTreeMap;

use day2_core::{Item, Observed};

use super::scene::PlannedGroup;
use super::{population, worse_of};
use day2_reads::instances::Instance;

/// How many instances of each type a group has. The types that the plan or the group's own policy names are told also
/// where none came, because a type without instances is a type without capacity. Where only one type may come, its number is
/// told against the peak. Only a type that the plan does not allow is a failure: old nodes may outlive a change of
/// the template.
pub(crate) fn instance_types(groups: &[PlannedGroup<'_>], seen: &Observed<Vec<Instance>>) -> Item {
    const CODE: &str = "SCW-108";
    const TITLE: &str = "instances are of the planned types";
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (mut wrong, mut unread, mut summary) = (Vec::new(), Vec::new(), Vec::new());
    let (mut examined, mut expected) = (0, 0_usize);
    for planned in groups {
        let Some(group) = planned.known(&mut unread) else {
            continue;
        };
        let plan = planned.plan;
        let name = &plan.node_group;
        let own: Vec<&Instance> = all
            .iter()
            .filter(|one| group.instances.iter().any(|member| member.id == one.id))
            .collect();
        examined += own.len();
        expected += group.instances.len();
        if own.len() < group.instances.len() {
            let says = format!(
                "{} of {} instances were described",
                own.len(),
                group.instances.len()
            );
            unread.push((name.clone(), says));
        }
        let policy = group
            .launches_from
            .iter()
            .flat_map(|choice| &choice.instance_types);
        let named: Vec<&String> = if plan.instance_types.is_empty() {
            policy.collect()
        } else {
            plan.instance_types.iter().collect()
        };
        let mut counts: BTreeMap<&str, usize> = named.iter().map(|kind| (kind.as_str(), 0)).collect();
        for one in &own {
            *counts.entry(&one.instance_type).or_default() += 1;
        }
        let only = match named.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let parts: Vec<String> = counts
            .iter()
            .map(|(kind, number)| {
                if only == Some(*kind) {
                    format!("{kind} {number}/{}", plan.peak)
                } else {
                    format!("{kind} {number}")
                }
            })
            .collect();
        let parts = if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        };
        summary.push(format!("{name}: {parts}"));
        let foreign: Vec<String> = counts
            .iter()
            .filter(|(kind, _)| {
                !plan.instance_types.is_empty() && !plan.instance_types.iter().any(|own| own == *kind)
            })
            .map(|(kind, number)| format!("{number} × {kind}"))
            .collect();
        if !foreign.is_empty() {
            let says = format!(
                "{}, planned {}",
                foreign.join(", "),
                plan.instance_types.join(", ")
            );
            wrong.push((name.clone(), says));
        }
    }
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(examined, u64::try_from(expected.max(1)).unwrap_or(u64::MAX)),
        summary.join("; "),
    )
    .threshold("no type that is not planned, where types are planned", "groups[].instance_types")
    .remedy("the launch template or the mixed instances policy names another type than the plan: correct one of them, then refresh the instances")
    .subjects(wrong)
    .subjects(unread)
}
