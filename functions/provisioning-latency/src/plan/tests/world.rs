//! A platform of 50 workspace nodes on a slow morning: provisioning takes too long because twelve workspaces wait for CPU.

use day2_aws::{Assessment, Inquiry};
use day2_core::action::{Lease, LeaseState, Occasion, Plan, Standing};
use day2_core::alarm_now::Datapoint;
use day2_core::settings::Settings;
use day2_core::{Cause, Item, Unreadable};
use day2_kube::Readyz;
use day2_kube::objects::{DeploymentDetail, Node, Pod};
use day2_reads::alarms::{Alarm, Rule, Watches};
use day2_reads::clusters::Cluster;
use day2_reads::metric::{Metric, Query};
use day2_reads::node_groups::NodeGroup;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::{Group, Member};
use day2_reads::scheduled_actions::ScheduledAction;
use day2_reads::subnets::Subnet;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::change::{Change, Raise, Through};
use crate::facts::{AlarmFacts, ClusterFacts, EksFacts, Facts, GroupFacts};
use crate::settings::ProvisioningLatencySettings;

pub(crate) const ARN: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95";
pub(crate) const ASG: &str = "prod-a-workspace";
pub(crate) const KEY: &str = "occasion-1";

/// 09:00 in New York on a Friday in November.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(crate) fn document(replaced: &Value) -> Value {
    let mut platform = json!({
        "alarms": [{"arn": ARN}],
        "node_group": "workspace",
        "provisioner": {"namespace": "coder", "deployment": "coder-provisioner", "may_restart": true},
        "workspace_namespaces": ["coder-workspaces"],
        "not_checked": ["quota"]
    });
    for (key, value) in replaced.as_object().unwrap() {
        platform[key] = value.clone();
    }
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                     "cluster": {"name": "prod-a"}, "vpc_id": "vpc-0123456789abcdef0",
                     "node_groups": [{"name": "workspace", "auto_scaling_group": ASG, "selector": {"node-group": "workspace"}}]}],
        "function": {"safety": {"mode": "auto"}, "targets": {"prod-a": platform}}
    })
}

/// Settings with fields of the platform replaced.
pub(crate) fn settings_with(replaced: &Value) -> Settings<ProvisioningLatencySettings> {
    day2_core::settings::read(&document(replaced).to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

pub(crate) fn settings() -> Settings<ProvisioningLatencySettings> {
    settings_with(&json!({}))
}

pub(crate) fn unreadable(operation: &str) -> Unreadable {
    Unreadable::new(operation, "it", Cause::Denied, "not authorized")
}

pub(crate) fn rule() -> Rule {
    let metric =
        Metric::new("Coder/Provisioning", "WorkspaceProvisioningSeconds").with("Environment", "prod-a");
    Rule {
        query: Query::new(metric, "p95", 60),
        evaluation_periods: 5,
        datapoints_to_alarm: 3,
        threshold: 120.0,
        comparison: "GreaterThanThreshold".to_owned(),
        missing_data: "missing".to_owned(),
        low_samples: None,
    }
}

pub(crate) fn alarm() -> Alarm {
    Alarm {
        name: "prod-a-provisioning-p95".to_owned(),
        arn: Some(ARN.to_owned()),
        state: "ALARM".to_owned(),
        reason: "Threshold Crossed: 3 out of the last 5 datapoints were greater than the threshold (120.0)."
            .to_owned(),
        reason_data: Some(r#"{"version":"1.0","recentDatapoints":[190.0,190.0,190.0]}"#.to_owned()),
        since: Some(ago(4)),
        updated_at: Some(ago(4)),
        actions_enabled: true,
        watches: Watches::Metric(Box::new(rule())),
    }
}

/// One datapoint a minute, newest last: value and samples.
pub(crate) fn points(values: &[(f64, f64)]) -> Vec<Datapoint> {
    let newest = i64::try_from(values.len()).unwrap();
    values
        .iter()
        .zip(0..)
        .map(|((value, samples), index)| Datapoint {
            at: ago(newest - index),
            value: *value,
            samples: Some(*samples),
        })
        .collect()
}

pub(crate) fn node(number: usize, minutes: i64) -> Node {
    let zone = if number.is_multiple_of(2) {
        "us-east-1a"
    } else {
        "us-east-1b"
    };
    serde_json::from_value(json!({
        "metadata": {"name": format!("w{number}"), "uid": format!("uid-w{number}"), "creationTimestamp": ago(minutes).to_string(),
                     "labels": {"node-group": "workspace", "topology.kubernetes.io/zone": zone}},
        "spec": {"providerID": format!("aws:///{zone}/i-{number}")},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(minutes).to_string()}]}
    }))
    .unwrap()
}

pub(crate) fn sick(mut node: Node) -> Node {
    for condition in &mut node.conditions {
        condition.status = day2_kube::objects::Status::False;
    }
    node
}

pub(crate) fn member(number: usize) -> Member {
    Member {
        id: format!("i-{number}"),
        zone: "us-east-1a".to_owned(),
        lifecycle_state: "InService".to_owned(),
        health: "Healthy".to_owned(),
        protected: false,
        instance_type: None,
    }
}

