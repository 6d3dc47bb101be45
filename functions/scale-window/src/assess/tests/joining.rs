use day2_core::chart::Chart;
use day2_core::{Cause, Item, Unreadable, Verdict};
use serde_json::json;

use super::world::{
    ago, complaint, complaints, item, judge, node, nodes, now, pod, pods, settings, settings_with, world,
};
use crate::Task;
use crate::facts::Facts;
use day2_reads::scaling_activities::Activity;
use day2_reads::subnets::Subnet;

pub(super) fn postscale(facts: &Facts) -> Vec<Item> {
    judge(facts, &settings(), Task::Postscale)
}

#[test]
fn a_scale_up_that_arrived_has_no_complaint() {
    assert_eq!(complaints(&postscale(&with_a_daemon(world(4)))), []);
}

/// A daemon pod on every workspace node, because a node without one proves nothing about daemon sets.
pub(super) fn with_a_daemon(mut facts: Facts) -> Facts {
    let on: Vec<String> = facts
        .cluster
        .nodes
        .as_ref()
        .unwrap()
        .iter()
        .map(|node| node.name.clone())
        .filter(|name| name.starts_with('w'))
        .collect();
    let daemons: Vec<_> = on
        .iter()
        .map(|name| {
            let mut pod = pod(&format!("aws-node-{name}"), name);
            pod["metadata"]["ownerReferences"] =
                json!([{"kind": "DaemonSet", "name": "aws-node", "controller": true}]);
            pod
        })
        .collect();
    facts.cluster.pods.as_mut().unwrap().extend(pods(&daemons));
    facts
}

#[test]
fn a_short_scale_up_names_the_group_and_shows_the_loss_with_its_reason() {
    let mut facts = with_a_daemon(world(3));
    facts.groups[0].group.as_mut().unwrap().desired = 4;
    let failed = |description: &str, message: &str, minutes: i64| Activity {
        group: "prod-a-workspace".into(),
        status: "Failed".into(),
        description: description.into(),
        message: message.into(),
        started_at: ago(minutes),
        zone: None,
    };
    facts.groups[0].activities = Ok(vec![
        failed("Terminating EC2 instance: i-1", "the hook gave up", 10),
        failed("Launching a new EC2 instance", "InsufficientInstanceCapacity", 20),
    ]);
    let items = postscale(&facts);
    assert_eq!(
        complaints(&items),
        [
            complaint("SCW-016", &["workspace"]),
            complaint("SCW-101", &["workspace"])
        ]
    );

    let settings = settings();
    let plan = &settings.function.targets["prod-a"];
    let zone = settings.deployment.zone.rules();
    let (_, charts) = crate::assess::assess(&facts, plan, &settings.targets[0], Task::Postscale, zone, now());
    let Some(Chart::Waterfall(waterfall)) = charts.first() else {
        panic!("no waterfall")
    };
    let counts: Vec<_> = waterfall.stages.iter().map(|stage| stage.count).collect();
    assert_eq!(counts, [4, 4, 3, 3, 3, 3].map(Some));
    assert_eq!(waterfall.stages[2].losses[0].count, 1);
    assert!(
        waterfall.stages[2].losses[0]
            .reason
            .contains("InsufficientInstanceCapacity")
    );
}

#[test]
fn a_stage_that_could_not_be_read_is_a_gap_and_not_zero() {
    let mut facts = world(4);
    facts.cluster.nodes = Err(Unreadable::new("list nodes", "prod-a", Cause::TimedOut, ""));
    let settings = settings();
    let plan = &settings.function.targets["prod-a"];
    let zone = settings.deployment.zone.rules();
    let (_, charts) = crate::assess::assess(&facts, plan, &settings.targets[0], Task::Postscale, zone, now());
    let Some(Chart::Waterfall(waterfall)) = charts.first() else {
        panic!("no waterfall")
    };
    assert_eq!(waterfall.stages[3].count, None);
    assert_eq!(waterfall.stages[2].count, Some(4));
}

