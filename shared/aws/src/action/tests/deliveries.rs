//! One event more than once, at once, late, out of order and in a flood.

use super::*;
use crate::fixture::Knob;

#[tokio::test]
async fn an_alarm_is_acted_on_verified_remembered_and_mailed() {
    let (world, machine) = (World::default(), machine());
    let answer = ring(&world.actor("auto", &machine)).await;

    assert_eq!(outcome(&answer), "applied");
    assert_eq!(writes(&machine), [15]);
    assert_eq!(leases(&world), ["active"]);
    let action = &answer.unwrap()["reports"][0]["action"];
    assert_eq!(action["effect"]["verdict"], "verified");
    assert_eq!(action["plan"]["steps"][0]["before"], "10");
    assert_eq!(action["results"][0]["lease"], lease_ids(&world)[0]);
    assert_eq!(action["results"][0]["expires_at"], "2026-03-06T12:30:00Z");
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn the_same_alarm_again_is_already_done_and_changes_nothing_d01() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap();
    let again = send(&app, &alarm(), "2026-03-06T11:32:00Z", "r-2").await;

    assert_eq!(outcome(&again), "already_done");
    assert_eq!(writes(&machine), [15]);
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn of_two_deliveries_at_once_one_acts_and_the_other_comes_again_d02() {
    let (world, machine) = (World::default(), machine());
    let (one, other) = (world.actor("auto", &machine), world.actor("auto", &machine));
    let event = alarm();
    let (first, second) = tokio::join!(
        send(&one, &event, MORNING, "r-1"),
        send(&other, &event, MORNING, "r-2")
    );

    let (done, lost) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(outcome(&done), "applied");
    let lost = lost.unwrap_err();
    assert!(matches!(lost, OpsError::InProgress { .. }), "{lost:?}");
    assert!(lost.is_transient());
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn two_alarms_at_once_on_one_target_never_add_up_d11() {
    let (world, machine) = (World::default(), machine());
    let (one, other) = (world.actor("auto", &machine), world.actor("auto", &machine));
    let (first, second) = (alarm(), alarm_at("2026-03-06T11:29:59.000+0000", "ALARM"));
    let (a, b) = tokio::join!(
        send(&one, &first, MORNING, "r-1"),
        send(&other, &second, MORNING, "r-2")
    );
    assert!(a.is_ok() != b.is_ok(), "one holds the lock: {a:?} {b:?}");
    // Lambda delivers the loser again.
    let (event, request) = if a.is_ok() {
        (&second, "r-2")
    } else {
        (&first, "r-1")
    };
    let again = send(&one, event, "2026-03-06T11:31:10Z", request).await;

    assert_eq!(outcome(&again), "suppressed");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn after_the_pause_a_second_alarm_does_not_raise_again_what_a_lease_holds_raised_d11() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap();
    let later = alarm_at("2026-03-06T12:10:00.000+0000", "ALARM");
    let answer = send(&app, &later, "2026-03-06T12:10:05Z", "r-2").await;

    assert_eq!(outcome(&answer), "nothing_to_do");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn an_alarm_that_is_hours_old_is_told_and_not_acted_on_d07() {
    let (world, machine) = (World::default(), machine());
    let old = alarm_at("2026-03-06T05:29:30.123+0000", "ALARM");
    let answer = send(&world.actor("auto", &machine), &old, MORNING, "r-1").await;

    assert_eq!(outcome(&answer), "suppressed");
    assert_eq!(
        answer.unwrap()["reports"][0]["action"]["plan"]["refusals"][0]["guard"],
        "freshness"
    );
    assert!(writes(&machine).is_empty());
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn of_alarms_that_come_too_late_one_in_an_hour_is_told_and_the_others_are_counted_d07() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    for (minute, mails) in [("11:10", 1), ("11:30", 1), ("11:59", 1), ("12:01", 2)] {
        let old = alarm_at(&format!("2026-03-06T05:{}:30.123+0000", &minute[3..]), "ALARM");
        let answer = send(&app, &old, &format!("2026-03-06T{minute}:00Z"), minute).await;
        assert_eq!(outcome(&answer), "suppressed", "{minute}");
        assert_eq!(world.subjects().len(), mails, "{minute}");
    }
    assert!(writes(&machine).is_empty());
    let storms = world.journal().storms("prod-a").await.unwrap();
    let counted: Vec<_> = storms
        .iter()
        .map(|storm| (storm.since, storm.suppressed))
        .collect();
    assert_eq!(
        counted,
        [(at("2026-03-06T12:00:00Z"), 1)],
        "the second mail told the first"
    );
    let told = world.mails.lock().unwrap()[1].body.clone();
    assert!(told.contains("3 events of this alarm"), "{told}");
}

#[tokio::test]
async fn a_flapping_alarm_is_acted_on_once_and_told_once_d08() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    let mut outcomes = Vec::new();
    for number in 0..20 {
        let (minute, second) = (number / 2, number % 2 * 30);
        let changed = format!("2026-03-06T11:3{minute}:{second:02}.000+0000");
        let now = format!("2026-03-06T11:3{minute}:{second:02}.900Z");
        let answer = send(&app, &alarm_at(&changed, "ALARM"), &now, &format!("r-{number}")).await;
        outcomes.push(outcome(&answer).to_owned());
        // The alarm flaps although nothing lowered the level; a second raise would show.
        change(&machine, |machine| machine.level = machine.level.min(14));
    }
    assert_eq!(outcomes[0], "applied");
    assert!(
        outcomes[1..].iter().all(|outcome| outcome == "suppressed"),
        "{outcomes:?}"
    );
    assert_eq!(writes(&machine).len(), 1);
    // The one mail says that others are only counted.
    assert_eq!(world.subjects().len(), 1, "{:?}", world.subjects());
    let storms = world.journal().storms("prod-a").await.unwrap();
    assert_eq!(storms.len(), 1);
    assert_eq!(storms[0].suppressed, 19);
}

#[tokio::test]
async fn an_alarm_that_is_ok_again_when_it_is_looked_at_changes_nothing_d06() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.breaching = false);
    let answer = ring(&world.actor("auto", &machine)).await;

    assert_eq!(outcome(&answer), "nothing_to_do");
    assert!(writes(&machine).is_empty());
    assert!(leases(&world).is_empty());
}

#[tokio::test]
async fn a_crashed_holder_is_waited_for_and_then_taken_over_d14() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::DiesBefore);
    let app = world.actor("auto", &machine);
    let killed = tokio::time::timeout(std::time::Duration::from_millis(50), ring(&app)).await;
    assert!(killed.is_err(), "the handler hangs and is ended");
    change(&machine, |machine| machine.knob = Knob::Works);

    let soon = send(&app, &alarm(), "2026-03-06T11:30:30Z", "r-1b")
        .await
        .unwrap_err();
    assert!(matches!(soon, OpsError::InProgress { .. }), "{soon:?}");
    let over = send(&app, &alarm(), "2026-03-06T11:31:06Z", "r-1b").await;
    assert_eq!(outcome(&over), "applied");
    assert_eq!(writes(&machine), [15]);
    let results = &over.unwrap()["reports"][0]["action"]["results"];
    assert_eq!(
        results.as_array().unwrap().len(),
        1,
        "each step is told once: {results}"
    );
}
