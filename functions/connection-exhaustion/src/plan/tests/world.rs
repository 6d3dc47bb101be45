//! A world in which the writer is nearly full, and the means to change it.

use day2_aws::{Assessment, Inquiry, Moment};
use day2_core::action::{Lease, LeaseState, Occasion, Standing, Step, Undo};
use day2_core::alarm_now::Datapoint;
use day2_core::database::{Acu, AcuRange};
use day2_core::settings::{Settings, read};
use day2_core::trigger::{Trigger, classify};
use day2_kube::objects::{DeploymentDetail, Pod};
use day2_reads::alarms::{Alarm, Rule, Watches};
use day2_reads::db_instances::{DbInstance, ParameterGroup};
use day2_reads::metric::{Metric, Points, Query};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Change;
use crate::facts::{AlarmFacts, ClientFacts, Cluster, Database, Facts, Instance};
use crate::settings::ConnectionExhaustionSettings;

pub(crate) const ALARM: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-aurora-connections";
pub(crate) const KEY: &str = "the occasion";

pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:00:30Z".parse().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_mins(minutes)
}

pub(crate) fn moment() -> Moment {
    Moment {
        now: now(),
        deadline: now() + SignedDuration::from_secs(120),
    }
}

/// One value a minute for an hour, the newest a minute old.
pub(crate) fn flat(value: f64) -> Points {
    (1..=60).rev().map(|minute| (ago(minute), value)).collect()
}

/// Rising by `step` a minute to `last`.
pub(crate) fn rising(step: f64, last: f64) -> Points {
    (1..=60_i32)
        .rev()
        .map(|minute| {
            (
                ago(i64::from(minute)),
                (last - step * f64::from(minute - 1)).max(0.0),
            )
        })
        .collect()
}

pub(crate) fn acu(number: f64) -> Acu {
    Acu::exactly(number).unwrap()
}

pub(crate) fn instance(id: &str, writer: bool, connections: f64) -> Instance {
    Instance {
        id: id.to_owned(),
        writer,
        cluster_parameter_status: Some("in-sync".to_owned()),
        described: Ok(DbInstance {
            id: id.to_owned(),
            status: "available".to_owned(),
            class: Some("db.serverless".to_owned()),
            engine: "aurora-postgresql".to_owned(),
            engine_version: Some("16.6".to_owned()),
            cluster: Some("prod-a-aurora".to_owned()),
            zone: None,
            parameter_groups: vec![ParameterGroup {
                name: "default.aurora-postgresql16".to_owned(),
                status: Some("in-sync".to_owned()),
            }],
            storage: None,
            pending: Vec::new(),
            arn: None,
            backups: day2_reads::backups::Backups::default(),
            replication: day2_reads::db_instances::Replication::default(),
        }),
        parameter: Ok(None),
        connections: Ok(flat(connections)),
        capacity: Ok(flat(3.0)),
        utilization: Ok(flat(40.0)),
    }
}

/// A Deployment of `pods` pods, all there and available, whose pods are `age` minutes old.
pub(crate) fn client(namespace: &str, name: &str, pods: i64, age: i64) -> ClientFacts {
    let all = (0..pods).map(|index| {
        serde_json::from_value::<Pod>(json!({
            "metadata": {"namespace": namespace, "name": format!("{name}-{index}"), "labels": {"app": name},
                         "creationTimestamp": ago(age).to_string()},
            "status": {"phase": "Running"}}))
        .unwrap()
    });
    ClientFacts {
        deployment: Ok(Some(deployment(namespace, name, pods, |_| {}))),
        autoscalers: Ok(Vec::new()),
        pods: Ok(all.collect()),
        budgets: Ok(Vec::new()),
    }
}

