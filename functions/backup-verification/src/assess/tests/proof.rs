use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::compare::Earlier;
use serde_json::{Value, json};

use super::world::*;
use crate::facts::{DrillRecord, Facts, ProofFacts};

fn proof(facts: &mut Facts) -> &mut ProofFacts {
    facts.proof.as_mut().unwrap()
}

fn by(places: Value) -> impl FnOnce(&mut Value) {
    move |plan| plan["restore_proof"] = places
}

#[test]
fn the_report_says_in_every_case_that_completed_is_not_restorable() {
    let found = item(&judged(|_| {}), "BAK-041");
    assert!(found.title.contains("Completed \u{2260} restorable"));
    assert!(found.seen.contains("does not prove that it can be restored"));
    assert_eq!(found.verdict(), Pass);
}

#[test]
fn a_proof_that_is_too_old_or_was_never_given_fails() {
    let limit = |days: i64| by(json!({"aws_backup": true, "max_age_days": days}));
    let job = |days| {
        move |facts: &mut Facts| {
            proof(facts).restore_jobs = Some(Ok(vec![restore_job(
                "r-1",
                "COMPLETED",
                Some("SUCCESSFUL"),
                days,
            )]));
        }
    };
    assert_eq!(item(&judged_by(limit(7), job(7)), "BAK-041").verdict(), Pass);
    only(
        &judged_by(limit(7), job(8)),
        "BAK-041",
        Fail,
        &["AWS Backup job r-1"],
    );
    let never = judged(|facts| proof(facts).restore_jobs = Some(Ok(Vec::new())));
    only(&never, "BAK-041", Fail, &["no proof"]);
    let unvalidated = judged(|facts| {
        proof(facts).restore_jobs = Some(Ok(vec![restore_job("r-1", "COMPLETED", None, 1)]));
    });
    only(&unvalidated, "BAK-041", Fail, &["no proof"]);
}

#[test]
fn a_drill_that_failed_after_the_last_good_one_is_a_failure_and_one_before_it_is_history() {
    let jobs = |failed: i64, good: i64| {
        move |facts: &mut Facts| {
            proof(facts).restore_jobs = Some(Ok(vec![
                restore_job("bad", "COMPLETED", Some("FAILED"), failed),
                restore_job("good", "COMPLETED", Some("SUCCESSFUL"), good),
            ]));
        }
    };
    only(&judged(jobs(1, 9)), "BAK-041", Fail, &["AWS Backup job bad"]);
    assert_eq!(item(&judged(jobs(9, 1)), "BAK-041").verdict(), Pass);
}

#[test]
fn a_proof_that_aws_backup_has_forgotten_is_remembered() {
    let (_, notes) = judged_after(&before(), |_| {}, |_| {});
    let earlier = Ok(Some(Earlier {
        at: hours_ago(24),
        notes,
    }));
    let (items, notes) = judged_after(
        &earlier,
        |_| {},
        |facts| proof(facts).restore_jobs = Some(Ok(Vec::new())),
    );
    assert_eq!(item(&items, "BAK-041").verdict(), Pass);
    assert!(notes.get("restore_proof").is_some(), "and is remembered on");
}

#[test]
fn a_place_that_could_not_be_read_is_unknown_although_another_or_an_earlier_run_proves_it_w28() {
    let refused = |facts: &mut Facts| proof(facts).restore_jobs = Some(denied("backup:ListRestoreJobs"));
    only(&judged(refused), "BAK-041", Unknown, &["AWS Backup"]);
    // A drill that failed since Ada's may stand in what could not be read.
    let another = judged_by(
        by(json!({"aws_backup": true, "declared": {"on": "2026-11-02", "by": "Ada"}})),
        refused,
    );
    only(&another, "BAK-041", Unknown, &["AWS Backup"]);
    assert!(item(&another, "BAK-041").seen.contains("Ada"));
    let (_, notes) = judged_after(&before(), |_| {}, |_| {});
    let earlier = Ok(Some(Earlier {
        at: hours_ago(24),
        notes,
    }));
    let (remembered, notes) = judged_after(&earlier, |_| {}, refused);
    only(&remembered, "BAK-041", Unknown, &["AWS Backup"]);
    assert!(notes.get("restore_proof").is_some(), "the proof is remembered on");
}

#[test]
fn a_proof_stands_beside_a_drill_that_is_declared_for_a_day_to_come() {
    let planned = judged_by(
        by(json!({"aws_backup": true, "declared": {"on": "2026-12-24", "by": "Ada"}})),
        |_| {},
    );
    assert_eq!(item(&planned, "BAK-041").verdict(), Pass);
}

#[test]
fn a_declared_drill_counts_from_its_day_and_a_day_to_come_does_not() {
    for (on, verdict) in [
        ("2026-11-20", Pass),
        ("2026-08-25", Pass),
        ("2026-08-01", Fail),
        ("2026-12-24", Unknown),
    ] {
        let items = judged_by(by(json!({"declared": {"on": on, "by": "Ada"}})), |facts| {
            facts.proof = Some(ProofFacts::default());
        });
        assert_eq!(item(&items, "BAK-041").verdict(), verdict, "{on}");
    }
}

#[test]
fn the_record_of_a_drill_says_whether_it_was_right() {
    for (result, verdict) in [("success", Pass), ("42 rows are missing", Fail)] {
        let place = json!({"record": {"bucket": "drills", "key": "prod-a.json"}});
        let items = judged_by(by(place), |facts| {
            let record = DrillRecord {
                at: hours_ago(48),
                result: result.to_owned(),
                by: "dr-drill".to_owned(),
            };
            facts.proof = Some(ProofFacts {
                record: Some(Ok(record)),
                ..ProofFacts::default()
            });
        });
        assert_eq!(item(&items, "BAK-041").verdict(), verdict, "{result}");
    }
}

/// S4 restores over what is there: Velero skips it and says `Completed`.
#[test]
fn a_velero_restore_over_what_is_there_proves_nothing() {
    for (phase, to, items, verdict) in [
        ("Completed", json!({"shop": "shop-drill"}), 40, Pass),
        ("Completed", json!({}), 40, Fail),
        ("Completed", json!({"shop": "shop"}), 40, Fail),
        ("Completed", json!({"shop": "shop-drill"}), 0, Fail),
        ("PartiallyFailed", json!({"shop": "shop-drill"}), 40, Fail),
    ] {
        let judged = judged_by(by(json!({"velero": true})), |facts| {
            let restores = vec![restore("drill", phase, 24, to.clone(), items)];
            facts.proof = Some(ProofFacts {
                velero: Some(Ok(Some(restores))),
                ..ProofFacts::default()
            });
        });
        assert_eq!(
            item(&judged, "BAK-041").verdict(),
            verdict,
            "{phase} {to} {items}"
        );
    }
    let unserved = judged_by(by(json!({"velero": true})), |facts| {
        facts.proof = Some(ProofFacts {
            velero: Some(Ok(None)),
            ..ProofFacts::default()
        });
    });
    only(&unserved, "BAK-041", Unknown, &["Velero"]);
}
