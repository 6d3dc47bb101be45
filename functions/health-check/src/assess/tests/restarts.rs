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
        assert_eq!(World::well().with("pods", pod).named(), named, "{what}");
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

#[test]
fn a_container_that_the_run_before_had_no_room_for_is_not_called_calm() {
    let others: Vec<String> = (0..MAX_COUNTERS)
        .map(|number| format!("{number:08}/app"))
        .collect();
    let world = |others: &[String], own: Option<i64>, minutes: i64| {
        let counters = others.iter().map(|name| (name.as_str(), 9));
        let counters: Vec<(&str, i64)> = counters.chain(own.map(|count| ("p/app", count))).collect();
        World::well()
            .with("pods", old("p", 25, 120, &crash()))
            .after(minutes, &counters)
    };
    let (code, name, says) = world(&others, None, 1440).only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-127", "containers not compared")
    );
    assert!(
        says.starts_with("1 container may have restarted more often than is known"),
        "{says}"
    );
    assert_eq!(world(&others, None, 1440).item(&code).verdict(), Verdict::Unknown);
    world(&others[1..], None, 1440).is_well("the run before had room, and did not see it restart in a week");
    world(&others[1..], Some(24), 1440).is_well("it was noted, and restarted once since then");
    world(&others, None, 10_000).is_well("a run of last week tells nothing, full or not");
}
