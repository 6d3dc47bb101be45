//! What fails: the journal, the change, the publication, the time.

use jiff::SignedDuration;

use super::*;
use crate::action::handle_action;
use crate::fixture::{Fault, Knob};
use day2_core::Cause;

#[tokio::test]
async fn without_the_journal_the_world_is_looked_at_and_nothing_is_changed_d15() {
    let (world, machine) = (World::default(), machine());
    world.break_with(&[Fault::Journal]);
    let error = ring(&world.actor("auto", &machine)).await.unwrap_err();

    assert!(error.is_transient(), "the event must come again: {error:?}");
    assert!(writes(&machine).is_empty());
    assert_eq!(world.subjects().len(), 1, "a person learns of it");
    let bodies = world.mails.lock().unwrap()[0].body.clone();
    assert!(bodies.contains("could not be remembered"), "{bodies}");

    world.break_with(&[]);
    let again = send(
        &world.actor("auto", &machine),
        &alarm(),
        "2026-03-06T11:31:00Z",
        "r-1",
    )
    .await;
    assert_eq!(outcome(&again), "applied");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn without_the_journal_an_alarm_that_needs_nothing_ends_well_d15() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.breaching = false);
    world.break_with(&[Fault::Journal]);
    assert_eq!(
        outcome(&ring(&world.actor("auto", &machine)).await),
        "nothing_to_do"
    );
}

#[tokio::test]
async fn a_mail_that_fails_is_sent_by_the_next_delivery_and_nothing_is_done_again_w18() {
    let (world, machine) = (World::default(), machine());
    world.break_with(&[Fault::Topic]);
    let app = world.actor("auto", &machine);
    let error = ring(&app).await.unwrap_err();
    assert!(matches!(error, OpsError::Publish { .. }), "{error:?}");
    assert_eq!((writes(&machine), world.subjects().len()), (vec![15], 0));

    world.break_with(&[]);
    // Were anything looked at or done again, it would show.
    change(&machine, |machine| machine.level = 3);
    let again = send(&app, &alarm(), "2026-03-06T11:31:00Z", "r-1").await;
    assert_eq!(outcome(&again), "applied");
    assert_eq!(writes(&machine), [15]);
    assert_eq!(world.subjects().len(), 1);
    // It is the report of before, and so are the attributes.
    assert_eq!(
        world.mails.lock().unwrap()[0].attributes,
        json!({
            "function": "actor", "target": "prod-a", "status": "FAIL", "outcome": "applied", "owners": r#"["(nobody)"]"#,
        })
    );
    assert_eq!(
        outcome(&send(&app, &alarm(), "2026-03-06T11:33:00Z", "r-1").await),
        "already_done"
    );
}

#[tokio::test]
async fn too_little_time_starts_nothing_and_leaves_nothing_locked_d13() {
    for milliseconds in [0, 200, 2_000, 9_900] {
        let (world, machine) = (World::default(), machine());
        let app = world.actor("auto", &machine);
        let mut invocation = invocation(MORNING, "r-1");
        invocation.deadline = at(MORNING) + SignedDuration::from_millis(milliseconds);
        let error = handle_action(&app, alarm().to_string().as_bytes(), &invocation)
            .await
            .unwrap_err();
        assert!(matches!(error, OpsError::Deadline { .. }), "{error:?}");
        assert!(error.is_transient() && writes(&machine).is_empty());
        assert_eq!(world.table.lock().unwrap().calls, 0, "nothing is even asked");
        let next = send(&app, &alarm(), "2026-03-06T11:30:10Z", "r-1").await;
        assert_eq!(outcome(&next), "applied", "after {milliseconds} ms");
    }
}

#[tokio::test]
async fn what_somebody_else_changed_between_look_and_change_is_left_and_nothing_is_to_be_taken_back_w14() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::IsTurned);
    let answer = ring(&world.actor("auto", &machine)).await;
    assert_eq!(outcome(&answer), "refused");
    let action = &answer.unwrap()["reports"][0]["action"];
    let result = &action["results"][0];
    assert_eq!(
        (&result["state"], &result["says"], &result["lease"]),
        (&json!("refused"), &json!("the level is 11 now"), &Value::Null)
    );
    assert_eq!(
        action["effect"],
        Value::Null,
        "nothing was changed, so nothing is looked for"
    );
    assert!(writes(&machine).is_empty());
    assert_eq!(leases(&world), ["closed"]);
}

