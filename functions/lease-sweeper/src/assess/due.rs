//! `LSW-001` and `LSW-002`: what was due was taken back, and nothing is overdue.

use std::collections::BTreeSet;

use day2_core::action::Lease;
use day2_core::item::Population;
use day2_core::{Cause, Item, Unreadable, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{Scene, all_of, change_of, count, name_of};
use crate::facts::{Answer, Asked, Facts, NotAsked};
use crate::settings::Sweep;

const TAKEN_BACK: (&str, &str) = ("LSW-001", "every change whose time is over was taken back");
const OVERDUE: (&str, &str) = ("LSW-002", "no change is overdue");

/// The journal decides: an owner may answer well and have done nothing, and badly after it was done.
pub(super) fn taken_back(facts: &Facts, scene: &Scene<'_>) -> Item {
    let (code, title) = TAKEN_BACK;
    let before = match &facts.before {
        Ok(before) => before,
        Err(why) => return unread(code, title, why),
    };
    if facts.asked.is_empty() {
        let seen = format!("nothing is due; {} in force", count(before.len(), "change"));
        return Item::judge(code, title, Verdict::Pass, all_of(0), seen);
    }
    let after = match &facts.after {
        Ok(after) => after,
        Err(why) => {
            let seen = format!(
                "{} asked for; whether they were taken back could not be read: {why}",
                count(facts.asked.len(), "change")
            );
            let nothing = Population {
                examined: 0,
                expected_at_least: all_of(facts.asked.len()).expected_at_least,
            };
            return Item::judge(code, title, Verdict::Unknown, nothing, seen)
                .remedy("the next run looks again; see whether the journal table answers")
                .subjects(facts.asked.iter().map(|asked| line(asked, scene)));
        }
    };
    let open: BTreeSet<&str> = after.iter().map(|lease| lease.id.as_str()).collect();
    let left: Vec<&Asked> = facts
        .asked
        .iter()
        .filter(|asked| open.contains(asked.lease.id.as_str()))
        .collect();
    let (waiting, failed): (Vec<&Asked>, Vec<&Asked>) =
        left.iter().partition(|asked| is_tried_again(&asked.answer));
    let verdict = match (failed.is_empty(), waiting.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    };
    let whole = all_of(facts.asked.len());
    let population = Population {
        examined: whole
            .examined
            .saturating_sub(u64::try_from(waiting.len()).unwrap_or(u64::MAX)),
        ..whole
    };
    let seen = format!(
        "{} of {} taken back; {} failed, {} left for the next run",
        facts.asked.len().saturating_sub(left.len()),
        count(facts.asked.len(), "change"),
        failed.len(),
        waiting.len()
    );
    Item::judge(code, title, verdict, population, seen)
        .remedy(
            "read the owner's own report and log; it is asked again in the next run. By hand: call the owner with \
             {\"task\":\"revert\",\"lease\":\"ID\"}",
        )
        .subjects(failed.into_iter().map(|asked| line(asked, scene)))
        .subjects(waiting.into_iter().map(|asked| line(asked, scene)))
}

/// Whether the next run may well succeed without anybody doing anything.
fn is_tried_again(answer: &Answer) -> bool {
    match answer {
        Answer::Returned(_) | Answer::NotAsked(NotAsked::NoOwner) => false,
        // The class of our own functions' errors that Lambda would deliver again: a lock that is held, a time-out.
        Answer::Failed { error_type, .. } => error_type.as_deref() == Some("Transient"),
        Answer::NoResult(why) => !matches!(why.cause, Cause::Denied | Cause::NotFound),
        Answer::NoAnswer { .. } | Answer::NotAsked(NotAsked::Enough(_) | NotAsked::Late { .. }) => true,
    }
}

fn line(asked: &Asked, scene: &Scene<'_>) -> (String, String) {
    let lease = &asked.lease;
    let ended = lease
        .expires_at
        .map_or_else(String::new, |end| format!("ended {}: ", scene.time(end)));
    (
        name_of(lease),
        format!("{}; {ended}{}", change_of(lease), words(&asked.answer, lease)),
    )
}

fn words(answer: &Answer, lease: &Lease) -> String {
    let owner = &lease.function;
    match answer {
        Answer::Returned(says) => {
            format!("{owner} ended without an error and the change is still open; it said: {says}")
        }
        Answer::Failed {
            kind,
            error_type,
            says,
        } => {
            let class = error_type.as_deref().unwrap_or("no error type");
            format!("{owner} ran and failed ({kind}, {class}): {says}")
        }
        Answer::NoResult(why) if why.cause == Cause::Throttled => {
            format!("Lambda throttled the call, so {owner} did not run: {why}")
        }
        Answer::NoResult(why) => format!("{owner} gave no result: {why}"),
        Answer::NoAnswer { waited_seconds } => {
            format!("{owner} gave no answer in {waited_seconds} s; whether it ran to its end is not known")
        }
        Answer::NotAsked(NotAsked::Enough(number)) => {
            format!("left for the next run: {number} were asked in this one (max_per_run)")
        }
        Answer::NotAsked(NotAsked::Late {
            left_seconds,
            needs_seconds,
        }) => format!(
            "left for the next run: {owner} may take {needs_seconds} s, and {left_seconds} s were left in this one"
        ),
        Answer::NotAsked(NotAsked::NoOwner) => format!(
            "no function {owner} is deployed that could take it back; deploy it again, or undo it by hand: {}",
            lease.undo
        ),
    }
}

/// Changes that are long enough over that the runs since should have ended them, with their ends.
pub(super) fn late<'a>(
    after: &'a [Lease],
    sweep: &Sweep,
    now: Timestamp,
) -> impl Iterator<Item = (&'a Lease, Timestamp)> {
    let grace = SignedDuration::from_mins(i64::from(sweep.overdue_minutes));
    after
        .iter()
        .filter_map(|lease| Some((lease, lease.expires_at?)))
        .filter(move |(_, end)| now.duration_since(*end) > grace)
}

pub(super) fn overdue(facts: &Facts, sweep: &Sweep, scene: &Scene<'_>) -> Item {
    let (code, title) = OVERDUE;
    let after = match &facts.after {
        Ok(after) => after,
        Err(why) => return unread(code, title, why),
    };
    let late: Vec<(String, String)> = late(after, sweep, scene.now)
        .map(|(lease, end)| {
            let says = format!(
                "{}; ended {}, {} min ago; to undo: {}",
                change_of(lease),
                scene.time(end),
                scene.minutes_since(end),
                lease.undo
            );
            (name_of(lease), says)
        })
        .collect();
    let temporary = after.iter().filter(|lease| lease.expires_at.is_some()).count();
    let verdict = if late.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let seen = format!(
        "{} of {} overdue",
        late.len(),
        count(temporary, "temporary change")
    );
    Item::judge(code, title, verdict, all_of(temporary), seen)
        .threshold(
            format!("at most {} min past the end", sweep.overdue_minutes),
            "overdue_minutes",
        )
        .remedy(
            "undo it by hand as its line says, then call its owner with {\"task\":\"revert\",\"lease\":\"ID\"}: it sees \
             that the value is no longer its own and closes the lease",
        )
        .subjects(late)
}

pub(super) fn unread(code: &str, title: &str, why: &Unreadable) -> Item {
    Item::unreadable(code, title, 1, why)
        .remedy("see that the journal table exists and answers; nothing is taken back until it does")
}
