use day2_core::Item;
use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::compare::Earlier;
use day2_reads::restore_jobs::RestoreJob;
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

    let says_it = |items: &[Item]| -> Vec<String> {
        items
            .iter()
            .filter(|item| item.title.contains("Completed \u{2260} restorable"))
            .map(|item| item.code.clone())
            .collect()
    };
    assert_eq!(says_it(&judged(|_| {})), ["BAK-041"], "once in one mail");
    // Mails show the titles of all lines. The second row is the example `starter`.
    let rows: [(&[&str], &str); 4] = [
        (&["restore_proof"], "BAK-002"),
        (
            &["copies", "aws_backup", "velero", "dumps", "restore_proof"],
            "BAK-002",
        ),
        (
            &["database", "copies", "aws_backup", "dumps", "restore_proof"],
            "BAK-022",
        ),
        (
            &["database", "copies", "aws_backup", "velero", "restore_proof"],
            "BAK-031",
        ),
    ];
    for (left_out, code) in rows {
        let plan = |plan: &mut Value| {
            for part in left_out {
                plan.as_object_mut().unwrap().remove(*part);
            }
            plan["not_checked"] = json!(left_out);
        };
        let items = judged_by(plan, |facts| {
            if left_out.contains(&"copies") {
                facts.copies.clear();
            }
        });
        assert_eq!(says_it(&items), [code], "without {left_out:?}");
    }
    let unread = judged_by(
        |plan| {
            plan.as_object_mut().unwrap().remove("restore_proof");
            plan["not_checked"] = json!(["restore_proof"]);
        },
        |facts| facts.database.as_mut().unwrap().snapshots = denied("rds:DescribeDBSnapshots"),
    );
    assert_eq!(item(&unread, "BAK-002").verdict(), Unknown);
    assert_eq!(says_it(&unread), ["BAK-002"]);
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

/// A declaration names a day and no hour: what failed on that day may have failed after the drill.
#[test]
fn a_declared_drill_hides_no_failure_of_its_own_day() {
    // Now is 07:30 on the 20th in the zone of the deployment.
    for (on, failed, good, verdict) in [
        ("2026-11-20", 2, None, Fail),
        ("2026-11-20", 8, None, Pass),
        ("2026-11-20", 2, Some(1), Pass),
        ("2026-11-20", 1, Some(2), Fail),
        ("2026-11-19", 2, None, Fail),
        ("2026-11-19", 20, None, Fail),
        ("2026-11-19", 40, None, Pass),
        ("2026-11-19", 20, Some(19), Pass),
    ] {
        let places = || by(json!({"aws_backup": true, "declared": {"on": on, "by": "Ada"}}));
        let job = |id: &str, validation: &str, hours: i64| RestoreJob {
            completed_at: Some(hours_ago(hours)),
            ..restore_job(id, "COMPLETED", Some(validation), 0)
        };
        let jobs = |facts: &mut Facts| {
            let mut all = vec![job("bad", "FAILED", failed)];
            all.extend(good.map(|hours| job("good", "SUCCESSFUL", hours)));
            proof(facts).restore_jobs = Some(Ok(all));
        };
        let what = format!("{on}, failed {failed} h ago, good {good:?} h ago");
        let items = judged_by(places(), jobs);
        assert_eq!(item(&items, "BAK-041").verdict(), verdict, "{what}");
        // What the run before noted of the declaration hides no more.
        let nothing = |facts: &mut Facts| proof(facts).restore_jobs = Some(Ok(Vec::new()));
        let (_, notes) = judged_after(&before(), places(), nothing);
        let earlier = Ok(Some(Earlier {
            at: hours_ago(24),
            notes,
        }));
        let (items, _) = judged_after(&earlier, places(), jobs);
        assert_eq!(item(&items, "BAK-041").verdict(), verdict, "{what}, remembered");
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

/// A mishap with the living namespace is no drill, and a typo in the name of the backup restores nothing.
#[test]
fn a_velero_restore_fails_a_drill_only_if_it_began_and_went_into_another_namespace() {
    for (phase, to, verdict) in [
        ("Failed", json!({"shop": "shop-drill"}), Fail),
        ("PartiallyFailed", json!({"shop": "shop-drill"}), Fail),
        ("FailedValidation", json!({"shop": "shop-drill"}), Pass),
        ("Failed", json!({}), Pass),
        ("PartiallyFailed", json!({}), Pass),
        ("PartiallyFailed", json!({"shop": "shop"}), Pass),
        ("FailedValidation", json!({}), Pass),
    ] {
        // The proof of AWS Backup is three days old.
        let items = judged_by(by(json!({"aws_backup": true, "velero": true})), |facts| {
            let restores = vec![restore("later", phase, 1, to.clone(), 40)];
            proof(facts).velero = Some(Ok(Some(restores)));
        });
        let found = item(&items, "BAK-041");
        assert_eq!(found.verdict(), verdict, "{phase} {to}");
        let named = found
            .subjects
            .iter()
            .any(|one| one.name == "Velero restore later");
        assert_eq!(named, verdict == Fail, "{phase} {to}");
    }
}

#[test]
fn a_drill_that_velero_refused_is_told_in_words_unless_a_proof_is_newer() {
    // Days since the proof, hours since somebody asked for what was refused: Velero itself gives it no time.
    for (proven, refused, told, verdict) in [
        (Some(3), 1, true, Pass),
        (Some(3), 100, false, Pass),
        (Some(100), 1, true, Fail),
        (None, 1, true, Fail),
    ] {
        let items = judged_by(by(json!({"aws_backup": true, "velero": true})), |facts| {
            let job = proven.map(|days| restore_job("r-1", "COMPLETED", Some("SUCCESSFUL"), days));
            proof(facts).restore_jobs = Some(Ok(job.into_iter().collect()));
            let to = json!({"shop": "shop-drill"});
            let mut typo = restore("typo", "FailedValidation", 0, to, 0);
            typo.completed_at = None;
            typo.created_at = Some(hours_ago(refused));
            proof(facts).velero = Some(Ok(Some(vec![typo])));
        });
        let found = item(&items, "BAK-041");
        assert_eq!(found.verdict(), verdict, "{proven:?} {refused:?}");
        assert_eq!(
            found.seen.contains("refused the restore typo"),
            told,
            "{proven:?} {refused:?}: {}",
            found.seen
        );
    }
}