#[tokio::test]
async fn a_step_that_takes_longer_than_what_is_left_is_not_begun_d13() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.takes_seconds = 60);
    let error = ring(&world.actor("auto", &machine)).await.unwrap_err();
    let words = error.to_string();
    assert!(
        matches!(error, OpsError::Deadline { .. }) && error.is_transient(),
        "{words}"
    );
    assert!(
        words.contains("raise the level") && words.contains("60"),
        "{words}"
    );
    assert!(writes(&machine).is_empty() && leases(&world).is_empty());
}

#[tokio::test]
async fn a_change_that_may_succeed_later_comes_again_and_is_no_page_before_that_w06_w15() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::Throttles);
    let app = world.actor("auto", &machine);
    let error = ring(&app).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(world.subjects().is_empty());

    change(&machine, |machine| machine.knob = Knob::Works);
    let again = send(&app, &alarm(), "2026-03-06T11:31:00Z", "r-1").await;
    assert_eq!(outcome(&again), "applied");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn a_change_that_fails_for_good_is_a_failed_report_with_what_is_known() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::Breaks);
    let answer = ring(&world.actor("auto", &machine)).await;
    assert_eq!(outcome(&answer), "failed");
    let report = &answer.unwrap()["reports"][0];
    assert_eq!(report["status"], "FAIL");
    assert_eq!(report["action"]["results"][0]["state"], "failed");
    assert!(
        report["action"]["results"][0]["says"]
            .as_str()
            .unwrap()
            .contains("nothing was changed")
    );
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn a_step_after_one_that_failed_is_not_begun() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| {
        (machine.knob, machine.steps) = (Knob::Breaks, 2);
    });
    let answer = ring(&world.actor("auto", &machine)).await.unwrap();
    let states: Vec<&Value> = answer["reports"][0]["action"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["state"])
        .collect();
    assert_eq!(states, [&json!("failed"), &json!("not_begun")]);
    let items = answer["reports"][0]["items"].as_array().unwrap();
    let line = items.iter().find(|item| item["code"] == "ACT-950").unwrap();
    let named: Vec<&Value> = line["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| &subject["name"])
        .collect();
    assert_eq!(named, [&json!("machine 0"), &json!("machine 1")]);
}

#[tokio::test]
async fn more_steps_than_the_cap_are_refused_as_a_whole() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.steps = 3);
    let answer = ring(&world.actor("auto", &machine)).await;
    assert_eq!(outcome(&answer), "refused");
    let refusal = &answer.unwrap()["reports"][0]["action"]["plan"]["refusals"][0];
    assert_eq!(
        (&refusal["guard"], &refusal["allowed_by"]),
        (&json!("cap"), &json!("safety.max_steps"))
    );
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn the_circuit_breaker_stops_the_fifth_run_of_a_day() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.temporary = false);
    let app = world.actor("auto", &machine);
    let mut outcomes = Vec::new();
    for hour in 12..18 {
        let changed = format!("2026-03-06T{hour}:00:00.000+0000");
        let answer = send(
            &app,
            &alarm_at(&changed, "ALARM"),
            &format!("2026-03-06T{hour}:00:05Z"),
            &format!("r-{hour}"),
        )
        .await;
        outcomes.push(outcome(&answer).to_owned());
    }
    assert_eq!(
        outcomes,
        ["applied", "applied", "applied", "applied", "refused", "refused"]
    );
    assert_eq!(writes(&machine).len(), 4);
}

