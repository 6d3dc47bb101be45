use day2_core::{Cause, Unreadable, Verdict};
use serde_json::json;

use super::world::{ago, budget, item, judge, nodes, pod, pods, settings, settings_with, world};
use crate::Task;
use crate::facts::Facts;

/// An evening with one node too many: `w3` of three, while two are planned.
fn evening() -> Facts {
    let mut facts = world(3);
    facts.groups[0].group.as_mut().unwrap().desired = 2;
    facts
}

fn line(facts: &Facts, code: &str) -> day2_core::Item {
    item(&judge(facts, &settings(), Task::Scaledown), code)
}

#[test]
fn a_cordoned_node_behind_a_budget_names_pod_budget_and_what_would_free_it() {
    let mut facts = evening();
    facts
        .cluster
        .nodes
        .as_mut()
        .unwrap()
        .iter_mut()
        .find(|node| node.name == "w2")
        .unwrap()
        .unschedulable = true;
    facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .extend(pods(&[pod("db", "w2"), pod("web", "w1")]));
    facts.cluster.budgets = Ok(vec![budget("db")]);
    let up = line(&facts, "SCW-201");
    assert_eq!(up.subjects.len(), 1, "one node is too many, one is named");
    assert_eq!(up.subjects[0].name, "w2");
    for words in [
        "cordoned",
        "work/db",
        "PodDisruptionBudget db",
        "minAvailable 1",
        "can never be met",
    ] {
        assert!(
            up.subjects[0].says.contains(words),
            "{words} missing in {}",
            up.subjects[0].says
        );
    }
    let stuck = line(&facts, "SCW-202");
    assert_eq!(
        stuck
            .subjects
            .iter()
            .map(|subject| &*subject.name)
            .collect::<Vec<_>>(),
        ["w2"]
    );
}

#[test]
fn each_reason_that_holds_a_node_is_told_in_its_own_words() {
    type Change = fn(&mut Facts);
    let cases: [(Change, &str); 6] = [
        (
            |facts| facts.groups[0].group.as_mut().unwrap().instances[0].protected = true,
            "protected from scale-in",
        ),
        (
            |facts| {
                facts.groups[0].group.as_mut().unwrap().instances[0].lifecycle_state =
                    "Terminating:Wait".into();
            },
            "lifecycle hook",
        ),
        (
            |facts| {
                let mut busy = pod("build", "w1");
                busy["metadata"]["annotations"] =
                    json!({"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"});
                facts.cluster.pods.as_mut().unwrap().extend(pods(&[busy]));
            },
            "safe-to-evict=false",
        ),
        (
            |facts| {
                let mut busy = pod("train", "w1");
                busy["metadata"]["annotations"] = json!({"karpenter.sh/do-not-disrupt": "true"});
                facts.cluster.pods.as_mut().unwrap().extend(pods(&[busy]));
            },
            "karpenter.sh/do-not-disrupt=true",
        ),
        (
            |facts| {
                let mut bare = pod("bare", "w1");
                bare["metadata"]["ownerReferences"] = json!([]);
                facts.cluster.pods.as_mut().unwrap().extend(pods(&[bare]));
            },
            "has no controller",
        ),
        (|_| {}, "nothing on it holds it"),
    ];
    for (change, words) in cases {
        let mut facts = evening();
        change(&mut facts);
        let up = line(&facts, "SCW-201");
        assert_eq!(up.verdict(), Verdict::Fail);
        assert!(
            up.subjects[0].says.contains(words),
            "{words} missing in {}",
            up.subjects[0].says
        );
    }
}

#[test]
fn an_active_workspace_is_named_and_the_cost_is_summed() {
    let settings = settings_with(&json!({
        "workspace_namespaces": ["work"],
        "cost": {"currency": "EUR", "per_hour": {"m7i.xlarge": 0.25}}
    }));
    let mut facts = evening();
    facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .extend(pods(&[pod("alice", "w3"), pod("bob", "w3")]));
    let up = item(&judge(&facts, &settings, Task::Scaledown), "SCW-201");
    assert_eq!(up.subjects[0].name, "w3");
    assert!(
        up.subjects[0]
            .says
            .contains("active workspace work/alice and 1 more")
    );
    assert!(up.seen.contains("0.25 EUR per hour"), "{}", up.seen);
}

#[test]
fn a_type_without_a_price_is_said_and_not_counted_as_free() {
    let up = line(&evening(), "SCW-201");
    assert!(
        up.seen.contains("no price declared for 1 × m7i.xlarge"),
        "{}",
        up.seen
    );
}

#[test]
fn daemon_finished_and_mirror_pods_hold_nothing() {
    let mut facts = evening();
    facts
        .cluster
        .nodes
        .as_mut()
        .unwrap()
        .iter_mut()
        .find(|node| node.name == "w1")
        .unwrap()
        .unschedulable = true;
    let mut daemon = pod("agent", "w1");
    daemon["metadata"]["ownerReferences"] =
        json!([{"kind": "DaemonSet", "name": "agent", "controller": true}]);
    let mut done = pod("done", "w1");
    done["status"]["phase"] = json!("Succeeded");
    facts.cluster.pods.as_mut().unwrap().extend(pods(&[daemon, done]));
    facts.cluster.budgets = Ok(vec![budget("agent"), budget("done")]);
    assert_eq!(line(&facts, "SCW-202").verdict(), Verdict::Pass);
}

#[test]
fn budgets_that_could_not_be_read_leave_the_reason_open_w28() {
    let mut facts = evening();
    facts.cluster.budgets = Err(Unreadable::new(
        "list poddisruptionbudgets",
        "prod-a",
        Cause::Denied,
        "",
    ));
    let up = line(&facts, "SCW-201");
    assert_eq!(up.verdict(), Verdict::Fail);
    assert!(up.subjects[0].says.contains("could not be read"));
}

#[test]
fn an_evening_of_zero_nodes_passes_only_over_a_cluster_that_was_seen_w25() {
    let none = settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 0, "peak": 4, "after": 0, "min": 0, "max": 6}]
    }));
    let mut facts = world(0);
    facts.groups[0].group.as_mut().unwrap().min = 0;
    assert_eq!(
        item(&judge(&facts, &none, Task::Scaledown), "SCW-201").verdict(),
        Verdict::Pass
    );
    facts.cluster.nodes = Ok(Vec::new());
    assert_eq!(
        item(&judge(&facts, &none, Task::Scaledown), "SCW-201").verdict(),
        Verdict::Unknown
    );
}

#[test]
fn a_drain_that_has_just_begun_is_not_stuck_yet() {
    let cordoned = |minutes: i64| {
        let mut facts = evening();
        let node = facts
            .cluster
            .nodes
            .as_mut()
            .unwrap()
            .iter_mut()
            .find(|node| node.name == "w2")
            .unwrap();
        node.unschedulable = true;
        let taint = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(minutes).to_string()});
        node.taints = nodes(&[json!({"metadata": {"name": "w2"}, "spec": {"taints": [taint]}})])[0]
            .taints
            .clone();
        facts
            .cluster
            .pods
            .as_mut()
            .unwrap()
            .extend(pods(&[pod("db", "w2")]));
        facts.cluster.budgets = Ok(vec![budget("db")]);
        line(&facts, "SCW-202")
    };
    assert_eq!(cordoned(14).verdict(), Verdict::Pass);
    let stuck = cordoned(15);
    assert_eq!(stuck.verdict(), Verdict::Fail);
    assert!(
        stuck.subjects[0].says.starts_with("cordoned for 15 min; "),
        "{}",
        stuck.subjects[0].says
    );
}
