//! Which nodes are room and whose pods are load: from the objects of the API, through the sums, to the verdict.

use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_kube::Reduce as _;
use day2_kube::objects::{NodeRoom, PodRoom};
use serde_json::{Value, json};

use super::world::*;
use crate::facts::SideFacts;
use crate::gather::EachPod;

/// Nodes of 4 cores, 16 GiB and 50 places that are alike, and what their pods request of CPU.
struct Pool {
    name: &'static str,
    nodes: usize,
    spec: Value,
    /// A pod of a DaemonSet on each node.
    daemon: &'static str,
    /// Another pod on each node.
    work: Option<&'static str>,
}

impl Pool {
    fn names(&self) -> impl Iterator<Item = String> {
        (0..self.nodes).map(move |number| format!("{}-{number}", self.name))
    }

    fn nodes(&self) -> Vec<NodeRoom> {
        let node = |name: String| -> NodeRoom {
            let object = json!({
                "metadata": {"name": name}, "spec": self.spec,
                "status": {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "50"},
                           "conditions": [{"type": "Ready", "status": "True"}]}});
            serde_json::from_value(object).unwrap()
        };
        self.names().map(node).collect()
    }

    fn pods(&self) -> Vec<PodRoom> {
        let on = |name: String| {
            let work = self.work.map(|cpu| pod("ReplicaSet", &name, cpu));
            [Some(pod("DaemonSet", &name, self.daemon)), work]
        };
        self.names().flat_map(on).flatten().collect()
    }
}

/// Nodes that take every pod.
fn open(nodes: usize, daemon: &'static str, work: Option<&'static str>) -> Pool {
    Pool {
        name: "open",
        nodes,
        spec: json!({}),
        daemon,
        work,
    }
}

fn cordoned(nodes: usize, work: Option<&'static str>) -> Pool {
    // As the API server has it: the node controller adds the taint.
    let taint = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    Pool {
        name: "cordoned",
        nodes,
        spec: json!({"unschedulable": true, "taints": [taint]}),
        daemon: "500m",
        work,
    }
}