pub(crate) fn deployment(
    namespace: &str,
    name: &str,
    pods: i64,
    change: impl FnOnce(&mut Value),
) -> DeploymentDetail {
    let mut object = json!({
        "metadata": {"namespace": namespace, "name": name, "uid": format!("uid-{name}"), "generation": 4,
                     "resourceVersion": "77"},
        "spec": {"replicas": pods, "strategy": {"type": "RollingUpdate"}, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}, "annotations": {}}, "spec": {"containers": []}}},
        "status": {"replicas": pods, "updatedReplicas": pods, "readyReplicas": pods, "availableReplicas": pods,
                   "observedGeneration": 4}});
    change(&mut object);
    serde_json::from_value(object).unwrap()
}

pub(crate) fn hpa(namespace: &str, name: &str, max: i64) -> day2_kube::objects::HorizontalPodAutoscaler {
    serde_json::from_value(json!({
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "maxReplicas": max}}))
    .unwrap()
}

/// Everything that a plan is made from, with one hand on each part.
pub(crate) struct World {
    pub(crate) facts: Facts,
    pub(crate) settings: Value,
    pub(crate) standing: Standing,
    pub(crate) occasion: Occasion,
    pub(crate) key: String,
}

impl World {
    /// The writer has 780 of 823 connections (1 to 4 ACU), all explained by the pools of two clients.
    pub(crate) fn new() -> Self {
        let alarm = Alarm {
            name: "prod-a-aurora-connections".to_owned(),
            arn: Some(ALARM.to_owned()),
            state: "ALARM".to_owned(),
            reason: "Threshold Crossed".to_owned(),
            reason_data: Some(r#"{"recentDatapoints":[780.0]}"#.to_owned()),
            since: Some(ago(2)),
            updated_at: Some(ago(2)),
            actions_enabled: true,
            watches: Watches::Metric(Box::new(Rule {
                query: Query::new(
                    Metric::new("AWS/RDS", "DatabaseConnections").with("DBInstanceIdentifier", "prod-a-1"),
                    "Maximum",
                    60,
                ),
                evaluation_periods: 3,
                datapoints_to_alarm: 3,
                threshold: 650.0,
                comparison: "GreaterThanThreshold".to_owned(),
                missing_data: "missing".to_owned(),
                low_samples: None,
            })),
        };
        let points = flat(780.0)
            .into_iter()
            .map(|(at, value)| Datapoint {
                at,
                value,
                samples: None,
            })
            .collect();
        Self {
            facts: Facts {
                alarm: Some(AlarmFacts {
                    arn: ALARM.to_owned(),
                    name: alarm.name.clone(),
                    alarm: Ok(alarm),
                    points: Ok(points),
                }),
                database: Ok(Database {
                    id: "prod-a-aurora".to_owned(),
                    status: "available".to_owned(),
                    engine: "aurora-postgresql".to_owned(),
                    cluster: Some(Cluster {
                        engine_version: Some("16.6".to_owned()),
                        engine_mode: Some("provisioned".to_owned()),
                        range: Some(AcuRange {
                            min: acu(1.0),
                            max: acu(4.0),
                        }),
                        parameter: Ok(None),
                        membership: Ok(None),
                        engine_limit: Ok(Some(acu(256.0))),
                    }),
                    instances: vec![
                        instance("prod-a-1", true, 780.0),
                        instance("prod-a-2", false, 20.0),
                    ],
                }),
                clients: vec![
                    client("coder", "coderd", 30, 5_000),
                    client("bi", "reports", 20, 5_000),
                ],
            },
            settings: crate::settings::tests::good(),
            standing: Standing::default(),
            occasion: by_alarm(),
            key: KEY.to_owned(),
        }
    }

    /// The same, with 400 connections more than the pools explain; only `coderd` was rolled out lately.
    pub(crate) fn leaking() -> Self {
        let mut world = Self::new();
        world.facts.clients = vec![
            client("coder", "coderd", 10, 40),
            client("bi", "reports", 15, 5_000),
        ];
        world
    }

    pub(crate) fn policy(&mut self) -> &mut Value {
        &mut self.settings["function"]["targets"]["prod-a"]
    }

    pub(crate) fn database(&mut self) -> &mut Database {
        self.facts.database.as_mut().unwrap()
    }

    pub(crate) fn cluster(&mut self) -> &mut Cluster {
        self.database().cluster.as_mut().unwrap()
    }

    pub(crate) fn range(&mut self, min: f64, max: f64) {
        self.cluster().range = Some(AcuRange {
            min: acu(min),
            max: acu(max),
        });
    }

    pub(crate) fn writer(&mut self) -> &mut Instance {
        &mut self.database().instances[0]
    }

    pub(crate) fn alarm(&mut self) -> &mut Alarm {
        self.facts.alarm.as_mut().unwrap().alarm.as_mut().unwrap()
    }

    pub(crate) fn settings(&self) -> Settings<ConnectionExhaustionSettings> {
        read(&self.settings.to_string()).unwrap()
    }

    pub(crate) fn plan(&self) -> Assessment<Change> {
        let settings = self.settings();
        let inquiry = Inquiry {
            occasion: &self.occasion,
            key: &self.key,
            standing: &self.standing,
            lease: None,
        };
        crate::plan::plan(&self.facts, &settings, &settings.targets[0], inquiry, moment())
    }

    /// Why a resource was left out.
    pub(crate) fn why_not(&self, resource: &str) -> String {
        let plan = self.plan().plan;
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        let steps: Vec<_> = plan.steps.iter().map(|step| &step.resource).collect();
        assert!(steps.iter().all(|step| *step != resource), "{resource} is a step");
        let skip = plan.skips.iter().find(|skip| skip.resource == resource);
        skip.unwrap_or_else(|| panic!("{resource} is not among {:?}", plan.skips))
            .why
            .clone()
    }

    /// The one step.
    pub(crate) fn step(&self) -> Step<Change> {
        let plan = self.plan().plan;
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        assert_eq!(plan.steps.len(), 1, "{:?}", plan.skips);
        plan.steps.into_iter().next().unwrap()
    }

    /// The refusal of the whole.
    pub(crate) fn refusal(&self) -> String {
        let plan = self.plan().plan;
        assert!(
            plan.steps.is_empty() || !plan.refusals.is_empty(),
            "{:?}",
            plan.steps
        );
        plan.refusals.first().expect("no refusal").says.clone()
    }

    /// Makes the raise of the present plan, as an earlier run would have: range and lease.
    pub(crate) fn raised_by(&mut self, occasion: &str) {
        let step = self.step();
        let (_, after) = step.change.raised().unwrap();
        self.standing.leases.push(lease(&step, occasion));
        self.cluster().range.as_mut().unwrap().max = after;
    }
}

pub(crate) fn lease(step: &Step<Change>, occasion: &str) -> Lease {
    let minutes = match &step.undo {
        Undo::Lease { minutes, .. } => Some(*minutes),
        _ => None,
    };
    Lease {
        id: Lease::id_of("connection-exhaustion", "prod-a", occasion, &step.resource),
        function: "connection-exhaustion".to_owned(),
        target: "prod-a".to_owned(),
        resource: step.resource.clone(),
        change: serde_json::to_value(&step.change).unwrap(),
        before: step.before.clone(),
        after: step.after.clone(),
        undo: step.undo.words().to_owned(),
        plan_id: "p".to_owned(),
        occasion: occasion.to_owned(),
        created_at: ago(10),
        expires_at: minutes.map(|minutes| ago(10) + SignedDuration::from_mins(i64::from(minutes))),
        state: LeaseState::Active,
    }
}

pub(crate) fn by_alarm() -> Occasion {
    let sample = include_str!("../../../../../events/shapes/alarm-eventbridge.json");
    match classify(sample.as_bytes()) {
        Trigger::Alarm(alarm) => Occasion::Alarm(alarm),
        other => panic!("{other:?}"),
    }
}
