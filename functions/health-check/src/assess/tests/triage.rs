//! What changed lately, ranked by how near it lies to what is broken.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, deployment, node, put, sick};
use crate::assess::aws::tests::world::failed_database;
use crate::facts::aws_changes::About;

fn broken() -> Value {
    sick("p", &json!({"running": {"startedAt": ago(59)}}))
}

fn changes(world: World) -> World {
    let replica_set = |name: &str, minutes: i64| json!({"metadata": {"name": format!("{name}-5f"), "namespace": "shop", "creationTimestamp": ago(minutes), "ownerReferences": [{"kind": "Deployment", "name": name, "controller": true}]}});
    let config = |namespace: &str, name: &str, minutes: i64, more: Value| {
        let mut one = json!({"metadata": {"name": name, "namespace": namespace, "creationTimestamp": ago(90_000), "managedFields": [{"manager": "kubectl-edit", "time": ago(minutes)}]}});
        put(&mut one, "/metadata/annotations", more);
        one
    };
    let mut joined = node("n3");
    put(&mut joined, "/metadata/creationTimestamp", json!(ago(50)));
    world
        .with("replicasets", replica_set("sick", 40))
        .with("replicasets", replica_set("calm", 300))
        .with("configmaps", config("shop", "settings", 35, json!({})))
        .with("configmaps", config("other", "settings", 35, json!({})))
        .with("configmaps", config("shop", "late", 5, json!({})))
        .with(
            "configmaps",
            config(
                "shop",
                "lock",
                32,
                json!({"control-plane.alpha.kubernetes.io/leader": "x"}),
            ),
        )
        .with("configmaps", config("shop", "kube-root-ca.crt", 33, json!({})))
        .with("nodes", joined)
}

#[test]
fn the_change_of_the_broken_workload_itself_comes_first_and_later_or_foreign_ones_not_at_all() {
    let world = changes(World::well()).with("pods", broken()).triage();
    let item = world.item("HLT-191");
    assert_eq!(item.verdict(), Verdict::Fail);
    let told: Vec<String> = item
        .subjects
        .iter()
        .map(|one| format!("{}: {}", one.name, one.says))
        .collect();
    assert_eq!(
        told,
        [
            "shop/Deployment/sick: new pod template 40 min ago, and it is broken",
            "shop/ConfigMap/settings: changed by kubectl-edit 35 min ago, beside what is broken",
            "node n3: joined 50 min ago",
        ]
    );
}

#[test]
fn changes_without_anything_broken_are_counted_and_accuse_nobody() {
    let item = changes(World::well()).triage().item("HLT-191");
    assert_eq!(item.verdict(), Verdict::Pass, "{item:?}");
    assert!(
        item.seen.starts_with("5 changes in 60 min, 0 near"),
        "{}",
        item.seen
    );
}

/// A Deployment `sick` with this number of its template, and what `managedFields` tells of it.
fn changed(revision: &str, managed: &Value) -> Value {
    let mut one = deployment("shop", "sick", 1);
    put(&mut one, "/metadata/creationTimestamp", json!(ago(90_000)));
    put(&mut one, "/metadata/managedFields", managed.clone());
    put(
        &mut one,
        "/metadata/annotations",
        json!({"deployment.kubernetes.io/revision": revision}),
    );
    one
}

/// A replica set of it, marked by its controller so many minutes ago.
fn template(revision: &str, history: &str, made: i64, marked: i64) -> Value {
    json!({"metadata": {"name": format!("sick-{made}"), "namespace": "shop", "creationTimestamp": ago(made),
                        "annotations": {"deployment.kubernetes.io/revision": revision, "deployment.kubernetes.io/revision-history": history},
                        "managedFields": [{"manager": "kube-controller-manager", "time": ago(marked)}],
                        "ownerReferences": [{"kind": "Deployment", "name": "sick", "controller": true}]}})
}

