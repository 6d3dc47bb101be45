//! The figures: where nodes and pods are lost, why, and how long joining takes.

use day2_core::chart::{Chart, Waterfall};
use serde_json::json;

use super::world::{ago, node, nodes, now, pod, pods, settings, taint, world};
use crate::Task;
use crate::facts::Facts;
use day2_kube::objects::Node;

fn charts(facts: &Facts) -> Vec<Chart> {
    let settings = settings();
    let plan = &settings.function.targets["prod-a"];
    let zone = settings.deployment.zone.rules();
    let target = &settings.targets[0];
    crate::assess::assess(facts, plan, target, Task::Postscale, zone, now()).1
}

fn waterfall(chart: &Chart) -> &Waterfall {
    match chart {
        Chart::Waterfall(waterfall) => waterfall,
        Chart::Bars(bars) => panic!("{} is no waterfall", bars.title),
    }
}

fn w4(facts: &mut Facts) -> &mut Node {
    let all = facts.cluster.nodes.as_mut().unwrap();
    all.iter_mut().find(|node| node.name == "w4").unwrap()
}

#[test]
fn each_stage_shows_its_own_loss_with_the_reason_and_no_other_stage_does() {
    type Row = (usize, fn(&mut Facts), [u64; 6], usize, &'static str);
    let rows: [Row; 8] = [
        (
            3,
            |_| {},
            [4, 3, 3, 3, 3, 3],
            1,
            "workspace: desired capacity was not raised",
        ),
        (
            3,
            |facts| facts.groups[0].group.as_mut().unwrap().desired = 4,
            [4, 4, 3, 3, 3, 3],
            2,
            "workspace: not launched, no failed activity recorded",
        ),
        (
            4,
            |facts| {
                let all = facts.cluster.nodes.as_mut().unwrap();
                all.retain(|node| node.name != "w4");
            },
            [4, 4, 4, 3, 3, 3],
            3,
            "no Node object has the instance's id",
        ),
        (
            4,
            |facts| {
                let mut sick = node("w4", "workspace", "us-east-1b");
                sick["status"]["conditions"][0]["status"] = json!("False");
                sick["status"]["conditions"][0]["reason"] = json!("KubeletNotReady");
                *w4(facts) = nodes(&[sick]).remove(0);
            },
            [4, 4, 4, 4, 3, 3],
            4,
            "KubeletNotReady",
        ),
        (
            4,
            |facts| w4(facts).conditions.clear(),
            [4, 4, 4, 4, 3, 3],
            4,
            "kubelet has not reported",
        ),
        (
            4,
            |facts| w4(facts).unschedulable = true,
            [4, 4, 4, 4, 4, 3],
            5,
            "cordoned",
        ),
        (
            4,
            |facts| w4(facts).taints = vec![taint("maintenance", "NoSchedule")],
            [4, 4, 4, 4, 4, 3],
            5,
            "tainted: maintenance",
        ),
        (
            4,
            |facts| {
                let node = w4(facts);
                node.unschedulable = true;
                node.taints = vec![taint("node.kubernetes.io/unschedulable", "NoSchedule")];
            },
            [4, 4, 4, 4, 4, 3],
            5,
            "cordoned",
        ),
    ];
    for (workspace_nodes, change, counts, stage, reason) in rows {
        let mut facts = world(workspace_nodes);
        change(&mut facts);
        let all = charts(&facts);
        let stages = &waterfall(&all[0]).stages;
        let seen: Vec<Option<u64>> = stages.iter().map(|stage| stage.count).collect();
        assert_eq!(seen, counts.map(Some), "{reason}");
        let losses: Vec<(usize, u64, &str)> = stages
            .iter()
            .enumerate()
            .flat_map(|(index, stage)| {
                let told = stage.losses.iter();
                told.map(move |loss| (index, loss.count, loss.reason.as_str()))
            })
            .collect();
        assert_eq!(losses, [(stage, 1, reason)]);
    }
}

#[test]
fn nodes_of_a_group_that_is_made_with_a_taint_take_pods() {
    let mut facts = world(4);
    for node in facts.cluster.nodes.as_mut().unwrap() {
        node.taints = vec![taint("dedicated", "NoSchedule")];
    }
    let all = charts(&facts);
    let last = waterfall(&all[0]).stages.last().unwrap();
    assert_eq!((last.count, last.losses.len()), (Some(4), 0));
}

/// How many reached a stage, and the losses before it.
type Shown<'a> = (Option<u64>, Vec<(u64, &'a str)>);

