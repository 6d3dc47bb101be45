//! Judgements of `lease-sweeper` over small worlds, each with a neighbour that must not be touched.

use day2_aws::journal::Storm;
use day2_core::action::{Lease, LeaseState};
use day2_core::{Cause, Item, Unreadable, Verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{asks_every_day, asks_owners, assess, figures};
use crate::facts::{Answer, Asked, Facts, NotAsked};
use crate::settings::Sweep;

/// A Friday, 09:00 in New York.
const NOW: &str = "2026-03-06T14:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lease(id: &str, created: &str, expires: Option<&str>) -> Lease {
    Lease {
        id: id.to_owned(),
        function: "provisioning-latency".to_owned(),
        target: "prod-a".to_owned(),
        resource: format!("Auto Scaling group {id}"),
        change: json!({}),
        before: "10 nodes".to_owned(),
        after: "20 nodes".to_owned(),
        undo: "terminate what is empty of the 10 added nodes".to_owned(),
        plan_id: "p".to_owned(),
        occasion: "o".to_owned(),
        created_at: at(created),
        expires_at: expires.map(at),
        state: LeaseState::Active,
    }
}

/// Ended a quarter of an hour ago.
fn due(id: &str) -> Lease {
    lease(id, "2026-03-06T12:00:00Z", Some("2026-03-06T13:45:00Z"))
}

fn denied() -> Unreadable {
    Unreadable::new("dynamodb:Query", "day2-journal", Cause::Denied, "no")
}

fn quiet() -> Facts {
    Facts {
        before: Ok(Vec::new()),
        asked: Vec::new(),
        after: Ok(Vec::new()),
        storms: Ok(Vec::new()),
        not_marked: None,
    }
}

/// These were due, with the answers of their owners; `left` are still open afterwards.
fn swept(asked: Vec<(Lease, Answer)>, left: &[&str]) -> Facts {
    let before: Vec<Lease> = asked.iter().map(|(lease, _)| lease.clone()).collect();
    let after = before
        .iter()
        .filter(|lease| left.contains(&&*lease.id))
        .cloned()
        .collect();
    Facts {
        before: Ok(before),
        asked: asked
            .into_iter()
            .map(|(lease, answer)| Asked { lease, answer })
            .collect(),
        after: Ok(after),
        ..quiet()
    }
}

fn judged(facts: &Facts, code: &str) -> Item {
    let sweep = Sweep {
        max_per_run: 20,
        overdue_minutes: 30,
    };
    let zone = TimeZone::get("America/New_York").unwrap();
    let mut items = assess(facts, &sweep, &zone, at(NOW));
    items.retain(|item| item.code == code);
    items.remove(0)
}

fn names(item: &Item) -> Vec<&str> {
    item.subjects.iter().map(|subject| &*subject.name).collect()
}

#[test]
fn a_journal_without_changes_passes_everything() {
    for code in ["LSW-001", "LSW-002", "LSW-003", "LSW-004", "LSW-005"] {
        let item = judged(&quiet(), code);
        assert_eq!(
            (item.verdict(), item.subjects.len()),
            (Verdict::Pass, 0),
            "{item:?}"
        );
    }
}

#[test]
fn a_journal_that_cannot_be_read_is_unknown_and_never_an_empty_one_d15() {
    let facts = Facts {
        before: Err(denied()),
        after: Err(denied()),
        storms: Err(denied()),
        ..quiet()
    };
    for code in ["LSW-001", "LSW-002", "LSW-003", "LSW-004", "LSW-005"] {
        let item = judged(&facts, code);
        assert_eq!(item.verdict(), Verdict::Unknown, "{item:?}");
        assert!(item.seen.contains("permission denied"), "{item:?}");
    }
}

