use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_kube::objects::VeleroBackup;
use serde_json::json;

use super::world::*;
use crate::facts::{Facts, VeleroFacts};

fn of(facts: &mut Facts) -> &mut VeleroFacts {
    facts.velero.as_mut().unwrap()
}

fn backups(facts: &mut Facts) -> &mut Vec<VeleroBackup> {
    of(facts).backups.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn a_cluster_without_velero_fails_where_the_plan_says_velero_and_says_so() {
    let items = judged(|facts| {
        let velero = of(facts);
        velero.locations = Ok(None);
        velero.schedules = Ok(None);
        velero.backups = Ok(None);
    });
    let found: Vec<_> = complaints(&items)
        .into_iter()
        .map(|(code, verdict, _)| (code, verdict))
        .collect();
    let expected: Vec<_> = (21..=28).map(|number| (format!("BAK-0{number}"), Fail)).collect();
    assert_eq!(found, expected);
    assert!(item(&items, "BAK-022").seen.contains("does not know velero.io"));
}

#[test]
fn a_denied_list_leaves_the_others_reported_w28() {
    let items = judged(|facts| of(facts).namespaces = denied("list namespaces"));
    let found: Vec<_> = complaints(&items)
        .into_iter()
        .map(|(code, verdict, _)| (code, verdict))
        .collect();
    assert_eq!(
        found,
        [("BAK-025".to_owned(), Unknown), ("BAK-026".to_owned(), Unknown)]
    );
}

#[test]
fn a_storage_location_must_be_available_now() {
    let gone = judged(|facts| of(facts).locations = Ok(Some(vec![location("default", "Unavailable")])));
    only(&gone, "BAK-021", Fail, &["default"]);
    assert!(item(&gone, "BAK-021").subjects[0].says.contains("no such bucket"));
    // Velero died three hours ago: the word in the object is still `Available`.
    let stale = judged(|facts| {
        let mut one = location("default", "Available");
        one.validated_at = Some(hours_ago(3));
        of(facts).locations = Ok(Some(vec![one]));
    });
    only(&stale, "BAK-021", Fail, &["default"]);
    let none = judged(|facts| of(facts).locations = Ok(Some(Vec::new())));
    only(&none, "BAK-021", Fail, &["no storage location"]);
    let read_only = judged(|facts| {
        let mut one = location("default", "Available");
        one.read_only = true;
        of(facts).locations = Ok(Some(vec![one]));
    });
    only(&read_only, "BAK-021", Fail, &["default"]);
}

/// S4's `velero schedule get` shows `Enabled`, and `velero_backup_last_status` may stay 1 while every backup fails.
#[test]
fn an_enabled_schedule_whose_last_due_backup_did_not_complete_is_found() {
    let failed = judged(|facts| backups(facts)[0].phase = "PartiallyFailed".to_owned());
    let found = item(&failed, "BAK-022");
    assert_eq!(found.verdict(), Fail);
    assert!(
        found.subjects[0].says.contains("daily-0 is PartiallyFailed"),
        "{found:#?}"
    );
    let missing = judged(|facts| {
        backups(facts).remove(0);
    });
    assert!(
        item(&missing, "BAK-022").subjects[0]
            .says
            .contains("none was begun since")
    );
    let never = judged(|facts| backups(facts).clear());
    assert!(
        item(&never, "BAK-022").subjects[0]
            .says
            .contains("no backup of it ever completed")
    );
}

#[test]
fn a_schedule_is_judged_by_its_own_rhythm() {
    // Weekly, on Monday: four days old and on time.
    let weekly = |facts: &mut Facts| {
        let mut one = schedule("daily", json!({}));
        one.cron = "0 2 * * 1".to_owned();
        of(facts).schedules = Ok(Some(vec![one]));
        backups(facts).retain(|backup| backup.name == "daily-4");
    };
    assert_eq!(item(&judged(weekly), "BAK-022").verdict(), Pass);
    let paused = judged(|facts| {
        let mut one = schedule("daily", json!({}));
        one.paused = true;
        of(facts).schedules = Ok(Some(vec![one]));
    });
    assert!(item(&paused, "BAK-022").subjects[0].says.contains("paused"));
    let broken = judged(|facts| {
        let mut one = schedule("daily", json!({}));
        one.cron = "whenever".to_owned();
        of(facts).schedules = Ok(Some(vec![one]));
    });
    only(&broken, "BAK-022", Unknown, &["daily"]);
    let none = judged(|facts| of(facts).schedules = Ok(Some(Vec::new())));
    assert_eq!(item(&none, "BAK-022").verdict(), Fail);
    let ignored = judged_by(
        |plan| plan["velero"]["ignore_schedules"] = json!(["old"]),
        |facts| {
            let mut old = schedule("old", json!({}));
            old.paused = true;
            of(facts).schedules = Ok(Some(vec![old, schedule("daily", json!({}))]));
        },
    );
    assert_eq!(complaints(&ignored), []);
}

#[test]
fn a_schedule_that_was_made_after_its_last_due_time_is_not_late() {
    let young = judged(|facts| {
        let mut new = schedule("new", json!({"includedNamespaces": ["shop"]}));
        new.created_at = Some(hours_ago(1));
        of(facts).schedules.as_mut().unwrap().as_mut().unwrap().push(new);
    });
    assert_eq!(item(&young, "BAK-022").verdict(), Pass);
    assert!(item(&young, "BAK-022").seen.contains("1 not due yet"));
}

#[test]
fn each_way_of_not_completing_is_told_with_its_reason() {
    for phase in [
        "PartiallyFailed",
        "Failed",
        "FailedValidation",
        "FinalizingPartiallyFailed",
        "WaitingForPluginOperationsPartiallyFailed",
    ] {
        let items = judged(|facts| {
            let mut by_hand = backup("x", "by-hand", phase, 20, 50);
            by_hand.schedule = None;
            by_hand.errors = 3;
            by_hand.warnings = 7;
            by_hand.failure = Some("volume snapshot timed out".to_owned());
            backups(facts).push(by_hand);
        });
        only(&items, "BAK-023", Fail, &["by-hand"]);
        let says = &item(&items, "BAK-023").subjects[0].says;
        for word in [phase, "3 errors", "7 warnings", "volume snapshot timed out"] {
            assert!(says.contains(word), "{word} is not in {says}");
        }
    }
    for (phase, hours, stuck) in [
        ("InProgress", 1, false),
        ("InProgress", 3, true),
        ("WaitingForPluginOperations", 3, true),
        ("New", 3, true),
        // Expired a moment ago, and being removed.
        ("Deleting", 24 * 30, false),
        ("Deleting", 3, false),
    ] {
        let items = judged(|facts| {
            let mut by_hand = backup("x", "by-hand", phase, hours, 50);
            by_hand.schedule = None;
            backups(facts).push(by_hand);
        });
        assert_eq!(
            item(&items, "BAK-023").verdict() == Fail,
            stuck,
            "{phase} {hours} h"
        );
    }
    let strange = judged(|facts| backups(facts)[3].phase = "Simmering".to_owned());
    assert_eq!(item(&strange, "BAK-023").verdict(), Unknown);
}

#[test]
fn a_failure_that_a_later_backup_made_good_is_history() {
    let items = judged(|facts| backups(facts)[1].phase = "PartiallyFailed".to_owned());
    assert_eq!(complaints(&items), []);
    let old = judged(|facts| {
        let mut by_hand = backup("x", "by-hand", "Failed", 24 * 8, 50);
        by_hand.schedule = None;
        backups(facts).push(by_hand);
    });
    assert_eq!(complaints(&old), []);
}

#[test]
fn a_completed_backup_that_lost_much_is_found_by_its_items() {
    for (items, verdict) in [(100, Pass), (85, Pass), (70, Fail), (0, Fail)] {
        let judged = judged(|facts| backups(facts)[0].items = Some(items));
        assert_eq!(item(&judged, "BAK-024").verdict(), verdict, "{items} items");
    }
    let few = judged(|facts| backups(facts).truncate(3));
    only(&few, "BAK-024", Unknown, &["daily"]);
    let silent = judged(|facts| backups(facts)[0].items = None);
    only(&silent, "BAK-024", Unknown, &["daily"]);
}

/// S4 backs up `production` and `staging`: nobody is told about the third namespace.
#[test]
fn a_namespace_that_no_schedule_takes_is_named_and_the_excluded_ones_are_not() {
    let items = judged(|facts| {
        let narrow = json!({"includedNamespaces": ["shop"]});
        of(facts).schedules = Ok(Some(vec![schedule("daily", narrow)]));
    });
    only(&items, "BAK-025", Fail, &["team-a"]);
    let by_label = judged(|facts| {
        let narrow = json!({"labelSelector": {"matchLabels": {"backup": "yes"}}});
        of(facts).schedules = Ok(Some(vec![schedule("daily", narrow)]));
    });
    only(&by_label, "BAK-025", Fail, &["shop", "team-a"]);
    assert!(
        item(&by_label, "BAK-025").subjects[0]
            .says
            .contains("labelSelector")
    );
    let none = judged(|facts| of(facts).namespaces = Ok(Vec::new()));
    assert_eq!(
        item(&none, "BAK-025").verdict(),
        Unknown,
        "a cluster without namespaces was not read"
    );
}

#[test]
fn a_namespace_needs_a_young_completed_backup_that_has_not_expired() {
    let narrow = |facts: &mut Facts| {
        for backup in backups(facts).iter_mut().take(3) {
            backup.scope.included_namespaces = vec!["shop".to_owned()];
        }
    };
    only(&judged(narrow), "BAK-026", Fail, &["team-a"]);
    let expired = judged(|facts| {
        for backup in backups(facts) {
            backup.expires_at = Some(minutes_ago(10));
        }
    });
    only(&expired, "BAK-026", Fail, &["shop", "team-a"]);
    let new = judged(|facts| {
        let mut fresh = namespace("fresh");
        fresh.created_at = Some(hours_ago(1));
        of(facts).namespaces.as_mut().unwrap().push(fresh);
        for backup in backups(facts) {
            backup.scope.excluded_namespaces = vec!["fresh".to_owned()];
        }
    });
    assert_eq!(complaints(&new), []);
}

#[test]
fn backups_that_should_be_gone_are_named() {
    let items = judged(|facts| backups(facts)[5].expires_at = Some(hours_ago(30)));
    only(&items, "BAK-027", Fail, &["daily-5"]);
    let hangs = judged(|facts| {
        backups(facts)[5].phase = "Deleting".to_owned();
        backups(facts)[5].expires_at = Some(hours_ago(30));
    });
    only(&hangs, "BAK-027", Fail, &["daily-5"]);
    let soon = judged(|facts| backups(facts)[5].expires_at = Some(hours_ago(2)));
    assert_eq!(complaints(&soon), []);
}
