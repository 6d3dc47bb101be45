//! One world in which all is well, and every way in which it may not be: each complaint under its own code, with its fix, and
//! no neighbour touched.

mod alarm_topic;
mod breaks;
mod policy;
mod rules;
mod unknown;

use std::collections::BTreeMap;

use day2_core::item::Population;
use day2_core::settings::{Settings, read};
use day2_core::{Cause, Item, Unreadable, Verdict};
use serde_json::{Value, json};

use super::{Judged, assess};
use crate::facts::{
    Answer, Cluster, Configuration, Decision, Entry, Facts, Flight, Line, Notifies, Schedule, Scheduled,
    Simulation, Subscriber,
};
use crate::settings::DoctorSettings;

const OPERATIONS: &str = "arn:aws:sns:us-east-1:123456789012:day2-operations";
const REPORTS: &str = "arn:aws:sns:us-east-1:123456789012:day2-reports";

fn function(name: &str, schedules: &Value) -> Value {
    json!({
        "arn": format!("arn:aws:lambda:us-east-1:123456789012:function:day2-{name}"),
        "role_arn": format!("arn:aws:iam::123456789012:role/day2-{name}"),
        "code_sha256": "code", "settings_sha256": "settings",
        "permissions": [{"actions": ["dynamodb:Query"], "resources": ["arn:aws:dynamodb:us-east-1:123456789012:table/day2-journal"]}],
        "schedules": schedules, "kubernetes_group": format!("day2:{name}"), "clusters": ["prod-a"],
        "alarms": [format!("day2-{name}-errors")],
    })
}

/// What the schedule of the world gives to its function.
const INPUT: &str =
    r#"{"scheduled_at":"<aws.scheduler.scheduled-time>","target":"prod-a","task":"prescale"}"#;

const SCHEDULER: &str = "arn:aws:iam::123456789012:role/day2-scale-window-scheduler";

pub(crate) fn settings(change: impl FnOnce(&mut Value)) -> Settings<DoctorSettings> {
    let mut own = json!({
        "functions": {
            "doctor": function("doctor", &json!({})),
            "ha-status": function("ha-status", &json!({})),
            "scale-window": function("scale-window", &json!({"prescale-prod-a": "cron(30 6 * * ? *)"})),
        },
        "platforms": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"}}],
        "topics": [REPORTS, OPERATIONS],
        "operations_topic_arn": OPERATIONS,
    });
    own["functions"]["scale-window"]["event_rules"][rules::RULE] = json!(rules::PATTERN);
    own["functions"]["scale-window"]["callers"] = rules::callers();
    own["functions"]["scale-window"]["inputs"] = json!({"prescale-prod-a": INPUT});
    own["functions"]["scale-window"]["scheduler"] = json!({
        "role_arn": SCHEDULER,
        "permissions": [{"actions": ["lambda:InvokeFunction"], "resources": ["arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window"]}],
    });
    change(&mut own);
    let document = json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws", "topic_arn": REPORTS,
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "day2", "account_id": "123456789012", "region": "us-east-1"}],
        "function": own,
    });
    read(&document.to_string()).unwrap()
}

fn line(code: &str, target: Option<&str>, verdict: Verdict) -> Line {
    let population = Population {
        examined: 1,
        expected_at_least: 1,
    };
    Line {
        target: target.map(str::to_owned),
        item: Item::judge(code, "it can work", verdict, population, "what it saw").remedy("allow it"),
    }
}

fn simulation(function: &str) -> Simulation {
    let decision = |action: &str, decision: &str| Decision {
        action: action.to_owned(),
        decision: decision.to_owned(),
        missing: Vec::new(),
    };
    Simulation {
        function: function.to_owned(),
        resource: "*".to_owned(),
        needed: vec!["dynamodb:Query".to_owned()],
        never: vec!["iam:PassRole".to_owned()],
        decisions: Ok(vec![
            decision("dynamodb:Query", "allowed"),
            decision("iam:PassRole", "implicitDeny"),
        ]),
    }
}

/// A world in which all is well.
fn well() -> Facts {
    let names = ["doctor", "ha-status", "scale-window"];
    let own = |name: &str| name.to_owned();
    let proof = || {
        Ok(Answer::Proof(vec![
            line("SCW-801", None, Verdict::Pass),
            line("SCW-802", Some("prod-a"), Verdict::Pass),
        ]))
    };
    let configuration = |name: &str| Configuration {
        code_sha256: Some("code".to_owned()),
        settings_sha256: Some("settings".to_owned()),
        role_arn: Some(format!("arn:aws:iam::123456789012:role/day2-{name}")),
        state: Some("Active".to_owned()),
        last_update: Some("Successful".to_owned()),
    };
    let subscriber = |protocol: &str, endpoint: &str| Subscriber {
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        pending: false,
    };
    Facts {
        answers: vec![(own("ha-status"), proof()), (own("scale-window"), proof())],
        configurations: names.map(|name| (own(name), Ok(configuration(name)))).to_vec(),
        rights: names.map(simulation).to_vec(),
        clusters: vec![(
            own("prod-a/prod-a"),
            Ok(Cluster {
                status: own("ACTIVE"),
                mode: Some(own("API_AND_CONFIG_MAP")),
            }),
        )],
        entries: names
            .map(|name| Entry {
                function: own(name),
                cluster: own("prod-a"),
                groups: Ok(vec![own("people"), format!("day2:{name}")]),
            })
            .to_vec(),
        topics: vec![
            (own(REPORTS), Ok(vec![subscriber("email", "sre@example.com")])),
            (
                own(OPERATIONS),
                Ok(vec![subscriber(
                    "sqs",
                    "arn:aws:sqs:us-east-1:123456789012:pager",
                )]),
            ),
        ],
        alarm_topic: Some(Ok(alarm_topic::as_deployed())),
        canary: Some(Ok(Flight::Arrived)),
        schedules: vec![(
            Scheduled {
                function: own("scale-window"),
                name: own("prescale-prod-a"),
            },
            Ok(Schedule {
                state: own("ENABLED"),
                expression: own("cron(30 6 * * ? *)"),
                zone: own("America/New_York"),
                target_arn: own("arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window"),
                role_arn: own(SCHEDULER),
                input: Some(own(INPUT)),
                starts: None,
                ends: None,
            }),
        )],
        event_rules: vec![rules::as_made()],
        policies: vec![(own("scale-window"), Ok(rules::policy().to_string()))],
        groups: vec![(own("prod-a/workspace"), Ok(())), (own("prod-a/control"), Ok(()))],
        databases: vec![(own("prod-a/prod-a"), Ok(own("available")))],
        calling_alarms: vec![(own("prod-a-connections"), Ok(()))],
        health_alarms: names
            .map(|name| {
                let notifies = Notifies {
                    enabled: true,
                    on_alarm: vec![own(OPERATIONS)],
                };
                (format!("day2-{name}-errors"), Ok(notifies))
            })
            .to_vec(),
    }
}