#[test]
fn the_journal_decides_what_was_taken_back_and_not_the_answer() {
    let facts = swept(
        vec![
            (due("gone"), Answer::NoAnswer { waited_seconds: 300 }),
            (
                due("stays"),
                Answer::Returned("{\"outcome\":\"refused\"}".to_owned()),
            ),
        ],
        &["stays"],
    );
    let item = judged(&facts, "LSW-001");
    assert_eq!(item.verdict(), Verdict::Fail);
    assert_eq!(names(&item), ["Auto Scaling group stays (lease stays)"]);
    assert!(
        item.seen.starts_with("1 of 2 changes taken back; 1 failed"),
        "{}",
        item.seen
    );
    let says = &item.subjects[0].says;
    assert!(
        says.contains("10 nodes -> 20 nodes") && says.contains("refused"),
        "{says}"
    );
    assert!(says.contains("Fri 6 Mar 08:45 EST"), "{says}");
}

#[test]
fn everything_taken_back_passes_and_names_nobody() {
    let facts = swept(vec![(due("a"), Answer::Returned(String::new()))], &[]);
    let item = judged(&facts, "LSW-001");
    assert_eq!((item.verdict(), item.subjects.len()), (Verdict::Pass, 0));
    assert_eq!(item.population().examined, 1);
}

#[test]
fn an_error_of_the_owner_a_throttled_call_and_a_full_run_are_told_apart() {
    let failed = |error_type: &str| Answer::Failed {
        kind: "Unhandled".to_owned(),
        error_type: Some(error_type.to_owned()),
        says: "the group is gone".to_owned(),
    };
    let lambda = |cause| {
        Answer::NoResult(Unreadable::new(
            "lambda:InvokeFunction",
            "day2-x",
            cause,
            "Rate Exceeded",
        ))
    };
    for (answer, verdict, words) in [
        (
            failed("Permanent"),
            Verdict::Fail,
            "ran and failed (Unhandled, Permanent): the group is gone",
        ),
        (
            failed("Transient"),
            Verdict::Unknown,
            "ran and failed (Unhandled, Transient)",
        ),
        (
            lambda(Cause::Throttled),
            Verdict::Unknown,
            "Lambda throttled the call, so provisioning-latency did not run",
        ),
        (lambda(Cause::Denied), Verdict::Fail, "gave no result"),
        (lambda(Cause::NotFound), Verdict::Fail, "gave no result"),
        (lambda(Cause::Other), Verdict::Unknown, "gave no result"),
        (
            Answer::NoAnswer { waited_seconds: 300 },
            Verdict::Unknown,
            "no answer in 300 s",
        ),
        (
            Answer::NotAsked(NotAsked::Enough(20)),
            Verdict::Unknown,
            "20 were asked in this one (max_per_run)",
        ),
        (
            Answer::NotAsked(NotAsked::Late {
                left_seconds: 12,
                needs_seconds: 300,
            }),
            Verdict::Unknown,
            "may take 300 s, and 12 s were left",
        ),
        (
            Answer::NotAsked(NotAsked::NoOwner),
            Verdict::Fail,
            "terminate what is empty",
        ),
    ] {
        let item = judged(&swept(vec![(due("a"), answer)], &["a"]), "LSW-001");
        assert_eq!(item.verdict(), verdict, "{item:?}");
        assert!(item.subjects[0].says.contains(words), "{item:?}");
    }
}

#[test]
fn one_that_waits_does_not_hide_one_that_failed() {
    let facts = swept(
        vec![
            (due("waits"), Answer::NotAsked(NotAsked::Enough(1))),
            (due("failed"), Answer::Returned("no".to_owned())),
        ],
        &["waits", "failed"],
    );
    let item = judged(&facts, "LSW-001");
    assert_eq!(item.verdict(), Verdict::Fail);
    assert!(names(&item)[0].contains("failed"), "worst first: {item:?}");
    assert_eq!(
        (item.population().examined, item.population().expected_at_least),
        (1, 2)
    );
}

#[test]
fn when_the_journal_cannot_be_read_again_nothing_is_called_done() {
    let mut facts = swept(vec![(due("a"), Answer::Returned("reverted".to_owned()))], &[]);
    facts.after = Err(denied());
    let item = judged(&facts, "LSW-001");
    assert_eq!(
        (item.verdict(), item.population().examined),
        (Verdict::Unknown, 0)
    );
    assert_eq!(names(&item), ["Auto Scaling group a (lease a)"]);
}

