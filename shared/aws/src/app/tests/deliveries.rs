//! The same event more than once, at once, too late, and with a publication that fails.

use jiff::SignedDuration;

use super::*;
use crate::fixture::{Act, Fault, World, at, deliver, scheduled};

#[tokio::test]
async fn a_healthy_morning_is_stored_mailed_measured_and_remembered() {
    let world = World::default();
    let answer = deliver(&world.app(&[Act::Pass]), "2026-03-06T11:30:02Z", "r-1")
        .await
        .unwrap();

    let report = report(&answer);
    assert_eq!(
        (&report["status"], &report["target"], &report["task"]),
        (&json!("PASS"), &json!("prod-a"), &json!("morning"))
    );
    assert_eq!(world.subjects().len(), 1);
    assert!(
        world.subjects()[0].starts_with("[day2] PASS dummy"),
        "{:?}",
        world.subjects()
    );
    assert_eq!(
        world.mails.lock().unwrap()[0].attributes,
        json!({ "function": "dummy", "target": "prod-a", "status": "PASS" })
    );
    let keys = world.keys();
    assert_eq!(keys.len(), 2);
    let prefix = "reports/dummy/prod-a/morning/2026/03/06/113000Z-";
    assert!(keys.iter().all(|key| key.starts_with(prefix)), "{keys:?}");
    assert!(
        world
            .objects
            .lock()
            .unwrap()
            .iter()
            .any(|(_, body)| body.starts_with("<!DOCTYPE html>"))
    );
    let metrics = world.metrics.all();
    for (index, name) in ["Looks", "Passed", "Heartbeat"].into_iter().enumerate() {
        assert_eq!(metrics[index][name], 1, "{name}: {metrics:#?}");
    }
    let table = world.table.lock().unwrap();
    for kind in ["publication", "run", "snapshot", "heartbeat"] {
        assert_eq!(table.of_kind(kind).len(), 1, "{kind}");
    }
    assert_eq!(table.of_kind("heartbeat")[0]["outcome"].as_s().unwrap(), "PASS");
}

#[tokio::test]
async fn a_schedule_that_fires_twice_gives_one_report_and_one_mail_t03_d01() {
    let world = World::default();
    let app = world.app(&[Act::Fail, Act::Pass]);
    let first = deliver(&app, "2026-03-06T11:30:02Z", "r-1").await.unwrap();
    let second = deliver(&app, "2026-03-06T11:30:40Z", "r-2").await.unwrap();

    assert_eq!(second["outcome"], "already_published");
    assert_eq!(second["already_published"][0]["report_id"], report(&first)["id"]);
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(world.keys().len(), 2);
}

#[tokio::test]
async fn of_two_deliveries_at_once_one_publishes_and_the_other_comes_again_d02() {
    let world = World::default();
    let (one, two) = (world.app(&[Act::Slow]), world.app(&[Act::Slow]));
    let (one, two) = tokio::join!(deliver(&one, MORNING, "r-1"), deliver(&two, MORNING, "r-1-again"));

    assert!(one.is_ok() != two.is_ok());
    let (again, words) = transient(one.and(two).unwrap_err());
    assert!(
        again && words.contains("in progress elsewhere until 2026-03-06T11:31:05Z"),
        "{words}"
    );
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn a_claim_whose_holder_died_is_taken_over_when_its_lease_ends_d14() {
    let world = World::default();
    let hanging = world.app(&[Act::Hang]);
    let dying = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        deliver(&hanging, MORNING, "r-1"),
    );
    assert!(dying.await.is_err());

    let app = world.app(&[]);
    let early = deliver(&app, "2026-03-06T11:31:04Z", "r-1").await.unwrap_err();
    assert!(matches!(early, OpsError::InProgress { .. }));
    let answer = deliver(&app, "2026-03-06T11:31:05Z", "r-1").await.unwrap();
    assert_eq!(report(&answer)["status"], "PASS");
}

