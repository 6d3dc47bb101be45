use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::action::guard::{Guard, Refusal};
use crate::action::{Effect, HeldBack, Mode, Plan, Skip, Step, StepResult, StepState, Undo};
use crate::chart::{Bars, Loss, Stage, Waterfall};
use crate::item::Population;

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn run() -> Run {
    Run {
        function: "scale-window".to_owned(),
        task: "prescale".to_owned(),
        target: "prod-a".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: Some(at("2026-03-06T11:30:00Z")),
        occasion: None,
        started_at: at("2026-03-06T11:30:02Z"),
        request_id: "r-1".to_owned(),
    }
}

fn small() -> Report {
    let all = Population {
        examined: 3,
        expected_at_least: 3,
    };
    let items = vec![
        Item::judge("X-001", "all is well", Verdict::Pass, all, "3 of 3"),
        Item::judge("X-002", "nothing burns", Verdict::Fail, all, "1 burns")
            .threshold("none", "function.max_fires")
            .remedy("put it out")
            .owner("platform")
            .subject("node-a", "burns"),
    ];
    let stages = vec![
        Stage {
            label: "asked".to_owned(),
            count: Some(2),
            losses: vec![],
        },
        Stage {
            label: "came".to_owned(),
            count: None,
            losses: vec![Loss {
                count: 1,
                reason: "late".to_owned(),
            }],
        },
    ];
    let charts = vec![
        Chart::Waterfall(Waterfall {
            title: "w".to_owned(),
            unit: "nodes".to_owned(),
            stages,
        }),
        Chart::Bars(Bars {
            title: "b".to_owned(),
            unit: "s".to_owned(),
            bars: vec![("0-1".to_owned(), 2.5)],
        }),
    ];
    let before = Report::new(
        Run {
            started_at: at("2026-03-05T11:30:02Z"),
            ..run()
        },
        vec![],
        vec![],
    );
    let mut report = Report::new(run(), items, charts).compared_with(Some(&Snapshot::of(&before)));
    report.history = vec![PastRun {
        at: before.run.started_at,
        status: before.status,
        outcome: None,
        plan_id: None,
        lease: None,
        silent: false,
        page: Some("p.html".to_owned()),
    }];
    report
}

/// Programs of users read this shape. A change here is a new [`SCHEMA`].
#[test]
fn the_json_of_a_report_keeps_its_shape() {
    let expected = json!({
        "schema": "day2.report/1",
        "id": "ID",
        "status": "FAIL",
        "function": "scale-window",
        "task": "prescale",
        "target": "prod-a",
        "account_id": "123456789012",
        "region": "us-east-1",
        "trigger": "schedule",
        "zone": "America/New_York",
        "scheduled_at": "2026-03-06T11:30:00Z",
        "started_at": "2026-03-06T11:30:02Z",
        "request_id": "r-1",
        "items": [
            {
                "code": "X-001",
                "title": "all is well",
                "verdict": "PASS",
                "population": { "examined": 3, "expected_at_least": 3 },
                "seen": "3 of 3",
            },
            {
                "code": "X-002",
                "title": "nothing burns",
                "verdict": "FAIL",
                "population": { "examined": 3, "expected_at_least": 3 },
                "seen": "1 burns",
                "threshold": { "limit": "none", "source": "function.max_fires" },
                "remedy": "put it out",
                "owner": "platform",
                "subjects": [{ "name": "node-a", "says": "burns" }],
            },
        ],
        "changes": {
            "since": "2026-03-05T11:30:02Z",
            "new": [{
                "code": "X-002",
                "verdict": "FAIL",
                "title": "nothing burns",
                "subject": "node-a",
                "owner": "platform",
                "since": "2026-03-06T11:30:02Z",
            }],
            "still": [],
            "resolved": [],
        },
        "charts": [
            {
                "kind": "waterfall",
                "title": "w",
                "unit": "nodes",
                "stages": [
                    { "label": "asked", "count": 2, "losses": [] },
                    { "label": "came", "count": null, "losses": [{ "count": 1, "reason": "late" }] },
                ],
            },
            { "kind": "bars", "title": "b", "unit": "s", "bars": [["0-1", 2.5]] },
        ],
        "history": [{ "at": "2026-03-05T11:30:02Z", "status": "UNKNOWN", "page": "p.html" }],
    });
    let mut report = serde_json::to_value(small()).unwrap();
    report["id"] = json!("ID");
    assert_eq!(report, expected);
}

