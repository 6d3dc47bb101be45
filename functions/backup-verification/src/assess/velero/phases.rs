//! `BAK-023` and `BAK-027`: backups that ended in part, failed, hang, or should be gone.

use day2_core::{Item, Verdict};
use day2_kube::objects::VeleroBackup;
use jiff::{SignedDuration, Timestamp};

use super::began;
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

/// No backup that still matters ended in part or failed, and none hangs.
///
/// One of a schedule matters until a later one of the same schedule completed; one by hand for some days.
pub(super) fn ended(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-023";
    const TITLE: &str = "no Velero backup failed, ended in part, or hangs";
    let all = match super::served(CODE, TITLE, &facts.backups) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    for backup in all {
        let old = began(backup).and_then(|at| age(at, now));
        match meaning(&backup.phase) {
            Meaning::Failed if matters(backup, all, old, policy) => {
                wrong.push((backup.name.clone(), why(backup)));
            }
            Meaning::Done | Meaning::Failed | Meaning::Leaving => {}
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
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(all.len(), 1), format!("{} of {} wrong", wrong.len(), count(all.len(), "backup")))
        .threshold(
            format!("none; unfinished for at most {}", lasting(minutes(policy.grace_minutes))),
            "velero.grace_minutes, velero.look_back_days",
        )
        .remedy("velero backup logs and velero backup describe --details name the items; a partial backup restores in part")
        .subjects(wrong)
        .subjects(unread)
}

fn matters(
    backup: &VeleroBackup,
    all: &[VeleroBackup],
    old: Option<SignedDuration>,
    policy: &VeleroPolicy,
) -> bool {
    if backup.schedule.is_none() {
        return old.is_none_or(|old| old <= days(policy.look_back_days));
    }
    !all.iter().any(|later| {
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
