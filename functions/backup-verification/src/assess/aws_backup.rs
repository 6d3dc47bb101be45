//! `BAK-012` to `BAK-014`: recovery points of AWS Backup, its copy jobs, its restore tests.

use std::collections::BTreeMap;

use day2_core::{Item, Observed, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{Says, age, count, hours, lasting, population, worse_of, youngest};
use crate::facts::{AwsBackupFacts, DatabaseFacts};
use crate::settings::AwsBackupPolicy;
use day2_reads::copy_jobs::CopyJob;
use day2_reads::recovery_points::RecoveryPoint;
use day2_reads::restore_jobs::RestoreJob;

/// Whether a recovery point is a continuous one that goes on.
///
/// `AVAILABLE` says no more than that it can be restored from; that it is continuous, its ARN tells (`…:recovery-point:continuous:…`).
/// A continuous one is created once, when it begins, and then reaches to the latest restorable time of its database. So its own
/// time says nothing.
/// Source: *AWS Backup API Reference*, `DescribeRecoveryPoint`, `Status`; *AWS Backup Developer Guide*, "Continuous backups and
/// point-in-time restore (PITR)".
pub(crate) fn is_continuous(point: &RecoveryPoint) -> bool {
    point.status == "AVAILABLE" && point.arn.contains(":recovery-point:continuous:")
}

/// Whether a recovery point can be restored from, continuous or not.
pub(crate) fn is_restorable(point: &RecoveryPoint) -> bool {
    matches!(point.status.as_str(), "COMPLETED" | "AVAILABLE")
}

/// The newest recovery point that can be restored from is young enough: a completed one by its age, a continuous one by how far
/// it reaches.
pub(crate) fn points(
    facts: &AwsBackupFacts,
    database: Option<&DatabaseFacts>,
    policy: &AwsBackupPolicy,
    now: Timestamp,
) -> Item {
    const CODE: &str = "BAK-012";
    const TITLE: &str = "AWS Backup has a young recovery point";
    let all = match &facts.points {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let ours: Vec<&RecoveryPoint> = all
        .iter()
        .filter(|point| policy.vault.is_none() || point.vault == policy.vault)
        .collect();
    let newest = youngest(
        ours.iter()
            .copied()
            .filter(|point| is_restorable(point) && !is_continuous(point)),
        |point| point.created_at,
    );
    let continuous = ours
        .iter()
        .copied()
        .filter(|point| is_continuous(point))
        .max_by_key(|point| point.created_at);
    let limit = hours(policy.max_age_hours);
    let (mut wrong, unread, mut seen) = freshness(newest, continuous, database, limit, now);
    let there = count(ours.len(), "recovery point");
    if seen.is_empty() {
        wrong.push(("no completed recovery point".to_owned(), format!("{there} there")));
        seen.push("none is COMPLETED or AVAILABLE".to_owned());
    }
    // Told in words also where a completed one is newer: it does not begin the continuous one anew.
    if continuous.is_none() && ours.iter().any(|point| point.status == "STOPPED") {
        seen.push("a continuous one is STOPPED".to_owned());
    }
    let good = newest
        .and_then(|point| point.created_at)
        .max(continuous.and_then(|point| point.created_at));
    let later = ours.iter().filter(|point| {
        matches!(point.status.as_str(), "PARTIAL" | "EXPIRED" | "STOPPED") && point.created_at > good
    });
    wrong.extend(later.map(|point| {
        let why = point.message.as_deref().unwrap_or("AWS Backup gives no reason");
        (point.arn.clone(), format!("is {}: {why}", point.status))
    }));
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(ours.len(), 1),
        format!("{there}: {}", seen.join("; ")),
    )
    .threshold(
        format!("a COMPLETED one of the last {} h, or a continuous one (AVAILABLE) that reaches into them", policy.max_age_hours),
        "aws_backup.max_age_hours, aws_backup.vault",
    )
    .remedy("see the backup jobs of the resource in AWS Backup, and whether the plan still selects it; a STOPPED one is followed by a new one once the role may again and the rule runs")
    .subjects(wrong)
    .subjects(unread)
}

/// What is too old, what cannot be told, and both kinds of good points in words.
fn freshness(
    newest: Option<&RecoveryPoint>,
    continuous: Option<&RecoveryPoint>,
    database: Option<&DatabaseFacts>,
    limit: SignedDuration,
    now: Timestamp,
) -> (Says, Says, Vec<String>) {
    let (mut old, mut unread, mut seen) = (Says::new(), Says::new(), Vec::new());
    let mut young = false;
    if let Some((point, at)) = newest.and_then(|point| Some((point, point.created_at?))) {
        match age(at, now) {
            None => {
                unread.push((point.arn.clone(), "is of the future".to_owned()));
                seen.push("the time of the newest COMPLETED one cannot be believed".to_owned());
            }
            Some(age) => {
                young |= age <= limit;
                old.push((point.arn.clone(), format!("is {} old", lasting(age))));
                seen.push(format!("the newest COMPLETED one is {} old", lasting(age)));
            }
        }
    }
    if let Some(point) = continuous {
        match restorable_until(database, now) {
            Err(why) => {
                unread.push((
                    point.arn.clone(),
                    format!("is continuous, and how far it reaches is not known: {why}"),
                ));
                seen.push("a continuous one reaches nobody knows how far (BAK-003)".to_owned());
            }
            Ok(lag) => {
                young |= lag <= limit;
                old.push((
                    point.arn.clone(),
                    format!(
                        "is continuous, and reaches to {} ago only (BAK-003)",
                        lasting(lag)
                    ),
                ));
                seen.push(format!(
                    "a continuous one reaches to {} ago (BAK-003)",
                    lasting(lag)
                ));
            }
        }
    }
    // One that is young enough suffices, and one that may be leaves open what the others are too old for.
    if young {
        (Says::new(), Says::new(), seen)
    } else if unread.is_empty() {
        (old, unread, seen)
    } else {
        (Says::new(), unread, seen)
    }
}

/// How long ago the latest restorable time of the database is; why not, where that is not known.
fn restorable_until(database: Option<&DatabaseFacts>, now: Timestamp) -> Result<SignedDuration, String> {
    let facts = database.ok_or("BAK-003 is not looked at, because `database` is not planned")?;
    let database = facts.database.as_ref().map_err(ToString::to_string)?;
    let latest = database.backups.latest_restorable;
    let latest = latest.ok_or("RDS gives no latest restorable time (BAK-003)")?;
    age(latest, now).ok_or_else(|| "the latest restorable time has not come yet (BAK-003)".to_owned())
}

/// The newest copy job to each vault ended well.
pub(crate) fn copies(jobs: &Observed<Vec<CopyJob>>, policy: &AwsBackupPolicy) -> Item {
    const CODE: &str = "BAK-013";
    const TITLE: &str = "copy jobs of AWS Backup ended well";
    let jobs = match jobs {
        Ok(jobs) => jobs,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    // One that still runs says nothing yet: the one before it counts.
    let over = jobs
        .iter()
        .filter(|job| !matches!(job.state.as_str(), "CREATED" | "RUNNING"));
    let mut newest: BTreeMap<&str, &CopyJob> = BTreeMap::new();
    for job in over {
        newest
            .entry(&job.destination)
            .and_modify(|known| {
                if job.created_at > known.created_at {
                    *known = job;
                }
            })
            .or_insert(job);
    }
    let wrong: Says = newest
        .iter()
        .filter(|(_, job)| job.state != "COMPLETED")
        .map(|(vault, job)| {
            let why = job.message.as_deref().unwrap_or("AWS Backup gives no reason");
            (
                (*vault).to_owned(),
                format!("job {} is {}: {why}", job.id, job.state),
            )
        })
        .collect();
    // None at all is a finding: the policy says that there are some.
    let verdict = if newest.is_empty() || !wrong.is_empty() {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(newest.len(), 1),
        format!("{} in {}, to {}", count(jobs.len(), "job"), count(usize::try_from(policy.look_back_days).unwrap_or(0), "day"), count(newest.len(), "vault")),
    )
    .threshold("at least one, and the newest to each vault COMPLETED", "aws_backup.copy_jobs, aws_backup.look_back_days")
    .remedy("the job's message names the reason: usually the access policy of the other vault, or a key of AWS that cannot be shared")
    .subjects(wrong)
}

/// Every restore test of late ended well and was validated.
pub(crate) fn restore_tests(
    jobs: &Observed<Vec<RestoreJob>>,
    policy: &AwsBackupPolicy,
    now: Timestamp,
) -> Item {
    const CODE: &str = "BAK-014";
    const TITLE: &str = "restore tests of AWS Backup ended well";
    let jobs = match jobs {
        Ok(jobs) => jobs,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let late = super::days(policy.look_back_days);
    let tests: Vec<&RestoreJob> = jobs
        .iter()
        .filter(|job| job.testing_plan.is_some())
        .filter(|job| {
            job.created_at
                .and_then(|at| age(at, now))
                .is_some_and(|age| age <= late)
        })
        .collect();
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let mut over = 0;
    for job in &tests {
        match outcome(job) {
            Outcome::Proven => over += 1,
            Outcome::Failed(says) => {
                over += 1;
                wrong.push((job.id.clone(), says));
            }
            Outcome::NotValidated => unread.push((
                job.id.clone(),
                "restored, and nobody validated it: a resource was made, whether it holds the data is not known".to_owned(),
            )),
            Outcome::Running => {}
        }
    }
    let none = over == 0 && unread.is_empty();
    let verdict = if none {
        Verdict::Fail
    } else {
        worse_of(&wrong, &unread)
    };
    Item::judge(CODE, TITLE, verdict, population(over, 1), format!("{} of late, {over} of them validated", count(tests.len(), "test")))
        .threshold(
            format!("at least one in {} d, each validated as SUCCESSFUL", policy.look_back_days),
            "aws_backup.restore_tests, aws_backup.look_back_days",
        )
        .remedy("look at the restore job and at what its validation says (PutRestoreValidationResult); a test without validation needs one")
        .subjects(wrong)
        .subjects(unread)
}

/// What one restore job proves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Restored, and somebody looked into it.
    Proven,
    /// Restored, and nobody looked.
    NotValidated,
    /// Not restored, or what was restored is not right.
    Failed(String),
    /// Not over yet.
    Running,
}

/// Reads a restore job.
pub(crate) fn outcome(job: &RestoreJob) -> Outcome {
    let why = |message: &Option<String>| {
        message
            .as_deref()
            .unwrap_or("AWS Backup gives no reason")
            .to_owned()
    };
    match (job.status.as_str(), job.validation.as_deref()) {
        ("PENDING" | "RUNNING", _) | ("COMPLETED", Some("VALIDATING")) => Outcome::Running,
        ("COMPLETED", Some("SUCCESSFUL")) => Outcome::Proven,
        ("COMPLETED", None) => Outcome::NotValidated,
        ("COMPLETED", Some(validation)) => Outcome::Failed(format!(
            "its validation is {validation}: {}",
            why(&job.validation_message)
        )),
        (status, _) => Outcome::Failed(format!("is {status}: {}", why(&job.message))),
    }
}
