//! Worlds in which every line of every task is judged: one in which all is well, and one in which nothing is.

use day2_core::settings::Settings;
use day2_core::{Cause, Unreadable};
use day2_probe::{Answer, Seen};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::world::{ago, pod, pods, settings_with, world};
use crate::Task;
use crate::facts::{Database, DatabaseFacts, DatabaseInstance, Facts, Launching, Surroundings};
use crate::settings::ScaleWindowSettings;
use day2_reads::alarms::{Alarm, Watches};
use day2_reads::images::Image;
use day2_reads::instance_types::InstanceType;
use day2_reads::launch_templates::TemplateVersion;
use day2_reads::metric::Series;
use day2_reads::nat_gateways::NatGateway;
use day2_reads::quotas::Quota;
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::{LaunchChoice, LaunchSource, Template};
use day2_reads::scheduled_actions::ScheduledAction;

/// The three tasks.
pub(super) const TASKS: [Task; 3] = [Task::Prescale, Task::Postscale, Task::Scaledown];

/// Settings that leave nothing out.
pub(super) fn settings() -> Settings<ScaleWindowSettings> {
    settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 2, "peak": 4, "after": 2, "min": 2, "max": 6,
                    "min_on_demand_percent": 50, "vcpus_per_node": 4, "instance_types": ["m7i.xlarge"]}],
        "scheduled_actions": [{"node_group": "workspace", "at": "06:45", "desired": 4}],
        "probes": [{"name": "coder", "url": "https://coder.example/healthz"}],
        "nat_zones": ["us-east-1a", "us-east-1b"],
        "database": {"min_readers": 1, "max_connections": 500},
        "quotas": [{"service": "ec2", "code": "L-1216C47A", "node_groups": ["workspace"]}],
        "not_checked": []
    }))
}

/// All is well. In the evening a node is cordoned that nothing holds.
pub(super) fn well(task: Task) -> Facts {
    let mut facts = full(if task == Task::Postscale { 4 } else { 2 });
    if task == Task::Scaledown {
        cordon(&mut facts, "w2");
    }
    facts
}

/// Nothing is well: every line of the task fails.
pub(super) fn broken(task: Task) -> Facts {
    let mut facts = full(match task {
        Task::Prescale => 2,
        Task::Postscale => 4,
        // Three of them are left in the zone that is left, one more than the evening should have.
        Task::Scaledown => 5,
    });
    break_groups(&mut facts);
    break_cluster(&mut facts);
    break_launching(&mut facts);
    break_surroundings(&mut facts);
    facts
}

/// Facts of which each task takes what it judges.
fn full(workspace_nodes: usize) -> Facts {
    let mut facts = world(workspace_nodes);
    let daemons: Vec<Value> = (1..=workspace_nodes)
        .map(|number| {
            let mut daemon = pod(&format!("aws-node-w{number}"), &format!("w{number}"));
            daemon["metadata"]["ownerReferences"] =
                json!([{"kind": "DaemonSet", "name": "aws-node", "controller": true}]);
            daemon
        })
        .collect();
    facts.cluster.pods.as_mut().unwrap().extend(pods(&daemons));
    let planned = &mut facts.groups[0];
    planned.group.as_mut().unwrap().launches_from = vec![choice("1")];
    planned.earlier = Some(Ok(Vec::new()));
    planned.actions = Ok(vec![ScheduledAction {
        group: "prod-a-workspace".into(),
        name: "scale-up".into(),
        recurrence: Some("45 6 * * *".into()),
        time_zone: Some("America/New_York".into()),
        starts_at: None,
        ends_at: None,
        min: None,
        max: None,
        desired: Some(4),
    }]);
    facts.launching = Some(launching());
    facts.surroundings = Some(surroundings());
    facts
}

fn cordon(facts: &mut Facts, name: &str) {
    let nodes = facts.cluster.nodes.as_mut().unwrap();
    for node in nodes.iter_mut().filter(|node| node.name == name) {
        node.unschedulable = true;
    }
}

fn template(version: &str) -> Template {
    Template {
        id: Some("lt-1".into()),
        name: "prod-a-workspace".into(),
        version: version.into(),
    }
}

fn choice(version: &str) -> LaunchChoice {
    LaunchChoice {
        source: LaunchSource::Template(template(version)),
        image: None,
        instance_types: Vec::new(),
        by_attributes: false,
    }
}

fn launching() -> Launching {
    let version = TemplateVersion {
        number: 1,
        image: Some(Ok("ami-1".into())),
        instance_type: Some("m7i.xlarge".into()),
    };
    let image = Image {
        id: "ami-1".into(),
        state: "available".into(),
        architecture: "x86_64".into(),
        deprecated_at: None,
        allowed: None,
    };
    Launching {
        templates: vec![(template("1"), Ok(version))],
        images: vec![("ami-1".into(), Ok(image))],
        instance_types: Ok(vec![InstanceType {
            name: "m7i.xlarge".into(),
            architectures: vec!["x86_64".into()],
        }]),
    }
}

