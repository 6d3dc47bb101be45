use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::target::Engine;
use jiff::SignedDuration;

use super::world::*;
use crate::facts::{DatabaseFacts, Facts};

fn of(facts: &mut Facts) -> &mut DatabaseFacts {
    facts.database.as_mut().unwrap()
}

#[test]
fn a_platform_with_good_backups_has_no_complaint() {
    let items = judged(|_| {});
    assert_eq!(complaints(&items), []);
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "BAK-001", "BAK-002", "BAK-003", "BAK-004", "BAK-005", "BAK-006", "BAK-007", "BAK-011",
            "BAK-012", "BAK-013", "BAK-014", "BAK-021", "BAK-022", "BAK-023", "BAK-024", "BAK-025",
            "BAK-026", "BAK-027", "BAK-028", "BAK-031", "BAK-032", "BAK-041"
        ]
    );
}

/// S0 Friday: `--query 'DBClusterSnapshots[0]'`. What that command looks at, and what counts (trap 10).
#[test]
fn the_newest_available_snapshot_counts_and_not_the_first_of_the_list_w26() {
    // The first is two days old, the newest is fine: the command cries wolf.
    let items = judged(|facts| {
        of(facts).snapshots = Ok(vec![
            snapshot("rds:first", "automated", "available", 50),
            snapshot("rds:last", "automated", "available", 10),
        ]);
    });
    assert_eq!(complaints(&items), []);
    assert!(item(&items, "BAK-002").seen.contains("rds:last"));
    // The first is of this minute and is still being made, the newest good one is three days old: the command is content.
    let items = judged(|facts| {
        of(facts).snapshots = Ok(vec![
            snapshot("rds:first", "automated", "creating", 0),
            snapshot("rds:failed", "automated", "failed", 5),
            snapshot("rds:good", "automated", "available", 72),
        ]);
    });
    only(&items, "BAK-002", Fail, &["rds:good", "rds:failed"]);
}

#[test]
fn a_snapshot_by_hand_does_not_hide_that_the_automated_ones_stopped_w26() {
    let stopped = |facts: &mut Facts| {
        of(facts).snapshots = Ok(vec![
            snapshot("by-hand", "manual", "available", 2),
            snapshot("rds:last", "automated", "available", 72),
        ]);
    };
    only(&judged(stopped), "BAK-002", Fail, &["rds:last"]);
    let counting = |plan: &mut serde_json::Value| plan["database"]["count_manual_snapshots"] = true.into();
    assert_eq!(complaints(&judged_by(counting, stopped)), []);
}

/// S0: "snapshot age should be < 24 hours" fails every morning between 23:59 and the end of the next snapshot.
#[test]
fn a_day_with_its_backup_window_is_no_missing_backup_t04() {
    for (hours, fine) in [(24, true), (26, true), (27, false)] {
        let items = judged(|facts| {
            of(facts).snapshots = Ok(vec![snapshot("rds:one", "automated", "available", hours)]);
        });
        assert_eq!(item(&items, "BAK-002").verdict() == Pass, fine, "{hours} h");
    }
    let over_midnight = |facts: &mut Facts| {
        of(facts).database.as_mut().unwrap().backups.window = Some("22:00-01:00".to_owned());
        of(facts).snapshots = Ok(vec![snapshot("rds:one", "automated", "available", 28)]);
    };
    assert_eq!(item(&judged(over_midnight), "BAK-002").verdict(), Pass);
}

#[test]
fn no_snapshot_at_all_is_a_failure_and_never_a_pass_w25() {
    let items = judged(|facts| of(facts).snapshots = Ok(Vec::new()));
    only(&items, "BAK-002", Fail, &["no available automated snapshot"]);
    assert_eq!(item(&items, "BAK-002").population().examined, 0);
}

#[test]
fn a_snapshot_of_the_future_proves_nothing_t06() {
    let items = judged(|facts| {
        of(facts).snapshots = Ok(vec![snapshot("rds:odd", "automated", "available", -3)]);
    });
    only(&items, "BAK-002", Unknown, &["rds:odd"]);
}