#[test]
fn pods_are_lost_where_they_wait_with_the_words_of_scheduler_and_kubelet() {
    let mut unplaced = pod("big", "");
    unplaced["spec"] = json!({});
    unplaced["status"] = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/6 nodes are available: 6 Insufficient cpu."}]});
    let mut unseen = pod("new", "");
    unseen["spec"] = json!({});
    unseen["status"] = json!({"phase": "Pending"});
    let mut pulling = pod("image", "w1");
    pulling["status"] = json!({"phase": "Pending", "containerStatuses": [
        {"name": "main", "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}}]});
    let mut slow = pod("slow", "w2");
    slow["status"] = json!({"phase": "Running"});
    let mut daemon = pod("agent", "w1");
    daemon["metadata"]["ownerReferences"] =
        json!([{"kind": "DaemonSet", "name": "agent", "controller": true}]);
    let mut done = pod("done", "w1");
    done["status"]["phase"] = json!("Succeeded");
    let mut facts = world(4);
    let more = pods(&[unplaced, unseen, pulling, slow, daemon, done]);
    facts.cluster.pods.as_mut().unwrap().extend(more);
    let all = charts(&facts);
    // Besides these the two replicas of the control plane run.
    let seen: Vec<Shown<'_>> = waterfall(&all[1])
        .stages
        .iter()
        .map(|stage| {
            let losses = stage.losses.iter();
            let losses = losses.map(|loss| (loss.count, loss.reason.as_str())).collect();
            (stage.count, losses)
        })
        .collect();
    let unplaced = "0/6 nodes are available: 6 Insufficient cpu.";
    assert_eq!(
        seen,
        [
            (Some(6), vec![]),
            (
                Some(4),
                vec![(1, unplaced), (1, "not looked at by the scheduler")]
            ),
            (
                Some(2),
                vec![(1, "ImagePullBackOff"), (1, "running but not Ready")]
            ),
        ]
    );
}

#[test]
fn joining_is_drawn_in_classes_of_two_minutes_and_not_at_all_where_none_was_measured() {
    let mut facts = world(4);
    // All became Ready 7 minutes ago.
    for (instance, minutes) in facts.instances.as_mut().unwrap().iter_mut().zip([8, 10, 10, 30]) {
        instance.launched_at = Some(ago(minutes));
    }
    let all = charts(&facts);
    let Some(Chart::Bars(bars)) = all.last() else {
        panic!("no bars: {all:#?}")
    };
    let expected = [
        ("0–2 min", 1.0),
        ("2–4 min", 2.0),
        ("4–6 min", 0.0),
        ("6–8 min", 0.0),
        ("8–10 min", 0.0),
        ("10–12 min", 0.0),
        ("12–14 min", 0.0),
        ("14–16 min", 0.0),
        ("≥ 16 min", 1.0),
    ]
    .map(|(label, number)| (label.to_owned(), number));
    assert_eq!(bars.bars, expected);

    // Those of the days before are not of this morning.
    for instance in facts.instances.as_mut().unwrap() {
        instance.launched_at = Some(ago(3000));
    }
    let waterfalls = charts(&facts);
    assert!(
        waterfalls
            .iter()
            .all(|chart| matches!(chart, Chart::Waterfall(_))),
        "{waterfalls:#?}"
    );
}
