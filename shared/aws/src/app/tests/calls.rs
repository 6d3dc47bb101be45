//! What comes in, and what is answered.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::*;
use crate::fixture::{Act, Fault, World, deliver, document};

#[tokio::test]
async fn a_day_of_rest_mails_nothing_and_beats_t01() {
    let world = World::default();
    let saturday = json!({ "task": "morning", "target": "prod-a", "scheduled_at": "2026-03-07T11:30:00Z" });
    // Delivered late, on a working day: the day that the schedule meant decides.
    let answer = handle(
        &world.app(&[]),
        saturday.to_string().as_bytes(),
        &invocation("2026-03-09T12:00:00Z", "r-1"),
    )
    .await
    .unwrap();
    assert_eq!(answer["outcome"], "rests");
    assert!(
        answer["rests"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("Saturday")
    );
    assert!(world.subjects().is_empty() && world.keys().is_empty());
    let table = world.table.lock().unwrap();
    assert_eq!(
        table.of_kind("heartbeat")[0]["outcome"],
        AttributeValue::S("RESTS".to_owned())
    );
}

#[tokio::test]
async fn a_call_by_hand_runs_every_target_on_any_day_each_to_its_topic() {
    let world = World::default();
    let sunday = invocation("2026-03-08T12:00:00Z", "by-hand");
    let answer = handle(&world.app(&[Act::Fail]), b"{}", &sunday).await.unwrap();
    let targets: Vec<_> = answer["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| &report["target"])
        .collect();
    assert_eq!(targets, ["prod-a", "prod-b"]);
    assert_eq!(answer["reports"][0]["trigger"], "manual");
    let topics: Vec<_> = world
        .mails
        .lock()
        .unwrap()
        .iter()
        .map(|mail| mail.topic.rsplit(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(topics, ["day2-reports", "team-b"]);
}

#[tokio::test]
async fn a_task_that_something_waits_for_decides_and_no_other_does() {
    for (task, act, decision, said) in [
        ("evening", Act::Pass, json!("go"), "GO, the only check passed"),
        ("evening", Act::Fail, json!("no_go"), "NO-GO, 1 of 1 check failed"),
        (
            "evening",
            Act::Denied,
            json!("go_not_proven"),
            "GO not proven, 1 of 1 check could not be judged",
        ),
        ("morning", Act::Pass, json!(null), "the only check passed"),
    ] {
        let world = World::default();
        let call = json!({ "task": task, "targets": ["prod-a"] }).to_string();
        let at = invocation("2026-03-06T12:00:00Z", "by-hand");
        let answer = handle(&world.app(&[act]), call.as_bytes(), &at).await.unwrap();
        assert_eq!(report(&answer)["decision"], decision, "{task}");
        let subjects = world.subjects();
        assert!(subjects[0].ends_with(&format!(": {said}")), "{subjects:?}");
    }
}

#[tokio::test]
async fn the_next_run_says_what_is_new_and_what_is_resolved() {
    let world = World::default();
    let app = world.app(&[Act::Fail, Act::Pass]);
    let yesterday = json!({ "task": "morning", "target": "prod-a", "scheduled_at": "2026-03-05T11:30:00Z" });
    let first = handle(
        &app,
        yesterday.to_string().as_bytes(),
        &invocation("2026-03-05T11:30:01Z", "r-0"),
    )
    .await
    .unwrap();
    assert_eq!(report(&first)["changes"]["new"][0]["code"], "DUM-001");
    let second = deliver(&app, "2026-03-06T11:30:01Z", "r-1").await.unwrap();
    let resolved = &report(&second)["changes"]["resolved"][0];
    assert_eq!(resolved["subject"], "prod-a");
    assert_eq!(
        resolved["since"],
        report(&first)["started_at"],
        "the journal keeps it"
    );
    assert_eq!(report(&second)["history"][0]["status"], "FAIL");
    assert!(
        report(&second)["history"][0]["page"]
            .as_str()
            .unwrap()
            .contains(".html")
    );
}

#[tokio::test]
async fn a_missing_journal_entry_of_one_run_is_no_complaint_for_the_next() {
    let world = World::default();
    let app = world.app(&[Act::Denied, Act::Pass]);
    let yesterday = json!({ "task": "morning", "target": "prod-a", "scheduled_at": "2026-03-05T11:30:00Z" });
    handle(
        &app,
        yesterday.to_string().as_bytes(),
        &invocation("2026-03-05T11:30:01Z", "r-0"),
    )
    .await
    .unwrap();
    let second = deliver(&app, "2026-03-06T11:30:01Z", "r-1").await.unwrap();
    let changes = &report(&second)["changes"];
    assert_eq!(
        (&changes["still"], &changes["resolved"]),
        (&json!([]), &json!([])),
        "{changes:#}"
    );
}

#[tokio::test]
async fn on_change_mails_only_what_changed() {
    let world = World::default();
    let mut document = document();
    document["deployment"]["mail"] = json!("on_change");
    let app = world.app_with(&document, &[Act::Pass, Act::Pass, Act::Fail]);
    for (day, mails) in [("03", 1), ("04", 1), ("05", 2)] {
        let event = json!({ "target": "prod-a", "scheduled_at": format!("2026-03-{day}T11:30:00Z") });
        let now = format!("2026-03-{day}T11:30:01Z");
        handle(&app, event.to_string().as_bytes(), &invocation(&now, day))
            .await
            .unwrap();
        assert_eq!(world.subjects().len(), mails, "{day}");
    }
}

#[tokio::test]
async fn what_is_not_ours_is_ignored_and_what_is_wrong_is_refused_with_words() {
    let world = World::default();
    let app = world.app(&[]);
    let revert = json!({ "task": "revert", "lease": "l-1" });
    for (event, words) in [
        (json!({ "task": "noon" }), "it has morning, evening"),
        (
            json!({ "targets": ["prod-z"] }),
            "the settings have prod-a, prod-b",
        ),
        (json!({ "mode": "auto" }), "has no mode"),
        (json!({ "approve": "abc" }), "nothing to approve"),
        (json!({ "tusk": "x" }), "tusk"),
        (revert, "nothing to revert"),
        (json!([1]), "not an object"),
    ] {
        let (again, message) = transient(call(&app, &event).await.unwrap_err());
        assert!(!again && message.contains(words), "{event}: {message}");
    }
    let error = handle(&app, b"\xff{", &invocation(MORNING, "r"))
        .await
        .unwrap_err();
    assert!(!error.is_transient());
    let alarm = json!({ "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": "123456789012", "region": "us-east-1", "time": MORNING,
        "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:x"],
        "detail": { "alarmName": "x", "state": { "value": "ALARM", "timestamp": "2026-03-06T11:29:00.000+0000" } } });
    assert_eq!(call(&app, &alarm).await.unwrap()["outcome"], "ignored");
    assert_eq!(world.table.lock().unwrap().calls, 0);
}

#[tokio::test]
async fn the_self_check_answers_for_settings_journal_clock_and_every_target() {
    let world = World::default();
    let answer = call(&world.app(&[]), &json!({ "task": "self-check" }))
        .await
        .unwrap();
    let check = &answer["self_check"];
    let codes: Vec<_> = check["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["DUM-910", "DUM-911", "DUM-912"]);
    assert_eq!(check["items"][1]["verdict"], "PASS");
    // The mocked answer has no date, so nothing is known about the clock.
    assert_eq!(
        (&check["items"][2]["verdict"], &check["status"]),
        (&json!("UNKNOWN"), &json!("UNKNOWN"))
    );
    assert_eq!(check["targets"][1]["target"], "prod-b");
    assert!(world.subjects().is_empty() && world.table.lock().unwrap().rows.is_empty());

    world.break_with(&[Fault::Journal]);
    let answer = call(&world.app(&[]), &json!({ "task": "self-check" }))
        .await
        .unwrap();
    let journal = &answer["self_check"]["items"][1];
    assert_eq!(journal["verdict"], "UNKNOWN");
    assert!(journal["remedy"].as_str().unwrap().contains("dynamodb:Query"));
}

#[tokio::test]
async fn an_answer_too_large_for_lambda_names_its_reports_instead() {
    let mut outcomes = Outcomes::default();
    let (world, invocation) = (World::default(), invocation(MORNING, "r"));
    let answer = handle(&world.app(&[Act::Fail]), b"{}", &invocation)
        .await
        .unwrap();
    let mut report: day2_core::Report = serde_json::from_value(answer["reports"][0].clone()).unwrap();
    report.run.request_id = "x".repeat(6_000_000);
    outcomes.add("prod-a", Ok(outcome::Done::Reported(Box::new(report), None)));
    let answer = outcomes.finish().unwrap();
    assert!(answer.to_string().len() < 1_000);
    assert_eq!(answer["reports"][0]["status"], "FAIL");
}