fn items(facts: &Facts) -> Vec<Item> {
    items_of(facts, |_| {})
}

fn items_of(facts: &Facts, change: impl FnOnce(&mut Value)) -> Vec<Item> {
    judged_of(facts, change).items
}

fn judged_of(facts: &Facts, change: impl FnOnce(&mut Value)) -> Judged {
    let settings = settings(change);
    assess(facts, &settings.function, &settings.deployment.zone)
}

/// Code → names of its subjects, of the items that are no PASS, with the verdict.
fn complaints(items: &[Item]) -> BTreeMap<(&str, Verdict), Vec<&str>> {
    items
        .iter()
        .filter(|item| item.verdict() != Verdict::Pass)
        .map(|item| {
            let names = item.subjects.iter().map(|one| one.name.as_str()).collect();
            ((item.code.as_str(), item.verdict()), names)
        })
        .collect()
}

fn why(cause: Cause) -> Unreadable {
    Unreadable::new("some:Call", "something", cause, "in its own words")
}

#[test]
fn a_world_in_which_all_is_well_passes_every_line() {
    let items = items(&well());
    assert_eq!(complaints(&items), BTreeMap::new());
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "DOC-001", "DOC-002", "DOC-003", "DOC-011", "DOC-012", "DOC-021", "DOC-022", "DOC-031",
            "DOC-032", "DOC-033", "DOC-041", "DOC-042", "DOC-043", "DOC-051", "DOC-052", "DOC-053",
            "DOC-054", "DOC-055",
        ]
    );
    assert!(
        items
            .iter()
            .all(|item| item.remedy.is_none() && item.population().examined > 0)
    );
}

#[test]
fn where_nothing_was_seen_nothing_passes_w25() {
    let items = items(&Facts::default());
    assert!(
        items.iter().all(|item| item.verdict() == Verdict::Unknown),
        "{items:#?}"
    );
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "DOC-001", "DOC-002", "DOC-003", "DOC-011", "DOC-012", "DOC-031", "DOC-033"
        ]
    );
}

/// Empties one list of what there is to look at.
type Change = fn(&mut Facts);

#[test]
fn of_what_the_deployment_has_nothing_the_code_is_told_so_that_what_was_said_of_it_is_resolved() {
    assert_eq!(judged_of(&well(), |_| {}).absent, Vec::<String>::new());
    let rows: [(&[&str], Change); 8] = [
        (&["DOC-021", "DOC-051"], |facts| facts.clusters.clear()),
        (&["DOC-022"], |facts| facts.entries.clear()),
        (&["DOC-041"], |facts| facts.schedules.clear()),
        (&["DOC-042"], |facts| facts.event_rules.clear()),
        (&["DOC-043"], |facts| facts.policies.clear()),
        (&["DOC-052"], |facts| facts.groups.clear()),
        (&["DOC-053"], |facts| facts.databases.clear()),
        (&["DOC-054"], |facts| facts.calling_alarms.clear()),
    ];
    for (codes, change) in rows {
        let mut facts = well();
        change(&mut facts);
        let judged = judged_of(&facts, |_| {});
        assert_eq!(judged.absent, codes);
        assert!(
            judged
                .items
                .iter()
                .all(|item| !codes.contains(&item.code.as_str())),
            "{codes:?}"
        );
        assert_eq!(judged.items.len() + codes.len(), 18, "{codes:?}");
    }
    let quiet = judged_of(&well(), |own| own["operations_topic_arn"] = Value::Null);
    assert_eq!(quiet.absent, ["DOC-033", "DOC-055"]);
}

#[test]
fn what_could_not_be_read_or_is_switched_off_is_not_absent() {
    let mut facts = well();
    facts.databases[0].1 = Err(why(Cause::Denied));
    facts.schedules[0].1 = Err(why(Cause::NotFound));
    facts.canary = None;
    let judged = judged_of(&facts, |_| {});
    assert_eq!(judged.absent, Vec::<String>::new());
    assert_eq!(
        complaints(&judged.items).into_keys().collect::<Vec<_>>(),
        [("DOC-041", Verdict::Fail), ("DOC-053", Verdict::Unknown)]
    );
}
