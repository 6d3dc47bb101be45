//! An alarm that rings a hundred times in an hour: at most two mails for one incident, and nothing of another one is lost.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::fixture::{Fault, Knob};

/// How often it rings in the hour.
const RINGS: i64 = 100;

/// Seconds between two rings. Half way it is OK.
const EVERY: i64 = 36;

fn after(seconds: i64) -> Timestamp {
    at(MORNING) + SignedDuration::from_secs(seconds)
}

/// The event of a change of the alarm.
fn event_at(changed: Timestamp, state: &str) -> Value {
    let changed = changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
    alarm_at(&changed, state)
}

/// A delivery a little after `at`.
async fn delivered(app: &ActionApp<Actor>, event: &Value, at: Timestamp) -> Result<Value, OpsError> {
    let now = at + SignedDuration::from_millis(900);
    send(app, event, &now.to_string(), &format!("r-{now}")).await
}

/// A change of the alarm and its delivery.
async fn changes(app: &ActionApp<Actor>, changed: Timestamp, state: &str) -> Result<Value, OpsError> {
    delivered(app, &event_at(changed, state), changed).await
}

/// An alarm that rings and is OK again, all the hour. `before` is done before each look, with the number of the ring. Gives what
/// came of the rings.
async fn flaps(
    world: &World,
    machine: &Shared,
    safety: &Value,
    before: impl Fn(i64, &mut Machine),
) -> Vec<String> {
    let app = world.actor_with(safety, machine);
    let mut outcomes = Vec::new();
    for number in 0..RINGS {
        change(machine, |machine| before(number, machine));
        let answer = changes(&app, after(EVERY * number), "ALARM").await;
        outcomes.push(outcome(&answer).to_owned());
        let calm = changes(&app, after(EVERY * number + EVERY / 2), "OK").await;
        assert_eq!(outcome(&calm), "ignored");
    }
    outcomes
}

/// Rings that were counted and not mailed, by what they are counted as.
async fn counted(world: &World) -> Vec<(String, u64)> {
    let storms = world.journal().storms("prod-a").await.unwrap();
    let each = storms
        .into_iter()
        .map(|storm| (storm.function, storm.suppressed + storm.repeats));
    each.collect()
}

/// Those of them that the digest would mail.
async fn to_digest(world: &World) -> u64 {
    let storms = world.journal().storms("prod-a").await.unwrap();
    storms.iter().map(|storm| storm.suppressed).sum()
}

/// All of them.
async fn sum(world: &World) -> u64 {
    counted(world).await.iter().map(|(_, count)| count).sum()
}

/// Whether there is one mail for each of the words, in their order.
#[track_caller]
fn says(world: &World, words: &[&str]) {
    let subjects = world.subjects();
    let fit = subjects.iter().zip(words).all(|(one, word)| one.contains(word));
    assert!(fit && subjects.len() == words.len(), "{subjects:?}");
}

/// The alarm is calm when every second event of it is looked at, from the first one on.
fn calm_first(number: i64, machine: &mut Machine) {
    machine.breaching = number % 2 == 1;
}

/// The same from the second one on.
fn calm_second(number: i64, machine: &mut Machine) {
    machine.breaching = number % 2 == 0;
}

/// A guard objects.
fn too_much(_: i64, machine: &mut Machine) {
    machine.steps = 3;
}

#[tokio::test]
async fn of_a_hundred_alarms_in_an_hour_two_are_mailed_and_all_others_are_counted_d08() {
    let (world, machine) = (World::default(), machine());
    let outcomes = flaps(&world, &machine, &json!({ "mode": "auto" }), |_, _| {}).await;

    assert_eq!(outcomes[0], "applied");
    let all = |range: &[String], word: &str| range.iter().all(|outcome| outcome == word);
    assert!(all(&outcomes[1..50], "suppressed"), "{outcomes:?}");
    assert!(all(&outcomes[51..], "nothing_to_do"), "{outcomes:?}");
    assert_eq!(writes(&machine), [15]);

    says(&world, &["APPLIED", "NOTHING TO DO"]);
    let first = world.mails.lock().unwrap()[0].body.clone();
    let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let pause = "on no alarm of this target until Fri 6 Mar 2026 07:00 EST (12:00 UTC)";
    assert!(first.contains(pause), "{first}");

    // The second mail tells what the pause held back; what only said the same again is counted, and no digest is left to mail.
    let second = world.mails.lock().unwrap()[1].body.clone();
    let second = second.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        second.contains("49 events of this alarm were held back from Fri 6 Mar 2026 06:30 EST"),
        "{second}"
    );
    assert_eq!((sum(&world).await, to_digest(&world).await), (49, 0));

    // Each is in the journal, and each look is a stored report.
    let counted = counted(&world).await;
    assert!(
        counted
            .iter()
            .all(|(what, _)| what == "actor, alarm prod-a-level"),
        "{counted:?}"
    );
    let looks = outcomes.iter().filter(|outcome| *outcome != "suppressed").count();
    let table = world.table.lock().unwrap();
    assert_eq!(table.of_kind("publication").len(), 100);
    assert_eq!(table.of_kind("run").len(), looks);
    assert_eq!(world.keys().len(), 2 * looks, "JSON and page");
}

