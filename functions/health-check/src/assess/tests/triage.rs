//! What changed lately, ranked by how near it lies to what is broken.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, node, put, sick};

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
