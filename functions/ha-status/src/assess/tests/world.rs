//! A pair of healthy sides, to be spoilt look by look.

use std::collections::BTreeMap;
use std::time::Duration;

use day2_core::compare::{Changes, Earlier, Notes, Snapshot, should_mail};
use day2_core::report::{Report, Run};
use day2_core::settings::{Mail, Settings, read};
use day2_core::{Cause, Item, Observed, Unreadable, Verdict};
use day2_kube::Readyz;
use day2_kube::objects::{NodeRoom, Resources};
use day2_reads::clusters::Cluster;
use day2_reads::scaling_groups::{Group, Member};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::assess::{Scene, assess};
use crate::facts::{Demand, Facts, GroupFacts, Load, OnNode, SideFacts};
use crate::settings::HaSettings;

pub(crate) fn document() -> Value {
    let side = |name: &str, region: &str| {
        json!({
            "platform": {"name": name, "account_id": "123456789012", "region": region, "cluster": {"name": name}},
            "min_ready_nodes": 3, "groups": [format!("{name}-workers")],
            "queue": {"namespace": "AWS/SQS", "metric": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": name}, "max_depth": 100}
        })
    };
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal", "mail": "on_change"},
        "targets": [{"name": "prod", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {"targets": {"prod": {
            "primary": side("east", "us-east-1"), "secondary": side("west", "us-west-2"),
            "capacity": {"max_node_difference": 1}
        }}}
    })
}

pub(crate) fn settings(change: impl FnOnce(&mut Value)) -> Settings<HaSettings> {
    let mut document = document();
    change(&mut document["function"]["targets"]["prod"]);
    read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

pub(crate) fn start() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) fn after(minutes: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

pub(crate) fn failed<T>(cause: Cause) -> Observed<T> {
    Err(Unreadable::new("get /readyz", "east", cause, "no answer"))
}

pub(crate) fn node(ready: bool) -> NodeRoom {
    let status = if ready { "True" } else { "False" };
    serde_json::from_value(json!({
        "metadata": {"name": "n"},
        "status": {"allocatable": {"cpu": "4", "memory": "16Gi", "pods": "50"},
                   "conditions": [{"type": "Ready", "status": status}]}
    }))
    .unwrap()
}

pub(crate) fn load(cores: i64, gib: i64, pods: i64) -> Load {
    Load {
        cpu_milli: cores * 1000,
        memory_bytes: gib << 30,
        pods,
    }
}

/// Name of the node that all pods of a side are on.
pub(crate) const BUSY: &str = "n-0";

/// Three nodes of 4 cores and 16 GiB, half a core of which daemon sets take, and five cores of work.
pub(crate) fn side(name: &str) -> SideFacts {
    let member = |number: usize| Member {
        id: format!("i-{number}"),
        zone: "a".to_owned(),
        lifecycle_state: "InService".to_owned(),
        health: "Healthy".to_owned(),
        protected: false,
        instance_type: None,
    };
    let group = Group {
        name: format!("{name}-workers"),
        desired: 3,
        min: 3,
        max: 6,
        suspended: Vec::new(),
        instances: (0..3).map(member).collect(),
        subnets: Vec::new(),
        tags: Vec::new(),
        status: None,
        launches_from: Vec::new(),
    };
    let busy = OnNode {
        moving: load(5, 20, 30),
        of_node: Load::new(
            Resources {
                cpu_milli: 500,
                memory_bytes: 1 << 30,
            },
            6,
        ),
    };
    SideFacts {
        cluster: Ok(Cluster {
            name: name.to_owned(),
            status: "ACTIVE".to_owned(),
            version: None,
            authentication_mode: None,
            auto_mode: false,
            node_pools: Vec::new(),
            created_at: Some(after(-60 * 24 * 300)),
            issues: Vec::new(),
        }),
        readyz: Ok(Readyz {
            ready: true,
            failed: Vec::new(),
            latency: Duration::from_millis(40),
        }),
        nodes: Ok(Vec::from([BUSY, "n-1", "n-2"].map(|name| NodeRoom {
            name: name.to_owned(),
            ..node(true)
        }))),
        demand: Ok(Demand {
            on: BTreeMap::from([(BUSY.to_owned(), busy)]),
            waiting: Load::default(),
        }),
        groups: vec![GroupFacts {
            name: format!("{name}-workers"),
            group: Ok(group),
            activities: Ok(Vec::new()),
        }],
        queue: Some(Ok(vec![(after(-1), 7.0)])),
    }
}

pub(crate) fn good() -> Facts {
    Facts {
        primary: side("east"),
        secondary: side("west"),
    }
}

/// No answer from this side's API server.
pub(crate) fn silent(side: &mut SideFacts) {
    side.readyz = failed(Cause::TimedOut);
    side.nodes = failed(Cause::TimedOut);
    side.demand = failed(Cause::TimedOut);
}

/// Looks one after another, remembered as the runner does it, with the mails that they would send.
pub(crate) struct Watch {
    settings: Settings<HaSettings>,
    earlier: Observed<Option<Earlier>>,
    snapshot: Option<Snapshot>,
    /// Minute of the next look.
    pub(crate) minute: i64,
    /// For each look that mails: its minute, its status, and what it is about.
    pub(crate) mails: Vec<(i64, Verdict, String)>,
    /// The items of the last look.
    pub(crate) items: Vec<Item>,
    /// What changed with the last look.
    pub(crate) changes: Changes,
}

impl Watch {
    pub(crate) fn new(change: impl FnOnce(&mut Value)) -> Self {
        Self {
            settings: settings(change),
            earlier: Ok(None),
            snapshot: None,
            minute: 0,
            mails: Vec::new(),
            items: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// Everything as it should be for so many looks.
    pub(crate) fn healthy(looks: usize) -> Self {
        let mut watch = Self::new(|_| {});
        watch.looks(looks, |_| {});
        watch.mails.clear();
        watch
    }

    /// The journal answers no more.
    pub(crate) fn forget(&mut self, cause: Cause) {
        self.earlier = Err(Unreadable::new("dynamodb:Query", "day2-journal", cause, ""));
    }

    pub(crate) fn looks(&mut self, looks: usize, change: impl Fn(&mut Facts)) {
        for _ in 0..looks {
            let mut facts = good();
            change(&mut facts);
            self.look(&facts);
        }
    }

    pub(crate) fn look(&mut self, facts: &Facts) {
        let now = after(self.minute);
        let pair = &self.settings.function.targets["prod"];
        let (items, notes) = assess(&Scene {
            facts,
            pair,
            before: &self.earlier,
            now,
        });
        let run = Run {
            function: "ha-status".to_owned(),
            task: "probe".to_owned(),
            target: "prod".to_owned(),
            account_id: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            trigger: "schedule".to_owned(),
            zone: "UTC".to_owned(),
            scheduled_at: Some(now),
            occasion: None,
            started_at: now,
            request_id: self.minute.to_string(),
        };
        let before = self.snapshot.as_ref().map(|snapshot| snapshot.status);
        let report = Report::new(run, items, Vec::new()).compared_with(self.snapshot.as_ref());
        if should_mail(Mail::OnChange, before, &report) {
            self.mails
                .push((self.minute, report.status, Self::state_in(&report.items)));
        }
        self.changes = report.changes.clone();
        let mut snapshot = Snapshot::of(&report);
        snapshot.notes = notes.clone();
        self.snapshot = Some(snapshot);
        self.earlier = Ok(Some(Earlier { at: now, notes }));
        self.items = report.items;
        self.minute += 5;
    }

    fn state_in(items: &[Item]) -> String {
        items[0].seen.split(',').next().unwrap_or_default().to_owned()
    }

    /// The state of the last look.
    pub(crate) fn state(&self) -> String {
        Self::state_in(&self.items)
    }

    pub(crate) fn notes(&self) -> Notes {
        self.snapshot.as_ref().unwrap().notes.clone()
    }

    /// The item of this code in the last look.
    #[track_caller]
    pub(crate) fn item(&self, code: &str) -> &Item {
        self.items
            .iter()
            .find(|item| item.code == code)
            .unwrap_or_else(|| panic!("no {code}"))
    }

    /// Codes of the items that are not a pass, with verdict and what they name.
    pub(crate) fn complaints(&self) -> Vec<(String, Verdict, Vec<String>)> {
        self.items
            .iter()
            .filter(|item| item.verdict() != Verdict::Pass)
            .map(|item| {
                let names = item.subjects.iter().map(|subject| subject.name.clone()).collect();
                (item.code.clone(), item.verdict(), names)
            })
            .collect()
    }
}