#[tokio::test]
async fn where_a_person_decides_a_hundred_alarms_in_an_hour_are_two_mails_at_most_d06_d08() {
    let (calm_first, calm_second) = (
        calm_first as fn(i64, &mut Machine),
        calm_second as fn(i64, &mut Machine),
    );
    for (mode, words, before) in [
        ("observe", &["PLANNED"][..], calm_second),
        ("observe", &["NOTHING TO DO", "PLANNED"], calm_first),
        ("observe", &["REFUSED"], too_much),
        // The second one before the first can be approved no more.
        ("approve", &["PLANNED", "PLANNED"], calm_second),
        ("approve", &["REFUSED"], too_much),
    ] {
        let (world, machine) = (World::default(), machine());
        flaps(&world, &machine, &json!({ "mode": mode }), before).await;
        says(&world, words);
        let mailed = u64::try_from(words.len()).unwrap();
        assert_eq!(sum(&world).await + mailed, 100, "{mode}");
        assert_eq!(to_digest(&world).await, 0, "{mode}: nothing was held back");
        assert!(writes(&machine).is_empty());
    }
}

/// Whoever goes from `observe` to `approve` had a mail without a line to approve by.
#[tokio::test]
async fn a_plan_that_can_be_approved_by_now_is_mailed_although_it_was_shown() {
    let (world, machine) = (World::default(), machine());
    changes(&world.actor("observe", &machine), after(0), "ALARM")
        .await
        .unwrap();
    let app = world.actor("approve", &machine);
    for minute in [5, 6] {
        changes(&app, after(60 * minute), "ALARM").await.unwrap();
    }
    says(&world, &["PLANNED", "PLANNED"]);
}

#[tokio::test]
async fn every_new_word_about_an_alarm_is_mailed_and_no_other_d06_d08() {
    // That it is raised, and raised already; before that, that it was calm.
    for (words, before) in [
        (
            &["APPLIED", "NOTHING TO DO"][..],
            calm_second as fn(i64, &mut Machine),
        ),
        (&["NOTHING TO DO", "APPLIED", "NOTHING TO DO"], calm_first),
    ] {
        let (world, machine) = (World::default(), machine());
        flaps(&world, &machine, &json!({ "mode": "auto" }), before).await;
        says(&world, words);
    }
    let (world, machine) = (World::default(), machine());
    flaps(&world, &machine, &json!({ "mode": "approve" }), calm_first).await;
    says(&world, &["NOTHING TO DO", "PLANNED", "PLANNED"]);
}

#[tokio::test]
async fn whatever_is_changed_is_told_however_often_it_rings_d08() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.temporary = false);
    flaps(&world, &machine, &json!({ "mode": "auto" }), |_, _| {}).await;
    assert_eq!(writes(&machine), [15, 20], "once in each pause");
    says(&world, &["APPLIED", "APPLIED"]);
}

#[tokio::test]
async fn of_a_hundred_alarms_that_come_too_late_one_in_each_hour_of_the_clock_is_mailed_d07() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    for number in 0..RINGS {
        let (now, old) = (after(EVERY * number), after(EVERY * number - 6 * 3_600));
        let answer = delivered(&app, &event_at(old, "ALARM"), now).await;
        assert_eq!(outcome(&answer), "suppressed");
    }
    says(&world, &["SUPPRESSED", "SUPPRESSED"]);
    let second = world.mails.lock().unwrap()[1].body.clone();
    assert!(
        second.contains("50 events of this alarm"),
        "of the first hour: {second}"
    );
    assert_eq!(
        to_digest(&world).await,
        50,
        "of the second, the mailed one included"
    );
}

