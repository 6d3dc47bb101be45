//! The board in the table in memory.

use day2_core::compare::Snapshot;
use day2_core::item::{Item, Population};
use day2_core::report::{Report, Run};

use super::*;
use crate::fixture::{MORNING, World, at};

fn report(target: &str, started_at: &str, verdict: Verdict) -> Report {
    let run = Run {
        function: "dummy".to_owned(),
        task: "morning".to_owned(),
        target: target.to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: Some(at(started_at)),
        occasion: None,
        started_at: at(started_at),
        request_id: started_at.to_owned(),
    };
    let one = Population {
        examined: 1,
        expected_at_least: 1,
    };
    let item = Item::judge("DUM-001", "Looked at", verdict, one, "one");
    Report::new(run, vec![item], vec![])
}

async fn record(journal: &Journal, target: &str, started_at: &str, verdict: Verdict) {
    let report = report(target, started_at, verdict);
    assert_eq!(report.status, verdict);
    let done = Finished {
        report: &report,
        snapshot: &Snapshot::of(&report),
        page: "reports/dummy/x y.html",
        history_days: 14,
        mailed: true,
        at: at(started_at),
    };
    journal.record(None, done).await.unwrap();
}

fn told(line: &Line) -> Vec<(String, Verdict)> {
    line.runs
        .iter()
        .map(|run| (run.at.to_string(), run.status))
        .collect()
}

#[tokio::test]
async fn a_line_keeps_the_newest_run_of_each_day_and_verdict() {
    let (world, now) = (World::default(), at("2026-03-06T12:00:00Z"));
    let journal = world.journal();
    for (started_at, verdict) in [
        ("2026-03-05T11:30:00Z", Verdict::Pass),
        ("2026-03-06T11:30:00Z", Verdict::Fail),
        ("2026-03-06T11:40:00Z", Verdict::Fail),
        ("2026-03-06T11:45:00Z", Verdict::Pass),
        ("2026-03-06T11:50:00Z", Verdict::Unknown),
    ] {
        record(&journal, "prod-a", started_at, verdict).await;
    }
    record(&journal, "prod-b", MORNING, Verdict::Pass).await;
    let board = journal.board(now, None).await.unwrap();
    assert!(!board.cut);
    let names: Vec<&str> = board.lines.iter().map(|line| &*line.target).collect();
    assert_eq!(names, ["prod-a", "prod-b"]);
    assert_eq!(
        told(&board.lines[0]),
        [
            ("2026-03-05T11:30:00Z".to_owned(), Verdict::Pass),
            ("2026-03-06T11:40:00Z".to_owned(), Verdict::Fail),
            ("2026-03-06T11:45:00Z".to_owned(), Verdict::Pass),
            ("2026-03-06T11:50:00Z".to_owned(), Verdict::Unknown),
        ]
    );
    let page = board.lines[1].runs[0].page.as_deref();
    assert_eq!(page, Some("reports/dummy/x y.html"));
}

#[tokio::test]
async fn a_run_that_is_recorded_twice_is_there_once_t03() {
    let world = World::default();
    let journal = world.journal();
    for _ in 0..2 {
        record(&journal, "prod-a", MORNING, Verdict::Fail).await;
    }
    let board = journal.board(at(MORNING), None).await.unwrap();
    assert_eq!(board.lines.len(), 1);
    assert_eq!(board.lines[0].runs.len(), 1);
}

