//! A healthy platform in the words of AWS, to be broken one thing at a time.

use day2_core::database::{Acu, AcuRange};
use day2_core::settings::Settings;
use day2_core::target::Engine;
use day2_core::{Cause, Item, Unreadable, Verdict};
use day2_probe::{Answer, Certificate, Chain, Seen};
use day2_reads::addons::Addon;
use day2_reads::alarm_history::Transition;
use day2_reads::alarms::{Alarm, Watches};
use day2_reads::clusters::Cluster;
use day2_reads::coverage::Coverage;
use day2_reads::coverage_statistics::Counts;
use day2_reads::db_instances::DbInstance;
use day2_reads::detectors::Detector;
use day2_reads::findings::Finding;
use day2_reads::insights::Insight;
use day2_reads::metric::{Points, Series};
use day2_reads::security_findings::SecurityFinding;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Task;
use crate::assess::Scene;
use crate::assess::routing::Routing;
use crate::facts::aws::{AlarmFacts, AwsFacts};
use crate::facts::aws_changes::AwsChanges;
use crate::facts::database::{Database, DatabaseFacts, Instance, Storage};
use crate::facts::eks::EksFacts;
use crate::facts::namespaces::Namespaces;
use crate::facts::security::{Hub, Runtime, SecurityFacts};
use crate::facts::volumes::Volume;
use crate::settings::HealthCheckSettings;

pub(super) const GIB: f64 = 1_073_741_824.0;

/// 06:30 in New York on a Friday in November.
pub(super) fn now() -> Timestamp {
    "2026-11-20T11:30:00Z".parse().unwrap()
}

pub(super) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(in crate::assess) fn denied(operation: &str) -> Unreadable {
    Unreadable::new(operation, "prod-a", Cause::Denied, "not authorized")
}

/// A platform with its settings.
pub(super) struct World {
    pub(super) settings: Settings<HealthCheckSettings>,
    pub(super) facts: AwsFacts,
}

fn settings(plan: &Value) -> Settings<HealthCheckSettings> {
    let document = json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                     "cluster": {"name": "prod-a"}, "database": {"engine": "aurora", "id": "prod-a-aurora"}}],
        "function": {"targets": {"prod-a": plan}}
    });
    day2_core::settings::read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

impl World {
    /// Nothing is wrong, and everything was read.
    pub(super) fn healthy() -> Self {
        Self::with(&json!({}))
    }

    /// The same under a plan with other limits.
    pub(super) fn with(replaced: &Value) -> Self {
        let mut plan = json!({"probes": [{"name": "shop", "url": "https://shop.example/healthz"}]});
        for (key, value) in replaced.as_object().unwrap() {
            plan[key] = value.clone();
        }
        Self {
            settings: settings(&plan),
            facts: facts(),
        }
    }

    /// Every item, by code.
    pub(super) fn items(&self) -> Vec<Item> {
        let plan = self.settings.function.targets.get("prod-a").unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let scene = Scene {
            plan,
            target: self.settings.target("prod-a").unwrap(),
            task: Task::Triage,
            zone: &zone,
            now: now(),
        };
        let namespaces = Ok(Namespaces::new());
        let routing = Routing::new(&plan.ownership, &namespaces);
        let lines = super::super::lines(&self.facts, &scene);
        lines.into_iter().flat_map(|line| line.items(&routing)).collect()
    }

    /// The one item of this code.
    pub(super) fn item(&self, code: &str) -> Item {
        let mut found = self.items().into_iter().filter(|item| item.code == code);
        let item = found.next().unwrap_or_else(|| panic!("no item {code}"));
        assert!(found.next().is_none(), "two items {code}");
        item
    }

    pub(super) fn verdict(&self, code: &str) -> Verdict {
        self.item(code).verdict()
    }

    /// What the item of this code names, and what it says of it.
    pub(super) fn named(&self, code: &str) -> Vec<(String, String)> {
        let subjects = self.item(code).subjects;
        subjects.into_iter().map(|one| (one.name, one.says)).collect()
    }

    /// Asserts that these codes have these verdicts and all others pass: what is broken is named, and its neighbours are
    /// not.
    pub(super) fn assert_only(&self, expected: &[(&str, Verdict)]) {
        let not_passed: Vec<(String, Verdict)> = self
            .items()
            .into_iter()
            .filter(|item| item.verdict() != Verdict::Pass)
            .map(|item| (item.code.clone(), item.verdict()))
            .collect();
        let expected: Vec<(String, Verdict)> = expected
            .iter()
            .map(|(code, verdict)| ((*code).to_owned(), *verdict))
            .collect();
        assert_eq!(not_passed, expected);
    }

    pub(super) fn alarms(&mut self) -> &mut AlarmFacts {
        self.facts.alarms.as_mut().unwrap()
    }

    pub(super) fn security(&mut self) -> &mut SecurityFacts {
        self.facts.security.as_mut().unwrap()
    }

