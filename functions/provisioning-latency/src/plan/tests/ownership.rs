//! Who sets the size: proven by what runs, or declared; never by tags; unreadable means refused.

use day2_core::Verdict;
use day2_core::action::guard::Guard;
use day2_kube::objects::{DeploymentDetail, NodePool};
use serde_json::json;

use super::world::*;
use crate::change::{Change, Through};
use crate::facts::Facts;

fn autoscaler(args: &[&str], replicas: i64, available: i64) -> DeploymentDetail {
    deployment(&json!({
        "metadata": {"namespace": "kube-system", "name": "cluster-autoscaler", "generation": 1},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [
            {"name": "ca", "image": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.33.0", "args": args}]}}},
        "status": {"availableReplicas": available, "observedGeneration": 1}
    }))
}

fn with_autoscaler(args: &[&str], replicas: i64, available: i64) -> Facts {
    let mut facts = world(50);
    let deployments = facts.cluster.deployments.as_mut().unwrap();
    deployments.push(autoscaler(args, replicas, available));
    facts
}

const BY_TAG: &str =
    "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/prod-a";

fn through(facts: &Facts, owner: &serde_json::Value) -> Option<Through> {
    let seen = planned_with(facts, &settings_with(owner), Vec::new());
    seen.plan.steps.into_iter().find_map(|step| match step.change {
        Change::Raise(raise) => Some(raise.through),
        _ => None,
    })
}

#[track_caller]
fn another(facts: &Facts, owner: &serde_json::Value, says: &str) {
    let seen = planned_with(facts, &settings_with(owner), Vec::new());
    assert!(seen.plan.steps.is_empty(), "{:?}", seen.plan.steps);
    assert!(seen.plan.refusals.is_empty(), "{:?}", seen.plan.refusals);
    assert!(skips(&seen.plan).contains(says), "{}", skips(&seen.plan));
    assert_eq!(item(&seen, "PRV-013").verdict(), Verdict::Pass);
}

#[track_caller]
fn refused(facts: &Facts, owner: &serde_json::Value, guard: Guard, says: &str) {
    let seen = planned_with(facts, &settings_with(owner), Vec::new());
    assert!(seen.plan.steps.is_empty(), "{:?}", seen.plan.steps);
    let refusal = seen.plan.refusals.first().expect("a refusal");
    assert_eq!(refusal.guard, guard, "{refusal:?}");
    assert!(refusal.says.contains(says), "{}", refusal.says);
    assert_ne!(item(&seen, "PRV-013").verdict(), Verdict::Pass);
}

#[test]
fn a_managed_node_group_is_raised_through_eks_and_a_self_managed_one_through_auto_scaling() {
    let managed = Some(Through::Eks {
        cluster: "prod-a".to_owned(),
        node_group: "workspace-mng".to_owned(),
    });
    assert_eq!(through(&world(50), &json!({})), managed);
    assert_eq!(
        through(&world(50), &json!({"size_owner": "managed_node_group"})),
        managed
    );
    let mut facts = world(50);
    facts.eks.node_groups = Ok(Vec::new());
    assert_eq!(through(&facts, &json!({})), Some(Through::AutoScaling));
    assert_eq!(
        through(&facts, &json!({"size_owner": "auto_scaling_group"})),
        Some(Through::AutoScaling)
    );
}

#[test]
fn the_tags_of_cluster_autoscaler_alone_prove_nothing() {
    assert!(through(&world(50), &json!({})).is_some());
}

#[test]
fn nothing_is_raised_where_a_running_cluster_autoscaler_claims_the_group() {
    for args in [&[BY_TAG][..], &["--nodes=1:100:prod-a-workspace"]] {
        another(
            &with_autoscaler(args, 1, 1),
            &json!({}),
            "Cluster Autoscaler (kube-system/cluster-autoscaler) claims",
        );
    }
    another(&with_autoscaler(&[BY_TAG], 1, 0), &json!({}), "mend it first");
}

#[test]
fn a_cluster_autoscaler_of_other_groups_or_scaled_to_zero_does_not_own_this_one() {
    for (args, replicas) in [
        (&["--nodes=1:100:prod-a-other"][..], 1),
        (&["--node-group-auto-discovery=asg:tag=team"][..], 1),
        (&[BY_TAG][..], 0),
    ] {
        assert!(
            through(&with_autoscaler(args, replicas, replicas), &json!({})).is_some(),
            "{args:?}"
        );
    }
}

#[test]
fn a_cluster_autoscaler_whose_arguments_do_not_tell_refuses_unless_declared() {
    let facts = with_autoscaler(&["--v=4"], 1, 1);
    refused(&facts, &json!({}), Guard::Unreadable, "do not tell");
    assert!(through(&facts, &json!({"size_owner": "managed_node_group"})).is_some());
}

#[test]
fn karpenter_and_auto_mode_make_nodes_themselves_unless_the_settings_say_whose_the_group_is() {
    let pool: NodePool = serde_json::from_value(json!({"metadata": {"name": "general"}})).unwrap();
    let mut karpenter = world(50);
    karpenter.cluster.node_pools = Ok(Some(vec![pool]));
    another(&karpenter, &json!({}), "NodePools general");
    assert!(through(&karpenter, &json!({"size_owner": "managed_node_group"})).is_some());

    let mut auto_mode = world(50);
    auto_mode.eks.cluster.as_mut().unwrap().auto_mode = true;
    another(&auto_mode, &json!({}), "EKS Auto Mode is on");
    assert!(through(&auto_mode, &json!({"size_owner": "managed_node_group"})).is_some());

    let mut none = world(50);
    none.cluster.node_pools = Ok(Some(Vec::new()));
    assert!(through(&none, &json!({})).is_some());
}

#[test]
fn a_declared_autoscaler_is_believed_and_named() {
    for (owner, says) in [
        ("cluster_autoscaler", "Cluster Autoscaler sets the size"),
        ("karpenter", "Karpenter sets the size"),
        ("auto_mode", "EKS Auto Mode sets the size"),
    ] {
        another(&world(50), &json!({"size_owner": owner}), says);
    }
}

#[test]
fn settings_that_contradict_what_runs_are_refused() {
    refused(
        &with_autoscaler(&[BY_TAG], 1, 1),
        &json!({"size_owner": "managed_node_group"}),
        Guard::Ownership,
        "would fight",
    );
    refused(
        &world(50),
        &json!({"size_owner": "auto_scaling_group"}),
        Guard::Ownership,
        "belongs to the managed node group workspace-mng",
    );
    refused(
        &world(50),
        &json!({"eks_node_group": "another"}),
        Guard::Ownership,
        "the managed node group another",
    );
    let mut facts = world(50);
    facts.eks.node_groups = Ok(Vec::new());
    refused(
        &facts,
        &json!({"size_owner": "managed_node_group"}),
        Guard::Ownership,
        "belongs to none",
    );
}

#[test]
fn an_owner_that_could_not_be_read_is_refused() {
    type Break = fn(&mut Facts);
    let table: [(&str, Break); 5] = [
        ("list deployments", |facts| {
            facts.cluster.deployments = Err(unreadable("list deployments"));
        }),
        ("eks:DescribeCluster", |facts| {
            facts.eks.cluster = Err(unreadable("eks:DescribeCluster"));
        }),
        ("list nodepools", |facts| {
            facts.cluster.node_pools = Err(unreadable("list nodepools"));
        }),
        ("eks:ListNodegroups", |facts| {
            facts.eks.node_groups = Err(unreadable("eks:ListNodegroups"));
        }),
        ("eks:DescribeNodegroup", |facts| {
            let groups = facts.eks.node_groups.as_mut().unwrap();
            *groups = vec![("other".to_owned(), Err(unreadable("eks:DescribeNodegroup")))];
        }),
    ];
    for (operation, break_it) in table {
        let mut facts = world(50);
        break_it(&mut facts);
        refused(&facts, &json!({}), Guard::Unreadable, operation);
    }
}

#[test]
fn a_declared_owner_without_proof_is_believed_and_said_to_be_unproven() {
    let owner = json!({"size_owner": "managed_node_group"});
    let mut unread = world(50);
    unread.cluster.deployments = Err(unreadable("list deployments"));
    for (facts, why) in [
        (unread, "list deployments"),
        (with_autoscaler(&["--v=4"], 1, 1), "do not tell"),
    ] {
        assert!(through(&facts, &owner).is_some());
        let seen = planned_with(&facts, &settings_with(&owner), Vec::new());
        let judged = item(&seen, "PRV-013");
        assert_eq!(judged.verdict(), Verdict::Unknown);
        assert!(judged.seen.contains(why), "{}", judged.seen);
    }
    let seen = planned_with(&world(50), &settings_with(&owner), Vec::new());
    assert_eq!(item(&seen, "PRV-013").verdict(), Verdict::Pass);
}

#[test]
fn a_group_declared_self_managed_is_refused_where_eks_cannot_be_asked() {
    let owner = json!({"size_owner": "auto_scaling_group"});
    let mut facts = world(50);
    facts.eks.node_groups = Err(unreadable("eks:ListNodegroups"));
    refused(&facts, &owner, Guard::Unreadable, "eks:ListNodegroups");
    facts.eks.node_groups = Ok(vec![(
        "other".to_owned(),
        Err(unreadable("eks:DescribeNodegroup")),
    )]);
    refused(&facts, &owner, Guard::Unreadable, "eks:DescribeNodegroup");
}

#[test]
fn another_group_that_could_not_be_described_does_not_matter_once_ours_is_found() {
    let mut facts = world(50);
    let groups = facts.eks.node_groups.as_mut().unwrap();
    groups.insert(0, ("other".to_owned(), Err(unreadable("eks:DescribeNodegroup"))));
    assert!(through(&facts, &json!({})).is_some());
}