#[test]
fn a_change_is_overdue_from_the_minute_after_its_grace() {
    let ended = |id, expires| lease(id, "2026-03-06T10:00:00Z", Some(expires));
    let facts = Facts {
        after: Ok(vec![
            ended("late", "2026-03-06T13:29:00Z"),
            ended("just", "2026-03-06T13:30:00Z"),
            ended("runs", "2026-03-06T15:00:00Z"),
            lease("endless", "2026-01-01T00:00:00Z", None),
        ]),
        ..quiet()
    };
    let item = judged(&facts, "LSW-002");
    assert_eq!(item.verdict(), Verdict::Fail);
    assert_eq!(names(&item), ["Auto Scaling group late (lease late)"]);
    assert!(item.subjects[0].says.contains("31 min ago"), "{item:?}");
    assert!(item.seen.starts_with("1 of 3 temporary changes"), "{}", item.seen);
    assert!(item.remedy.as_deref().unwrap().contains("by hand"));
}

#[test]
fn changes_in_force_are_listed_and_never_a_failure() {
    let mut unsure = lease("unsure", "2026-03-06T12:00:00Z", Some("2026-03-06T16:00:00Z"));
    unsure.state = LeaseState::Pending;
    let facts = Facts {
        after: Ok(vec![lease("endless", "2026-03-01T00:00:00Z", None), unsure]),
        ..quiet()
    };
    let item = judged(&facts, "LSW-003");
    assert_eq!((item.verdict(), item.population().examined), (Verdict::Pass, 2));
    assert_eq!(
        item.seen,
        "2 changes in force, 1 without an end; the next ends Fri 6 Mar 11:00 EST"
    );
    assert!(
        item.subjects[0].says.contains("until somebody ends it"),
        "{item:?}"
    );
    assert!(
        item.subjects[1].says.contains("whether it was made is not known"),
        "{item:?}"
    );
}

#[test]
fn a_change_without_an_end_is_reminded_of_once_a_week_for_an_hour() {
    let reminded = |created: &str| {
        let facts = Facts {
            after: Ok(vec![
                lease("endless", created, None),
                lease("temporary", created, Some("2026-03-06T16:00:00Z")),
            ]),
            ..quiet()
        };
        names(&judged(&facts, "LSW-005")).join(",")
    };
    assert_eq!(reminded("2026-03-06T13:30:00Z"), "", "not at its begin");
    assert_eq!(reminded("2026-02-27T14:01:00Z"), "", "a minute before a week");
    assert_eq!(
        reminded("2026-02-27T14:00:00Z"),
        "week 1 of Auto Scaling group endless (lease endless)"
    );
    assert_eq!(
        reminded("2026-02-20T13:01:00Z"),
        "week 2 of Auto Scaling group endless (lease endless)"
    );
    assert_eq!(reminded("2026-02-27T13:00:00Z"), "", "an hour after a week");
}

fn storm(function: &str, suppressed: u64, repeats: u64) -> Storm {
    Storm {
        function: function.to_owned(),
        target: "prod-a".to_owned(),
        since: at("2026-03-06T13:00:00Z"),
        until: at("2026-03-06T13:30:00Z"),
        suppressed,
        repeats,
        row: String::new(),
    }
}

#[test]
fn a_storm_is_one_line_however_many_events_it_had_d08() {
    let mut facts = Facts {
        storms: Ok(vec![
            storm("connection-exhaustion", 1, 0),
            storm("provisioning-latency", 19, 3),
        ]),
        ..quiet()
    };
    let item = judged(&facts, "LSW-004");
    assert_eq!((item.verdict(), item.population().examined), (Verdict::Fail, 2));
    assert!(item.has_happened(), "that it is told no more is no news");
    assert_eq!(
        item.seen,
        "20 events held back in 2 storms; 3 events only said again what a mail had said"
    );
    assert_eq!(names(&item)[1], "provisioning-latency since Fri 6 Mar 08:00 EST");
    assert_eq!(
        item.subjects[0].says,
        "1 event held back until Fri 6 Mar 08:30 EST"
    );
    facts.not_marked = Some(denied());
    assert!(judged(&facts, "LSW-004").seen.contains("could not be marked"));
}

