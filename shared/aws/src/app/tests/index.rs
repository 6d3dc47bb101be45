//! The index page: after every report, from the journal, and never in the way of a report.

use super::*;
use crate::fixture::{Act, Fault, World, deliver};

/// The squares that show a day with a report, and those without.
fn squares(page: &str) -> (usize, usize) {
    let all = page.matches("<use ").count();
    let none = page.matches(": no report").count();
    (all - none, none)
}

#[tokio::test]
async fn the_index_names_the_report_that_was_just_published_and_links_to_it() {
    let world = World::default();
    let app = world.app(&[Act::Fail]);
    deliver(&app, MORNING, "r-1").await.unwrap();
    let pages = world.index_pages();
    assert_eq!(pages.len(), 1);
    let page = &pages[0];
    let key = world
        .keys()
        .into_iter()
        .find(|key| key.strip_suffix(".html").is_some())
        .unwrap();
    let link = format!("href=\"{}\"", key.trim_start_matches("reports/"));
    assert!(page.contains(&link), "{link} is not in {page}");
    assert!(
        page.contains("1 of 1 failed") && page.contains("prod-a"),
        "{page}"
    );
    assert_eq!(squares(page), (1, 14));
}

#[tokio::test]
async fn the_index_of_one_run_holds_what_others_reported_before() {
    let world = World::default();
    let app = world.app(&[Act::Pass]);
    call(&app, &json!({ "targets": ["prod-a"] })).await.unwrap();
    let other = world.app(&[Act::Fail]);
    call(&other, &json!({ "targets": ["prod-b"] })).await.unwrap();
    let pages = world.index_pages();
    assert_eq!(pages.len(), 2);
    assert!(pages[0].contains("prod-a") && !pages[0].contains("prod-b"));
    assert!(pages[1].contains("prod-a") && pages[1].contains("prod-b"));
    assert!(pages[1].contains("1 of 2 failed"));
}

#[tokio::test]
async fn a_bucket_that_refuses_the_index_is_told_and_fails_no_run() {
    let world = World::default();
    world.break_with(&[Fault::Index]);
    let app = world.app(&[Act::Pass]);
    let answer = deliver(&app, MORNING, "r-1").await.unwrap();
    let told = answer.to_string();
    assert!(
        told.contains("the index page was not made anew: s3:PutObject failed for `day2-reports-123456789012/reports/index.html`"),
        "{told}"
    );
    assert_eq!((world.keys().len(), world.subjects().len()), (2, 1));
    let beats: Vec<_> = world
        .table
        .lock()
        .unwrap()
        .of_kind("heartbeat")
        .into_iter()
        .cloned()
        .collect();
    assert_eq!(beats.len(), 1, "the report counts");

    world.break_with(&[]);
    let app = world.app(&[Act::Pass]);
    call(&app, &json!({ "targets": ["prod-b"] })).await.unwrap();
    let pages = world.index_pages();
    assert_eq!(pages.len(), 1, "the next one need not wait");
    assert!(pages[0].contains("prod-a") && pages[0].contains("prod-b"));
}

#[tokio::test]
async fn a_report_that_was_not_recorded_is_not_on_the_index() {
    let world = World::default();
    world.break_with(&[Fault::Record]);
    let app = world.app(&[Act::Pass]);
    let answer = deliver(&app, MORNING, "r-1").await.unwrap();
    assert!(answer.to_string().contains("published, and not recorded"));
    assert!(
        last_index(&world).is_empty(),
        "what the journal does not know is not shown"
    );
}