fn dedicated(nodes: usize, work: Option<&'static str>) -> Pool {
    Pool {
        name: "gpu",
        nodes,
        spec: json!({"taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]}),
        daemon: "500m",
        work,
    }
}

/// A pod on a node of this name, or one that waits for any.
fn pod(owner: &str, node: &str, cpu: &str) -> PodRoom {
    serde_json::from_value(json!({
        "metadata": {"name": "it", "ownerReferences": [{"kind": owner, "name": "o", "controller": true}]},
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": "Running"}}))
    .unwrap()
}

/// What is read of a side with these pools and these other pods, in pages of seven pods.
fn read(side: &mut SideFacts, pools: &[Pool], others: &[PodRoom]) {
    let mut pods: Vec<PodRoom> = pools.iter().flat_map(Pool::pods).collect();
    pods.extend_from_slice(others);
    let mut demand = EachPod.empty();
    for page in pods.chunks(7) {
        let mut of_page = EachPod.empty();
        for pod in page {
            EachPod.take(&mut of_page, pod.clone());
        }
        EachPod.join(&mut demand, of_page);
    }
    side.nodes = Ok(pools.iter().flat_map(Pool::nodes).collect());
    side.demand = Ok(demand);
}

/// Three looks at two sides that are alike.
fn alike(pools: &[Pool], others: &[PodRoom]) -> Watch {
    let mut watch = Watch::new(|_| {});
    watch.looks(3, |facts| {
        read(&mut facts.primary, pools, others);
        read(&mut facts.secondary, pools, others);
    });
    watch
}

/// 20 open nodes have 80 cores, of which their own daemons take 10. Those of the other 100 nodes take none of them.
#[test]
fn a_dedicated_pool_takes_no_room_from_the_open_nodes_and_its_pods_are_no_load() {
    let pools = [open(20, "500m", Some("1")), dedicated(100, Some("3"))];
    let watch = alike(&pools, &[]);
    let left_out = "(not judged: 100 tainted nodes and what runs there)";
    let item = watch.item("HAS-004");
    assert_eq!(item.verdict(), Pass);
    assert_eq!(
        item.seen,
        format!("east could carry everything {left_out}; west could carry everything {left_out}")
    );
    assert!(
        item.threshold.as_ref().unwrap().limit.starts_with("40.0 CPU"),
        "what runs on the open nodes of both"
    );
    let item = watch.item("HAS-005");
    assert_eq!(item.verdict(), Pass);
    assert!(
        item.seen
            .starts_with(&format!("east: 29 % of its CPU requested {left_out}")),
        "20 of 70 cores: {}",
        item.seen
    );

    for (peak, verdict) in [(70, Pass), (71, Fail)] {
        let mut watch = Watch::new(|pair| {
            pair["capacity"]["peak"] = json!({"cpu_cores": peak, "memory_gib": 1, "pods": 1});
        });
        watch.looks(3, |facts| {
            read(&mut facts.primary, &pools, &[]);
            read(&mut facts.secondary, &pools, &[]);
        });
        let item = watch.item("HAS-004");
        assert_eq!(item.verdict(), verdict, "{peak} cores");
        if verdict == Fail {
            assert!(
                item.subjects[0].says.starts_with("is short of 1.0 CPU"),
                "{}",
                item.subjects[0].says
            );
        }
    }
}

/// Two open nodes are left with 8 cores, of which their own daemons take one. The pods of all ten nodes need room there.
#[test]
fn what_runs_on_cordoned_nodes_needs_room_and_their_daemon_sets_take_none() {
    for (work, verdict, says) in [
        ("500m", Pass, "71 % of its CPU requested"),
        ("1", Fail, "143 % of its CPU requested"),
    ] {
        let pools = [open(2, "500m", Some(work)), cordoned(8, Some(work))];
        let watch = alike(&pools, &[]);
        let item = watch.item("HAS-005");
        assert_eq!(item.verdict(), verdict, "{work}");
        assert!(item.seen.starts_with(&format!("east: {says}; ")), "{}", item.seen);
    }
    // 5 cores on this side and 5 on the other one.
    let mut watch = Watch::healthy(3);
    watch.looks(3, |facts| {
        let pools = [open(2, "500m", Some("500m")), cordoned(8, Some("500m"))];
        read(&mut facts.primary, &pools, &[]);
    });
    let item = watch.item("HAS-004");
    assert_eq!(item.verdict(), Fail);
    assert_eq!(item.subjects.len(), 1, "{:?}", item.subjects);
    assert!(
        item.subjects[0].says.starts_with("is short of 3.0 CPU"),
        "{}",
        item.subjects[0].says
    );
}

/// Nodes and pods are two lists of two moments.
#[test]
fn what_waits_and_what_is_on_a_node_that_is_not_listed_needs_room() {
    let others = [
        pod("ReplicaSet", "", "2"),
        pod("ReplicaSet", "gone", "1"),
        pod("DaemonSet", "gone", "4"),
        pod("DaemonSet", "", "4"),
    ];
    let watch = alike(&[open(2, "500m", Some("500m"))], &others);
    assert!(
        watch
            .item("HAS-005")
            .seen
            .starts_with("east: 57 % of its CPU requested, 1 pods wait for a node; "),
        "4 of 7 cores: {}",
        watch.item("HAS-005").seen
    );
}

#[test]
fn without_any_room_of_one_kind_a_side_is_too_full_whatever_is_left_of_the_others() {
    for daemon in ["4", "4500m"] {
        let watch = alike(&[open(3, daemon, Some("100m"))], &[]);
        let item = watch.item("HAS-005");
        assert_eq!(item.verdict(), Fail, "{daemon}");
        assert_eq!(item.subjects.len(), 2);
        assert_eq!(item.subjects[0].says, "no CPU left beside what DaemonSets take");
        assert_eq!(watch.item("HAS-004").verdict(), Fail);
    }
    // Nobody asks for what is not there.
    let watch = alike(&[open(3, "4", None)], &[]);
    assert_eq!(watch.item("HAS-005").verdict(), Pass);
}

/// Nothing was examined, so nothing is clean.
#[test]
fn a_side_of_which_all_nodes_are_dedicated_is_not_judged() {
    let watch = alike(&[dedicated(3, Some("1"))], &[]);
    for code in ["HAS-004", "HAS-005"] {
        let item = watch.item(code);
        assert_eq!(item.verdict(), Unknown, "{code}");
        assert_eq!(item.subjects.len(), 2, "{code}");
        assert_eq!(item.subjects[0].says, "no node is Ready and open", "{code}");
    }
}

#[test]
fn without_nodes_how_full_a_side_is_is_not_known() {
    for pools in [vec![], vec![cordoned(3, Some("1"))]] {
        let mut watch = Watch::healthy(3);
        watch.looks(1, |facts| read(&mut facts.primary, &pools, &[]));
        let item = watch.item("HAS-005");
        assert_eq!(item.verdict(), Unknown);
        assert_eq!(item.subjects[0].says, "no node is Ready and open");
    }
    // Its pods have to go somewhere, and cannot go there.
    let mut watch = Watch::healthy(3);
    let pools = [cordoned(3, Some("1"))];
    watch.looks(3, |facts| read(&mut facts.primary, &pools, &[]));
    assert_eq!(watch.item("HAS-004").verdict(), Fail);
    assert_eq!(watch.item("HAS-004").subjects[0].name, "east");
}
