//! `LSW-003` and `LSW-005`: what is in force, and a weekly word about what has no end.

use day2_core::action::{Lease, LeaseState};
use day2_core::{Item, Verdict};

use super::due::unread;
use super::{Scene, all_of, change_of, count, name_of};
use crate::facts::Facts;

const IN_FORCE: (&str, &str) = ("LSW-003", "the changes in force are known");
const REMINDERS: (&str, &str) = (
    "LSW-005",
    "no change without an end is due for its weekly reminder",
);

/// How long a reminder stands, in minutes: longer than one run, so that one lost report does not lose a week.
const REMINDED_FOR_MINUTES: i64 = 60;

const WEEK_MINUTES: i64 = 7 * 24 * 60;

/// Always a pass: it is there to be read.
pub(super) fn in_force(facts: &Facts, scene: &Scene<'_>) -> Item {
    let (code, title) = IN_FORCE;
    let open = match &facts.after {
        Ok(open) => open,
        Err(why) => return unread(code, title, why),
    };
    let endless = open.iter().filter(|lease| lease.expires_at.is_none()).count();
    let next = open.iter().filter_map(|lease| lease.expires_at).min();
    let without = if endless > 0 {
        format!(", {endless} without an end")
    } else {
        String::new()
    };
    let next = next.map_or_else(String::new, |end| format!("; the next ends {}", scene.time(end)));
    let seen = format!("{} in force{without}{next}", count(open.len(), "change"));
    Item::judge(code, title, Verdict::Pass, all_of(open.len()), seen)
        .subjects(open.iter().map(|lease| (name_of(lease), state_of(lease, scene))))
}

fn state_of(lease: &Lease, scene: &Scene<'_>) -> String {
    let until = lease.expires_at.map_or_else(
        || "until somebody ends it".to_owned(),
        |end| format!("until {}", scene.time(end)),
    );
    let sure = match lease.state {
        LeaseState::Pending => ", whether it was made is not known",
        _ => "",
    };
    format!(
        "{}; since {}, {until}{sure}",
        change_of(lease),
        scene.time(lease.created_at)
    )
}

/// A change without an end, such as a containment, is never taken back by itself; somebody has to remember it.
pub(super) fn reminders(facts: &Facts, scene: &Scene<'_>) -> Item {
    let (code, title) = REMINDERS;
    let open = match &facts.after {
        Ok(open) => open,
        Err(why) => return unread(code, title, why),
    };
    let endless: Vec<&Lease> = open.iter().filter(|lease| lease.expires_at.is_none()).collect();
    let reminders: Vec<(String, String)> = endless
        .iter()
        .filter_map(|lease| {
            let age = scene.minutes_since(lease.created_at);
            let week = age / WEEK_MINUTES;
            (week > 0 && age % WEEK_MINUTES < REMINDED_FOR_MINUTES).then(|| {
                let says = format!(
                    "{}; since {}; to end it: {}",
                    change_of(lease),
                    scene.time(lease.created_at),
                    lease.undo
                );
                // The week is part of the name: what is over is this reminder and not the change.
                (format!("week {week} of {}", name_of(lease)), says)
            })
        })
        .collect();
    let verdict = if reminders.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let seen = format!("{} without an end", count(endless.len(), "change"));
    Item::judge(code, title, verdict, all_of(endless.len()), seen)
        .threshold("once a week from its begin", "fixed")
        .remedy("decide whether it is still needed; end it as its line says, or leave it for another week")
        .subjects(reminders)
        .happened()
}