#[tokio::test]
async fn too_little_time_is_refused_before_anything_is_touched_d13() {
    let world = World::default();
    for left in [-50, 0, 200, 2_000, 9_999] {
        let mut short = invocation(MORNING, "r-1");
        short.deadline = short.now.checked_add(SignedDuration::from_millis(left)).unwrap();
        let error = handle(&world.app(&[]), &scheduled(), &short).await.unwrap_err();
        let (again, words) = transient(error);
        assert!(again && words.contains("needs 10 s"), "{words}");
    }
    assert_eq!(world.table.lock().unwrap().calls, 0);
    assert!(world.keys().is_empty() && world.subjects().is_empty());
}

#[tokio::test]
async fn a_deadline_that_is_no_date_counts_as_not_given_d13() {
    let now = at(MORNING);
    let millis = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap();
    let left = |deadline: u64| {
        let mut context = lambda_runtime::Context::default();
        context.deadline = deadline;
        Invocation::new(&context, now)
            .deadline
            .duration_since(now)
            .as_secs()
    };
    assert_eq!(left(600_000), 60);
    assert_eq!(left(0), 60);
    assert_eq!(left(u64::MAX), 60);
    assert_eq!(left(millis(now)), 0);
    assert_eq!(left(millis(now) - 3_000), -3);
    assert_eq!(left(millis(now) + 120_000), 120);
    assert_eq!(left(millis(now) + 9_000_000), 900);
}

#[tokio::test]
async fn a_mail_that_is_not_accepted_fails_the_run_and_the_next_delivery_mails_once_w18() {
    let world = World::default();
    world.break_with(&[Fault::Topic]);
    let app = world.app(&[Act::Fail, Act::Fail]);
    let error = deliver(&app, MORNING, "r-1").await.unwrap_err();

    let (again, words) = transient(error);
    assert!(
        again && words.contains("the mail: sns:Publish failed for `arn:aws:sns"),
        "{words}"
    );
    assert_eq!(world.keys().len(), 2, "the report is stored");
    assert!(
        world.table.lock().unwrap().of_kind("heartbeat").is_empty(),
        "no heartbeat without a mail o03"
    );

    world.break_with(&[]);
    let answer = deliver(&app, "2026-03-06T11:31:00Z", "r-1").await.unwrap();
    assert_eq!(report(&answer)["status"], "FAIL");
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(world.table.lock().unwrap().of_kind("heartbeat").len(), 1);
    let third = deliver(&app, "2026-03-06T11:32:00Z", "r-1").await.unwrap();
    assert_eq!(third["outcome"], "already_published");
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn objects_that_are_not_stored_are_said_in_the_mail_and_stored_by_the_next_delivery_w18() {
    let world = World::default();
    world.break_with(&[Fault::Bucket]);
    let app = world.app(&[]);
    let (_, words) = transient(deliver(&app, MORNING, "r-1").await.unwrap_err());
    assert!(
        words.contains("s3:PutObject failed for `day2-reports-123456789012/reports/dummy/"),
        "{words}"
    );
    assert!(words.contains("AccessDenied"), "{words}");
    let body = world.mails.lock().unwrap()[0].body.clone();
    assert!(body.contains("not") && body.contains("stored"), "{body}");

    world.break_with(&[]);
    deliver(&app, "2026-03-06T11:31:00Z", "r-1").await.unwrap();
    assert_eq!(world.keys().len(), 2);
    assert_eq!(world.subjects().len(), 1, "mailed once");
}

#[tokio::test]
async fn a_record_that_is_not_written_is_a_warning_because_the_mail_is_out() {
    let world = World::default();
    world.break_with(&[Fault::Record]);
    let answer = deliver(&world.app(&[]), MORNING, "r-1").await.unwrap();
    assert_eq!(report(&answer)["status"], "PASS");
    assert!(
        answer["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("prod-a: published, and not recorded")
    );
    assert!(world.table.lock().unwrap().of_kind("heartbeat").is_empty());
}
