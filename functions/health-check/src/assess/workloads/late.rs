//! Whether a `CronJob` has succeeded as lately as its own schedule lets expect, also when no Job of it is left to tell.

use day2_core::cron::last_due;
use day2_kube::objects::CronJob;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::assess::words::age;

/// What is to be said of one whose last success is older than its last due time, `grace` minutes aside. While a Job of it
/// runs, the time before that counts, so that a run may take as long as from one due time to the next.
///
/// # Errors
///
/// In words, when its schedule cannot be read and the times of its last Job show nothing wrong: then nobody knows when it was
/// due.
pub(super) fn late(one: &CronJob, grace: u32, now: Timestamp) -> Result<Option<String>, String> {
    let by = now
        .checked_sub(SignedDuration::from_mins(i64::from(grace)))
        .unwrap_or(now);
    let due = due(one, by);
    // One that is never due, or nobody knows when, must at least have succeeded with the Job that it made last.
    let made = one.last_scheduled.filter(|at| *at <= by && !one.running);
    let since = due.as_ref().ok().copied().flatten().or(made);
    let missed = since.filter(|since| match one.last_succeeded {
        Some(at) => at < *since,
        None => one.created_at.is_none_or(|created| created <= *since),
    });
    match missed {
        Some(since) => Ok(Some(says(one, since, now))),
        None => due.map(|_| None),
    }
}

/// The due time that a success is expected for.
fn due(one: &CronJob, by: Timestamp) -> Result<Option<Timestamp>, String> {
    let zone = match one.time_zone.as_deref() {
        // The zone of the controller manager: UTC on EKS.
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone"))?,
    };
    let due = last_due(&one.schedule, &zone, by)?;
    match due.and_then(|due| due.checked_sub(SignedDuration::from_secs(1)).ok()) {
        Some(before) if one.running => last_due(&one.schedule, &zone, before),
        _ => Ok(due),
    }
}

fn says(one: &CronJob, since: Timestamp, now: Timestamp) -> String {
    let succeeded = one.last_succeeded.map_or_else(
        || "has never succeeded".to_owned(),
        |at| format!("last succeeded {} ago", age(at, now)),
    );
    let made = one.last_scheduled.filter(|at| *at >= since);
    let became = match (one.running, made) {
        (true, _) => {
            let began = one
                .last_scheduled
                .map_or_else(String::new, |at| format!(" of {} ago", age(at, now)));
            format!("its run{began} still goes on")
        }
        (false, Some(_)) => "the Job made for it did not succeed".to_owned(),
        (false, None) => "no Job was made for it".to_owned(),
    };
    format!("{succeeded}, and was due {} ago: {became}", age(since, now))
}
