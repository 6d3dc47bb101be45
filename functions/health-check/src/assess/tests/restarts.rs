//! Restarts: a loop or one crash in a long life, and more of them than one run can note for the next.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::pods::with_last;
use super::world::{World, ago, pod, put};
use crate::counted::MAX_COUNTERS;

const DAYS_90: i64 = 60 * 24 * 90;

/// A Ready pod of 90 days with so many restarts, the last of which so many minutes ago.
fn old(name: &str, restarts: i64, minutes: i64, end: &Value) -> Value {
    let mut pod = pod(name, "shop", "n1", "sick");
    put(&mut pod, "/metadata/creationTimestamp", json!(ago(DAYS_90)));
    with_last(pod, restarts, minutes, end)
}

fn crash() -> Value {
    json!({"reason": "Error", "exitCode": 1})
}

#[test]
fn a_loop_is_told_by_the_length_of_the_last_run_and_not_by_the_restarts_of_a_life() {
    let after_a_run_since = |started: Value| {
        let mut end = crash();
        put(&mut end, "/startedAt", started);
        old("p", 4, 5, &end)
    };
    let long = after_a_run_since(json!(ago(DAYS_90 / 3)));
    let mut backs_off = long.clone();
    put(
        &mut backs_off,
        "/status/containerStatuses/0/state",
        json!({"waiting": {"reason": "CrashLoopBackOff"}}),
    );
    let (well, looping): (&[&str], &[&str]) = (&[], &["HLT-122 shop/Deployment/sick"]);
    for (what, pod, named) in [
        ("the fourth crash in 90 days", long.clone(), well),
        (
            "it had run for ten minutes",
            after_a_run_since(json!(ago(15))),
            well,
        ),
        (
            "it runs between two crashes",
            after_a_run_since(json!(ago(7))),
            looping,
        ),
        (
            "it had run for nine minutes",
            after_a_run_since(json!(ago(14))),
            looping,
        ),
        ("no beginning is told", old("p", 4, 5, &crash()), looping),
        (
            "it could not be started",
            after_a_run_since(json!("1970-01-01T00:00:00Z")),
            looping,
        ),
        ("the kubelet says that it is one", backs_off, looping),
    ] {
        // The run of yesterday counted three.
        let world = World::well().with("pods", pod).after(1440, &[("p/app", 3)]);
        assert_eq!(world.named(), named, "{what}");
    }
    // One restart is certain, and where none is allowed that is told under its own code.
    let strict = World::well()
        .plan("workloads", json!({"max_restarts": 0}))
        .with("pods", long);
    assert_eq!(strict.named(), ["HLT-127 shop/Deployment/sick"]);
}

#[test]
fn more_restarted_containers_than_are_noted_are_told_and_keep_the_line_from_pass() {
    let world = |pods: usize| {
        (0..pods).fold(World::well(), |world, number| {
            world.with("pods", old(&format!("p{number:07}"), 4, 3_000, &crash()))
        })
    };
    let item = world(MAX_COUNTERS).item("HLT-127");
    assert_eq!(item.verdict(), Verdict::Pass, "{item:#?}");
    let item = world(MAX_COUNTERS + 2).item("HLT-127");
    assert_eq!(item.verdict(), Verdict::Unknown);
    let told = format!("{:?}", item.subjects);
    assert!(
        told.contains("containers not noted")
            && told.contains("2 containers restarted within a week beyond the 500"),
        "{told}"
    );
}

/// The run of yesterday noted as many others as it has room for.
fn after_a_full_note(world: World) -> World {
    let names: Vec<String> = (0..MAX_COUNTERS)
        .map(|number| format!("{number:08}/app"))
        .collect();
    let others: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 9)).collect();
    world.after(1440, &others)
}

#[test]
fn restarts_that_nobody_counted_are_neither_few_nor_many() {
    let world = || World::well().with("pods", old("p", 25, 120, &crash()));
    for (world, most, why) in [
        (world(), 25, "no run before this one has noted it"),
        (
            after_a_full_note(world()),
            25,
            "the run before noted only the 500 containers with the most restarts",
        ),
        // Its restarts are all of this night, or but one is older than a week: the note is the same.
        (
            world().after(1440, &[("other/app", 9)]),
            25,
            "the run before noted only containers that had been restarted within a week",
        ),
        (
            world().after(60, &[("p/app", 24)]),
            25,
            "the run before was within these 24 h",
        ),
        (
            world().after(10_000, &[("p/app", 2)]),
            23,
            "the run before was long before these 24 h",
        ),
    ] {
        let (code, name, says) = world.only();
        assert_eq!(
            (code.as_str(), name.as_str()),
            ("HLT-127", "shop/Deployment/sick")
        );
        assert_eq!(world.item(&code).verdict(), Verdict::Unknown, "{why}");
        let expected = format!(
            "between 1 and {most} restarts in 24 h, the last 2 h ago: app exit code 1; how many are older is not known: {why}"
        );
        assert_eq!(says, expected);
    }
}

#[test]
fn restarts_that_somebody_counted_or_that_cannot_be_many_are_judged() {
    let of = |restarts: i64| World::well().with("pods", old("p", restarts, 120, &crash()));
    of(2).is_well("both may be of today");
    after_a_full_note(of(2)).is_well("both may be of today, noted or not");
    of(25)
        .after(1440, &[("p/app", 24)])
        .is_well("it was noted, and restarted once since then");
    of(25)
        .after(10_000, &[("p/app", 23)])
        .is_well("a run of last week saw all but two");
    let mut after_days = crash();
    put(&mut after_days, "/startedAt", json!(ago(1_500)));
    World::well()
        .with("pods", old("p", 25, 120, &after_days))
        .is_well("it had run since before the window, so that this is the only restart in it");
    // What has been there for less than a week and was not noted had never been restarted.
    let of_three_days = |restarts: i64| {
        let mut pod = old("p", restarts, 120, &crash());
        put(&mut pod, "/metadata/creationTimestamp", json!(ago(4_320)));
        World::well().with("pods", pod)
    };
    let says = of_three_days(8).after(1440, &[("other/app", 9)]).only().2;
    assert!(says.starts_with("8 restarts in 24 h, the last 2 h ago"), "{says}");
    let unknown = after_a_full_note(of_three_days(8)).item("HLT-127");
    assert_eq!(unknown.verdict(), Verdict::Unknown, "the note had no room for it");
}