pub(crate) fn pod(value: &Value) -> Pod {
    serde_json::from_value(value.clone()).unwrap()
}

/// A workspace that waits for a node since four minutes, for the reason in the scheduler's words.
pub(crate) fn waiting(number: usize, message: &str) -> Pod {
    pod(&json!({
        "metadata": {"namespace": "coder-workspaces", "name": format!("ws-{number}"), "uid": format!("ws-{number}"),
                     "creationTimestamp": ago(4).to_string()},
        "spec": {},
        "status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}
    }))
}

pub(crate) const NO_CPU: &str = "0/52 nodes are available: 2 node(s) had untolerated taint {role: control}, 50 Insufficient \
    cpu. preemption: 0/52 nodes are available: 52 No preemption victims found for incoming pod.";

/// A running workspace on a node.
pub(crate) fn running(name: &str, on: &str) -> Pod {
    pod(&json!({
        "metadata": {"namespace": "coder-workspaces", "name": name, "uid": name, "creationTimestamp": ago(300).to_string(),
                     "ownerReferences": [{"kind": "ReplicaSet", "name": name, "controller": true}]},
        "spec": {"nodeName": on},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    }))
}

pub(crate) fn daemon(on: &str) -> Pod {
    let mut pod = running(&format!("agent-{on}"), on);
    pod.namespace = "kube-system".to_owned();
    if let Some(owner) = &mut pod.owner {
        owner.kind = "DaemonSet".to_owned();
    }
    pod
}

/// A pod of the provisioner.
pub(crate) fn provisioner_pod(name: &str, ready: bool, waiting: Option<&str>) -> Pod {
    let state = waiting.map_or_else(
        || json!({"running": {}}),
        |reason| json!({"waiting": {"reason": reason}}),
    );
    pod(&json!({
        "metadata": {"namespace": "coder", "name": name, "uid": name, "labels": {"app": "provisioner"},
                     "creationTimestamp": ago(300).to_string()},
        "spec": {"nodeName": "c1"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
                   "containerStatuses": [{"name": "main", "image": "ghcr.io/coder/coder:v2", "state": state}]}
    }))
}

/// The provisioner with so many available pods of three.
pub(crate) fn provisioner(available: i64) -> Value {
    json!({
        "metadata": {"namespace": "coder", "name": "coder-provisioner", "uid": "u1", "resourceVersion": "7", "generation": 4},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "provisioner"}}, "strategy": {"type": "RollingUpdate"},
                 "template": {"spec": {"containers": [{"name": "main", "image": "ghcr.io/coder/coder:v2"}]}}},
        "status": {"replicas": 3, "updatedReplicas": 3, "readyReplicas": available, "availableReplicas": available,
                   "unavailableReplicas": 3 - available, "observedGeneration": 4}
    })
}