#[test]
fn who_asked_for_a_new_template_is_told_with_it_and_what_made_none_for_itself() {
    let by = |manager: &str, minutes: i64| json!({"manager": manager, "time": ago(minutes)});
    let controller = json!({"manager": "kube-controller-manager", "subresource": "status", "time": ago(31)});
    let of_an_autoscaler = json!({"manager": "kube-controller-manager", "subresource": "scale"});
    let new = template("8", "", 40, 40);
    let old = template("9", "7", 900, 35);
    for (what, revision, managed, templates, told) in [
        (
            "a rollout, and a note of it right after",
            "8",
            json!([
                by("helm", 300),
                by("kubectl-set", 40),
                by("kubectl-annotate", 39),
                controller
            ]),
            vec![template("7", "", 300, 40), new.clone()],
            vec![
                "changed by kubectl-annotate 39 min ago",
                "new pod template by kubectl-set 40 min ago",
            ],
        ),
        (
            "what was done in the incident hides nothing that was done before",
            "8",
            json!([by("kubectl-edit", 40), by("kubectl-annotate", 5), controller]),
            vec![new.clone()],
            vec!["new pod template by kubectl-edit 40 min ago"],
        ),
        (
            "a rollback, which makes no replica set",
            "9",
            json!([by("kubectl", 35), by("kubectl-set", 300), controller]),
            vec![old.clone(), template("8", "", 300, 35)],
            vec!["changed by kubectl (its pod template is an earlier one) 35 min ago"],
        ),
        (
            "a rollback of a rollout within the hour",
            "9",
            json!([by("kubectl", 35), by("kubectl-set", 40), controller]),
            vec![old.clone(), new.clone()],
            vec![
                "changed by kubectl (its pod template is an earlier one) 35 min ago",
                "new pod template by kubectl-set 40 min ago",
            ],
        ),
        (
            "a rollback by who had rolled out: its entry has one time",
            "9",
            json!([by("argocd-controller", 35), controller]),
            vec![old, new.clone()],
            vec![
                "changed by argocd-controller (its pod template is an earlier one) 35 min ago",
                "new pod template 40 min ago",
            ],
        ),
        (
            "a label, long after a rollback",
            "9",
            json!([by("kubectl-label", 35), controller]),
            vec![template("9", "7", 900, 800), template("8", "", 850, 800)],
            vec!["changed by kubectl-label 35 min ago"],
        ),
        (
            "scaling, of which the API server keeps no time",
            "8",
            json!([by("helm", 300), of_an_autoscaler, controller]),
            vec![template("8", "", 300, 35)],
            vec![],
        ),
    ] {
        let world = World::well()
            .with("pods", broken())
            .with("deployments", changed(revision, &managed));
        let world = templates
            .into_iter()
            .fold(world, |world, one| world.with("replicasets", one));
        let expected = told
            .iter()
            .map(|says| format!("shop/Deployment/sick: {says}, and it is broken"));
        assert_eq!(ranking(world), expected.collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn a_deployment_that_is_new_is_told_as_made_and_what_came_later_as_changed() {
    let mut made = changed(
        "1",
        &json!([{"manager": "helm", "time": ago(50)}, {"manager": "kubectl-edit", "time": ago(40)}]),
    );
    put(&mut made, "/metadata/creationTimestamp", json!(ago(50)));
    let world = World::well()
        .with("pods", broken())
        .with("deployments", made)
        .with("replicasets", template("1", "", 50, 50));
    assert_eq!(
        ranking(world.clone()),
        [
            "shop/Deployment/sick: changed by kubectl-edit 40 min ago, and it is broken",
            "shop/Deployment/sick: created by helm 50 min ago, and it is broken",
        ]
    );
    // Within the minute, a template of which nothing is left that tells who asked for it.
    let mut second = template("2", "", 50, 50);
    put(&mut second, "/metadata/name", json!("sick-later"));
    let at = (crate::assess::tests::world::now() - jiff::SignedDuration::from_secs(50 * 60 - 30)).to_string();
    put(&mut second, "/metadata/creationTimestamp", json!(at));
    assert_eq!(
        ranking(world.with("replicasets", second))[1..],
        [
            "shop/Deployment/sick: new pod template 49 min ago, and it is broken",
            "shop/Deployment/sick: created by helm 50 min ago, and it is broken",
        ]
    );
}

#[test]
fn a_stateful_set_of_an_operator_is_told_by_its_own_name() {
    let mut set = changed("", &json!([{"manager": "operator", "time": ago(35)}]));
    put(
        &mut set,
        "/metadata/ownerReferences",
        json!([{"kind": "Database", "name": "ledger", "controller": true}]),
    );
    let revision = json!({"metadata": {"name": "sick-77", "namespace": "shop", "creationTimestamp": ago(34),
                                       "ownerReferences": [{"kind": "StatefulSet", "name": "sick", "controller": true}]}});
    let broken = || {
        World::well()
            .with("pods", broken())
            .with("statefulsets", set.clone())
    };
    assert_eq!(
        ranking(broken()),
        ["shop/StatefulSet/sick: changed by operator 35 min ago, beside what is broken"]
    );
    // Its controller makes the revision a moment later.
    assert_eq!(
        ranking(broken().with("controllerrevisions", revision)),
        ["shop/StatefulSet/sick: new pod template by operator 34 min ago, beside what is broken"]
    );
}

/// Config maps of another namespace that were changed a minute ago.
fn flood(world: World, config_maps: usize) -> World {
    (0..config_maps).fold(world, |world, number| {
        let changed = json!([{"manager": "sync", "time": ago(1)}]);
        let config_map = json!({"metadata": {"name": format!("c{number}"), "namespace": "other", "creationTimestamp": ago(90_000), "managedFields": changed}});
        world.with("configmaps", config_map)
    })
}

#[test]
fn changes_beyond_those_that_are_kept_are_told_and_no_ranking_without_them_is_pass() {
    let one = json!({"metadata": {"name": "settings", "namespace": "shop", "creationTimestamp": ago(90_000), "managedFields": [{"manager": "kubectl-edit", "time": ago(35)}]}});
    let replica_set = json!({"metadata": {"name": "sick-5f", "namespace": "shop", "creationTimestamp": ago(40), "ownerReferences": [{"kind": "Deployment", "name": "sick", "controller": true}]}});
    let culprit = World::well().with("pods", broken()).with("configmaps", one);
    for (what, world, verdict, seen) in [
        (
            "all are kept",
            flood(World::well(), 999),
            Verdict::Pass,
            "999 changes in 60 min, 0 near",
        ),
        (
            "the one beside what is broken is gone",
            flood(culprit.clone(), 1_099),
            Verdict::Unknown,
            "1100 changes in 60 min, 0 near",
        ),
        (
            "another one is near",
            flood(culprit.with("replicasets", replica_set), 1_099),
            Verdict::Fail,
            "1101 changes in 60 min, 1 near",
        ),
    ] {
        let item = world.triage().item("HLT-191");
        assert_eq!(item.verdict(), verdict, "{what}: {}", item.seen);
        assert!(item.seen.starts_with(seen), "{what}: {}", item.seen);
        let told = item.subjects.iter().find(|one| one.name == "further ConfigMaps");
        let told = told.map(|one| one.says.split(':').next().unwrap());
        let expected = (verdict != Verdict::Pass).then_some("500 changes of ConfigMaps not looked at");
        assert_eq!(told, expected, "{what}");
    }
}

/// A pod of a queue that no node takes.
fn waiting() -> Value {
    let mut pod = super::coming::waiting(30);
    put(&mut pod, "/metadata/ownerReferences/0/name", json!("queue-5f"));
    pod
}

/// A node of this group that has been silent for so many minutes.
fn silent(name: &str, group: &str, minutes: i64) -> Value {
    let mut node = node(name);
    put(&mut node, "/metadata/labels/group", json!(group));
    put(
        &mut node,
        "/status/conditions/0",
        json!({"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(minutes)}),
    );
    node
}

fn ranking(world: World) -> Vec<String> {
    let item = world.triage().item("HLT-191");
    item.subjects
        .iter()
        .map(|one| format!("{}: {}", one.name, one.says))
        .collect()
}

fn group(name: &str) -> About {
    About::NodeGroup(name.to_owned())
}

/// All that AWS changed within the hour, the groups of both kinds and the database among it.
fn with_aws(world: World) -> World {
    world
        .group("workers", "eks-workers")
        .group("control", "eks-control")
        .aws_changes(
            group("workers"),
            &[
                (
                    55,
                    "eks-workers",
                    "FAILED Launching a new EC2 instance, Failed: no capacity",
                ),
                (
                    45,
                    "eks-workers",
                    "FAILED Launching a new EC2 instance, Failed: no capacity",
                ),
                (40, "eks-workers", "Terminating EC2 instance: i-1, Successful"),
            ],
        )
        .aws_changes(
            group("control"),
            &[(50, "eks-control", "Launching a new EC2 instance: i-2, Successful")],
        )
        .aws_changes(
            About::Database,
            &[
                (35, "prod-a-aurora", "Started failover"),
                (5, "w", "DB instance restarted"),
            ],
        )
        .aws_changes(
            About::Platform,
            &[(42, "add-on vpc-cni", "AddonUpdate, Successful")],
        )
}

#[test]
fn scaling_activities_come_first_where_pods_wait_for_a_node_and_a_failed_one_before_all() {
    let world = with_aws(changes(World::well()).with("pods", waiting()));
    assert_eq!(
        ranking(world),
        [
            "eks-workers: FAILED Launching a new EC2 instance, Failed: no capacity 2 times, one 45 min ago, and pods wait for a node",
            "eks-workers: Terminating EC2 instance: i-1, Successful 40 min ago, and pods wait for a node",
            "eks-control: Launching a new EC2 instance: i-2, Successful 50 min ago, and pods wait for a node",
            "shop/ConfigMap/settings: changed by kubectl-edit 35 min ago, beside what is broken",
            "shop/Deployment/sick: new pod template 40 min ago, beside what is broken",
            "prod-a-aurora: Started failover 35 min ago",
            "add-on vpc-cni: AddonUpdate, Successful 42 min ago",
            "node n3: joined 50 min ago",
        ]
    );
}

#[test]
fn a_node_that_is_lost_points_to_the_activities_of_its_own_group_and_not_to_its_own_loss() {
    let world = with_aws(World::well()).with("nodes", silent("n9", "workers", 30));
    assert_eq!(
        ranking(world),
        [
            "eks-workers: FAILED Launching a new EC2 instance, Failed: no capacity 2 times, one 45 min ago, and a node of it is not Ready",
            "eks-workers: Terminating EC2 instance: i-1, Successful 40 min ago, and a node of it is not Ready",
            "add-on vpc-cni: AddonUpdate, Successful 42 min ago",
            "eks-control: Launching a new EC2 instance: i-2, Successful 50 min ago",
        ]
    );
    // The label of a managed group leads to what EKS did to that group.
    let mut managed = silent("n9", "of nobody", 30);
    managed["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] = json!("workspace");
    let world = World::well().with("nodes", managed).aws_changes(
        group("workspace"),
        &[(45, "node group workspace", "VersionUpdate, InProgress")],
    );
    assert_eq!(
        ranking(world),
        ["node group workspace: VersionUpdate, InProgress 45 min ago, and a node of it is not Ready"]
    );
}

#[test]
fn events_of_the_database_come_first_where_the_database_is_in_trouble_and_last_where_it_is_well() {
    let failed = with_aws(changes(World::well())).database(failed_database());
    assert_eq!(
        ranking(failed),
        [
            "w: DB instance restarted 5 min ago, and the database is in trouble",
            "prod-a-aurora: Started failover 35 min ago, and the database is in trouble",
        ],
        "what lies in the cluster breaks no database"
    );
    let well = with_aws(changes(World::well()).with("pods", broken()));
    let told = ranking(well);
    let place = |name: &str| told.iter().position(|one| one.starts_with(name)).unwrap();
    assert_eq!(
        told[0],
        "shop/Deployment/sick: new pod template 40 min ago, and it is broken"
    );
    assert!(
        place("shop/ConfigMap/settings") < place("prod-a-aurora"),
        "{told:#?}"
    );
    assert!(
        !told.iter().any(|one| one.starts_with("w:")),
        "it came after the trouble: {told:#?}"
    );
}

#[test]
fn where_nothing_is_broken_the_changes_are_context_failures_first_and_the_failed_update_of_an_active_cluster_too()
 {
    let item = World::well()
        .aws_changes(
            About::Platform,
            &[
                (
                    40,
                    "cluster prod-a",
                    "FAILED VersionUpdate, Failed; Version 1.35, SubnetNotFound: gone",
                ),
                (5, "add-on vpc-cni", "AddonUpdate, Successful"),
            ],
        )
        .triage()
        .item("HLT-191");
    assert_eq!(item.verdict(), Verdict::Pass);
    assert_eq!(
        item.seen,
        "2 changes in 60 min, 0 near the 0 things that are broken; elsewhere: \
         FAILED cluster prod-a, VersionUpdate, Failed; Version 1.35, SubnetNotFound: gone 40 min ago | \
         add-on vpc-cni, AddonUpdate, Successful 5 min ago"
    );
}

#[test]
fn a_source_of_aws_that_is_denied_keeps_the_ranking_from_pass_and_stays_a_line_of_its_own_w28() {
    let denied = |world: World| {
        world
            .aws_changes_denied(
                "scaling activities of eks-workers",
                "autoscaling:DescribeScalingActivities",
            )
            .triage()
    };
    for (world, ranked) in [
        (World::well(), Verdict::Unknown),
        (changes(World::well()).with("pods", broken()), Verdict::Fail),
    ] {
        let world = denied(world);
        for (code, verdict) in [("HLT-191", ranked), ("HLT-261", Verdict::Unknown)] {
            let item = world.item(code);
            assert_eq!(item.verdict(), verdict, "{code}");
            let missing = item.subjects.last().unwrap();
            assert_eq!(missing.name, "scaling activities of eks-workers");
            assert!(
                missing.says.contains("permission denied"),
                "{code}: {}",
                missing.says
            );
        }
    }
}

#[test]
fn the_morning_does_not_look_for_changes() {
    let codes: Vec<String> = changes(World::well())
        .items()
        .into_iter()
        .map(|item| item.code)
        .collect();
    assert!(!codes.contains(&"HLT-191".to_owned()));
}

#[test]
fn config_maps_that_may_not_be_listed_leave_the_triage_unknown_and_everything_else_told_w28() {
    let world = World::well()
        .with("pods", broken())
        .of("configmaps", json!("forbidden"))
        .triage();
    assert_eq!(world.item("HLT-191").verdict(), Verdict::Unknown);
    assert_eq!(world.item("HLT-124").verdict(), Verdict::Fail);
}