#[test]
fn an_instance_that_never_joined_counts_after_its_time_only() {
    let mut facts = with_a_daemon(world(4));
    facts
        .cluster
        .nodes
        .as_mut()
        .unwrap()
        .retain(|node| node.name != "w4");
    facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .retain(|pod| pod.node.as_deref() != Some("w4"));
    assert_eq!(
        item(&postscale(&facts), "SCW-104").verdict(),
        Verdict::Pass,
        "ten minutes are not over yet"
    );
    facts.instances.as_mut().unwrap()[3].launched_at = Some(ago(11));
    let line = item(&postscale(&facts), "SCW-104");
    assert_eq!(
        (line.verdict(), line.subjects[0].name.as_str()),
        (Verdict::Fail, "i-w4")
    );
    assert!(line.subjects[0].says.contains("has not joined"));
}

#[test]
fn a_zone_that_got_no_node_is_named() {
    let mut facts = with_a_daemon(world(4));
    let all = ["w1", "w2", "w3", "w4"].map(|name| node(name, "workspace", "us-east-1a"));
    facts.cluster.nodes = Ok(nodes(&all));
    let line = item(&postscale(&facts), "SCW-102");
    assert_eq!(line.verdict(), Verdict::Fail);
    assert!(line.subjects[0].says.contains("us-east-1b"));
}

/// The line about the zones of a peak with so many nodes in each of them.
fn spread(counts: &[(&str, usize)]) -> Item {
    let peak: usize = counts.iter().map(|(_, number)| number).sum();
    let planned = settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 0, "peak": peak, "after": 0, "min": 0, "max": 60}]
    }));
    let zone = |letter: &str| format!("us-east-1{letter}");
    let mut facts = world(0);
    let mut all = Vec::new();
    for (letter, number) in counts {
        all.extend((0..*number).map(|index| node(&format!("{letter}{index}"), "workspace", &zone(letter))));
    }
    facts.cluster.nodes = Ok(nodes(&all));
    let subnet = |letter: &str| Subnet {
        id: format!("subnet-{letter}"),
        zone: zone(letter),
        free_addresses: 500,
    };
    facts.subnets = Ok(counts.iter().map(|(letter, _)| subnet(letter)).collect());
    facts.groups[0].group.as_mut().unwrap().subnets = counts
        .iter()
        .map(|(letter, _)| format!("subnet-{letter}"))
        .collect();
    item(&judge(&facts, &planned, Task::Postscale), "SCW-102")
}

#[test]
fn a_zone_with_less_than_half_of_its_share_is_named_with_its_count() {
    for (counts, says) in [
        (
            [("a", 48), ("b", 1), ("c", 1)],
            "only 1 in us-east-1b and 1 in us-east-1c of 50 nodes, an equal share is 16",
        ),
        (
            [("a", 6), ("b", 5), ("c", 1)],
            "only 1 in us-east-1c of 12 nodes, an equal share is 4",
        ),
        (
            [("a", 48), ("b", 2), ("c", 0)],
            "no node in us-east-1c; only 2 in us-east-1b of 50 nodes, an equal share is 16",
        ),
    ] {
        let line = spread(&counts);
        assert_eq!(line.verdict(), Verdict::Fail, "{counts:?}");
        assert_eq!(line.subjects[0].name, "workspace");
        assert_eq!(line.subjects[0].says, says);
    }
}

#[test]
fn half_of_a_share_a_small_group_and_a_single_zone_are_no_shortage_of_a_zone() {
    let quiet: [&[(&str, usize)]; 5] = [
        &[("a", 17), ("b", 17), ("c", 16)],
        &[("a", 6), ("b", 4), ("c", 2)],
        // A share of less than four nodes.
        &[("a", 9), ("b", 1), ("c", 1)],
        &[("a", 3), ("b", 1), ("c", 1)],
        &[("a", 50)],
    ];
    for counts in quiet {
        assert_eq!(spread(counts).verdict(), Verdict::Pass, "{counts:?}");
    }
}

#[test]
fn spot_instead_of_on_demand_fails_only_where_it_is_planned() {
    let planned = settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 2, "peak": 4, "after": 2, "min": 2, "max": 6, "min_on_demand_percent": 50}],
    }));
    let mut facts = with_a_daemon(world(4));
    for instance in facts.instances.as_mut().unwrap().iter_mut().take(3) {
        instance.spot = true;
    }
    assert_eq!(
        item(&judge(&facts, &planned, Task::Postscale), "SCW-103").verdict(),
        Verdict::Fail
    );
    facts.instances.as_mut().unwrap()[0].spot = false;
    assert_eq!(
        item(&judge(&facts, &planned, Task::Postscale), "SCW-103").verdict(),
        Verdict::Pass
    );
    assert!(postscale(&facts).iter().all(|item| item.code != "SCW-103"));
}