#[tokio::test]
async fn another_alarm_in_the_pause_is_mailed_once_however_much_the_first_one_flaps_d08_d11() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    for minute in 0..5 {
        changes(&app, after(60 * minute), "ALARM").await.unwrap();
    }
    says(&world, &["APPLIED"]);
    for minute in 5..10 {
        let changed = after(60 * minute);
        let event = of_the_other(event_at(changed, "ALARM"));
        assert_eq!(outcome(&delivered(&app, &event, changed).await), "suppressed");
    }
    says(&world, &["APPLIED", "SUPPRESSED"]);
    assert_eq!(
        counted(&world).await,
        [
            ("actor, alarm prod-a-level".to_owned(), 4),
            ("actor, alarm prod-a-waits".to_owned(), 5)
        ]
    );
}

#[tokio::test]
async fn another_incident_in_the_hour_is_mailed_all_the_same_d08() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("approve", &machine);
    let asked = changes(&app, after(0), "ALARM").await.unwrap();
    changes(&app, after(60), "ALARM").await.unwrap();
    assert_eq!(world.subjects().len(), 1);

    let second = of_the_other(event_at(after(120), "ALARM"));
    delivered(&app, &second, after(120)).await.unwrap();
    assert_eq!(world.subjects().len(), 2, "the same plan, for another alarm");

    change(&machine, |machine| machine.level = 8);
    changes(&app, after(180), "ALARM").await.unwrap();
    assert_eq!(world.subjects().len(), 3, "another plan");

    change(&machine, |machine| (machine.level, machine.steps) = (10, 3));
    changes(&app, after(240), "ALARM").await.unwrap();
    assert_eq!(world.subjects().len(), 4, "a guard objects");

    change(&machine, |machine| machine.steps = 1);
    changes(&app, after(300), "ALARM").await.unwrap();
    assert_eq!(
        world.subjects().len(),
        4,
        "the first plan again, which still waits"
    );
    let approve = json!({ "targets": ["prod-a"], "approve": asked["reports"][0]["action"]["plan_id"] });
    let done = send(&app, &approve, &after(360).to_string(), "hand").await;
    assert_eq!((outcome(&done), world.subjects().len()), ("applied", 5));
    change(&machine, |machine| machine.level = 10);
    let again = changes(&app, after(420), "ALARM").await;
    assert_eq!(outcome(&again), "planned");
    assert_eq!(
        world.subjects().len(),
        6,
        "the same plan, after it was carried out"
    );

    changes(&app, after(430 + 3_600), "ALARM").await.unwrap();
    assert_eq!(world.subjects().len(), 7, "the hour is over");
}

#[tokio::test]
async fn a_plan_is_mailed_again_before_its_time_to_be_approved_is_over() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor_with(&json!({ "mode": "approve", "approval_minutes": 15 }), &machine);
    for (minute, mails) in [(0, 1), (11, 1), (13, 2), (24, 2), (26, 3)] {
        changes(&app, after(60 * minute), "ALARM").await.unwrap();
        assert_eq!(world.subjects().len(), mails, "minute {minute}");
    }
}

#[tokio::test]
async fn where_no_mail_told_of_the_pause_its_first_alarm_does_d08_d12() {
    let (world, machine) = (World::default(), machine());
    change(&machine, |machine| machine.knob = Knob::DiesBefore);
    let app = world.actor("auto", &machine);
    let killed = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        changes(&app, after(0), "ALARM"),
    );
    assert!(killed.await.is_err(), "the handler hangs and is ended");
    for (minute, mails) in [(2, 1), (3, 1)] {
        let answer = changes(&app, after(60 * minute), "ALARM").await;
        assert_eq!(outcome(&answer), "suppressed");
        assert_eq!(world.subjects().len(), mails, "minute {minute}");
    }

    // A mail that failed and was sent by the next delivery has told it.
    let (world, machine) = (World::default(), super::machine());
    world.break_with(&[Fault::Topic]);
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap_err();
    world.break_with(&[]);
    let again = send(&app, &alarm(), "2026-03-06T11:31:00Z", "r-1").await;
    assert_eq!((outcome(&again), world.subjects().len()), ("applied", 1));
    let next = changes(&app, after(120), "ALARM").await;
    assert_eq!((outcome(&next), world.subjects().len()), ("suppressed", 1));
}
