//! What the runbooks' own commands say of backups, and what is said here, of the same facts. Trap 10 first: a command that looks
//! at one end of a list that has no order; then 1, 18, 19 and 20 as they concern backups. Each command is played by the few lines
//! that it is.

use day2_core::Verdict;
use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_kube::objects::VeleroBackup;

use super::world::*;
use crate::facts::Facts;

struct Trap {
    /// The command of the runbook, and how its output is read.
    command: &'static str,
    /// What it says of the facts.
    theirs: fn(&Facts) -> Verdict,
    /// What is so.
    facts: fn(&mut Facts),
    /// Our line about the same question, and its verdict.
    ours: (&'static str, Verdict),
}

/// `describe-db-cluster-snapshots --query 'DBClusterSnapshots[0]'`: content with a first one of the last day, whatever its state.
fn first_of_the_list(facts: &Facts) -> Verdict {
    let snapshots = facts.database.as_ref().map(|database| &database.snapshots);
    let first = snapshots
        .and_then(|all| all.as_ref().ok())
        .and_then(|all| all.first());
    match first.and_then(|one| one.taken_at) {
        Some(at) if at > hours_ago(24) => Pass,
        _ => Fail,
    }
}

/// `describe-db-cluster-snapshots … | grep -c failed`: content with none.
fn nothing_failed(facts: &Facts) -> Verdict {
    let snapshots = facts.database.as_ref().map(|database| &database.snapshots);
    let failed = snapshots
        .and_then(|all| all.as_ref().ok())
        .into_iter()
        .flatten()
        .filter(|one| one.status == "failed");
    if failed.count() == 0 { Pass } else { Fail }
}

/// `describe-db-cluster-snapshots --snapshot-type automated --max-records 5`: the API takes 20 to 100 (RDS API Reference,
/// `DescribeDBClusterSnapshots`, `MaxRecords`), and refuses. What is refused lists nothing, and so nothing that failed.
fn five_at_most(facts: &Facts) -> Verdict {
    const RECORDS: usize = 5;
    if (20..=100).contains(&RECORDS) {
        nothing_failed(facts)
    } else {
        Pass
    }
}

/// `velero install` without `--plugins`: "--plugins flag is required" (Velero documentation, "Customize installation", plugins), and
/// nothing is installed. Later there is no backup that failed.
fn no_backup_failed(facts: &Facts) -> Verdict {
    let backups = facts
        .velero
        .as_ref()
        .and_then(|velero| velero.backups.as_ref().ok());
    let failed = backups
        .and_then(Option::as_ref)
        .into_iter()
        .flatten()
        .filter(|backup: &&VeleroBackup| backup.phase.contains("Failed"));
    if failed.count() == 0 { Pass } else { Fail }
}

/// `velero backup get | grep Completed`: content with a line.
fn one_is_completed(facts: &Facts) -> Verdict {
    let backups = facts
        .velero
        .as_ref()
        .and_then(|velero| velero.backups.as_ref().ok());
    let completed = backups
        .and_then(Option::as_ref)
        .into_iter()
        .flatten()
        .filter(|backup: &&VeleroBackup| backup.phase == "Completed");
    if completed.count() > 0 { Pass } else { Fail }
}

/// `aws s3 ls s3://dumps/pg/`: content with an object.
fn one_is_there(facts: &Facts) -> Verdict {
    let there = facts
        .dumps
        .iter()
        .any(|dumps| dumps.as_ref().is_ok_and(|dumps| dumps.count > 0));
    if there { Pass } else { Fail }
}

/// "Backups run, so we can restore": content as long as there is a backup.
fn a_backup_is_a_restore(facts: &Facts) -> Verdict {
    one_is_completed(facts)
}

const TRAPS: [Trap; 12] = [
    Trap {
        command: "DBClusterSnapshots[0] is of this minute, still being made; the newest good one is three days old (trap 10)",
        theirs: first_of_the_list,
        facts: |facts| {
            database_of(facts).snapshots = Ok(vec![
                snapshot("rds:first", "automated", "creating", 0),
                snapshot("rds:good", "automated", "available", 72),
            ]);
        },
        ours: ("BAK-002", Fail),
    },
    Trap {
        command: "DBClusterSnapshots[0] failed an hour ago; the newest good one is three days old (trap 10)",
        theirs: first_of_the_list,
        facts: |facts| {
            database_of(facts).snapshots = Ok(vec![
                snapshot("rds:first", "automated", "failed", 1),
                snapshot("rds:good", "automated", "available", 72),
            ]);
        },
        ours: ("BAK-002", Fail),
    },
    Trap {
        command: "DBClusterSnapshots[0] is the oldest, and the newest of last night is the last (trap 10)",
        theirs: first_of_the_list,
        facts: |facts| {
            database_of(facts).snapshots = Ok(vec![
                snapshot("rds:oldest", "automated", "available", 320),
                snapshot("rds:newest", "automated", "available", 10),
            ]);
        },
        ours: ("BAK-002", Pass),
    },
    Trap {
        command: "DBClusterSnapshots[0] is of last night, so the 5-minute RPO is met; the log has not moved for three hours (trap 10)",
        theirs: first_of_the_list,
        facts: |facts| {
            database_of(facts).snapshots = Ok(vec![snapshot("rds:newest", "automated", "available", 10)]);
            let database = database_of(facts).database.as_mut().unwrap();
            database.backups.latest_restorable = Some(minutes_ago(180));
        },
        ours: ("BAK-003", Fail),
    },
    Trap {
        command: "describe-db-cluster-snapshots --max-records 5: refused; the newest of the list is three days old (trap 10)",
        theirs: five_at_most,
        facts: |facts| {
            database_of(facts).snapshots = Ok(vec![snapshot("rds:good", "automated", "available", 72)]);
        },
        ours: ("BAK-002", Fail),
    },
    Trap {
        command: "describe-db-cluster-snapshots --max-records 5: refused; nobody may list them either (trap 10)",
        theirs: five_at_most,
        facts: |facts| database_of(facts).snapshots = denied("rds:DescribeDBClusterSnapshots"),
        ours: ("BAK-002", Unknown),
    },
    Trap {
        command: "velero install without --plugins: refused, and later velero backup get | grep Failed has no line (trap 19)",
        theirs: no_backup_failed,
        facts: |facts| {
            let velero = facts.velero.as_mut().unwrap();
            velero.locations = Ok(None);
            velero.schedules = Ok(None);
            velero.backups = Ok(None);
        },
        ours: ("BAK-021", Fail),
    },
    Trap {
        command: "describe-db-cluster-snapshots | grep -c failed: 0, because there is no snapshot at all (trap 1)",
        theirs: nothing_failed,
        facts: |facts| database_of(facts).snapshots = Ok(Vec::new()),
        ours: ("BAK-002", Fail),
    },
    Trap {
        command: "describe-db-cluster-snapshots 2>/dev/null | grep -c failed: 0, because nobody may list them (trap 20)",
        theirs: nothing_failed,
        facts: |facts| database_of(facts).snapshots = denied("rds:DescribeDBClusterSnapshots"),
        ours: ("BAK-002", Unknown),
    },
    Trap {
        command: "velero backup get | grep Completed: those of last week, while each night since was PartiallyFailed (trap 18)",
        theirs: one_is_completed,
        facts: |facts| {
            let failed = (0..3).map(|night| {
                backup(
                    "daily",
                    &format!("daily-bad-{night}"),
                    "PartiallyFailed",
                    10 + 24 * night,
                    90,
                )
            });
            let good = backup("daily", "daily-good", "Completed", 10 + 24 * 7, 100);
            facts.velero.as_mut().unwrap().backups = Ok(Some(failed.chain([good]).collect()));
        },
        ours: ("BAK-022", Fail),
    },
    Trap {
        command: "aws s3 ls s3://dumps/pg/: an object of tonight, with no byte in it (trap 1)",
        theirs: one_is_there,
        facts: |facts| facts.dumps[0].as_mut().unwrap().newest[0].bytes = 0,
        ours: ("BAK-032", Fail),
    },
    Trap {
        command: "backups are Completed, so they can be restored; nobody ever tried (trap 18)",
        theirs: a_backup_is_a_restore,
        facts: |facts| facts.proof.as_mut().unwrap().restore_jobs = Some(Ok(Vec::new())),
        ours: ("BAK-041", Fail),
    },
];

fn database_of(facts: &mut Facts) -> &mut crate::facts::DatabaseFacts {
    facts.database.as_mut().unwrap()
}

#[test]
fn trap_1_10_18_19_20_what_the_runbook_would_have_said_is_not_what_is_true_w26() {
    for trap in &TRAPS {
        let mut facts = good();
        (trap.facts)(&mut facts);
        let (code, verdict) = trap.ours;
        let theirs = (trap.theirs)(&facts);
        let ours = item(&judged(trap.facts), code).verdict();
        assert_eq!(ours, verdict, "{}", trap.command);
        assert_ne!(theirs, ours, "{} is no trap", trap.command);
    }
}