#[test]
fn a_daemon_pod_that_is_not_ready_names_its_node_and_a_missing_one_its_set() {
    let mut facts = with_a_daemon(world(4));
    let sick = facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .iter_mut()
        .find(|pod| pod.name == "aws-node-w2")
        .unwrap();
    sick.conditions.clear();
    assert_eq!(
        complaints(&postscale(&facts)),
        [complaint("SCW-106", &["work/aws-node-w2"])]
    );

    let mut missing = with_a_daemon(world(4));
    missing.cluster.daemon_sets = Ok(vec![
        serde_json::from_value(json!({
            "metadata": {"namespace": "work", "name": "aws-node"},
            "status": {"desiredNumberScheduled": 5, "numberReady": 4}
        }))
        .unwrap(),
    ]);
    assert_eq!(
        complaints(&postscale(&missing)),
        [complaint("SCW-106", &["work/aws-node"])]
    );
}

#[test]
fn a_pod_that_waits_for_a_node_is_named_with_the_scheduler_s_words() {
    let mut facts = with_a_daemon(world(4));
    let mut waiting = pod("big", "");
    waiting["spec"] = json!({});
    waiting["status"] = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/6 nodes are available: 6 Insufficient cpu."}]});
    let mut fresh = waiting.clone();
    fresh["metadata"]["name"] = json!("fresh");
    fresh["metadata"]["creationTimestamp"] = json!(ago(1).to_string());
    facts
        .cluster
        .pods
        .as_mut()
        .unwrap()
        .extend(pods(&[waiting, fresh]));
    let items = postscale(&facts);
    assert_eq!(complaints(&items), [complaint("SCW-107", &["work/big"])]);
    assert!(
        item(&items, "SCW-107").subjects[0]
            .says
            .contains("Insufficient cpu")
    );
}

#[test]
fn a_cordoned_or_tainted_node_takes_no_pods() {
    let mut facts = with_a_daemon(world(4));
    let all = facts.cluster.nodes.as_mut().unwrap();
    all.iter_mut()
        .find(|node| node.name == "w1")
        .unwrap()
        .unschedulable = true;
    let tainted = json!({"metadata": {"name": "w2"}, "spec": {"taints": [{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]}});
    all.iter_mut().find(|node| node.name == "w2").unwrap().taints = nodes(&[tainted])[0].taints.clone();
    let line = item(&postscale(&facts), "SCW-105");
    assert_eq!(
        line.subjects
            .iter()
            .map(|subject| &*subject.name)
            .collect::<Vec<_>>(),
        ["w1", "w2"]
    );
    assert!(line.subjects[1].says.contains("disk-pressure"));
}

#[test]
fn a_pod_that_somebody_holds_back_by_a_gate_is_not_waiting() {
    let mut facts = with_a_daemon(world(4));
    let mut gated = pod("queued", "");
    gated["spec"] = json!({});
    gated["status"] = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked"}]});
    facts.cluster.pods.as_mut().unwrap().extend(pods(&[gated]));
    assert_eq!(complaints(&postscale(&facts)), []);
}

#[test]
fn subnets_and_instances_that_were_not_returned_leave_their_lines_open_w25() {
    let mut facts = with_a_daemon(world(4));
    facts.subnets = Ok(Vec::new());
    facts.instances.as_mut().unwrap().pop();
    let items = postscale(&facts);
    assert_eq!(item(&items, "SCW-102").verdict(), Verdict::Unknown);
    assert_eq!(item(&items, "SCW-104").verdict(), Verdict::Unknown);
}

#[test]
fn an_old_node_that_flapped_in_the_night_is_not_a_slow_start() {
    let mut facts = with_a_daemon(world(4));
    facts.instances.as_mut().unwrap()[0].launched_at = Some(ago(3000));
    assert_eq!(item(&postscale(&facts), "SCW-104").verdict(), Verdict::Pass);
}
