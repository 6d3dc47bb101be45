//! `BAK-023` and `BAK-027`: backups that ended in part, failed, hang, or should be gone.

use day2_core::{Item, Verdict};
use day2_kube::objects::VeleroBackup;
use jiff::{SignedDuration, Timestamp};

use super::{began, is_ignored, is_of};
use crate::assess::{Says, age, count, days, lasting, minutes, population, worse_of};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

/// Velero's collector of expired backups runs once an hour. Source: Velero documentation, "How Velero works", backup
/// expiration.
const COLLECTED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What a phase means. Source: Velero API types, `BackupPhase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Done,
    /// Failed, wholly or in part, or certain to end so.
    Failed,
    /// On its way.
    Going,
    /// On its way out. Nothing in the object says since when, and its begin is as far back as it was kept, so that only
    /// `BAK-027` judges it.
    Leaving,
    Strange,
}

fn meaning(phase: &str) -> Meaning {
    match phase {
        "Completed" => Meaning::Done,
        "PartiallyFailed"
        | "Failed"
        | "FailedValidation"
        | "FinalizingPartiallyFailed"
        | "WaitingForPluginOperationsPartiallyFailed" => Meaning::Failed,
        ""
        | "New"
        | "Queued"
        | "ReadyToStart"
        | "InProgress"
        | "WaitingForPluginOperations"
        | "Finalizing" => Meaning::Going,
        "Deleting" => Meaning::Leaving,
        _ => Meaning::Strange,
    }
}

/// What is to be said of a backup that failed.
enum Failure {
    Counts(String),
    Unknown(String),
    /// Too long ago to count, of a schedule that is gone.
    Left,
    /// Made good by a later one, or by hand and long ago.
    History,
}

/// No backup that still matters ended in part or failed, and none hangs. Those of an ignored schedule do not count.
pub(super) fn ended(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-023";
    const TITLE: &str = "no Velero backup failed, ended in part, or hangs";
    let all = match super::served(CODE, TITLE, &facts.backups) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut ignored, mut left) = (0_usize, 0_usize, 0_usize);
    for backup in all {
        if is_ignored(backup, policy) {
            ignored += 1;
            continue;
        }
        examined += 1;
        let old = began(backup).and_then(|at| age(at, now));
        match meaning(&backup.phase) {
            Meaning::Failed => match failed(backup, all, facts, old, policy) {
                Failure::Counts(says) => wrong.push((backup.name.clone(), says)),
                Failure::Unknown(says) => unread.push((backup.name.clone(), says)),
                Failure::Left => left += 1,
                Failure::History => {}
            },
            Meaning::Done | Meaning::Leaving => {}
            Meaning::Going => {
                let Some(old) = old.filter(|old| *old > minutes(policy.grace_minutes)) else {
                    continue;
                };
                let phase = if backup.phase.is_empty() {
                    "not taken up"
                } else {
                    &backup.phase
                };
                wrong.push((
                    backup.name.clone(),
                    format!("has been {phase} for {}{}", lasting(old), so_far(backup)),
                ));
            }
            Meaning::Strange => unread.push((
                backup.name.clone(),
                format!("its phase {} is none that is known", backup.phase),
            )),
        }
    }
    let mut seen = vec![format!("{} of {} wrong", wrong.len(), count(examined, "backup"))];
    if ignored > 0 {
        seen.push(format!("{ignored} of ignored schedules not counted"));
    }
    if left > 0 {
        seen.push(format!(
            "{left} failed long ago, of a schedule that is gone, not counted"
        ));
    }
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(examined, 1), seen.join("; "))
        .threshold(
            format!(
                "none (by hand, or of a schedule that is gone: none of the last {}); unfinished for at most {}",
                lasting(days(policy.look_back_days)),
                lasting(minutes(policy.grace_minutes))
            ),
            "velero.grace_minutes, velero.look_back_days, velero.ignore_schedules",
        )
        .remedy("velero backup logs and velero backup describe --details name the items; a partial backup restores in part")
        .subjects(wrong)
        .subjects(unread)
}

/// Judges one that failed. One of a schedule matters until a later one of the same schedule completed. What no schedule makes
/// good, one by hand or of a schedule that is gone, matters for some days, and not for as long as it is kept.
///
/// Velero also shows the backups of every cluster that writes to the same bucket, with labels of schedules that were never here
/// (source: Velero documentation, "How Velero works", object storage sync).
fn failed(
    backup: &VeleroBackup,
    all: &[VeleroBackup],
    facts: &VeleroFacts,
    old: Option<SignedDuration>,
    policy: &VeleroPolicy,
) -> Failure {
    let limit = days(policy.look_back_days);
    let is_young = old.is_none_or(|old| old <= limit);
    let says = why(backup);
    let Some(name) = &backup.schedule else {
        return if is_young {
            Failure::Counts(says)
        } else {
            Failure::History
        };
    };
    if is_made_good(backup, all) {
        return Failure::History;
    }
    let is_there = facts.schedules.as_ref().map(|schedules| {
        let schedules = schedules.as_deref().unwrap_or_default();
        schedules.iter().any(|schedule| is_of(backup, schedule))
    });
    match is_there {
        Ok(true) => Failure::Counts(says),
        Ok(false) if is_young => Failure::Counts(format!(
            "{says}; the cluster has no schedule {name}, so that no later backup makes it good: it counts until it is {} old",
            lasting(limit)
        )),
        Ok(false) => Failure::Left,
        // There or gone, it counts.
        Err(_) if is_young => Failure::Counts(says),
        Err(unread) => Failure::Unknown(format!(
            "{says}, and whether its schedule {name} is still there is not known: {unread}"
        )),
    }
}

/// Whether a later one of the same schedule completed.
fn is_made_good(backup: &VeleroBackup, all: &[VeleroBackup]) -> bool {
    all.iter().any(|later| {
        later.phase == "Completed"
            && later.schedule == backup.schedule
            && later.namespace == backup.namespace
            && began(later) > began(backup)
    })
}

fn why(backup: &VeleroBackup) -> String {
    let counts = format!("{} errors, {} warnings", backup.errors, backup.warnings);
    let reasons: Vec<&str> = backup
        .failure
        .iter()
        .chain(&backup.validation_errors)
        .map(String::as_str)
        .collect();
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    };
    format!("is {} ({counts}{}){reasons}", backup.phase, so_far(backup))
}

fn so_far(backup: &VeleroBackup) -> String {
    match (backup.items, backup.items_total) {
        (Some(items), Some(total)) => format!(", {items} of {total} items"),
        _ => String::new(),
    }
}

/// Backups whose time is over are removed: otherwise the bucket grows, and nobody knows what is there.
pub(super) fn removed(facts: &VeleroFacts, now: Timestamp) -> Item {
    const CODE: &str = "BAK-027";
    const TITLE: &str = "expired Velero backups are removed";
    let all = match super::served(CODE, TITLE, &facts.backups) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let expired: Says = all
        .iter()
        .filter_map(|backup| {
            let over = age(backup.expires_at?, now).filter(|over| *over > COLLECTED_WITHIN)?;
            Some((
                backup.name.clone(),
                format!("expired {} ago, is {}", lasting(over), backup.phase),
            ))
        })
        .collect();
    let verdict = if expired.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Item::judge(CODE, TITLE, verdict, population(all.len(), 1), format!("{} of {} expired and still there", expired.len(), count(all.len(), "backup")))
        .threshold(format!("removed within {}", lasting(COLLECTED_WITHIN)), "Velero's collector runs every hour")
        .remedy("read the log of the velero pod for DeleteBackupRequest: usually the storage location is unavailable or read-only")
        .subjects(expired)
}