#[tokio::test]
async fn the_circuit_breaker_counts_what_began_and_never_came_to_its_report_d10() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::Throttles);
    let app = world.actor("auto", &machine);
    for hour in 10..14 {
        let changed = format!("2026-03-06T{hour}:00:00.000+0000");
        for second in [5, 35] {
            let now = format!("2026-03-06T{hour}:01:{second:02}Z");
            let answer = send(&app, &alarm_at(&changed, "ALARM"), &now, &format!("r-{hour}")).await;
            assert!(answer.unwrap_err().is_transient());
        }
    }
    assert!(
        world.subjects().is_empty(),
        "none of the four came to its report, each was delivered twice"
    );
    change(&machine, |machine| machine.knob = Knob::Works);
    let fifth = alarm_at("2026-03-06T14:00:00.000+0000", "ALARM");
    let answer = send(&app, &fifth, "2026-03-06T14:01:05Z", "r-14").await;
    assert_eq!(outcome(&answer), "refused");
    let refusals = &answer.unwrap()["reports"][0]["action"]["plan"]["refusals"];
    assert_eq!(refusals[0]["guard"], json!("circuit_breaker"));
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn what_cannot_be_seen_comes_again_for_an_alarm_and_is_told_to_a_person_d15() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.readable = Err(Cause::Throttled));
    let app = world.actor("auto", &machine);
    assert!(ring(&app).await.unwrap_err().is_transient());
    assert!(world.subjects().is_empty());
    let by_hand = send(&app, &json!({ "targets": ["prod-a"] }), MORNING, "hand").await;
    assert_eq!(outcome(&by_hand), "refused");
    let report = &by_hand.unwrap()["reports"][0];
    assert_eq!(
        (&report["status"], &report["items"][0]["code"]),
        (&json!("UNKNOWN"), &json!("ACT-901"))
    );
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn a_sandbox_whose_clock_is_off_works_by_the_table_s_and_holds_no_longer_than_any_d16() {
    for minutes in [-5, 5] {
        let (world, machine) = (World::default(), machine());
        world.table.lock().unwrap().clock = Some(at(MORNING));
        let mut off = invocation(MORNING, "r-1");
        off.now += SignedDuration::from_mins(minutes);
        off.deadline += SignedDuration::from_mins(minutes);
        let app = world.actor("auto", &machine);
        change(&machine, |machine| machine.knob = Knob::DiesBefore);
        let event = alarm().to_string();
        let killed = tokio::time::timeout(
            std::time::Duration::from_millis(50),
            handle_action(&app, event.as_bytes(), &off),
        );
        assert!(
            killed.await.is_err(),
            "{minutes} minutes: it got as far as the change"
        );
        let held = world.table.lock().unwrap().of_kind("lock")[0]["lease_until"]
            .as_n()
            .unwrap()
            .clone();
        // Until it must be renewed, from the table's time.
        let held: i64 = held.parse::<i64>().unwrap() - at(MORNING).as_second();
        assert!((55..=60).contains(&held), "{minutes} minutes: {held} s");

        change(&machine, |machine| machine.knob = Knob::Works);
        let moved = |at| at + SignedDuration::from_secs(70);
        (off.now, off.deadline) = (moved(off.now), moved(off.deadline));
        world.table.lock().unwrap().clock = Some(moved(at(MORNING)));
        let answer = handle_action(&app, event.as_bytes(), &off).await;
        assert_eq!(outcome(&answer), "applied", "{minutes} minutes");
        assert_eq!(
            (writes(&machine), world.subjects().len()),
            (vec![15], 1),
            "{minutes} minutes"
        );
    }
}

#[tokio::test]
async fn what_was_changed_before_a_failure_that_may_pass_is_told_once_and_finished_by_the_next_delivery() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| {
        (machine.knob, machine.steps) = (Knob::ThrottlesThen, 2);
    });
    let app = world.actor("auto", &machine);
    let error = ring(&app).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert_eq!(writes(&machine), [15]);
    assert_eq!(world.subjects().len(), 1, "{:?}", world.subjects());
    assert!(world.subjects()[0].contains("FAILED"), "{:?}", world.subjects());

    change(&machine, |machine| machine.knob = Knob::Works);
    let done = send(&app, &alarm(), "2026-03-06T11:33:00Z", "r-1").await;
    assert_eq!(outcome(&done), "applied");
    assert_eq!(writes(&machine), [15]);
    assert!(
        leases(&world).iter().all(|state| state == "active"),
        "{:?}",
        leases(&world)
    );
}

#[tokio::test]
async fn a_change_that_nothing_shows_is_never_called_done_w14() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::Throttles);
    let app = world.actor("auto", &machine);
    assert!(ring(&app).await.is_err());
    // The alarm has ended by itself before the event comes again.
    change(&machine, |machine| machine.breaching = false);
    let answer = send(&app, &alarm(), "2026-03-06T11:31:00Z", "r-1").await;
    assert_eq!(outcome(&answer), "nothing_to_do");
    let answer = answer.unwrap();
    assert_eq!(answer["reports"][0]["action"]["results"][0]["state"], "unknown");
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn a_change_made_in_part_is_a_failed_line_and_its_lease_ends_as_left() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap();
    change(&machine, |machine| machine.knob = Knob::TakesPart);
    let undo = json!({ "task": "revert", "lease": lease_ids(&world)[0] });
    let answer = send(&app, &undo, "2026-03-06T12:31:00Z", "s-1").await;
    assert_eq!(outcome(&answer), "reverted");
    let report = answer.unwrap()["reports"][0].clone();
    assert_eq!(report["status"], "FAIL");
    assert_eq!(report["action"]["results"][0]["state"], "partly");
    assert_eq!(leases(&world), ["left"]);
}
