//! `PRV-013`: who sets the size of the group? It is proven by what runs, or written in the settings, and never guessed
//! from tags: EKS puts the tags of Cluster Autoscaler on every managed group.

use std::collections::BTreeMap;

use day2_core::action::guard::{Guard, Refusal};
use day2_core::{Item, Observed, Verdict};
use day2_kube::{Autoscaler, Autoscales};
use day2_reads::node_groups::NodeGroup;
use day2_reads::scaling_groups::Group;

use super::words::population;
use crate::change::Through;
use crate::facts::Facts;
use crate::settings::{Platform, SizeOwner};

/// Who sets the size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Owner {
    /// People and schedules: it may be raised through this API.
    Ours(Through),
    /// The same, but only because the settings say so: what would prove it could not be read.
    Declared(Through, String),
    /// An autoscaler. Nothing is raised; what to change there is said.
    Another {
        /// Who, and how that is known.
        who: String,
        /// What to change there.
        advice: String,
    },
    /// Not known, or the settings contradict what runs.
    Refused(Refusal),
}

const SETTING: &str = "size_owner in the settings";

/// Finds out.
pub(crate) fn owner(facts: &Facts, group: &Group, platform: &Platform, cluster: Option<&str>) -> Owner {
    if let Some(another) = platform.size_owner.and_then(declared_another) {
        return another;
    }
    let ours_by_declaration = platform.size_owner.is_some();
    let mut unproven = None;
    match running_autoscaler(facts, group) {
        Ok(None) => {}
        Ok(Some(Owner::Another { who, .. })) if ours_by_declaration => {
            return Owner::Refused(Refusal::new(
                Guard::Ownership,
                format!(
                    "{who}, but the settings say that people and schedules set the size; the two would fight"
                ),
                format!("stop that autoscaler for this group, or correct {SETTING}"),
            ));
        }
        Ok(Some(owner)) => return owner,
        Err(refusal) if ours_by_declaration => unproven = Some(refusal.says),
        Err(refusal) => return Owner::Refused(refusal),
    }
    if !ours_by_declaration && let Some(owner) = node_makers(facts) {
        return owner;
    }
    match (through(facts, platform, cluster), unproven) {
        (Owner::Ours(through), Some(why)) => Owner::Declared(through, why),
        (owner, _) => owner,
    }
}

/// An owner that the settings name and that is not us.
fn declared_another(owner: SizeOwner) -> Option<Owner> {
    let (who, advice) = match owner {
        SizeOwner::ManagedNodeGroup | SizeOwner::AutoScalingGroup => return None,
        SizeOwner::ClusterAutoscaler => ("Cluster Autoscaler", CLUSTER_AUTOSCALER),
        SizeOwner::Karpenter => ("Karpenter", KARPENTER),
        SizeOwner::AutoMode => ("EKS Auto Mode", AUTO_MODE),
    };
    Some(Owner::Another {
        who: format!("{who} sets the size (size_owner)"),
        advice: advice.to_owned(),
    })
}

const CLUSTER_AUTOSCALER: &str = "it adds nodes for waiting pods itself: read its log for why it does not \
    (--max-nodes-total, --scale-up-from-zero, the group's maximum), or raise the group's maximum";
const KARPENTER: &str = "it launches nodes for waiting pods itself: look at the limits and conditions of its NodePools and \
    at NodeClaims that do not become Ready";
const AUTO_MODE: &str = "it launches nodes for waiting pods itself: look at the limits and conditions of the NodePools and at \
    NodeClaims that do not become Ready";

/// Cluster Autoscaler, if one runs here that claims the group.
fn running_autoscaler(facts: &Facts, group: &Group) -> Result<Option<Owner>, Refusal> {
    let deployments = facts
        .cluster
        .deployments
        .as_ref()
        .map_err(|why| unread(format!("whether an autoscaler runs could not be read: {why}")))?;
    let tags: BTreeMap<String, String> = group.tags.iter().cloned().collect();
    for found in deployments.iter().filter_map(Autoscaler::of) {
        // Installed and scaled to zero, it owns nothing; without available pods it may come back at any time.
        if found.kind != Autoscales::ClusterAutoscaler || found.desired == 0 {
            continue;
        }
        let name = format!("{}/{}", found.namespace, found.name);
        let health = if found.available == 0 {
            ", and none of its pods is available: mend it first"
        } else {
            ""
        };
        match found.covers(&group.name, &tags) {
            Some(false) => {}
            Some(true) => {
                return Ok(Some(Owner::Another {
                    who: format!(
                        "Cluster Autoscaler ({name}) claims {} by its arguments{health}",
                        group.name
                    ),
                    advice: CLUSTER_AUTOSCALER.to_owned(),
                }));
            }
            None => {
                return Err(unread(format!(
                    "Cluster Autoscaler ({name}) runs, and its arguments do not tell whether {} is its own",
                    group.name
                )));
            }
        }
    }
    Ok(None)
}

