//! Small worlds in the words of the APIs.

use day2_core::settings::Settings;
use day2_core::{Item, Verdict};
use day2_kube::objects::{Node, Pod, PodDisruptionBudget, Taint};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::facts::{Cluster, Facts, GroupFacts};
use crate::settings::ScaleWindowSettings;
use day2_reads::instances::Instance;
use day2_reads::scaling_groups::{Group, Member};
use day2_reads::subnets::Subnet;

/// 06:30 in New York on a Friday in November.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T11:30:00Z".parse().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - minutes * 60).unwrap()
}

/// Settings of one target `prod-a` with a control group and a group `workspace` of 2 → 4 → 2 nodes.
pub(crate) fn settings() -> Settings<ScaleWindowSettings> {
    settings_with(&json!({}))
}

/// The same with fields of the plan replaced.
pub(crate) fn settings_with(replaced: &Value) -> Settings<ScaleWindowSettings> {
    let mut plan = json!({
        "control": {"groups": [{"node_group": "control", "min_ready": 2}],
                    "workloads": [{"namespace": "coder", "deployment": "coder-server"}]},
        "groups": [{"node_group": "workspace", "before": 2, "peak": 4, "after": 2, "min": 2, "max": 6}],
        "not_checked": ["probes", "nat", "schedule", "quotas"]
    });
    for (key, value) in replaced.as_object().unwrap() {
        plan[key] = value.clone();
    }
    let group = |name: &str| json!({"name": name, "auto_scaling_group": format!("prod-a-{name}"), "selector": {"node-group": name}});
    let document = json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                     "cluster": {"name": "prod-a"}, "vpc_id": "vpc-0123456789abcdef0",
                     "node_groups": [group("control"), group("workspace")]}],
        "function": {"targets": {"prod-a": plan}}
    });
    day2_core::settings::read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

pub(crate) fn node(name: &str, group: &str, zone: &str) -> Value {
    json!({
        "metadata": {"name": name, "creationTimestamp": ago(8).to_string(),
                     "labels": {"node-group": group, "topology.kubernetes.io/zone": zone}},
        "spec": {"providerID": format!("aws:///{zone}/i-{name}")},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(7).to_string()}]}
    })
}

pub(crate) fn nodes(all: &[Value]) -> Vec<Node> {
    all.iter()
        .map(|one| serde_json::from_value(one.clone()).unwrap())
        .collect()
}

pub(crate) fn taint(key: &str, effect: &str) -> Taint {
    Taint {
        key: key.into(),
        value: String::new(),
        effect: effect.into(),
        since: None,
    }
}

pub(crate) fn pod(name: &str, on: &str) -> Value {
    json!({
        "metadata": {"namespace": "work", "name": name, "uid": name, "labels": {"app": name}, "creationTimestamp": ago(30).to_string(),
                     "ownerReferences": [{"kind": "ReplicaSet", "name": "rs", "controller": true}]},
        "spec": {"nodeName": on},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    })
}

pub(crate) fn pods(all: &[Value]) -> Vec<Pod> {
    all.iter()
        .map(|one| serde_json::from_value(one.clone()).unwrap())
        .collect()
}

/// A budget over the pods `app=<name>` that lets nothing go.
pub(crate) fn budget(name: &str) -> PodDisruptionBudget {
    serde_json::from_value(json!({
        "metadata": {"namespace": "work", "name": name},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}
    }))
    .unwrap()
}

pub(crate) fn member(id: &str, zone: &str) -> Member {
    Member {
        id: format!("i-{id}"),
        zone: zone.into(),
        lifecycle_state: "InService".into(),
        health: "Healthy".into(),
        protected: false,
        instance_type: None,
    }
}

pub(crate) fn instance(id: &str, launched_minutes_ago: i64) -> Instance {
    Instance {
        id: format!("i-{id}"),
        zone: "us-east-1a".into(),
        instance_type: "m7i.xlarge".into(),
        spot: false,
        launched_at: Some(ago(launched_minutes_ago)),
    }
}