/// A report that is about to be recorded is read as it will be when it is.
#[tokio::test]
async fn a_report_besides_what_is_recorded_is_shown_as_its_record_will_be() {
    let (yesterday, now) = ("2026-03-05T11:30:00Z", at(MORNING));
    for before in [
        vec![],
        vec![("prod-a", yesterday, Verdict::Pass)],
        vec![
            ("prod-a", "2026-03-06T10:00:00Z", Verdict::Fail),
            ("prod-b", yesterday, Verdict::Fail),
        ],
        vec![("prod-a", MORNING, Verdict::Fail)],
    ] {
        let world = World::default();
        let journal = world.journal();
        for (target, started_at, verdict) in &before {
            record(&journal, target, started_at, *verdict).await;
        }
        let report = report("prod-a", MORNING, Verdict::Fail);
        let entry = Entry {
            report: &report,
            page: "reports/dummy/x y.html",
        };
        let sorted = |mut board: Lines| {
            board.lines.sort_by(|a, b| a.target.cmp(&b.target));
            board
        };
        let foreseen = sorted(journal.board(now, Some(entry)).await.unwrap());
        record(&journal, "prod-a", MORNING, Verdict::Fail).await;
        assert_eq!(
            foreseen,
            sorted(journal.board(now, None).await.unwrap()),
            "{before:?}"
        );
        assert!(!foreseen.lines.is_empty());
    }
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_not_begun_anew_by_the_report_besides() {
    let world = World::default();
    let journal = world.journal();
    let most = usize::try_from(PAGE).unwrap() * MOST_PAGES;
    for number in 0..=most {
        record(&journal, &format!("t{number:05}"), MORNING, Verdict::Pass).await;
    }
    let last = report(&format!("t{most:05}"), MORNING, Verdict::Fail);
    let entry = Entry {
        report: &last,
        page: "x.html",
    };
    let board = journal.board(at(MORNING), Some(entry)).await.unwrap();
    assert_eq!((board.lines.len(), board.cut), (most, true));
    assert!(board.lines.iter().all(|line| line.target != last.run.target));
}

#[tokio::test]
async fn a_turn_that_is_only_tried_leaves_no_trace_where_another_run_has_it() {
    let world = World::default();
    let journal = world.journal();
    let (now, until) = (at("2026-03-06T11:30:00Z"), at("2026-03-06T11:30:10Z"));
    let first = journal.try_index("one", now, until).await.unwrap().unwrap();
    assert_eq!(journal.try_index("two", now, until).await.unwrap(), None);
    assert!(
        journal.index_is_made("one", first).await.unwrap(),
        "nobody has wanted it"
    );
}

#[tokio::test]
async fn a_row_stays_small_however_often_it_is_written() {
    let world = World::default();
    let journal = world.journal();
    for day in 0..60 {
        for verdict in [Verdict::Pass, Verdict::Unknown, Verdict::Fail] {
            let started_at = at(MORNING) + jiff::SignedDuration::from_hours(24 * day);
            record(&journal, "prod-a", &started_at.to_string(), verdict).await;
        }
    }
    let board = journal.board(at(MORNING), None).await.unwrap();
    assert_eq!(board.lines[0].runs.len(), 16 * 3);
}

#[tokio::test]
async fn what_has_not_reported_for_90_days_is_no_line_before_dynamodb_cleans_up() {
    let world = World::default();
    let journal = world.journal();
    record(&journal, "prod-a", "2026-03-06T11:30:00Z", Verdict::Pass).await;
    let lines = async |now: &str| journal.board(at(now), None).await.unwrap().lines.len();
    assert_eq!(lines("2026-06-04T11:29:59Z").await, 1);
    assert_eq!(lines("2026-06-04T11:30:00Z").await, 0);
}

#[tokio::test]
async fn more_lines_than_are_read_are_said_to_be_more() {
    let world = World::default();
    let journal = world.journal();
    let most = usize::try_from(PAGE).unwrap() * MOST_PAGES;
    for number in 0..=most {
        record(&journal, &format!("t{number:05}"), MORNING, Verdict::Pass).await;
    }
    let board = journal.board(at(MORNING), None).await.unwrap();
    assert_eq!((board.lines.len(), board.cut), (most, true));
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_an_error_and_not_left_out() {
    let world = World::default();
    let journal = world.journal();
    record(&journal, "prod-a", MORNING, Verdict::Pass).await;
    for row in world.table.lock().unwrap().rows.values_mut() {
        for (name, value) in row.iter_mut() {
            if name.starts_with("d0") || name.starts_with("d1") {
                *value = text("yesterday");
            }
        }
    }
    let why = crate::error::chain(&journal.board(at(MORNING), None).await.unwrap_err());
    assert!(why.contains("a line of the board cannot be read"), "{why}");
}

#[tokio::test]
async fn one_writes_the_index_and_learns_that_others_wanted_it_meanwhile() {
    let world = World::default();
    let journal = world.journal();
    let (now, until) = (at("2026-03-06T11:30:00Z"), at("2026-03-06T11:30:10Z"));
    let take = async |writer: &str, now| journal.take_index(writer, now, until).await.unwrap();
    let first = take("one", now).await.unwrap();
    assert_eq!(take("two", now).await, None);
    assert!(
        !journal.index_is_made("one", first).await.unwrap(),
        "two wants it"
    );
    let again = take("one", now).await.unwrap();
    assert!(journal.index_is_made("one", again).await.unwrap());
    assert!(take("two", now).await.is_some(), "it is free");
}

#[tokio::test]
async fn the_turn_of_a_run_that_died_ends_by_itself() {
    let world = World::default();
    let journal = world.journal();
    let take = async |writer: &str, now: &str, until: &str| {
        journal.take_index(writer, at(now), at(until)).await.unwrap()
    };
    let dead = take("dead", MORNING, "2026-03-06T11:30:10Z").await.unwrap();
    assert_eq!(
        take("two", "2026-03-06T11:30:09Z", "2026-03-06T11:30:19Z").await,
        None
    );
    let two = take("two", "2026-03-06T11:30:10Z", "2026-03-06T11:30:20Z")
        .await
        .unwrap();
    assert!(
        !journal.index_is_made("dead", dead).await.unwrap(),
        "it was taken over"
    );
    assert!(journal.index_is_made("two", two).await.unwrap());
    journal.leave_index("dead").await.unwrap();
    assert!(
        take("three", "2026-03-06T11:30:11Z", "2026-03-06T11:30:21Z")
            .await
            .is_some()
    );
}
