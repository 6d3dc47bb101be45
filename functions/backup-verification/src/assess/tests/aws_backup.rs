use day2_core::Verdict::{Fail, Pass, Unknown};

use super::world::*;
use crate::assess::aws_backup::{Outcome, outcome};
use crate::facts::{AwsBackupFacts, Copied, Facts};

fn of(facts: &mut Facts) -> &mut AwsBackupFacts {
    facts.aws_backup.as_mut().unwrap()
}

#[test]
fn only_a_completed_recovery_point_counts_w26() {
    let partial = judged(|facts| of(facts).points = Ok(vec![point("COMPLETED", 60), point("PARTIAL", 5)]));
    let found = item(&partial, "BAK-012");
    assert_eq!(
        (found.verdict(), found.subjects.len()),
        (Fail, 2),
        "too old, and the newer one is a part"
    );
    let none = judged(|facts| of(facts).points = Ok(Vec::new()));
    only(&none, "BAK-012", Fail, &["no completed recovery point"]);
    let other_vault = judged_by(|plan| plan["aws_backup"]["vault"] = "locked".into(), |_| {});
    only(&other_vault, "BAK-012", Fail, &["no completed recovery point"]);
    let denied = judged(|facts| of(facts).points = denied("backup:ListRecoveryPointsByResource"));
    only(&denied, "BAK-012", Unknown, &[]);
}

#[test]
fn what_is_available_and_not_continuous_is_judged_by_its_age_w26() {
    for (hours, verdict) in [(5, Pass), (60, Fail)] {
        let items = judged(|facts| of(facts).points = Ok(vec![point("AVAILABLE", hours)]));
        assert_eq!(item(&items, "BAK-012").verdict(), verdict, "{hours} h");
    }
}

/// It is created once, when it begins, and may be the only one for years.
#[test]
fn a_continuous_recovery_point_counts_by_how_far_it_reaches_and_not_by_its_age_w26() {
    let restorable_until = |minutes: Option<i64>| {
        move |facts: &mut Facts| {
            of(facts).points = Ok(vec![continuous(800)]);
            let database = facts.database.as_mut().unwrap().database.as_mut().unwrap();
            database.backups.latest_restorable = minutes.map(minutes_ago);
        }
    };
    for (minutes, verdict) in [
        (Some(3), Pass),
        (Some(26 * 60), Pass),
        (Some(27 * 60), Fail),
        (Some(-60), Unknown),
        (None, Unknown),
    ] {
        let found = item(&judged(restorable_until(minutes)), "BAK-012");
        assert_eq!(found.verdict(), verdict, "{minutes:?}");
        let told = format!("{} {:?}", found.seen, found.subjects);
        assert!(
            told.contains("continuous") && told.contains("BAK-003"),
            "{minutes:?}: {told}"
        );
    }
    let unread = judged(|facts| {
        of(facts).points = Ok(vec![continuous(800)]);
        facts.database.as_mut().unwrap().database = denied("rds:DescribeDBClusters");
    });
    assert_eq!(item(&unread, "BAK-012").verdict(), Unknown);
    let unplanned = judged_by(
        |plan| {
            plan.as_object_mut().unwrap().remove("database");
            plan["not_checked"] = serde_json::json!(["database"]);
        },
        |facts| {
            of(facts).points = Ok(vec![continuous(800)]);
            facts.database = None;
        },
    );
    only(&unplanned, "BAK-012", Unknown, &[&continuous(800).arn]);
}

#[test]
fn of_a_continuous_recovery_point_and_a_completed_one_the_younger_state_counts_w26() {
    // How old the completed one is, how far the continuous one reaches, both in hours.
    for (completed, reaches, verdict) in [
        (60, Some(0), Pass),
        (5, None, Pass),
        (5, Some(30), Pass),
        (60, Some(30), Fail),
        (60, None, Unknown),
    ] {
        let items = judged(|facts| {
            of(facts).points = Ok(vec![point("COMPLETED", completed), continuous(800)]);
            let database = facts.database.as_mut().unwrap().database.as_mut().unwrap();
            database.backups.latest_restorable = reaches.map(hours_ago);
        });
        assert_eq!(
            item(&items, "BAK-012").verdict(),
            verdict,
            "{completed} {reaches:?}"
        );
    }
}

#[test]
fn a_continuous_backup_that_stopped_is_named_unless_a_newer_recovery_point_is_good_w26() {
    let stopped = point("STOPPED", 6).arn;
    for (points, verdict) in [
        (&[("STOPPED", 6)][..], Fail),
        (&[("COMPLETED", 7), ("STOPPED", 6)][..], Fail),
        (&[("AVAILABLE", 700), ("STOPPED", 6)][..], Fail),
        (&[("STOPPED", 6), ("AVAILABLE", 5)][..], Pass),
        (&[("STOPPED", 6), ("COMPLETED", 5)][..], Pass),
        // It began long before, and nobody knows when it stopped.
        (&[("STOPPED", 9_600), ("COMPLETED", 5)][..], Pass),
    ] {
        let items = judged(|facts| {
            let points = points.iter().map(|(status, hours)| match *status {
                "AVAILABLE" => continuous(*hours),
                status => point(status, *hours),
            });
            of(facts).points = Ok(points.collect());
        });
        let found = item(&items, "BAK-012");
        assert_eq!(found.verdict(), verdict, "{points:?}");
        let named = found.subjects.iter().any(|subject| subject.name == stopped);
        assert_eq!(named, verdict == Fail, "{points:?}");
        // A completed one that is newer does not go on where it stopped.
        let goes_on = points.iter().any(|(status, _)| *status == "AVAILABLE");
        assert_eq!(found.seen.contains("is STOPPED"), !goes_on, "{}", found.seen);
    }
}