/// Karpenter and Auto Mode, which make nodes for waiting pods beside the groups.
fn node_makers(facts: &Facts) -> Option<Owner> {
    let refused = |says: String| Some(Owner::Refused(unread(says)));
    match &facts.eks.cluster {
        Err(why) => {
            return refused(format!("whether Auto Mode is on could not be read: {why}"));
        }
        Ok(cluster) if cluster.auto_mode => {
            return Some(Owner::Another {
                who: "EKS Auto Mode is on (computeConfig) and makes nodes for waiting pods".to_owned(),
                advice: format!("{AUTO_MODE}; where it does not serve these workspaces, say so by {SETTING}"),
            });
        }
        Ok(_) => {}
    }
    match &facts.cluster.node_pools {
        Err(why) => refused(format!(
            "whether Karpenter has node pools could not be read: {why}"
        )),
        Ok(Some(pools)) if !pools.is_empty() => {
            let names: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
            Some(Owner::Another {
                who: format!(
                    "Karpenter makes nodes for waiting pods (NodePools {})",
                    names.join(", ")
                ),
                advice: format!("{KARPENTER}; where it does not serve these workspaces, say so by {SETTING}"),
            })
        }
        Ok(_) => None,
    }
}

/// Which API sets the size: EKS for a managed node group, else Auto Scaling.
fn through(facts: &Facts, platform: &Platform, cluster: Option<&str>) -> Owner {
    if platform.size_owner == Some(SizeOwner::AutoScalingGroup) {
        return match managed_group(&facts.eks.node_groups, &facts.group.name) {
            Ok(Some(found)) => Owner::Refused(Refusal::new(
                Guard::Ownership,
                format!(
                    "{} belongs to the managed node group {}, but {SETTING} says that it is self-managed",
                    facts.group.name, found.name
                ),
                format!("write managed_node_group as {SETTING}, or leave it out"),
            )),
            Ok(None) => Owner::Ours(Through::AutoScaling),
            // The size of a managed node group must not be set past EKS.
            Err(says) => Owner::Refused(Refusal::new(
                Guard::Unreadable,
                format!(
                    "whether {} is self-managed, as {SETTING} says, is not known: {says}",
                    facts.group.name
                ),
                "let the function read the managed node groups (self-check tells what is missing)",
            )),
        };
    }
    let found = match managed_group(&facts.eks.node_groups, &facts.group.name) {
        Ok(found) => found,
        Err(says) => return Owner::Refused(unread(says)),
    };
    let expected = platform.eks_node_group.as_deref();
    match (found, cluster) {
        (Some(found), Some(cluster)) if expected.is_none_or(|name| name == found.name) => {
            Owner::Ours(Through::Eks {
                cluster: cluster.to_owned(),
                node_group: found.name.clone(),
            })
        }
        (None, _) if expected.is_none() && platform.size_owner.is_none() => Owner::Ours(Through::AutoScaling),
        (found, _) => Owner::Refused(Refusal::new(
            Guard::Ownership,
            format!(
                "the settings say that {} belongs to {}, and EKS says {}",
                facts.group.name,
                expected.map_or_else(
                    || "a managed node group".to_owned(),
                    |name| format!("the managed node group {name}")
                ),
                found.map_or_else(
                    || "that it belongs to none".to_owned(),
                    |found| found.name.clone()
                ),
            ),
            "correct size_owner and eks_node_group",
        )),
    }
}

/// The managed node group that names this Auto Scaling group.
///
/// # Errors
///
/// In words, when a group that might be it could not be read.
pub(crate) fn managed_group<'a>(
    groups: &'a Observed<Vec<(String, Observed<NodeGroup>)>>,
    scaling_group: &str,
) -> Result<Option<&'a NodeGroup>, String> {
    let groups = groups
        .as_ref()
        .map_err(|why| format!("the managed node groups could not be read: {why}"))?;
    let mut open = None;
    for (name, group) in groups {
        match group {
            Ok(group) if group.scaling_groups.iter().any(|one| one == scaling_group) => {
                return Ok(Some(group));
            }
            Ok(_) => {}
            Err(why) => {
                open = Some(format!("the managed node group {name} could not be read: {why}"));
            }
        }
    }
    open.map_or(Ok(None), Err)
}

fn unread(says: String) -> Refusal {
    Refusal::new(
        Guard::Unreadable,
        says,
        format!("let the function read it (self-check tells what is missing), or write {SETTING}"),
    )
}

/// The item.
pub(crate) fn item(owner: &Observed<Owner>) -> Item {
    const CODE: &str = "PRV-013";
    const TITLE: &str = "it is known who sets the size of the group";
    let owner = match owner {
        Ok(owner) => owner,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (verdict, seen, remedy) = match owner {
        Owner::Ours(Through::AutoScaling) => (
            Verdict::Pass,
            "people and schedules, through Auto Scaling".to_owned(),
            String::new(),
        ),
        Owner::Ours(Through::Eks { node_group, .. }) => (
            Verdict::Pass,
            format!("people and schedules, through the managed node group {node_group}"),
            String::new(),
        ),
        Owner::Declared(_, why) => (
            Verdict::Unknown,
            format!("people and schedules, because {SETTING} says so; it is not proven: {why}"),
            "let the function read what would prove it (self-check tells what is missing)".to_owned(),
        ),
        Owner::Another { who, .. } => (Verdict::Pass, who.clone(), String::new()),
        Owner::Refused(refusal) => (
            if refusal.guard == Guard::Unreadable {
                Verdict::Unknown
            } else {
                Verdict::Fail
            },
            refusal.says.clone(),
            refusal.allowed_by.clone(),
        ),
    };
    Item::judge(CODE, TITLE, verdict, population(1, 1), seen)
        .threshold(
            "proven by a running autoscaler, NodePools, computeConfig or DescribeNodegroup, or declared",
            "size_owner, eks_node_group",
        )
        .remedy(remedy)
}
