//! What a check notes for its next run.

use super::*;
use crate::fixture::{Act, World};

/// Looks at the target by hand at this minute after half past eleven.
async fn look(app: &App<Dummy>, target: &str, minute: u8) {
    let now = format!("2026-03-06T11:3{minute}:00Z");
    let event = json!({"task": "morning", "targets": [target]}).to_string();
    let invocation = invocation(&now, &format!("r-{minute}"));
    handle(app, event.as_bytes(), &invocation).await.unwrap();
}

/// How many looks each remembered run knew of, itself included.
fn looks(world: &World) -> Vec<String> {
    let table = world.table.lock().unwrap();
    let mut all: Vec<String> = table
        .of_kind("snapshot")
        .iter()
        .map(|row| {
            let snapshot: Value = serde_json::from_str(row["snapshot"].as_s().unwrap()).unwrap();
            snapshot["notes"]["looks"].as_str().unwrap_or("none").to_owned()
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn the_next_run_of_the_same_target_is_told_what_this_one_noted() {
    let world = World::default();
    let app = world.app(&[Act::Pass, Act::Fail, Act::Pass]);
    look(&app, "prod-a", 0).await;
    look(&app, "prod-a", 1).await;
    assert_eq!(looks(&world), ["1", "2"]);
    look(&app, "prod-b", 2).await;
    assert_eq!(
        looks(&world),
        ["1", "1", "2"],
        "another target has notes of its own"
    );
}

#[tokio::test]
async fn a_look_that_failed_leaves_what_was_noted() {
    let world = World::default();
    let app = world.app(&[Act::Pass, Act::Denied, Act::Pass]);
    for minute in 0..3 {
        look(&app, "prod-a", minute).await;
    }
    assert_eq!(looks(&world), ["1", "1", "2"]);
}
