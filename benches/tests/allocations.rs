//! The gate: how much the pure parts of a run allocate, against ceilings that are written down here.
//!
//! Times differ from run to run on a shared machine; the number of allocations of a pure function does not. Each ceiling is what
//! was counted when it was written, and a twentieth more. When a change makes a part cheaper, lower its ceiling; when it must
//! cost more, raise it and say in the commit what for.
//!
//! One test only: other tests of the same process would allocate at the same time.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test, whose fixtures are functions of their own"
)]

use std::alloc::System;
use std::hint::black_box;

use day2_benches::events::{decide, samples};
use day2_benches::folders;
use day2_core::arn::Partition;
use day2_core::links::{Place, Rendering};
use day2_core::report::{Report, Run};
use day2_core::settings::Settings;
use day2_kube::objects::Node;
use day2_reads::instances::Instance;
use day2_reads::scaling_groups::{Group, Member};
use day2_reads::subnets::Subnet;
use jiff::Timestamp;
use scale_window::Task;
use scale_window::assess::assess;
use scale_window::facts::{Cluster, Facts, GroupFacts};
use scale_window::settings::ScaleWindowSettings;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Sample events that are classified: one of each road, so that a new sample moves no ceiling.
const EVENTS: [&str; 6] = [
    "scale-window/scheduled-prescale.json",
    "shapes/alarm-eventbridge.json",
    "shapes/alarm-sns.json",
    "shapes/finding-eventbridge.json",
    "shapes/finding-security-hub.json",
    "scale-window/manual-two-targets.json",
];

/// Most allocations for kind and key of all of [`EVENTS`].
const CLASSIFY: usize = 664;
/// Most allocations to judge [`NODES`] nodes.
const ASSESS: usize = 21_246;
/// Most allocations to write the report of it: JSON, page, mail.
const RENDER: usize = 27_662;

/// Nodes of the largest cluster that is supported.
const NODES: usize = 5_000;

/// Allocations, grown ones included, of the best of three runs: what the test harness allocates meanwhile is left out.
fn counted(work: &dyn Fn()) -> usize {
    let once = || {
        let region = Region::new(COUNTING);
        work();
        let change = region.change();
        change.allocations + change.reallocations
    };
    (0..3).map(|_| once()).min().unwrap()
}

