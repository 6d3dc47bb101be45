use serde_json::json;

use super::*;
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
            "new": [{ "code": "X-002", "verdict": "FAIL", "title": "nothing burns", "subject": "node-a" }],
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

#[test]
fn a_stored_report_reads_back_as_it_was() {
    let json = serde_json::to_string(&small()).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), small());
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