#[test]
fn what_only_said_again_what_a_mail_had_said_is_counted_and_mailed_for_nobody_d08() {
    let facts = Facts {
        storms: Ok(vec![storm("provisioning-latency", 0, 97)]),
        ..quiet()
    };
    let item = judged(&facts, "LSW-004");
    assert_eq!((item.verdict(), names(&item).len()), (Verdict::Pass, 0));
    assert_eq!(
        item.seen,
        "no event was held back; 97 events only said again what a mail had said"
    );
}

#[test]
fn a_storm_that_goes_on_is_not_told_yet_d08() {
    let going_on = Storm {
        until: at("2026-03-06T13:31:00Z"),
        ..storm("provisioning-latency", 19, 0)
    };
    let facts = Facts {
        storms: Ok(vec![going_on]),
        ..quiet()
    };
    assert_eq!(judged(&facts, "LSW-004").verdict(), Verdict::Pass);
}

#[test]
fn an_owner_that_cannot_be_called_fails_the_self_check() {
    let answer = |cause| Err(Unreadable::new("lambda:InvokeFunction", "day2-x", cause, ""));
    for (answer, verdict) in [
        (Ok(()), Verdict::Pass),
        (answer(Cause::Denied), Verdict::Fail),
        (answer(Cause::NotFound), Verdict::Fail),
        (answer(Cause::TimedOut), Verdict::Unknown),
    ] {
        let item = asks_owners(&[
            ("day2-neighbour".to_owned(), Ok(())),
            ("day2-x".to_owned(), answer),
        ]);
        assert_eq!(item.verdict(), verdict, "{item:?}");
    }
}

#[test]
fn a_calendar_with_a_day_of_rest_fails_the_self_check() {
    let calendar =
        |json: serde_json::Value| deserr::deserialize::<_, _, day2_core::settings::Mistakes>(json).unwrap();
    let week = json!(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
    let verdict = |json| asks_every_day(&calendar(json)).verdict();
    assert_eq!(verdict(json!({"working_days": week})), Verdict::Pass);
    assert_eq!(verdict(json!({})), Verdict::Fail);
    let holiday = json!([{"date": "2026-12-25", "name": "Christmas"}]);
    assert_eq!(
        verdict(json!({"working_days": week, "holidays": holiday})),
        Verdict::Fail
    );
    let exception = |runs: bool| json!({"working_days": week, "exceptions": [{"date": "2026-12-26", "runs": runs, "why": "x"}]});
    assert_eq!(verdict(exception(true)), Verdict::Pass);
    assert_eq!(verdict(exception(false)), Verdict::Fail);
}

#[test]
fn changes_in_force_and_overdue_are_counted_after_the_sweep_and_never_as_zero_unread() {
    let sweep = Sweep {
        max_per_run: 20,
        overdue_minutes: 30,
    };
    let told = |facts: &Facts| -> Vec<String> {
        figures(facts, &sweep, at(NOW), ("lease-sweeper", "prod-a", "sweep"))
            .iter()
            .map(|one| {
                format!(
                    "{} {} of {}/{}/{}",
                    one.name, one.value, one.function, one.task, one.target
                )
            })
            .collect()
    };
    let overdue = lease("old", "2026-03-06T10:00:00Z", Some("2026-03-06T13:29:00Z"));
    let endless = lease("endless", "2026-02-06T10:00:00Z", None);
    let facts = Facts {
        before: Ok(vec![due("back"), due("due"), overdue.clone(), endless.clone()]),
        after: Ok(vec![due("due"), overdue, endless]),
        ..quiet()
    };
    assert_eq!(
        told(&facts),
        [
            "LeasesInForce 3 of lease-sweeper/sweep/prod-a",
            "LeasesOverdue 1 of lease-sweeper/sweep/prod-a"
        ]
    );
    assert_eq!(told(&quiet())[0], "LeasesInForce 0 of lease-sweeper/sweep/prod-a");
    let unread = Facts {
        after: Err(denied()),
        ..quiet()
    };
    assert!(told(&unread).is_empty());
}
