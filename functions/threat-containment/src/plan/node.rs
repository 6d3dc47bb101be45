//! The pod's node: no new pods on it, and no scale-in that would take it with its memory and disks. No drain and no
//! eviction: they would carry the workload to healthy nodes (runbook trap 5).

use day2_core::containment::Measure;
use day2_core::settings::Percent;
use day2_core::target::Target;
use day2_kube::objects::{Node, PodDetail};

use super::isolate::release;
use super::{Draft, owner, pending};
use crate::facts::{NodeFacts, instance_of};
use crate::settings::NodePolicy;

/// Labels that tell which group a node belongs to, the first that is there counts. Sources: EKS user guide, "Simplify node
/// lifecycle with managed node groups"; Karpenter, "`NodePools`".
const GROUP_LABELS: [&str; 3] = [
    "eks.amazonaws.com/nodegroup",
    "karpenter.sh/nodepool",
    "alpha.eksctl.io/nodegroup-name",
];

/// Plans what is done about the node of a pod.
#[must_use]
pub fn node(
    pod: &PodDetail,
    facts: &NodeFacts,
    policy: &NodePolicy,
    target: &Target,
    containment_id: &str,
) -> Draft {
    let mut draft = Draft::default();
    let Some(name) = &pod.node else {
        draft.skip("node", "the pod is bound to no node");
        return draft;
    };
    let resource = format!("node {name}");
    if pod.is_on_fargate() {
        draft.skip(resource, "a Fargate node carries this pod only");
        return draft;
    }
    let nodes = match &facts.nodes {
        Ok(nodes) => nodes,
        Err(why) => {
            draft.skip(
                resource,
                format!("the nodes could not be read, so no cap can be kept: {why}"),
            );
            return draft;
        }
    };
    let Some(node) = nodes.iter().find(|node| node.name == *name) else {
        draft.skip(resource, "the node does not exist any more");
        return draft;
    };
    cordon(&mut draft, node, nodes, facts, policy, target, containment_id);
    protect(&mut draft, node, facts, policy, containment_id);
    draft
}

fn cordon(
    draft: &mut Draft,
    node: &Node,
    nodes: &[Node],
    facts: &NodeFacts,
    policy: &NodePolicy,
    target: &Target,
    containment_id: &str,
) {
    let resource = format!("node {}", node.name);
    if !policy.cordon {
        draft.skip(resource, "node.cordon is false");
        return;
    }
    let owner = owner(containment_id);
    if node.unschedulable && node.cordon_owner.as_deref() != Some(&*owner) {
        let whose = node.cordon_owner.as_deref().unwrap_or("somebody else");
        draft.skip(
            resource,
            format!("it is cordoned already, by {whose}: left as it is, and never lifted by us"),
        );
        return;
    }
    let objections = [
        too_many(node, nodes, policy),
        last_of_group(node, nodes, target),
        last_dns(node, facts),
    ];
    if let Some(why) = objections.into_iter().flatten().next() {
        draft.skip(resource, format!("not cordoned: {why}"));
        return;
    }
    draft.measures.push(pending(
        resource,
        Measure::Cordon {
            node: node.name.clone(),
            uid: node.uid.clone(),
            owner,
        },
        "takes new pods",
        "cordoned",
        release("the cordon is lifted, if it is still ours", containment_id),
    ));
}

/// The caps by count and percent, over all cordons, whoever set them (`cases.md` K23).
fn too_many(node: &Node, nodes: &[Node], policy: &NodePolicy) -> Option<String> {
    let others = nodes
        .iter()
        .filter(|other| other.unschedulable && other.name != node.name)
        .count();
    let would = u64::try_from(others).unwrap_or(u64::MAX).saturating_add(1);
    let all = u64::try_from(nodes.len()).unwrap_or(u64::MAX);
    let setting = "node.max_cordoned_nodes";
    let by_count = day2_core::action::guard::cap_count(
        "cordoned nodes",
        would,
        u64::from(policy.max_cordoned_nodes),
        setting,
    );
    // One node always may be: in a cluster of three, one is a third.
    let share = policy.cordoned_share();
    let by_share = (would > 1)
        .then(|| Percent::new(share))
        .flatten()
        .and_then(|cap| {
            day2_core::action::guard::cap_percent("nodes", would, all, cap, "node.max_cordoned_percent")
        });
    by_count
        .or(by_share)
        .map(|refusal| format!("{} ({})", refusal.says, refusal.allowed_by))
}

/// Whether no other node of its group would take pods.
fn last_of_group(node: &Node, nodes: &[Node], target: &Target) -> Option<String> {
    let group = group_of(node, target);
    let open = |other: &&Node| {
        other.name != node.name
            && !other.unschedulable
            && other.deleting_since.is_none()
            && other.readiness().is_ready()
            && group_of(other, target) == group
    };
    let left = nodes.iter().filter(open).count();
    (left == 0).then(|| match group {
        Some(group) => format!("it is the last node of {group} that is Ready and takes pods"),
        None => "it is the last node without a group that is Ready and takes pods".to_owned(),
    })
}

fn group_of(node: &Node, target: &Target) -> Option<String> {
    let declared = target
        .node_groups
        .iter()
        .find(|group| group.selector.select(&node.labels));
    declared.map(|group| group.name.to_string()).or_else(|| {
        GROUP_LABELS
            .iter()
            .find_map(|label| node.labels.get(*label).cloned())
    })
}

/// Whether the cluster's last ready DNS pod runs there: a cordon would keep its replacement away.
fn last_dns(node: &Node, facts: &NodeFacts) -> Option<String> {
    let pods = match &facts.dns {
        Ok(pods) => pods,
        Err(why) => {
            return Some(format!(
                "whether it carries the last ready CoreDNS could not be read: {why}"
            ));
        }
    };
    let ready = |here: bool| {
        pods.iter()
            .filter(|pod| pod.ready && (pod.node.as_deref() == Some(&*node.name)) == here)
            .count()
    };
    (ready(true) > 0 && ready(false) == 0).then(|| "it carries the last ready replica of CoreDNS".to_owned())
}

fn protect(draft: &mut Draft, node: &Node, facts: &NodeFacts, policy: &NodePolicy, containment_id: &str) {
    let Some(instance) = instance_of(node) else {
        draft.skip(
            format!("node {}", node.name),
            "it is no EC2 instance, so there is no scale-in to protect it from",
        );
        return;
    };
    let resource = format!("instance {instance}");
    if !policy.protect_from_scale_in {
        draft.skip(resource, "node.protect_from_scale_in is false");
        return;
    }
    match &facts.member {
        Err(why) => draft.skip(resource, format!("its Auto Scaling group could not be read: {why}")),
        Ok(None) => draft.skip(
            resource,
            "it is in no Auto Scaling group; Karpenter and Auto Mode may still end it: annotate the node with \
             karpenter.sh/do-not-disrupt=true by hand if it must stay",
        ),
        Ok(Some(member)) if member.protected => {
            draft.skip(resource, "it is protected from scale-in already");
        }
        Ok(Some(member)) => draft.measures.push(pending(
            resource,
            Measure::ScaleInProtection {
                group: member.group.clone(),
                instance: instance.to_owned(),
            },
            "not protected from scale-in",
            format!("protected from scale-in in {}", member.group),
            release("the protection is removed", containment_id),
        )),
    }
}