pub(crate) fn group(desired: i64, members: Vec<Member>) -> Group {
    Group {
        name: "prod-a-workspace".into(),
        desired,
        min: 2,
        max: 6,
        suspended: Vec::new(),
        instances: members,
        subnets: vec!["subnet-a".into(), "subnet-b".into()],
        tags: Vec::new(),
        status: None,
        launches_from: Vec::new(),
    }
}

/// Two control nodes and the named workspace nodes `w1`, `w2`, … alternating over two zones, all healthy.
pub(crate) fn world(workspace_nodes: usize) -> Facts {
    let zone = |index: usize| {
        if index.is_multiple_of(2) {
            "us-east-1a"
        } else {
            "us-east-1b"
        }
    };
    let mut all = vec![
        node("c1", "control", "us-east-1a"),
        node("c2", "control", "us-east-1b"),
    ];
    let names: Vec<String> = (1..=workspace_nodes).map(|index| format!("w{index}")).collect();
    all.extend(
        names
            .iter()
            .enumerate()
            .map(|(index, name)| node(name, "workspace", zone(index))),
    );
    let members = names
        .iter()
        .enumerate()
        .map(|(index, name)| member(name, zone(index)))
        .collect();
    let desired = i64::try_from(workspace_nodes).unwrap();
    let server = |name: &str, on: &str| {
        let mut pod = pod(name, on);
        pod["metadata"]["namespace"] = json!("coder");
        pod["metadata"]["labels"] = json!({"app": "coder-server"});
        pod
    };
    Facts {
        groups: vec![GroupFacts {
            group: Ok(group(desired, members)),
            actions: Ok(Vec::new()),
            activities: Ok(Vec::new()),
            earlier: None,
        }],
        instances: Ok(names.iter().map(|name| instance(name, 10)).collect()),
        subnets: Ok(["a", "b"]
            .map(|z| Subnet { id: format!("subnet-{z}"), zone: format!("us-east-1{z}"), free_addresses: 500 })
            .into()),
        cluster: Cluster {
            nodes: Ok(nodes(&all)),
            pods: Ok(pods(&[server("s1", "c1"), server("s2", "c2")])),
            deployments: Ok(vec![
                serde_json::from_value(json!({
                    "metadata": {"namespace": "coder", "name": "coder-server", "generation": 1},
                    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "coder-server"}}},
                    "status": {"availableReplicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "observedGeneration": 1}
                }))
                .unwrap(),
            ]),
            daemon_sets: Ok(Vec::new()),
            budgets: Ok(Vec::new()),
        },
        launching: None,
        surroundings: None,
    }
}

/// Judges `facts` by `settings` for `task` and returns its items.
pub(crate) fn judge(facts: &Facts, settings: &Settings<ScaleWindowSettings>, task: crate::Task) -> Vec<Item> {
    let plan = &settings.function.targets["prod-a"];
    crate::assess::assess(
        facts,
        plan,
        &settings.targets[0],
        task,
        settings.deployment.zone.rules(),
        now(),
    )
    .0
}

/// The item of this code.
pub(crate) fn item(items: &[Item], code: &str) -> Item {
    items
        .iter()
        .find(|item| item.code == code)
        .unwrap_or_else(|| panic!("no {code}"))
        .clone()
}

/// Codes of the items that are not a pass, with what they name.
pub(crate) fn complaints(items: &[Item]) -> Vec<(String, Vec<String>)> {
    items
        .iter()
        .filter(|item| item.verdict() != Verdict::Pass)
        .map(|item| {
            (
                item.code.clone(),
                item.subjects.iter().map(|subject| subject.name.clone()).collect(),
            )
        })
        .collect()
}

/// One complaint, for comparing.
pub(crate) fn complaint(code: &str, names: &[&str]) -> (String, Vec<String>) {
    (
        code.to_owned(),
        names.iter().map(|&name| name.to_owned()).collect(),
    )
}
