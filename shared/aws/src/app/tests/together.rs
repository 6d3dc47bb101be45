//! Runs that end at the same time, in every order of their calls.

use std::pin::Pin;

use super::*;
use crate::fixture::{Act, Fault};

type Run<'a> = Pin<Box<dyn Future<Output = Result<Value, OpsError>> + 'a>>;

/// A run by hand of a target's task.
fn run<'a>(app: &'a App<Dummy>, target: &'a str, task: &'a str) -> Run<'a> {
    Box::pin(async move {
        let event = json!({ "task": task, "targets": [target] }).to_string();
        let invocation = invocation(MORNING, &format!("{target}-{task}"));
        handle(app, event.as_bytes(), &invocation).await
    })
}

/// Lets a run go on for so many rounds at most; whether it has ended well.
async fn go_on(run: &mut Run<'_>, rounds: usize) -> bool {
    for _ in 0..rounds {
        let turn = futures::poll!(run.as_mut());
        tokio::task::yield_now().await;
        if let Poll::Ready(done) = turn {
            let answer = done.unwrap();
            assert!(answer.get("warnings").is_none(), "{answer:#}");
            return true;
        }
    }
    false
}

/// More rounds than any run has.
const ALL: usize = 60;

#[tokio::test]
async fn of_two_runs_at_once_both_lines_are_on_the_page_in_the_end_and_no_page_goes_back_w18() {
    for ahead in 0..=7 {
        for between in 0..=7 {
            let world = World::default();
            world.turns.take();
            let apps = [world.app(&[Act::Fail]), world.app(&[Act::Pass])];
            let mut one = run(&apps[0], "prod-a", "morning");
            let mut other = run(&apps[1], "prod-b", "morning");
            let mut done = go_on(&mut one, ahead).await;
            let other_done = go_on(&mut other, between).await;
            if !done {
                done = go_on(&mut one, ALL).await;
            }
            assert!(done && (other_done || go_on(&mut other, ALL).await));
            assert_eq!(
                last_index(&world),
                ["prod-a morning", "prod-b morning"],
                "{ahead} {between}"
            );
            names_stored_only(&world);
            never_goes_back(&world);
            assert_eq!(world.subjects().len(), 2);
        }
    }
}

#[tokio::test]
async fn of_four_runs_in_any_order_every_line_is_on_the_page_in_the_end() {
    const RUNS: [(&str, &str); 4] = [
        ("prod-a", "morning"),
        ("prod-b", "morning"),
        ("prod-a", "evening"),
        ("prod-b", "evening"),
    ];
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..150 {
        let world = World::default();
        world.turns.take();
        let apps = RUNS.map(|_| world.app(&[]));
        let mut runs: Vec<Run<'_>> = apps
            .iter()
            .zip(RUNS)
            .map(|(app, (target, task))| run(app, target, task))
            .collect();
        while !runs.is_empty() {
            // Xorshift: an order that is the same every time the test runs.
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let next = usize::try_from(chance % 64).unwrap() % runs.len();
            if go_on(&mut runs[next], 1).await {
                drop(runs.remove(next));
            }
        }
        assert_eq!(last_index(&world).len(), 4, "order {round}");
        names_stored_only(&world);
        never_goes_back(&world);
    }
}

#[tokio::test]
async fn a_run_whose_mail_fails_makes_the_page_for_those_who_relied_on_it() {
    let world = World::default();
    world.turns.take();
    let apps = [world.app(&[]), world.app(&[])];
    let mut one = run(&apps[0], "prod-a", "morning");
    let holds = || world.gate.calls().iter().any(|(_, call)| call == "update index");
    while !holds() {
        assert!(!go_on(&mut one, 1).await);
    }
    let mut other = run(&apps[1], "prod-b", "morning");
    assert!(go_on(&mut other, ALL).await);
    assert!(world.index_pages().is_empty(), "it left the page to the first");
    world.break_with(&[Fault::Topic]);
    assert!(one.await.is_err());
    assert_eq!(last_index(&world), ["prod-b morning"]);
    assert_eq!(world.subjects().len(), 1);
}

/// A clock that runs ahead takes a turn for over that is not.
#[tokio::test]
async fn a_run_whose_turn_was_taken_over_writes_again_until_both_are_there_d16() {
    let world = World::default();
    world.turns.take();
    let apps = [world.app(&[]), world.app(&[])];
    let mut one = run(&apps[0], "prod-a", "morning");
    let begun = || world.gate.calls().iter().any(|(_, call)| call == "query board");
    while !begun() {
        assert!(!go_on(&mut one, 1).await);
    }
    let later = invocation("2026-03-06T11:31:00Z", "later");
    let event = json!({ "targets": ["prod-b"] }).to_string();
    handle(&apps[1], event.as_bytes(), &later).await.unwrap();
    assert_eq!(last_index(&world), ["prod-b morning"]);
    assert!(go_on(&mut one, ALL).await);
    assert_eq!(last_index(&world), ["prod-a morning", "prod-b morning"]);
}