    pub(super) fn hub(&mut self) -> &mut Hub {
        self.security().hub.as_mut().unwrap()
    }

    pub(super) fn eks(&mut self) -> &mut EksFacts {
        self.facts.eks.as_mut().unwrap()
    }

    pub(super) fn database(&mut self) -> &mut DatabaseFacts {
        self.facts.database.as_mut().unwrap()
    }
}

fn facts() -> AwsFacts {
    AwsFacts {
        alarms: Some(AlarmFacts {
            alarms: Ok(vec![alarm("db-cpu", "OK"), alarm("nat-errors", "OK")]),
            history: Ok(Vec::new()),
        }),
        security: Some(SecurityFacts {
            detectors: Ok(vec![detector("ENABLED")]),
            findings: Ok(Vec::new()),
            runtime: Some(Runtime {
                cluster: Ok(vec![coverage("HEALTHY")]),
                all: Ok(Counts {
                    healthy: 1,
                    unhealthy: 0,
                }),
            }),
            hub: Some(Hub {
                open: Ok(Vec::new()),
                any: Ok(true),
            }),
        }),
        eks: Some(EksFacts {
            cluster: Ok(cluster()),
            addons: Ok(vec![("vpc-cni".into(), Ok(addon("vpc-cni")))]),
            node_groups: Ok(Vec::new()),
            insights: Ok(vec![(insight("Kubelet version skew", "PASSING"), None)]),
        }),
        database: Some(database()),
        endpoints: Some(vec![answered(200, "2027-02-01")]),
        volumes: Some(Ok(vec![
            volume("shop", "data-0", 40.0, 0.0),
            volume("pay", "data-0", 50.0, 0.0),
        ])),
        changes: Some(AwsChanges {
            sources: vec![crate::facts::aws_changes::Source {
                name: "updates of cluster prod-a".into(),
                about: crate::facts::aws_changes::About::Platform,
                changes: Ok(Vec::new()),
            }],
        }),
    }
}

pub(super) fn alarm(name: &str, state: &str) -> Alarm {
    Alarm {
        name: name.into(),
        arn: None,
        state: state.into(),
        reason: "because".into(),
        reason_data: None,
        since: Some(ago(180)),
        updated_at: None,
        actions_enabled: true,
        watches: Watches::Expression,
    }
}

pub(super) fn transition(alarm: &str, minutes_ago: i64, from: &str, to: &str) -> Transition {
    Transition {
        alarm: alarm.into(),
        at: ago(minutes_ago),
        from: Some(from.into()),
        to: Some(to.into()),
        summary: format!("Alarm updated from {from} to {to}"),
    }
}

pub(super) fn detector(status: &str) -> Detector {
    Detector {
        id: "12abc34d567e8fa901bc2d34e56789f0".into(),
        status: status.into(),
    }
}

pub(super) fn coverage(status: &str) -> Coverage {
    Coverage {
        account: "123456789012".into(),
        cluster: "prod-a".into(),
        status: status.into(),
        issue: (status != "HEALTHY").then(|| "Agent Not Reporting".into()),
        covered_nodes: Some(3),
        compatible_nodes: Some(5),
        managed: Some("AUTO_MANAGED".into()),
        updated_at: Some(ago(30)),
    }
}

pub(super) fn finding(id: &str, resource: &str, kind: &str) -> Finding {
    Finding {
        id: id.into(),
        kind: kind.into(),
        title: "A privileged container was launched.".into(),
        severity: 8.0,
        account: "123456789012".into(),
        region: "us-east-1".into(),
        resource: resource.into(),
        cluster: Some("prod-a".into()),
        count: 3,
        archived: false,
        sample: false,
        created_at: Some(ago(3000)),
        updated_at: Some(ago(60)),
    }
}

