//! `EVA-006` and `EVA-007`: every version is locked, and no lock ends soon.

use std::collections::BTreeMap;

use day2_core::Item;
use jiff::{SignedDuration, Timestamp};

use super::{Scene, Tally};
use crate::facts::{CaptureFact, Evidence, Lock};

pub(super) const LOCKED: (&str, &str) = ("EVA-006", "every version is locked");
pub(super) const LASTING: (&str, &str) = ("EVA-007", "no lock ends soon");

pub(super) fn locked(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    for fact in evidence.captures.iter().flat_map(CaptureFact::versions) {
        let key = &fact.version.key;
        match &fact.lock {
            None => tally.not_reached(),
            Some(Err(why)) => tally.unknown(key, why.to_string()),
            Some(Ok(None)) => tally.bad(key, format!("version {} is not locked", fact.version.id)),
            Some(Ok(Some(lock))) => match objection(*lock, scene) {
                None => tally.good(),
                Some(says) => tally.bad(key, says),
            },
        }
    }
    tally
        .item(
            LOCKED,
            "versions",
            "lock the version again (aws s3api put-object-retention), and see that the bucket locks by default (infra/evidence)",
        )
        .threshold(format!("{} or stronger, now", scene.audit.lock_mode.word()), "lock_mode")
}

fn objection(lock: Lock, scene: &Scene<'_>) -> Option<String> {
    if lock.until <= scene.now {
        return Some(format!("its lock ended on {}", scene.day(lock.until)));
    }
    (lock.mode < scene.audit.lock_mode).then(|| {
        format!(
            "its lock is {}, weaker than {}",
            lock.mode.word(),
            scene.audit.lock_mode.word()
        )
    })
}

/// One line per capture: its objects were written together, so their locks end together.
pub(super) fn lasting(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    let soon = scene.now + SignedDuration::from_hours(24 * i64::from(scene.audit.lock_ends_days));
    let mut ending: BTreeMap<&str, (usize, Timestamp)> = BTreeMap::new();
    for capture in &evidence.captures {
        for fact in capture.versions() {
            match &fact.lock {
                None => tally.not_reached(),
                Some(Err(why)) => tally.unknown(&fact.version.key, why.to_string()),
                // What is not locked any more: EVA-006 tells.
                Some(Ok(Some(lock))) if lock.until > scene.now && lock.until < soon => {
                    tally.judged += 1;
                    let (number, first) = ending.entry(&capture.prefix).or_insert((0, lock.until));
                    *number += 1;
                    *first = (*first).min(lock.until);
                }
                Some(Ok(_)) => tally.good(),
            }
        }
    }
    for (prefix, (number, first)) in ending {
        let says = format!("{number} versions; the first lock ends on {}", scene.day(first));
        tally.bad.push((prefix.to_owned(), says));
    }
    tally
        .item(
            LASTING,
            "versions",
            "decide whether the case is closed; if not, lock its versions for longer (aws s3api put-object-retention) or put a legal hold on \
             them. Afterwards anybody with s3:DeleteObjectVersion can delete them",
        )
        .threshold(
            format!("at least {} days are left", scene.audit.lock_ends_days),
            "lock_ends_days",
        )
}
