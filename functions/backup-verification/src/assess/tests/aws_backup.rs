use day2_core::Verdict::{Fail, Pass, Unknown};

use super::world::*;
use crate::assess::aws_backup::{Outcome, outcome};
use crate::facts::{AwsBackupFacts, Facts};

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