pub(crate) fn deployment(value: &Value) -> DeploymentDetail {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn group(desired: i64) -> Group {
    Group {
        name: ASG.to_owned(),
        desired,
        min: 2,
        max: 100,
        suspended: Vec::new(),
        instances: (0..usize::try_from(desired).unwrap()).map(member).collect(),
        subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        // EKS puts these on every managed group; they prove nothing.
        tags: vec![
            ("k8s.io/cluster-autoscaler/enabled".to_owned(), "true".to_owned()),
            ("k8s.io/cluster-autoscaler/prod-a".to_owned(), "owned".to_owned()),
        ],
        status: None,
        launches_from: Vec::new(),
    }
}

pub(crate) fn node_group() -> NodeGroup {
    NodeGroup {
        name: "workspace-mng".to_owned(),
        cluster: "prod-a".to_owned(),
        status: "ACTIVE".to_owned(),
        min: 2,
        max: 100,
        desired: 50,
        capacity_type: None,
        issues: Vec::new(),
        scaling_groups: vec![ASG.to_owned()],
        subnets: Vec::new(),
    }
}

pub(crate) fn scheduled(name: &str, minutes_ahead: i64, desired: i64) -> ScheduledAction {
    ScheduledAction {
        group: ASG.to_owned(),
        name: name.to_owned(),
        recurrence: None,
        time_zone: None,
        starts_at: Some(ago(-minutes_ahead)),
        ends_at: None,
        min: None,
        max: None,
        desired: Some(desired),
    }
}

pub(crate) fn launch(status: &str, minutes_ago: i64, message: &str) -> Activity {
    Activity {
        group: ASG.to_owned(),
        status: status.to_owned(),
        description: "Launching a new EC2 instance: i-9".to_owned(),
        message: message.to_owned(),
        started_at: ago(minutes_ago),
        zone: None,
    }
}

/// The slow morning: `desired` nodes, all Ready, and forty workspaces that wait for CPU.
pub(crate) fn world(desired: i64) -> Facts {
    let size = usize::try_from(desired).unwrap();
    let subnet = |letter: &str| Subnet {
        id: format!("subnet-{letter}"),
        zone: format!("us-east-1{letter}"),
        free_addresses: 800,
    };
    let mut pods: Vec<Pod> = (0..40).map(|number| waiting(number, NO_CPU)).collect();
    pods.extend((0..3).map(|number| provisioner_pod(&format!("p{number}"), true, None)));
    pods.extend((0..size).map(|number| running(&format!("busy-{number}"), &format!("w{number}"))));
    Facts {
        alarms: vec![AlarmFacts {
            arn: ARN.to_owned(),
            name: "prod-a-provisioning-p95".to_owned(),
            alarm: Ok(alarm()),
            points: Some(Ok(points(&[
                (60.0, 40.0),
                (110.0, 40.0),
                (180.0, 50.0),
                (190.0, 60.0),
                (200.0, 60.0),
            ]))),
        }],
        cluster: ClusterFacts {
            readyz: Ok(Readyz {
                ready: true,
                failed: Vec::new(),
                latency: std::time::Duration::from_millis(20),
            }),
            nodes: Ok((0..size).map(|number| node(number, 300)).collect()),
            pods: Ok(pods),
            deployments: Ok(vec![deployment(&provisioner(3))]),
            node_pools: Ok(None),
        },
        group: GroupFacts {
            name: ASG.to_owned(),
            group: Ok(group(desired)),
            scheduled: Ok(Vec::new()),
            activities: Ok(Vec::new()),
            refreshes: Ok(Vec::new()),
            subnets: Ok(vec![subnet("a"), subnet("b")]),
            quota: None,
        },
        eks: EksFacts {
            cluster: Ok(Cluster {
                name: "prod-a".to_owned(),
                status: "ACTIVE".to_owned(),
                version: None,
                authentication_mode: None,
                auto_mode: false,
                node_pools: Vec::new(),
                issues: Vec::new(),
                created_at: None,
            }),
            node_groups: Ok(vec![("workspace-mng".to_owned(), Ok(node_group()))]),
        },
    }
}

/// The group as it was read, to be changed.
pub(crate) fn group_of(facts: &mut Facts) -> &mut Group {
    facts.group.group.as_mut().unwrap()
}

/// The pods as they were read, to be changed.
pub(crate) fn pods_of(facts: &mut Facts) -> &mut Vec<Pod> {
    facts.cluster.pods.as_mut().unwrap()
}

/// An open lease of a raise.
pub(crate) fn lease(id: &str, baseline: i64, from: i64, to: i64, minutes_ago: i64) -> Lease {
    let change = Change::Raise(Raise {
        group: ASG.to_owned(),
        through: Through::AutoScaling,
        baseline,
        from,
        to,
    });
    Lease {
        id: id.to_owned(),
        function: crate::NAME.to_owned(),
        target: "prod-a".to_owned(),
        resource: Change::resource_of_group(ASG),
        change: serde_json::to_value(change).unwrap(),
        before: format!("{from} nodes"),
        after: format!("{to} nodes"),
        undo: String::new(),
        plan_id: String::new(),
        occasion: format!("occasion of {id}"),
        created_at: ago(minutes_ago),
        expires_at: Some(ago(minutes_ago - 120)),
        state: LeaseState::Active,
    }
}

/// Plans with these settings and open leases.
pub(crate) fn planned_with(
    facts: &Facts,
    settings: &Settings<ProvisioningLatencySettings>,
    leases: Vec<Lease>,
) -> Assessment<Change> {
    let standing = Standing {
        leases,
        ..Standing::default()
    };
    let inquiry = Inquiry {
        occasion: &Occasion::Manual,
        key: KEY,
        standing: &standing,
        lease: None,
    };
    crate::plan::plan(facts, settings, &settings.targets[0], inquiry, now())
}

/// Plans with the plain settings, called by `occasion`.
pub(crate) fn planned_on(facts: &Facts, occasion: &Occasion) -> Assessment<Change> {
    let (settings, standing) = (settings(), Standing::default());
    let inquiry = Inquiry {
        occasion,
        key: KEY,
        standing: &standing,
        lease: None,
    };
    crate::plan::plan(facts, &settings, &settings.targets[0], inquiry, now())
}

/// Plans with the plain settings.
pub(crate) fn planned(facts: &Facts) -> Assessment<Change> {
    planned_with(facts, &settings(), Vec::new())
}

/// From and to of the raise in a plan, if there is one.
pub(crate) fn raise(plan: &Plan<Change>) -> Option<(i64, i64)> {
    plan.steps.iter().find_map(|step| match &step.change {
        Change::Raise(raise) => Some((raise.from, raise.to)),
        _ => None,
    })
}

/// Whether a plan restarts something.
pub(crate) fn restarts(plan: &Plan<Change>) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(step.change, Change::Restart(_)))
}

/// All that a plan says about what it leaves out.
pub(crate) fn skips(plan: &Plan<Change>) -> String {
    let all: Vec<&str> = plan.skips.iter().map(|skip| skip.why.as_str()).collect();
    all.join(" | ")
}

/// The item of this code.
pub(crate) fn item<'a>(assessment: &'a Assessment<Change>, code: &str) -> &'a Item {
    assessment
        .items
        .iter()
        .find(|item| item.code == code)
        .unwrap_or_else(|| panic!("no item {code}"))
}
