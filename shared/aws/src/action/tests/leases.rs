//! Taking back what was temporary.

use super::*;

async fn raised(mode: &str) -> (World, Shared, Value) {
    let (world, machine) = (World::default(), machine());
    ring(&world.actor("auto", &machine)).await.unwrap();
    let _ = mode;
    let lease = lease_ids(&world)[0].clone();
    (world, machine, json!({ "task": "revert", "lease": lease }))
}

const LATER: &str = "2026-03-06T12:31:00Z";

#[tokio::test]
async fn a_lease_is_taken_back_in_every_mode() {
    for mode in ["observe", "approve", "auto"] {
        let (world, machine, event) = raised(mode).await;
        let answer = send(&world.actor(mode, &machine), &event, LATER, "s-1").await;
        assert_eq!(outcome(&answer), "reverted", "{mode}");
        assert_eq!(writes(&machine), [15, 10], "{mode}");
        assert_eq!(leases(&world), ["reverted"], "{mode}");
        assert_eq!(world.subjects().len(), 2, "{mode}");
    }
}

#[tokio::test]
async fn a_lease_that_was_taken_back_is_not_taken_back_again() {
    let (world, machine, event) = raised("auto").await;
    let app = world.actor("auto", &machine);
    send(&app, &event, LATER, "s-1").await.unwrap();
    change(&machine, |machine| machine.level = 15);
    let again = send(&app, &event, "2026-03-06T12:36:00Z", "s-2").await;
    assert_eq!(outcome(&again), "already_done");
    assert_eq!(writes(&machine), [15, 10]);
}

#[tokio::test]
async fn what_somebody_else_has_changed_since_is_left_alone_and_told() {
    let (world, machine, event) = raised("auto").await;
    change(&machine, |machine| machine.level = 12);
    let answer = send(&world.actor("auto", &machine), &event, LATER, "s-1").await;
    assert_eq!(outcome(&answer), "nothing_to_do");
    assert_eq!(writes(&machine), [15]);
    assert_eq!(leases(&world), ["left"]);
    assert_eq!(world.subjects().len(), 2, "the person is told");
}

#[tokio::test]
async fn a_lease_of_nobody_or_of_another_function_is_refused_by_name() {
    let (world, machine, event) = raised("auto").await;
    let app = world.actor("auto", &machine);
    let unknown = send(&app, &json!({ "task": "revert", "lease": "abc" }), LATER, "s-1").await;
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("there is no lease `abc`")
    );
    {
        let mut table = world.table.lock().unwrap();
        let row = table
            .rows
            .values_mut()
            .find(|row| row.contains_key("lease"))
            .unwrap();
        let json = row["lease"]
            .as_s()
            .unwrap()
            .replace("\"actor\"", "\"other-function\"");
        row.insert(
            "lease".to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::S(json),
        );
    }
    let foreign = send(&app, &event, LATER, "s-2").await.unwrap_err().to_string();
    assert!(foreign.contains("is of other-function"), "{foreign}");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn the_value_before_is_written_before_the_change_is_made() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| {
        machine.knob = crate::fixture::Knob::DiesBefore;
    });
    let app = world.actor("auto", &machine);
    let killed = tokio::time::timeout(std::time::Duration::from_millis(50), ring(&app)).await;
    assert!(killed.is_err() && writes(&machine).is_empty());
    assert_eq!(leases(&world), ["pending"]);
    let open = world.journal().open_leases("prod-a").await.unwrap();
    assert_eq!((open[0].before.as_str(), open[0].after.as_str()), ("10", "15"));
    assert_eq!(open[0].expires_at, Some(at("2026-03-06T12:30:00Z")));
}

#[tokio::test]
async fn a_change_that_stays_is_no_lease_once_it_is_told() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.temporary = false);
    ring(&world.actor("auto", &machine)).await.unwrap();
    assert_eq!(leases(&world), ["closed"]);
    assert!(world.journal().open_leases("prod-a").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_that_was_taken_back_is_not_made_by_a_later_delivery_of_its_event_d11_d12() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = crate::fixture::Knob::Throttles);
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap_err();
    let undo = json!({ "task": "revert", "lease": lease_ids(&world)[0] });
    send(&app, &undo, "2026-03-06T11:31:00Z", "hand").await.unwrap();
    change(&machine, |machine| machine.knob = crate::fixture::Knob::Works);

    let again = send(&app, &alarm(), "2026-03-06T11:32:00Z", "r-1").await;
    assert_eq!(outcome(&again), "refused");
    let says = &again.unwrap()["reports"][0]["action"]["results"][0]["says"];
    assert!(
        says.as_str()
            .unwrap()
            .contains("is reverted: it is not made twice"),
        "{says}"
    );
    assert!(writes(&machine).is_empty(), "nothing would take it back");
    assert_eq!(leases(&world), ["reverted"]);
}

#[tokio::test]
async fn a_taking_back_that_fails_again_and_again_is_mailed_once_a_day() {
    let (world, machine, event) = raised("auto").await;
    change(&machine, |machine| machine.knob = crate::fixture::Knob::Breaks);
    let before = world.subjects().len();
    for (number, now) in ["12:31", "12:36", "12:41", "18:00"].into_iter().enumerate() {
        let app = world.actor("auto", &machine);
        let answer = send(
            &app,
            &event,
            &format!("2026-03-06T{now}:00Z"),
            &format!("s-{number}"),
        )
        .await;
        assert_eq!(outcome(&answer), "failed");
    }
    assert_eq!(world.subjects().len(), before + 1, "{:?}", world.subjects());
    assert_eq!(leases(&world), ["active"], "it stays due");
    let next_day = send(
        &world.actor("auto", &machine),
        &event,
        "2026-03-07T12:32:00Z",
        "s-9",
    )
    .await;
    assert_eq!(outcome(&next_day), "failed");
    assert_eq!(world.subjects().len(), before + 2);
}

#[tokio::test]
async fn a_taking_back_whose_report_could_not_be_mailed_is_told_by_the_next_one_w18() {
    let (world, machine, event) = raised("auto").await;
    world.break_with(&[crate::fixture::Fault::Topic]);
    let app = world.actor("auto", &machine);
    assert!(send(&app, &event, LATER, "s-1").await.is_err());
    assert_eq!(leases(&world), ["active"], "nobody was told, so it is not over");
    world.break_with(&[]);
    let again = send(&app, &event, "2026-03-06T12:36:00Z", "s-2").await;
    assert!(again.is_ok(), "{again:?}");
    assert_eq!(leases(&world), ["reverted"]);
    assert_eq!(writes(&machine), [15, 10]);
    assert_eq!(world.subjects().len(), 2);
}
