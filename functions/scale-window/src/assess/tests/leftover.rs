use day2_core::{Cause, Item, Unreadable, Verdict};
use serde_json::{Value, json};

use super::world::{
    ago, budget, instance, item, judge, member, node, nodes, pod, pods, settings, settings_with, world,
};
use crate::Task;
use crate::facts::Facts;
use day2_reads::scaling_groups::Member;

/// An evening with one node too many: `w3` of three, while two are planned.
fn evening() -> Facts {
    let mut facts = world(3);
    facts.groups[0].group.as_mut().unwrap().desired = 2;
    facts
}

fn line(facts: &Facts, code: &str) -> Item {
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

/// An evening with `workspace_nodes` nodes, two of them planned, and an instance of the group that is no node.
fn evening_with(workspace_nodes: usize, lost: Member, launched_minutes_ago: i64) -> Item {
    let priced = settings_with(&json!({"cost": {"per_hour": {"m7i.xlarge": 0.25}}}));
    let mut facts = world(workspace_nodes);
    let group = facts.groups[0].group.as_mut().unwrap();
    group.desired = 2;
    group.instances.push(lost);
    facts
        .instances
        .as_mut()
        .unwrap()
        .push(instance("lost", launched_minutes_ago));
    item(&judge(&facts, &priced, Task::Scaledown), "SCW-201")
}

fn names(line: &Item) -> Vec<&str> {
    line.subjects.iter().map(|subject| &*subject.name).collect()
}

#[test]
fn an_instance_that_is_no_node_is_left_over_with_what_keeps_it_and_its_cost() {
    type Change = fn(&mut Member);
    let cases: [(Change, &str); 4] = [
        (
            |lost| lost.lifecycle_state = "Terminating:Wait".into(),
            "Terminating:Wait, and no Node has its id; a lifecycle hook holds the instance in Terminating:Wait",
        ),
        (
            |lost| lost.lifecycle_state = "Pending:Wait".into(),
            "Pending:Wait, and no Node has its id; a lifecycle hook holds the instance in Pending:Wait",
        ),
        (
            |lost| lost.protected = true,
            "InService, and no Node has its id; the instance is protected from scale-in",
        ),
        (
            |lost| lost.lifecycle_state = "Standby".into(),
            "Standby, and no Node has its id; nothing on it holds it",
        ),
    ];
    for (change, says) in cases {
        let mut lost = member("lost", "us-east-1a");
        change(&mut lost);
        let up = evening_with(2, lost, 180);
        assert_eq!(up.verdict(), Verdict::Fail, "{says}");
        assert_eq!(names(&up), ["i-lost"]);
        assert!(up.subjects[0].says.starts_with(says), "{}", up.subjects[0].says);
        assert_eq!(
            up.seen,
            "up/planned: workspace 2/2 and 1 instance without a node; 1 extra instance cost 0.25 USD per hour"
        );
    }
}

#[test]
fn an_instance_that_is_no_node_is_named_before_the_nodes_that_are_too_many() {
    let up = evening_with(3, member("lost", "us-east-1a"), 180);
    assert_eq!(names(&up), ["i-lost", "w1"]);
    assert!(
        up.seen.ends_with("2 extra instances cost 0.50 USD per hour"),
        "{}",
        up.seen
    );
    // One node of two is missing, and the instance that should be it is no more than planned.
    assert!(
        evening_with(1, member("lost", "us-east-1a"), 180)
            .subjects
            .is_empty()
    );
}

#[test]
fn an_instance_that_goes_by_itself_or_has_just_been_launched_is_not_left_over() {
    use Verdict::{Fail, Pass};
    for (state, minutes, verdict) in [
        ("Terminating", 180, Pass),
        ("Terminating:Proceed", 180, Pass),
        ("Warmed:Stopped", 180, Pass),
        ("Pending", 9, Pass),
        ("Pending", 10, Fail),
    ] {
        let mut lost = member("lost", "us-east-1a");
        lost.lifecycle_state = state.into();
        assert_eq!(
            evening_with(2, lost, minutes).verdict(),
            verdict,
            "{state} {minutes}"
        );
    }
}

#[test]
fn how_old_an_instance_without_a_node_is_must_be_known_where_it_decides_w28() {
    let denied = || {
        Err(Unreadable::new(
            "ec2:DescribeInstances",
            "i-lost",
            Cause::Denied,
            "not authorized",
        ))
    };
    let evening = |workspace_nodes| {
        let mut facts = world(workspace_nodes);
        let group = facts.groups[0].group.as_mut().unwrap();
        group.desired = 2;
        group.instances.push(member("lost", "us-east-1a"));
        facts.instances = denied();
        line(&facts, "SCW-201")
    };
    let up = evening(2);
    assert_eq!(up.verdict(), Verdict::Unknown, "{up:#?}");
    assert!(
        up.subjects[0]
            .says
            .starts_with("1 without a node may have just been launched: ec2:DescribeInstances"),
        "{}",
        up.subjects[0].says
    );
    // Too many nodes are too many, however old an instance is.
    assert_eq!(evening(3).verdict(), Verdict::Fail);
}

/// The line about drains where this pod stands on a cordoned node whose `Ready` condition is `ready`.
fn draining(ready: &str, held: &Value) -> Item {
    let mut facts = evening();
    let mut cordoned = node("w2", "workspace", "us-east-1b");
    cordoned["spec"]["unschedulable"] = json!(true);
    cordoned["status"]["conditions"][0]["status"] = json!(ready);
    let all = facts.cluster.nodes.as_mut().unwrap();
    all.retain(|node| node.name != "w2");
    all.extend(nodes(&[cordoned]));
    facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .extend(pods(std::slice::from_ref(held)));
    line(&facts, "SCW-202")
}

/// A pod on `w2` that should have been gone for so many minutes, its grace period included.
fn deleted(minutes: i64) -> Value {
    let mut gone = pod("db", "w2");
    gone["metadata"]["deletionTimestamp"] = json!(ago(minutes).to_string());
    gone
}

#[test]
fn a_deleted_pod_that_does_not_go_holds_its_node_with_what_may_keep_it() {
    let mut ended = deleted(175);
    ended["status"]["phase"] = json!("Succeeded");
    for (ready, held, words) in [
        (
            "True",
            deleted(175),
            "a container that does not end, a finalizer or a volume keeps it",
        ),
        (
            "True",
            ended,
            "its containers have ended, and a finalizer or a volume keeps it",
        ),
        ("Unknown", deleted(175), "the kubelet of its node is silent"),
    ] {
        let stuck = draining(ready, &held);
        assert_eq!(stuck.verdict(), Verdict::Fail, "{words}");
        assert_eq!(names(&stuck), ["w2"]);
        let says = &stuck.subjects[0].says;
        let begins = "pod work/db was deleted and should have been gone for 175 min: ";
        assert!(says.starts_with(begins) && says.contains(words), "{says}");
    }
}

#[test]
fn a_pod_that_is_going_and_one_of_a_daemon_set_hold_no_node() {
    use Verdict::{Fail, Pass};
    // In its grace period, a little after it, and too long after it.
    for (minutes, verdict) in [(-30, Pass), (4, Pass), (5, Fail)] {
        assert_eq!(
            draining("True", &deleted(minutes)).verdict(),
            verdict,
            "{minutes}"
        );
    }
    let mut daemon = deleted(175);
    daemon["metadata"]["ownerReferences"] =
        json!([{"kind": "DaemonSet", "name": "agent", "controller": true}]);
    assert_eq!(draining("True", &daemon).verdict(), Pass);
}
