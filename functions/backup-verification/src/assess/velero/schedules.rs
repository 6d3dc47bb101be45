//! `BAK-022`: each schedule's last due backup is there and *completed*. A schedule that is `Enabled` proves nothing.

use day2_core::cron::last_due;
use day2_core::{Item, Verdict};
use day2_kube::objects::{VeleroBackup, VeleroSchedule};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{began, completed_of, counted, is_of};
use crate::assess::{Says, age, count, lasting, minutes, population, worse_of, youngest};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

/// Velero may take a backup up a little before the minute of its schedule by another clock.
pub(super) const EARLY: SignedDuration = SignedDuration::from_mins(1);

/// What is to be said of one schedule.
enum Kept {
    Yes,
    /// It is younger than its first due time.
    NotYetDue,
    No(String),
    Unknown(String),
}

pub(super) fn kept(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-022";
    const TITLE: &str = "each Velero schedule has its last due backup completed";
    let (schedules, backups) = match super::made(CODE, TITLE, facts) {
        Ok(both) => both,
        Err(item) => return *item,
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut kept, mut young) = (0, 0, 0);
    for schedule in counted(schedules, policy) {
        examined += 1;
        match judge(schedule, backups, policy, now) {
            Kept::Yes => kept += 1,
            Kept::NotYetDue => young += 1,
            Kept::No(says) => wrong.push((schedule.name.clone(), says)),
            Kept::Unknown(says) => unread.push((schedule.name.clone(), says)),
        }
    }
    let verdict = if examined == 0 {
        wrong.push((
            "no schedule".to_owned(),
            "nothing is backed up by itself".to_owned(),
        ));
        Verdict::Fail
    } else {
        worse_of(&wrong, &unread)
    };
    let not_yet = if young == 0 {
        String::new()
    } else {
        format!(", {young} not due yet")
    };
    Item::judge(CODE, TITLE, verdict, population(examined, 1), format!("{kept} of {}{not_yet}", count(examined, "schedule")))
        .threshold(
            format!("Completed, begun when it was due last, {} ago or more", lasting(minutes(policy.grace_minutes))),
            "the schedule's own cron expression, velero.grace_minutes",
        )
        .remedy("velero schedule describe, velero backup describe --details: see BAK-023 for what the failed ones say")
        .subjects(wrong)
        .subjects(unread)
}

/// When the last backup was due that had the time to complete; none for a schedule that is never due.
///
/// # Errors
///
/// In words, when its cron expression is none.
pub(super) fn due(
    schedule: &VeleroSchedule,
    policy: &VeleroPolicy,
    now: Timestamp,
) -> Result<Option<Timestamp>, String> {
    let by = now.checked_sub(minutes(policy.grace_minutes)).unwrap_or(now);
    // The zone of Velero's server.
    last_due(&schedule.cron, &TimeZone::UTC, by)
}

/// Whether it was made after it was due last.
pub(super) fn is_younger(schedule: &VeleroSchedule, due: Timestamp) -> bool {
    schedule.created_at.is_some_and(|created| created > due)
}

fn judge(schedule: &VeleroSchedule, backups: &[VeleroBackup], policy: &VeleroPolicy, now: Timestamp) -> Kept {
    if schedule.phase == "FailedValidation" {
        return Kept::No(format!("is not valid: {}", schedule.validation_errors.join("; ")));
    }
    if schedule.paused {
        return Kept::No("is paused: it makes no backups".to_owned());
    }
    let due = match due(schedule, policy, now) {
        Ok(Some(due)) => due,
        Ok(None) => return Kept::Unknown(format!("`{}` was never due", schedule.cron)),
        Err(why) => return Kept::Unknown(why),
    };
    let done = completed_of(schedule, backups);
    let newest = done.first().and_then(|backup| Some((*backup, began(backup)?)));
    if let Some((backup, at)) = newest {
        if age(at, now).is_none() {
            return Kept::Unknown(format!("{} is of the future", backup.name));
        }
        if at >= due.checked_sub(EARLY).unwrap_or(due) {
            return Kept::Yes;
        }
    } else if is_younger(schedule, due) {
        return Kept::NotYetDue;
    }
    let last = newest.map_or_else(
        || "no backup of it ever completed".to_owned(),
        |(backup, at)| {
            let age = age(at, now).map_or_else(String::new, |age| format!(" {} ago", lasting(age)));
            format!("the last completed, {}, began{age}", backup.name)
        },
    );
    // What became of the one that was due.
    let since = backups
        .iter()
        .filter(|backup| is_of(backup, schedule) && backup.phase != "Completed");
    let instead = youngest(since, began).map_or_else(
        || "; none was begun since".to_owned(),
        |backup| {
            let phase = if backup.phase.is_empty() {
                "new"
            } else {
                &backup.phase
            };
            format!("; {} is {phase}", backup.name)
        },
    );
    Kept::No(format!("was due {due}: {last}{instead}"))
}