/// A report with every field of an action.
fn acted() -> Report {
    let plan = Plan {
        steps: vec![Step {
            change: json!({ "replicas": 6 }),
            resource: "deployment a/b".to_owned(),
            title: "scale".to_owned(),
            before: "4".to_owned(),
            after: "6".to_owned(),
            precondition: "still 4".to_owned(),
            undo: Undo::Lease {
                minutes: 30,
                words: "4 again".to_owned(),
            },
            blast_radius: "2 pods".to_owned(),
            disruptive: false,
            takes_seconds: 5,
        }],
        skips: vec![Skip {
            resource: "c".to_owned(),
            why: "not needed".to_owned(),
        }],
        refusals: vec![Refusal::new(
            Guard::CoolDown,
            "too soon",
            "safety.cool_down_minutes",
        )],
    };
    let mut report = Report::new(run(), Vec::new(), Vec::new());
    report.run.occasion = Some("alarm:x".to_owned());
    report.action = Some(ActionRecord {
        outcome: Outcome::NothingToDo,
        mode: Mode::Approve,
        says: "it is said".to_owned(),
        plan_id: PlanId::parse(&"a1".repeat(32)),
        plan,
        results: vec![StepResult {
            resource: "deployment a/b".to_owned(),
            state: StepState::AlreadyDone,
            says: "6".to_owned(),
            lease: Some("l-1".to_owned()),
            expires_at: Some(at("2026-03-06T12:00:00Z")),
        }],
        lease: None,
        approve_until: Some(at("2026-03-06T13:00:00Z")),
        effect: Some(Effect::NotVerified {
            says: "no change seen".to_owned(),
        }),
        approved_by: Some("r-0".to_owned()),
        pauses_until: Some(at("2026-03-06T14:00:00Z")),
        held_back: Some(HeldBack {
            events: 49,
            since: at("2026-03-06T11:30:00Z"),
            until: at("2026-03-06T12:00:00Z"),
        }),
    });
    report
}

/// `action`, and `occasion` beside it, came with the first actions. They are optional and new, nothing else changed,
/// so a program that reads `day2.report/1` and ignores fields that it does not know reads these reports too: the
/// schema keeps its number.
#[test]
fn the_json_of_an_action_adds_one_optional_field_of_this_shape() {
    let expected = json!({
        "outcome": "nothing_to_do",
        "mode": "approve",
        "says": "it is said",
        "plan_id": "a1".repeat(32),
        "plan": {
            "steps": [{
                "change": { "replicas": 6 },
                "resource": "deployment a/b",
                "title": "scale",
                "before": "4",
                "after": "6",
                "precondition": "still 4",
                "undo": { "kind": "lease", "minutes": 30, "words": "4 again" },
                "blast_radius": "2 pods",
                "disruptive": false,
                "takes_seconds": 5,
            }],
            "skips": [{ "resource": "c", "why": "not needed" }],
            "refusals": [
                { "guard": "cool_down", "says": "too soon", "allowed_by": "safety.cool_down_minutes" },
            ],
        },
        "results": [{
            "resource": "deployment a/b",
            "state": "already_done",
            "says": "6",
            "lease": "l-1",
            "expires_at": "2026-03-06T12:00:00Z",
        }],
        "approve_until": "2026-03-06T13:00:00Z",
        "effect": { "verdict": "not_verified", "says": "no change seen" },
        "approved_by": "r-0",
        "pauses_until": "2026-03-06T14:00:00Z",
        "held_back": { "events": 49, "since": "2026-03-06T11:30:00Z", "until": "2026-03-06T12:00:00Z" },
    });
    let mut report = serde_json::to_value(acted()).unwrap();
    assert_eq!(report["schema"], "day2.report/1");
    let fields = report.as_object_mut().unwrap();
    assert_eq!(fields.remove("action"), Some(expected));
    assert_eq!(fields.remove("occasion"), Some(json!("alarm:x")));
    let check = serde_json::to_value(Report::new(run(), Vec::new(), Vec::new())).unwrap();
    let names = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&report), names(&check), "nothing else differs from a check");
}

#[test]
fn what_an_action_does_not_have_is_left_out_of_its_json() {
    let mut report = acted();
    let record = report.action.as_mut().unwrap();
    (
        record.plan_id,
        record.approve_until,
        record.effect,
        record.approved_by,
        record.pauses_until,
        record.held_back,
    ) = (None, None, None, None, None, None);
    (record.plan, record.results) = (Plan::default(), Vec::new());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["action"],
        json!({
            "outcome": "nothing_to_do",
            "mode": "approve",
            "says": "it is said",
            "plan": { "steps": [], "skips": [], "refusals": [] },
        })
    );
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
}

#[test]
fn a_stored_report_reads_back_as_it_was() {
    for report in [small(), acted()] {
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }
}

#[test]
fn every_delivery_of_a_scheduled_run_has_the_same_id_t03() {
    let again = Run {
        started_at: at("2026-03-06T11:31:59Z"),
        request_id: "r-2".to_owned(),
        ..run()
    };
    assert_eq!(again.report_id(), run().report_id());
    let next_day = Run {
        scheduled_at: Some(at("2026-03-07T11:30:00Z")),
        ..run()
    };
    assert_ne!(next_day.report_id(), run().report_id());
    for other in [
        Run {
            target: "prod-b".to_owned(),
            ..run()
        },
        Run {
            task: "postscale".to_owned(),
            ..run()
        },
    ] {
        assert_ne!(other.report_id(), run().report_id());
    }
}

#[test]
fn runs_by_hand_are_told_apart_by_their_request_t03() {
    let by_hand = |request: &str| Run {
        scheduled_at: None,
        request_id: request.to_owned(),
        ..run()
    };
    assert_ne!(by_hand("r-1").report_id(), by_hand("r-2").report_id());
    assert_eq!(by_hand("r-1").report_id(), by_hand("r-1").report_id());
}
