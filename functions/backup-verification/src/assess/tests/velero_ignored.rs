//! What still counts of the backups of an ignored schedule, and of one that is gone.

use day2_core::Item;
use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_kube::objects::{VeleroBackup, VeleroSchedule};
use serde_json::{Value, json};

use super::world::*;
use crate::facts::{Facts, VeleroFacts};

fn of(facts: &mut Facts) -> &mut VeleroFacts {
    facts.velero.as_mut().unwrap()
}

fn all(facts: &mut Facts) -> &mut Vec<VeleroBackup> {
    of(facts).backups.as_mut().unwrap().as_mut().unwrap()
}

fn schedules(facts: &mut Facts) -> &mut Vec<VeleroSchedule> {
    of(facts).schedules.as_mut().unwrap().as_mut().unwrap()
}

fn ignore_scratch(plan: &mut Value) {
    plan["velero"]["ignore_schedules"] = json!(["scratch"]);
}

/// A schedule that is paused on purpose, after a last backup that ended so.
fn scratch(facts: &mut Facts, phase: &str) {
    let mut paused = schedule("scratch", json!({}));
    paused.paused = true;
    schedules(facts).push(paused);
    all(facts).push(backup("scratch", "scratch-0", phase, 20, 50));
}

fn named(items: &[Item], code: &str) -> Vec<String> {
    let subjects = item(items, code).subjects;
    subjects.into_iter().map(|subject| subject.name).collect()
}

#[test]
fn a_backup_of_an_ignored_schedule_does_not_count_and_its_neighbours_do() {
    for phase in ["PartiallyFailed", "Failed", "InProgress", "Simmering"] {
        let ignored = judged_by(ignore_scratch, |facts| scratch(facts, phase));
        assert_eq!(complaints(&ignored), [], "{phase}");
        assert_eq!(
            item(&ignored, "BAK-023").seen,
            "0 of 9 backups wrong; 1 of ignored schedules not counted",
            "{phase}"
        );
        let counted = judged(|facts| scratch(facts, phase));
        assert_eq!(named(&counted, "BAK-023"), ["scratch-0"], "{phase}");
        let beside = judged_by(ignore_scratch, |facts| {
            scratch(facts, phase);
            all(facts)[0].phase = "PartiallyFailed".to_owned();
            let mut by_hand = backup("x", "by-hand", "Failed", 20, 50);
            by_hand.schedule = None;
            all(facts).push(by_hand);
        });
        assert_eq!(item(&beside, "BAK-023").verdict(), Fail, "{phase}");
        assert_eq!(named(&beside, "BAK-023"), ["daily-0", "by-hand"], "{phase}");
    }
    let nothing = judged_by(ignore_scratch, |facts| {
        all(facts).clear();
        scratch(facts, "Completed");
    });
    assert_eq!(item(&nothing, "BAK-023").verdict(), Unknown, "none was looked at");
}

/// Its schedule was deleted, or is that of another cluster that writes to the same bucket.
#[test]
fn a_failed_backup_whose_schedule_is_gone_counts_for_some_days_and_says_that_nothing_makes_it_good() {
    for (hours, verdict) in [(20, Fail), (7 * 24, Fail), (8 * 24, Pass), (20 * 24, Pass)] {
        let items = judged(|facts| all(facts).push(backup("teams", "teams-0", "PartiallyFailed", hours, 50)));
        let found = item(&items, "BAK-023");
        if verdict == Pass {
            assert_eq!(complaints(&items), [], "{hours} h");
            let left = "0 of 10 backups wrong; 1 failed long ago, of a schedule that is gone, not counted";
            assert_eq!(found.seen, left, "{hours} h");
        } else {
            only(&items, "BAK-023", verdict, &["teams-0"]);
            let says = &found.subjects[0].says;
            for words in [
                "is PartiallyFailed",
                "has no schedule teams",
                "until it is 7 d old",
            ] {
                assert!(says.contains(words), "{words} is not in {says}");
            }
        }
    }
    let made_good = judged(|facts| {
        all(facts).push(backup("teams", "teams-1", "Failed", 34, 50));
        all(facts).push(backup("teams", "teams-0", "Completed", 10, 50));
    });
    assert_eq!(complaints(&made_good), []);
}

/// Monthly, and it failed on the first: the next one may make it good, so it is no history yet.
#[test]
fn a_failed_backup_whose_schedule_is_there_counts_until_a_later_one_completed() {
    let items = judged(|facts| {
        let mut monthly = schedule("monthly", json!({}));
        monthly.cron = "0 2 1 * *".to_owned();
        schedules(facts).push(monthly);
        all(facts).push(backup("monthly", "monthly-0", "Failed", 10 + 19 * 24, 50));
    });
    assert_eq!(named(&items, "BAK-023"), ["monthly-0"]);
    assert_eq!(named(&items, "BAK-022"), ["monthly"]);
}

/// One of these days counts whether its schedule is there or gone; of an older one nobody knows.
#[test]
fn an_old_failure_is_unknown_where_the_schedules_cannot_be_read_w28() {
    for (hours, verdict) in [(20, Fail), (20 * 24, Unknown)] {
        let items = judged(|facts| {
            of(facts).schedules = denied("list schedules");
            all(facts).push(backup("teams", "teams-0", "Failed", hours, 50));
        });
        let found = item(&items, "BAK-023");
        assert_eq!(found.verdict(), verdict, "{hours} h");
        assert_eq!(named(&items, "BAK-023"), ["teams-0"], "{hours} h");
        let says = &found.subjects[0].says;
        assert_eq!(says.contains("list schedules"), verdict == Unknown, "{says}");
    }
}

/// The backup is there and holds it (BAK-026), but no schedule that counts makes the next one.
#[test]
fn a_namespace_that_only_an_ignored_schedule_or_one_that_is_gone_takes_is_named() {
    for (ignored, is_there) in [(json!(["scratch"]), true), (json!([]), false)] {
        let items = judged_by(
            |plan| plan["velero"]["ignore_schedules"] = ignored,
            |facts| {
                *schedules(facts) = vec![schedule("daily", json!({"includedNamespaces": ["shop"]}))];
                if is_there {
                    schedules(facts).push(schedule("scratch", json!({})));
                }
                for nightly in all(facts) {
                    nightly.scope.included_namespaces = vec!["shop".to_owned()];
                }
                all(facts).push(backup("scratch", "scratch-0", "Completed", 10, 100));
            },
        );
        only(&items, "BAK-025", Fail, &["team-a"]);
    }
}
