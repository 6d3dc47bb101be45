//! A plan that waits for a person.

use super::*;
use crate::fixture::Knob;

/// A plan that was mailed, and the event that approves it.
async fn proposed() -> (World, Shared, Value) {
    let (world, machine) = (World::default(), machine());
    let answer = ring(&world.actor("approve", &machine)).await.unwrap();
    let action = &answer["reports"][0]["action"];
    assert_eq!(action["outcome"], "planned");
    assert_eq!(action["approve_until"], "2026-03-06T12:30:00Z");
    let event = json!({ "targets": ["prod-a"], "approve": action["plan_id"] });
    (world, machine, event)
}

async fn approve(
    world: &World,
    machine: &Shared,
    event: &Value,
    now: &str,
    request: &str,
) -> Result<Value, OpsError> {
    send(&world.actor("approve", machine), event, now, request).await
}

const SOON: &str = "2026-03-06T11:40:00Z";

#[tokio::test]
async fn a_plan_is_mailed_and_nothing_is_changed_until_it_is_approved_o11() {
    let (world, machine, event) = proposed().await;
    assert!(writes(&machine).is_empty() && leases(&world).is_empty());
    let mail = world.mails.lock().unwrap()[0].body.clone();
    assert!(mail.contains(event["approve"].as_str().unwrap()), "{mail}");

    let answer = approve(&world, &machine, &event, SOON, "hand-1").await;
    assert_eq!(outcome(&answer), "applied");
    assert_eq!(writes(&machine), [15]);
    let action = &answer.unwrap()["reports"][0]["action"];
    assert_eq!(action["approved_by"], "hand-1");
}

#[tokio::test]
async fn an_approval_is_used_once() {
    let (world, machine, event) = proposed().await;
    approve(&world, &machine, &event, SOON, "hand-1").await.unwrap();
    change(&machine, |machine| machine.level = 10);
    let again = approve(&world, &machine, &event, "2026-03-06T11:41:00Z", "hand-2").await;
    assert_eq!(outcome(&again), "already_done");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn of_two_who_approve_at_once_one_acts() {
    let (world, machine, event) = proposed().await;
    let (a, b) = tokio::join!(
        approve(&world, &machine, &event, SOON, "hand-1"),
        approve(&world, &machine, &event, SOON, "hand-2")
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn a_plan_that_differs_from_the_approved_one_is_refused_with_the_difference() {
    let (world, machine, event) = proposed().await;
    change(&machine, |machine| machine.level = 11);
    let answer = approve(&world, &machine, &event, SOON, "hand-1").await;
    assert_eq!(outcome(&answer), "refused");
    assert!(writes(&machine).is_empty());
    let answer = answer.unwrap();
    let refusal = &answer["reports"][0]["action"]["plan"]["refusals"][0];
    assert_eq!(refusal["guard"], "approval");
    let says = refusal["says"].as_str().unwrap();
    assert!(
        says.contains("machine 0: approved 10 -> 15, now 11 -> 16"),
        "{says}"
    );
}

#[tokio::test]
async fn an_approval_ends_with_its_time() {
    let (world, machine, event) = proposed().await;
    let late = approve(&world, &machine, &event, "2026-03-06T12:30:00Z", "hand-1").await;
    let words = late.unwrap_err().to_string();
    assert!(
        words.contains("could be approved until 2026-03-06T12:30:00Z"),
        "{words}"
    );
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn an_approval_overrules_age_and_pause_and_no_other_guard() {
    let (world, machine, event) = proposed().await;
    // 50 minutes after the alarm, which is more than an event may be old.
    change(&machine, |machine| machine.steps = 1);
    let answer = approve(&world, &machine, &event, "2026-03-06T12:20:00Z", "hand-1").await;
    assert_eq!(outcome(&answer), "applied");

    let (world, machine) = (World::default(), super::machine());
    let strict = json!({ "mode": "approve", "max_steps": 1 });
    let loose = json!({ "mode": "approve", "max_steps": 2 });
    change(&machine, |machine| machine.steps = 2);
    let asked = send(&world.actor_with(&loose, &machine), &alarm(), MORNING, "r-1")
        .await
        .unwrap();
    let event = json!({ "targets": ["prod-a"], "approve": asked["reports"][0]["action"]["plan_id"] });
    let answer = send(&world.actor_with(&strict, &machine), &event, SOON, "hand-1").await;
    assert_eq!(outcome(&answer), "refused");
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn an_id_that_nobody_proposed_is_refused_in_words() {
    let (world, machine, _) = proposed().await;
    for (id, words) in [("abc".to_owned(), "is no plan id"), ("0".repeat(64), "no plan")] {
        let event = json!({ "targets": ["prod-a"], "approve": id });
        let refused = approve(&world, &machine, &event, SOON, "hand-1")
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(words), "{refused:?}");
    }
}

#[tokio::test]
async fn the_same_plan_is_mailed_once_while_it_waits_d08() {
    let (world, machine, _) = proposed().await;
    let app = world.actor("approve", &machine);
    for minute in 31..40 {
        let changed = format!("2026-03-06T11:{minute}:00.000+0000");
        let answer = send(
            &app,
            &alarm_at(&changed, "ALARM"),
            &format!("2026-03-06T11:{minute}:05Z"),
            &format!("r-{minute}"),
        )
        .await;
        assert_eq!(outcome(&answer), "planned");
    }
    assert_eq!(world.subjects().len(), 1, "{:?}", world.subjects());
}

#[tokio::test]
async fn an_approval_whose_run_died_after_the_change_is_finished_by_its_next_delivery_and_not_refused_d12() {
    let (world, machine, event) = proposed().await;
    change(&machine, |machine| machine.knob = Knob::Dies);
    let app = world.actor("approve", &machine);
    let killed = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        send(&app, &event, SOON, "hand-1"),
    );
    assert!(killed.await.is_err(), "the handler hangs and is ended");
    assert_eq!(
        (writes(&machine), leases(&world)),
        (vec![15], vec!["pending".to_owned()])
    );
    change(&machine, |machine| machine.knob = Knob::Works);

    // The plan of now is empty, and the approved one had a step: it was done, and that shows.
    let again = approve(&world, &machine, &event, "2026-03-06T11:41:10Z", "hand-1").await;
    assert_eq!(outcome(&again), "applied");
    let action = &again.unwrap()["reports"][0]["action"];
    assert_eq!(action["plan"]["refusals"], json!([]));
    let states: Vec<&Value> = action["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["state"])
        .collect();
    assert_eq!(states, [&json!("already_done")]);
    assert_eq!(
        (writes(&machine), leases(&world)),
        (vec![15], vec!["active".to_owned()])
    );
}