fn surroundings() -> Surroundings {
    let gateway = |zone: &str| NatGateway {
        id: format!("nat-{zone}"),
        subnet: format!("subnet-{zone}"),
        state: "available".into(),
        failure: None,
        private: false,
        zones: Vec::new(),
    };
    let instance = |id: &str, writer: bool| DatabaseInstance {
        id: id.into(),
        status: Ok("available".into()),
        writer,
        parameters: Some("in-sync".into()),
        parameter_group: None,
        class: None,
        not_following: None,
    };
    let database = Database {
        status: "available".into(),
        engine: "aurora-postgresql".into(),
        parameter_groups: Vec::new(),
        serverless: None,
        instances: vec![instance("w", true), instance("r", false)],
    };
    Surroundings {
        gateways: Ok(vec![gateway("a"), gateway("b")]),
        port_errors: Ok(vec![series("nat-a", 0.0), series("nat-b", 0.0)]),
        alarms: Ok(vec![alarm("db", "OK"), alarm("nat", "OK")]),
        database: Some(DatabaseFacts {
            database: Ok(database),
            connections: Ok(vec![series("w", 10.0), series("r", 10.0)]),
            lag: Ok(vec![series("r", 20.0)]),
        }),
        probes: vec![Seen {
            answer: Ok(Answer {
                status: 200,
                latency_ms: 40,
                json: Ok(Value::Null),
            }),
            chain: None,
            ended: None,
        }],
        quotas: vec![Ok(Quota {
            name: "Running On-Demand Standard instances".into(),
            value: 64.0,
        })],
    }
}

fn series(resource: &str, value: f64) -> Series {
    Series {
        resource: resource.into(),
        points: vec![(ago(4), value), (ago(3), value), (ago(2), value)],
    }
}

fn alarm(name: &str, state: &str) -> Alarm {
    Alarm {
        name: name.into(),
        arn: None,
        state: state.into(),
        reason: "because".into(),
        reason_data: None,
        since: None,
        updated_at: None,
        actions_enabled: true,
        watches: Watches::Expression,
    }
}

fn failed(started_at: Timestamp) -> Activity {
    Activity {
        group: "prod-a-workspace".into(),
        status: "Failed".into(),
        description: "Launching a new EC2 instance".into(),
        message: "InsufficientInstanceCapacity".into(),
        started_at,
        zone: None,
    }
}

/// The group is changed, suspended, short and fails to launch; what it has is late, spot and of a foreign type.
fn break_groups(facts: &mut Facts) {
    let planned = &mut facts.groups[0];
    let group = planned.group.as_mut().unwrap();
    (group.desired, group.max) = (3, 3);
    group.suspended = vec![("Launch".into(), "user suspended".into())];
    group.instances.pop();
    group.instances[0].protected = true;
    planned.actions = Ok(Vec::new());
    planned.activities = Ok(vec![failed(ago(5))]);
    let mornings = 13..20;
    let earlier = mornings.map(|day| failed(format!("2026-11-{day}T11:46:00Z").parse().unwrap()));
    planned.earlier = Some(Ok(earlier.collect()));
    for instance in facts.instances.as_mut().unwrap() {
        instance.launched_at = Some(ago(30));
        instance.spot = true;
        instance.instance_type = "m5.large".into();
    }
    facts.subnets.as_mut().unwrap()[0].free_addresses = 0;
}

/// A zone is lost, a node cordoned, no pod Ready, and one waits.
fn break_cluster(facts: &mut Facts) {
    cordon(facts, "w1");
    let cluster = &mut facts.cluster;
    let nodes = cluster.nodes.as_mut().unwrap();
    nodes.retain(|node| node.zone() != Some("us-east-1b"));
    cluster.deployments.as_mut().unwrap()[0].replicas = 0;
    for one in cluster.pods.as_mut().unwrap() {
        one.conditions.clear();
    }
    let mut waiting = pod("big", "");
    waiting["spec"] = json!({});
    waiting["status"] = json!({"phase": "Pending"});
    cluster.pods.as_mut().unwrap().extend(pods(&[waiting]));
}

/// The image failed, and another version that the group names is gone.
fn break_launching(facts: &mut Facts) {
    facts.groups[0]
        .group
        .as_mut()
        .unwrap()
        .launches_from
        .push(choice("2"));
    let launching = facts.launching.as_mut().unwrap();
    let gone = Unreadable::new(
        "ec2:DescribeLaunchTemplateVersions",
        "prod-a-workspace",
        Cause::NotFound,
        "",
    );
    launching.templates.push((template("2"), Err(gone)));
    launching.images[0].1.as_mut().unwrap().state = "failed".into();
}

fn break_surroundings(facts: &mut Facts) {
    let around = facts.surroundings.as_mut().unwrap();
    around.gateways.as_mut().unwrap()[0].state = "failed".into();
    around.port_errors = Ok(vec![series("nat-b", 7.0)]);
    around.alarms = Ok(vec![alarm("db", "ALARM"), alarm("nat", "INSUFFICIENT_DATA")]);
    let database = around.database.as_mut().unwrap();
    database.database.as_mut().unwrap().status = "modifying".into();
    database.connections = Ok(vec![series("w", 1000.0), series("r", 10.0)]);
    database.lag = Ok(vec![series("r", 5000.0)]);
    around.probes[0].answer.as_mut().unwrap().status = 503;
    around.quotas[0].as_mut().unwrap().value = 1.0;
}
