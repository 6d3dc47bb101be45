//! How many exchanges of a run wait for one another.

use super::*;
use crate::action::handle_action;
use crate::fixture::{Act, Shared, deliver};

/// The calls of each round, in alphabetical order.
fn rounds(world: &World) -> Vec<Vec<String>> {
    let mut rounds: Vec<Vec<String>> = Vec::new();
    for (round, call) in world.gate.calls() {
        rounds.resize(rounds.len().max(round + 1), Vec::new());
        rounds[round].push(call);
    }
    for round in &mut rounds {
        round.sort();
    }
    rounds
}

#[tokio::test]
async fn a_check_waits_for_its_look_the_report_the_mail_the_record_and_the_end_of_its_turn() {
    let world = World::default();
    let app = world.app(&[Act::Reads(3)]);
    in_rounds(&world, Box::pin(deliver(&app, MORNING, "r-1")))
        .await
        .unwrap();
    let nothing: [&str; 0] = [];
    assert_eq!(
        rounds(&world),
        [
            // The first of the three reads of the look is beside these, the others are alone.
            &["query run", "query snapshot", "update publication"][..],
            &nothing[..],
            &nothing[..],
            &["store report", "store report", "update index"][..],
            &["mail", "query board"][..],
            &["record", "store index"][..],
            &["update index"][..],
        ]
    );
}

#[tokio::test]
async fn what_is_in_force_is_read_beside_the_record_and_delays_neither_mail_nor_record() {
    let world = World::default();
    let machine = Shared::default();
    let alarm = json!({ "targets": ["prod-a"] }).to_string();
    let now = invocation("2026-03-06T11:00:00Z", "acts");
    let acted = handle_action(&world.actor("auto", &machine), alarm.as_bytes(), &now).await;
    acted.unwrap();
    world.gate.kill_at(None);
    let app = world.app(&[Act::Pass]);
    in_rounds(&world, Box::pin(deliver(&app, MORNING, "r-1")))
        .await
        .unwrap();
    let rounds = rounds(&world);
    let of = |call: &str| {
        rounds
            .iter()
            .position(|round| round.iter().any(|one| one == call))
    };
    assert_eq!((of("mail"), of("record")), (Some(2), Some(3)), "{rounds:?}");
    assert_eq!(of("query lease"), of("record"), "{rounds:?}");
    assert_eq!((of("store index"), rounds.len()), (Some(4), 6), "{rounds:?}");
    assert!(world.index_pages().last().unwrap().contains("prod-a"));
}

#[tokio::test]
async fn a_second_delivery_ends_its_look_as_soon_as_the_claim_is_known_d01_d02() {
    let world = World::default();
    let app = world.app(&[Act::Pass]);
    deliver(&app, MORNING, "r-1").await.unwrap();
    world.gate.kill_at(None);
    let app = world.app(&[Act::Hang]);
    let again = in_rounds(&world, Box::pin(deliver(&app, MORNING, "r-2")))
        .await
        .unwrap();
    assert_eq!(again["outcome"], "already_published");
    assert_eq!(
        rounds(&world),
        [["query run", "query snapshot", "update publication"]]
    );
    assert_eq!(world.subjects().len(), 1);
}