pub(super) fn hub_finding(id: &str, severity: &str, days: i64) -> SecurityFinding {
    SecurityFinding {
        id: id.into(),
        title: format!("control {severity}"),
        product: "Security Hub".into(),
        severity: severity.into(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        resource: format!("AwsS3Bucket {id}"),
        workflow: "NEW".into(),
        record: "ACTIVE".into(),
        sample: false,
        created_at: Some(ago(days * 1440)),
        updated_at: Some(ago(60)),
    }
}

pub(in crate::assess) fn cluster() -> Cluster {
    Cluster {
        name: "prod-a".into(),
        status: "ACTIVE".into(),
        version: Some("1.34".into()),
        authentication_mode: Some("API".into()),
        auto_mode: false,
        node_pools: Vec::new(),
        issues: Vec::new(),
        created_at: None,
    }
}

pub(in crate::assess) fn addon(name: &str) -> Addon {
    Addon {
        name: name.into(),
        status: "ACTIVE".into(),
        version: Some("v1".into()),
        issues: Vec::new(),
        modified_at: None,
    }
}

pub(super) fn insight(name: &str, status: &str) -> Insight {
    Insight {
        id: name.to_lowercase(),
        name: name.into(),
        category: "UPGRADE_READINESS".into(),
        status: status.into(),
        reason: "a reason".into(),
        version: Some("1.35".into()),
        refreshed_at: Some(ago(300)),
        since: Some(ago(1440 * 12)),
    }
}

pub(super) fn instance(id: &str, writer: bool) -> Instance {
    Instance {
        id: id.into(),
        writer,
        described: Ok(DbInstance {
            id: id.into(),
            status: "available".into(),
            class: Some("db.serverless".into()),
            engine: "aurora-postgresql".into(),
            engine_version: Some("16.6".into()),
            cluster: Some("prod-a-aurora".into()),
            zone: None,
            parameter_groups: Vec::new(),
            storage: None,
            pending: Vec::new(),
            arn: None,
            backups: day2_reads::backups::Backups::default(),
            replication: day2_reads::db_instances::Replication::default(),
        }),
        cluster_parameters: Some("in-sync".into()),
        parameter: Ok(None),
    }
}

pub(super) fn minutes(resource: &str, value: f64) -> Series {
    let points = (1..=10).rev().map(|minute| (ago(minute), value)).collect();
    Series {
        resource: resource.into(),
        points,
    }
}

/// A day of hourly points that end at `last` and rise by `step` each hour.
pub(super) fn hours(last: f64, step: f64) -> Points {
    (1..=24_u32)
        .rev()
        .map(|hour| (ago(i64::from(hour) * 60), last - step * f64::from(hour - 1)))
        .collect()
}

/// Its first instance is not available.
pub(in crate::assess) fn failed_database() -> DatabaseFacts {
    let mut facts = database();
    let instances = &mut facts.database.as_mut().unwrap().instances;
    instances[0].described.as_mut().unwrap().status = "failed".into();
    facts
}

fn database() -> DatabaseFacts {
    let range = AcuRange {
        min: Acu::exactly(1.0).unwrap(),
        max: Acu::exactly(16.0).unwrap(),
    };
    DatabaseFacts {
        database: Ok(Database {
            id: "prod-a-aurora".into(),
            kind: Engine::Aurora,
            status: "available".into(),
            engine: "aurora-postgresql".into(),
            serverless: Some(range),
            parameter: Ok(None),
            instances: vec![instance("w", true), instance("r", false)],
        }),
        connections: Ok(vec![minutes("w", 400.0), minutes("r", 100.0)]),
        lag: Ok(vec![minutes("r", 20.0)]),
        storage: Ok(Storage::Shared(hours(900.0 * GIB, 0.5 * GIB))),
        maintenance: Ok(Vec::new()),
        events: vec![
            ("prod-a-aurora".into(), Ok(Vec::new())),
            ("w".into(), Ok(Vec::new())),
            ("r".into(), Ok(Vec::new())),
        ],
    }
}

/// An answer in 40 ms with a certificate that ends on this day.
pub(super) fn answered(status: u16, ends: &str) -> Seen {
    let certificate = |name: &str, ends: &str| Certificate {
        names: vec![name.into()],
        issuer: "CN=R11".into(),
        serial: "0a:1b".into(),
        begins: ago(1440 * 30),
        ends: format!("{ends}T00:00:00Z").parse().unwrap(),
    };
    Seen {
        answer: Ok(Answer {
            status,
            latency_ms: 40,
            json: Ok(Value::Null),
        }),
        chain: Some(Chain {
            leaf: certificate("shop.example", ends),
            authorities: vec![certificate("CN=R11", "2030-01-01")],
        }),
        ended: None,
    }
}

/// A volume of 100 GiB, so much of it in use, rising by so much each hour.
pub(super) fn volume(namespace: &str, claim: &str, used_gib: f64, step_gib: f64) -> Volume {
    Volume {
        namespace: namespace.into(),
        claim: claim.into(),
        used: hours(used_gib * GIB, step_gib * GIB),
        capacity: hours(100.0 * GIB, 0.0),
    }
}

#[test]
fn a_healthy_platform_passes_every_line_of_every_group() {
    let world = World::healthy();
    world.assert_only(&[]);
    let codes: Vec<String> = world.items().into_iter().map(|item| item.code).collect();
    let expected = [
        201, 202, 203, 211, 212, 213, 221, 222, 224, 231, 232, 233, 234, 235, 236, 241, 242, 251, 261,
    ];
    assert_eq!(codes, expected.map(|number| format!("HLT-{number}")));
}

#[test]
fn a_group_that_was_left_out_says_nothing_and_the_others_stay() {
    let mut world = World::healthy();
    world.facts.security = None;
    world.facts.volumes = None;
    world.assert_only(&[]);
    let codes: Vec<String> = world.items().into_iter().map(|item| item.code).collect();
    assert!(
        !codes
            .iter()
            .any(|code| code.starts_with("HLT-21") || code == "HLT-251")
    );
    assert_eq!(codes.len(), 15);
}