#[test]
fn a_denied_read_costs_its_own_lines_and_the_report_is_not_green_w28() {
    let items = judged(|facts| of(facts).snapshots = denied("rds:DescribeDBClusterSnapshots"));
    let found: Vec<_> = complaints(&items)
        .into_iter()
        .map(|(code, verdict, _)| (code, verdict))
        .collect();
    assert_eq!(
        found,
        [("BAK-002".to_owned(), Unknown), ("BAK-005".to_owned(), Unknown)]
    );
    assert!(item(&items, "BAK-002").seen.contains("permission denied"));
    assert_eq!(item(&items, "BAK-003").verdict(), Pass);

    let items = judged(|facts| of(facts).keys = vec![(KEY.to_owned(), denied("kms:DescribeKey"))]);
    only(&items, "BAK-005", Unknown, &[KEY]);

    let items = judged(|facts| of(facts).database = denied("rds:DescribeDBClusters"));
    let codes: Vec<_> = complaints(&items).into_iter().map(|(code, ..)| code).collect();
    assert_eq!(
        codes,
        ["BAK-001", "BAK-003", "BAK-004", "BAK-005", "BAK-006", "BAK-007"]
    );
    assert!(items.iter().all(|item| item.verdict() != Fail));
}

#[test]
fn backups_that_are_off_or_kept_too_short_are_told_apart() {
    let off = judged(|facts| {
        let backups = &mut of(facts).database.as_mut().unwrap().backups;
        backups.retention_days = Some(0);
        backups.latest_restorable = None;
    });
    assert!(item(&off, "BAK-001").seen.contains("off"));
    assert_eq!(item(&off, "BAK-003").verdict(), Fail);
    let short = judged(|facts| {
        of(facts).database.as_mut().unwrap().backups.retention_days = Some(3);
    });
    only(&short, "BAK-001", Fail, &["prod-a"]);
    let silent = judged(|facts| {
        of(facts).database.as_mut().unwrap().backups.retention_days = None;
    });
    only(&silent, "BAK-001", Unknown, &["prod-a"]);
}

/// A snapshot of last night proves an RPO of a night, whatever the policy says (trap 10).
#[test]
fn what_would_be_lost_now_is_judged_by_the_restorable_time_and_not_by_a_snapshot() {
    for (minutes, verdict) in [(0, Pass), (15, Pass), (16, Fail), (600, Fail)] {
        let items = judged(|facts| {
            of(facts).database.as_mut().unwrap().backups.latest_restorable = Some(minutes_ago(minutes));
        });
        assert_eq!(item(&items, "BAK-003").verdict(), verdict, "{minutes} min");
        assert_eq!(
            item(&items, "BAK-002").verdict(),
            Pass,
            "the snapshot is fine all the time"
        );
    }
}

#[test]
fn restorable_times_that_cannot_be_are_refused_and_not_taken_for_good_ones_t07() {
    let future = judged(|facts| {
        of(facts).database.as_mut().unwrap().backups.latest_restorable = Some(minutes_ago(-60));
    });
    only(&future, "BAK-003", Unknown, &["prod-a"]);
    let none = judged(|facts| of(facts).database.as_mut().unwrap().backups.latest_restorable = None);
    only(&none, "BAK-003", Unknown, &["prod-a"]);
    let crossed = judged(|facts| of(facts).earliest_restorable = Ok(Some(minutes_ago(1))));
    only(&crossed, "BAK-004", Unknown, &["prod-a"]);
    let unknown = judged(|facts| of(facts).earliest_restorable = Ok(None));
    only(&unknown, "BAK-004", Unknown, &["prod-a"]);
}

#[test]
fn a_window_of_restore_that_is_shorter_than_promised_is_found_but_not_in_a_young_database() {
    let short = judged(|facts| of(facts).earliest_restorable = Ok(Some(hours_ago(5 * 24))));
    only(&short, "BAK-004", Fail, &["prod-a"]);
    let young = judged(|facts| {
        of(facts).earliest_restorable = Ok(Some(hours_ago(5 * 24)));
        of(facts).database.as_mut().unwrap().backups.created_at = Some(hours_ago(5 * 24));
    });
    assert_eq!(complaints(&young), []);
}

