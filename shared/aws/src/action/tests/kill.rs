//! The handler is killed before and after every call to the outside, and the event is delivered again.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::*;
use crate::fixture::Killed;

/// Delivers the alarm until an invocation ends, as Lambda does, and says how many mails came.
async fn deliver_until_done(world: &World, machine: &Shared) {
    for attempt in 1..=3 {
        let now = format!("2026-03-06T11:3{attempt}:30Z");
        let app = world.actor("auto", machine);
        if send(&app, &alarm(), &now, "r-1").await.is_ok() {
            return;
        }
    }
    panic!("three deliveries did not end the event");
}

#[tokio::test]
async fn a_kill_at_any_moment_and_another_delivery_end_in_the_same_state_d12() {
    let (world, machine) = (World::default(), machine());
    world.gate.kill_at(None);
    ring(&world.actor("auto", &machine)).await.unwrap();
    let moments = world.gate.moments();
    assert!(moments > 30, "only {moments} moments");

    for moment in 1..=moments {
        let (world, machine) = (World::default(), super::machine());
        world.gate.kill_at(Some(moment));
        let app = world.actor("auto", &machine);
        let killed = AssertUnwindSafe(ring(&app)).catch_unwind().await;
        assert!(
            killed.is_err_and(|why| why.is::<Killed>()),
            "not killed at {moment}"
        );
        drop(app);
        world.gate.kill_at(None);
        deliver_until_done(&world, &machine).await;

        assert_eq!(writes(&machine), [15], "killed at {moment}");
        assert_eq!(leases(&world), ["active"], "killed at {moment}");
        let subjects = world.subjects();
        assert!(
            (1..=2).contains(&subjects.len()),
            "killed at {moment}: {subjects:?}"
        );
        let ids: std::collections::BTreeSet<String> = world
            .keys()
            .into_iter()
            .filter(|key| key.contains("respond"))
            .collect();
        assert!(!ids.is_empty(), "killed at {moment}: no report");
    }
}

#[tokio::test]
async fn a_kill_at_any_moment_of_taking_back_leaves_nothing_half_done_d12() {
    let raised = async || {
        let (world, machine) = (World::default(), super::machine());
        ring(&world.actor("auto", &machine)).await.unwrap();
        let lease = lease_ids(&world)[0].clone();
        (world, machine, json!({ "task": "revert", "lease": lease }))
    };
    let (world, machine, event) = raised().await;
    world.gate.kill_at(None);
    send(
        &world.actor("auto", &machine),
        &event,
        "2026-03-06T12:31:00Z",
        "s-1",
    )
    .await
    .unwrap();
    let moments = world.gate.moments();

    for moment in 1..=moments {
        let (world, machine, event) = raised().await;
        world.gate.kill_at(Some(moment));
        let app = world.actor("auto", &machine);
        let call = send(&app, &event, "2026-03-06T12:31:00Z", "s-1");
        let killed = AssertUnwindSafe(call).catch_unwind().await;
        assert!(killed.is_err(), "not killed at {moment}");
        drop(app);
        world.gate.kill_at(None);
        // The sweeper comes again every five minutes.
        let mut ended = false;
        for attempt in 0..3 {
            let now = format!("2026-03-06T12:{}:00Z", 36 + 5 * attempt);
            let app = world.actor("auto", &machine);
            ended |= send(&app, &event, &now, &format!("s-{attempt}-again"))
                .await
                .is_ok();
        }
        assert!(ended, "killed at {moment}");
        assert_eq!(writes(&machine), [15, 10], "killed at {moment}");
        assert_eq!(leases(&world), ["reverted"], "killed at {moment}");
    }
}