#[test]
fn the_pure_parts_of_a_run_allocate_no_more_than_is_written_down_and_a_seeded_regression_is_caught() {
    let all = samples(&folders::events()).unwrap();
    let events: Vec<Vec<u8>> = EVENTS
        .iter()
        .map(|wanted| all.iter().find(|(name, _)| name == wanted).unwrap().1.clone())
        .collect();
    let classify = || events.iter().for_each(|event| drop(black_box(decide(event))));

    let (facts, settings) = (facts(), settings());
    let judge = || {
        let plan = &settings.function.targets["prod-a"];
        let zone = settings.deployment.zone.rules();
        assess(&facts, plan, &settings.targets[0], Task::Postscale, zone, now())
    };
    let (items, charts) = judge();
    assert!(
        items.iter().any(|item| item.subjects.len() > 1),
        "nothing was found: {items:?}"
    );
    let report = Report::new(run(), items, charts);
    let place = Place::of(&report, Partition::Aws, "us-east-1", "day2-reports");
    let rendering = Rendering {
        place,
        not_stored: None,
        lambda: "day2-scale-window".into(),
        lambda_region: "us-east-1".into(),
    };
    let render = || {
        black_box(serde_json::to_string(&report).unwrap());
        black_box(day2_core::html::page(&report, &rendering));
        black_box(day2_core::mail::write(&report, &rendering));
    };

    // What a careless change brings: the parsed event is cloned once, each node is copied once, a page is built twice.
    let cloning = || {
        for event in &events {
            drop(black_box(serde_json::from_slice::<Value>(event).unwrap().clone()));
            drop(black_box(decide(event)));
        }
    };
    let copying = || {
        black_box(facts.cluster.nodes.clone().unwrap());
        black_box(judge());
    };
    let twice = || {
        black_box(day2_core::html::page(&report, &rendering));
        render();
    };
    let judged = || drop(black_box(judge()));

    let mut wrong = Vec::new();
    let parts: [Part<'_>; 3] = [
        ("CLASSIFY", CLASSIFY, &classify, &cloning),
        ("ASSESS", ASSESS, &judged, &copying),
        ("RENDER", RENDER, &render, &twice),
    ];
    for (name, ceiling, work, regression) in parts {
        let (count, worse) = (counted(work), counted(regression));
        if count > ceiling {
            wrong.push(format!(
                "{name}: {count} allocations, and the ceiling is {ceiling}"
            ));
        }
        if count * 11 / 10 < ceiling {
            wrong.push(format!(
                "{name}: {count} allocations, so lower the ceiling from {ceiling} to {}",
                count * 21 / 20
            ));
        }
        if worse <= ceiling {
            wrong.push(format!(
                "{name}: the seeded regression has {worse} allocations and is not caught"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Name and ceiling of a part, its work, and the same with a careless change.
type Part<'a> = (&'a str, usize, &'a dyn Fn(), &'a dyn Fn());

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - minutes * 60).unwrap()
}

fn run() -> Run {
    Run {
        function: "scale-window".into(),
        task: "postscale".into(),
        target: "prod-a".into(),
        account_id: "123456789012".into(),
        region: "us-east-1".into(),
        trigger: "schedule".into(),
        zone: "America/New_York".into(),
        scheduled_at: Some(now()),
        occasion: None,
        started_at: now(),
        request_id: "00000000-0000-4000-8000-000000000001".into(),
    }
}

fn settings() -> Settings<ScaleWindowSettings> {
    let group = |name: &str| json!({"name": name, "auto_scaling_group": format!("prod-a-{name}"), "selector": {"node-group": name}});
    let document = json!({
        "deployment": {
            "name": "day2", "zone": "America/New_York", "partition": "aws",
            "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
            "report_bucket": "day2-reports", "journal_table": "day2-journal",
        },
        "targets": [{
            "name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"},
            "vpc_id": "vpc-0123456789abcdef0", "node_groups": [group("control"), group("workspace")],
        }],
        "function": {"targets": {"prod-a": {
            "control": {
                "groups": [{"node_group": "control", "min_ready": 2}],
                "workloads": [{"namespace": "coder", "deployment": "coder-server"}],
            },
            "groups": [{"node_group": "workspace", "before": 2, "peak": NODES, "after": 2, "min": 2, "max": NODES + 50}],
            "not_checked": ["probes", "nat", "schedule", "quotas"],
        }}},
    });
    day2_core::settings::read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Five thousand nodes in two zones; every fiftieth is not ready, and every hundredth never joined.
fn facts() -> Facts {
    let zone = |index: usize| {
        if index.is_multiple_of(2) {
            "us-east-1a"
        } else {
            "us-east-1b"
        }
    };
    let nodes: Vec<Node> = (0..NODES)
        .filter(|index| !index.is_multiple_of(100))
        .map(|index| {
            let ready = if index % 50 == 1 { "False" } else { "True" };
            serde_json::from_value(json!({
                "metadata": {
                    "name": format!("w{index}"), "creationTimestamp": ago(18).to_string(),
                    "labels": {"node-group": "workspace", "topology.kubernetes.io/zone": zone(index)},
                },
                "spec": {"providerID": format!("aws:///{}/i-w{index}", zone(index))},
                "status": {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": ago(17).to_string()}]},
            }))
            .unwrap()
        })
        .collect();
    let member = |index: usize| Member {
        id: format!("i-w{index}"),
        zone: zone(index).into(),
        lifecycle_state: "InService".into(),
        health: "Healthy".into(),
        protected: false,
        instance_type: None,
    };
    let instance = |index: usize| Instance {
        id: format!("i-w{index}"),
        zone: zone(index).into(),
        instance_type: "m7i.xlarge".into(),
        spot: false,
        launched_at: Some(ago(20)),
    };
    let desired = i64::try_from(NODES).unwrap();
    Facts {
        groups: vec![GroupFacts {
            group: Ok(Group {
                name: "prod-a-workspace".into(),
                desired,
                min: 2,
                max: desired + 50,
                suspended: Vec::new(),
                instances: (0..NODES).map(member).collect(),
                subnets: vec!["subnet-a".into(), "subnet-b".into()],
                tags: Vec::new(),
                status: None,
                launches_from: Vec::new(),
            }),
            actions: Ok(Vec::new()),
            activities: Ok(Vec::new()),
            earlier: None,
        }],
        instances: Ok((0..NODES).map(instance).collect()),
        subnets: Ok(["a", "b"]
            .map(|z| Subnet {
                id: format!("subnet-{z}"),
                zone: format!("us-east-1{z}"),
                free_addresses: 500,
            })
            .into()),
        cluster: Cluster {
            nodes: Ok(nodes),
            pods: Ok(Vec::new()),
            deployments: Ok(Vec::new()),
            daemon_sets: Ok(Vec::new()),
            budgets: Ok(Vec::new()),
        },
        launching: None,
        surroundings: None,
    }
}