#[test]
fn a_snapshot_is_as_good_as_its_key() {
    for state in ["PendingDeletion", "Disabled", "PendingImport", "Unavailable"] {
        let items = judged(|facts| of(facts).keys = vec![(KEY.to_owned(), Ok(key(state)))]);
        only(&items, "BAK-005", Fail, &[KEY]);
        assert!(item(&items, "BAK-005").subjects[0].says.contains(state));
    }
    let leaving = judged(|facts| {
        let mut key = key("PendingDeletion");
        key.deleted_at = now().checked_add(SignedDuration::from_hours(30)).ok();
        of(facts).keys = vec![(KEY.to_owned(), Ok(key))];
    });
    assert!(
        item(&leaving, "BAK-005").subjects[0]
            .says
            .contains("gone in 30 h")
    );
}

#[test]
fn what_is_not_encrypted_is_named_unless_the_policy_allows_it() {
    let plain = |facts: &mut Facts| {
        of(facts).database.as_mut().unwrap().backups.encrypted = Some(false);
        of(facts).keys.clear();
    };
    only(&judged(plain), "BAK-005", Fail, &["prod-a"]);
    let allowed = |plan: &mut serde_json::Value| plan["database"]["encryption"] = false.into();
    assert_eq!(complaints(&judged_by(allowed, plain)), []);
}

#[test]
fn deletion_protection_that_is_off_is_found_unless_the_policy_allows_it() {
    let off = |facts: &mut Facts| {
        of(facts).database.as_mut().unwrap().backups.deletion_protection = Some(false);
    };
    only(&judged(off), "BAK-006", Fail, &["prod-a"]);
    let allowed = |plan: &mut serde_json::Value| plan["database"]["deletion_protection"] = false.into();
    assert_eq!(complaints(&judged_by(allowed, off)), []);
}

#[test]
fn a_backup_window_that_moved_is_found_once_and_the_declared_one_for_ever() {
    let move_it = |facts: &mut Facts| {
        of(facts).database.as_mut().unwrap().backups.window = Some("14:00-14:30".to_owned());
    };
    let (items, notes) = judged_after(&before(), |_| {}, move_it);
    assert!(
        item(&items, "BAK-007").subjects[0]
            .says
            .contains("was 02:00-02:30, is 14:00-14:30")
    );
    assert_eq!(
        notes.get("backup_window"),
        Some("14:00-14:30"),
        "the next run compares with the new one"
    );
    let declared = |plan: &mut serde_json::Value| plan["database"]["backup_window"] = "02:00-02:30".into();
    let (items, _) = judged_after(&Ok(None), declared, move_it);
    assert_eq!(item(&items, "BAK-007").verdict(), Fail);
}

#[test]
fn a_first_run_has_no_window_to_compare_with_and_a_silent_journal_is_not_a_first_run() {
    let (items, notes) = judged_after(&Ok(None), |_| {}, |_| {});
    assert_eq!(item(&items, "BAK-007").verdict(), Unknown);
    assert_eq!(notes.get("backup_window"), Some("02:00-02:30"));
    let (items, _) = judged_after(&denied("dynamodb:Query"), |_| {}, |_| {});
    assert!(item(&items, "BAK-007").seen.contains("dynamodb:Query"));
    // What could not be read today is compared tomorrow.
    let (_, notes) = judged_after(
        &before(),
        |_| {},
        |facts| of(facts).database = denied("rds:DescribeDBClusters"),
    );
    assert_eq!(notes.get("backup_window"), Some("02:00-02:30"));
}

#[test]
fn an_instance_is_judged_as_a_cluster_is() {
    let items = judged(|facts| of(facts).database.as_mut().unwrap().engine = Engine::Rds);
    assert_eq!(complaints(&items), []);
}