#[test]
fn the_newest_copy_job_to_each_vault_counts_and_one_that_runs_does_not() {
    let jobs = |states: &[(&str, i64)]| {
        let jobs = states
            .iter()
            .map(|(state, hours)| day2_reads::copy_jobs::CopyJob {
                id: format!("c-{hours}"),
                state: (*state).to_owned(),
                message: Some("Access denied trying to call AWS Backup service".to_owned()),
                destination: "vault".to_owned(),
                created_at: Some(hours_ago(*hours)),
                completed_at: None,
            });
        Some(Ok(jobs.collect()))
    };
    for (states, verdict) in [
        (&[("COMPLETED", 9), ("FAILED", 33)][..], Pass),
        (&[("FAILED", 9), ("COMPLETED", 33)][..], Fail),
        (&[("RUNNING", 1), ("COMPLETED", 25)][..], Pass),
        (&[("RUNNING", 1)][..], Fail),
        (&[][..], Fail),
    ] {
        let items = judged(|facts| of(facts).copy_jobs = jobs(states));
        assert_eq!(item(&items, "BAK-013").verdict(), verdict, "{states:?}");
    }
}

#[test]
fn a_restore_test_without_validation_proves_nothing() {
    for (status, validation, verdict) in [
        ("COMPLETED", Some("SUCCESSFUL"), Pass),
        ("COMPLETED", None, Unknown),
        ("COMPLETED", Some("FAILED"), Fail),
        ("COMPLETED", Some("TIMED_OUT"), Fail),
        ("FAILED", None, Fail),
        ("ABORTED", None, Fail),
        ("RUNNING", None, Fail),
    ] {
        let items =
            judged(|facts| of(facts).restore_jobs = Some(Ok(vec![restore_job("r", status, validation, 1)])));
        assert_eq!(
            item(&items, "BAK-014").verdict(),
            verdict,
            "{status} {validation:?}"
        );
    }
    let long_ago = judged(|facts| {
        of(facts).restore_jobs = Some(Ok(vec![restore_job("r", "COMPLETED", Some("SUCCESSFUL"), 20)]));
    });
    only(&long_ago, "BAK-014", Fail, &[]);
    assert_eq!(
        outcome(&restore_job("r", "COMPLETED", Some("VALIDATING"), 0)),
        Outcome::Running
    );
}

#[test]
fn copies_elsewhere_must_be_there_young_encrypted_and_openable() {
    let copies = |facts: &mut Facts| facts.copies[0].copies.as_mut().unwrap().clone();
    let old = judged(|facts| {
        let mut all = copies(facts);
        all[0].taken_at = Some(hours_ago(31));
        facts.copies[0].copies = Ok(all);
    });
    only(&old, "BAK-011", Fail, &["us-west-2"]);
    let copying = judged(|facts| {
        let mut all = copies(facts);
        all[0].available = false;
        facts.copies[0].copies = Ok(all);
    });
    only(&copying, "BAK-011", Fail, &["us-west-2"]);
    let locked = judged(|facts| facts.copies[0].key = Some(("k".to_owned(), Ok(key("Disabled")))));
    only(&locked, "BAK-011", Fail, &["us-west-2"]);
    let plain = judged(|facts| {
        let mut all = copies(facts);
        all[0].encrypted = Some(false);
        facts.copies[0].copies = Ok(all);
    });
    only(&plain, "BAK-011", Fail, &["us-west-2"]);
    let denied = judged(|facts| facts.copies[0].copies = denied("rds:DescribeDBClusterSnapshots"));
    only(&denied, "BAK-011", Unknown, &["us-west-2"]);
}

#[test]
fn how_far_a_continuous_copy_reaches_is_not_known_and_so_it_is_neither_missing_nor_young() {
    // The ages of those beside it, in hours.
    for (others, verdict) in [
        (&[11][..], Pass),
        (&[40, 11][..], Pass),
        (&[40][..], Unknown),
        (&[][..], Unknown),
    ] {
        let items = judged(|facts| {
            let copy = facts.copies[0].copies.as_ref().unwrap()[0].clone();
            let continuous = Copied {
                continuous: true,
                taken_at: None,
                ..copy.clone()
            };
            let others = others.iter().map(|hours| Copied {
                taken_at: Some(hours_ago(*hours)),
                ..copy.clone()
            });
            facts.copies[0].copies = Ok(others.chain([continuous]).collect());
        });
        let found = item(&items, "BAK-011");
        assert_eq!(found.verdict(), verdict, "{others:?}");
        let told = found
            .subjects
            .iter()
            .any(|subject| subject.says.contains("continuous"));
        assert_eq!(told, verdict == Unknown, "{others:?}");
    }
}

#[test]
fn a_copy_in_another_account_is_named_with_it_and_with_how_it_is_known() {
    let of = |copy: serde_json::Value| {
        judged_by(
            |plan| plan["copies"] = serde_json::json!([copy]),
            |facts| facts.copies[0].copies = Ok(Vec::new()),
        )
    };
    for (copy, place) in [
        (
            serde_json::json!({"region": "us-west-2", "role_arn": "arn:aws:iam::210987654321:role/copies"}),
            "us-west-2 of 210987654321",
        ),
        (
            serde_json::json!({"region": "us-west-2", "through": "copy_jobs", "account_id": "210987654321"}),
            "us-west-2 of 210987654321 (by copy jobs; not seen there)",
        ),
        (
            serde_json::json!({"region": "us-west-2", "through": "copy_jobs"}),
            "us-west-2 (by copy jobs; not seen there)",
        ),
    ] {
        only(&of(copy), "BAK-011", Fail, &[place]);
    }
}
