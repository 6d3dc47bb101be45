//! What cannot be read: journal, target, time.

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::fixture::{Act, Fault, World, deliver, scheduled};

#[tokio::test]
async fn a_journal_that_does_not_answer_stops_no_check_and_is_said_d15() {
    let world = World::default();
    world.break_with(&[Fault::Journal]);
    let app = world.app(&[Act::Pass, Act::Pass]);
    let answer = deliver(&app, MORNING, "r-1").await.unwrap();

    let report = report(&answer);
    assert_eq!(report["status"], "UNKNOWN");
    let item = &report["items"][1];
    assert_eq!(item["code"], "DUM-900");
    let seen = item["seen"].as_str().unwrap();
    assert!(
        seen.contains("throttled") && seen.contains("day2-journal"),
        "{seen}"
    );
    assert!(item["remedy"].as_str().unwrap().contains("may come twice"));
    let new = &report["changes"]["new"][0];
    assert_eq!(
        (new["code"].as_str(), new.get("since")),
        (Some("DUM-900"), None),
        "it may be older than this run"
    );
    assert!(
        answer["warnings"][0].as_str().unwrap().contains("not recorded"),
        "{answer:#}"
    );
    assert_eq!(world.subjects().len(), 1);

    // The journal is back: the second delivery cannot know of the first, and the report says nothing of the journal.
    world.break_with(&[]);
    let answer = deliver(&app, "2026-03-06T11:31:00Z", "r-1").await.unwrap();
    assert_eq!(self::report(&answer)["status"], "PASS");
    assert_eq!(world.subjects().len(), 2);
}

#[tokio::test]
async fn a_schedule_throttled_for_ever_comes_again_and_claims_nothing_w02() {
    let world = World::default();
    let app = world.app(&[Act::Throttled, Act::Pass]);
    let (again, words) = transient(deliver(&app, MORNING, "r-1").await.unwrap_err());
    assert!(
        again && words.contains("ec2:DescribeSubnets for `vpc-1`: throttled"),
        "{words}"
    );
    assert!(world.subjects().is_empty());
    // At once, not at the end of the lease.
    let answer = deliver(&app, "2026-03-06T11:30:03Z", "r-1").await.unwrap();
    assert_eq!(report(&answer)["status"], "PASS");
}

#[tokio::test]
async fn a_run_that_hangs_ends_in_time_with_the_reason_w03() {
    let world = World::default();
    let mut short = invocation(MORNING, "r-1");
    short.deadline = short
        .now
        .checked_add(SignedDuration::from_millis(10_200))
        .unwrap();
    let started = std::time::Instant::now();
    let error = handle(&world.app(&[Act::Hang]), &scheduled(), &short)
        .await
        .unwrap_err();
    assert!(started.elapsed().as_millis() < 6_000, "{:?}", started.elapsed());
    let (again, words) = transient(error);
    assert!(again && words.contains("task morning"), "{words}");
}

#[tokio::test]
async fn a_denied_run_is_an_unknown_report_not_a_silent_failure_w28() {
    let world = World::default();
    let answer = deliver(&world.app(&[Act::Denied]), MORNING, "r-1").await.unwrap();
    let report = report(&answer);
    assert_eq!(report["status"], "UNKNOWN");
    assert_eq!(report["items"][0]["code"], "DUM-901");
    assert!(
        report["items"][0]["seen"]
            .as_str()
            .unwrap()
            .contains("permission denied")
    );
    assert!(
        world.subjects()[0].starts_with("[day2] UNKNOWN"),
        "{:?}",
        world.subjects()
    );
}

#[tokio::test]
async fn by_hand_a_target_that_cannot_be_read_hides_no_other_and_one_without_time_is_unknown() {
    let world = World::default();
    let answer = call(&world.app(&[Act::Throttled]), &json!({})).await.unwrap();
    let statuses: Vec<_> = answer["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| &report["status"])
        .collect();
    assert_eq!(statuses, ["UNKNOWN", "UNKNOWN"]);

    let mut short = invocation(MORNING, "short");
    short.deadline = short
        .now
        .checked_add(SignedDuration::from_millis(11_100))
        .unwrap();
    let answer = handle(&world.app(&[Act::Hang]), b"{}", &short).await.unwrap();
    let items: Vec<_> = answer["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| &report["items"][0])
        .collect();
    assert!(
        items
            .iter()
            .all(|item| item["code"] == "DUM-901" && item["verdict"] == "UNKNOWN"),
        "{items:#?}"
    );
    assert!(items[1]["seen"].as_str().unwrap().contains("timed out"));
}
