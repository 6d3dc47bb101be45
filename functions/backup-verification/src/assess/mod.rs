//! Every opinion of `backup-verification`. Pure: same facts, same plan, same notes, same moment, same items.

pub(crate) mod aws_backup;
pub(crate) mod copies;
pub(crate) mod database;
pub(crate) mod dumps;
pub(crate) mod encryption;
pub(crate) mod median;
pub(crate) mod moved;
pub(crate) mod proof;
pub(crate) mod restorable;
pub(crate) mod velero;
pub(crate) mod window;

#[cfg(test)]
pub(crate) mod tests;

use day2_core::chart::Chart;
use day2_core::compare::{Earlier, Notes};
pub(crate) use day2_core::judging::{count, lasting, population, worse_of};
use day2_core::{Item, Observed};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Task;
use crate::facts::Facts;
use crate::settings::Plan;

/// What a judgement may look at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What was read.
    pub facts: &'a Facts,
    /// What should be.
    pub plan: &'a Plan,
    /// How much was looked at.
    pub task: Task,
    /// What the run before noted.
    pub before: &'a Observed<Option<Earlier>>,
    /// Zone of the report.
    pub zone: &'a TimeZone,
    /// The moment of the run.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// What the run before noted under a name.
    pub(crate) fn noted(&self, name: &str) -> Option<&str> {
        self.before.as_ref().ok()?.as_ref()?.notes.get(name)
    }
}

/// Judges the facts. The notes are for the next run of the same task.
#[must_use]
pub fn assess(scene: &Scene<'_>) -> (Vec<Item>, Vec<Chart>, Notes) {
    let (facts, plan) = (scene.facts, scene.plan);
    let (mut items, mut charts) = (Vec::new(), Vec::new());
    let mut notes = Notes::none();
    if let (Some(policy), Some(seen)) = (&plan.database, &facts.database) {
        items.push(database::automated(seen, policy));
        items.push(database::newest(seen, policy, scene.now));
        items.push(restorable::lag(seen, policy, scene.now));
        items.push(restorable::reach(seen, policy, scene.now));
        items.push(encryption::encrypted(seen, policy, scene.now));
        if policy.deletion_protection {
            items.push(database::protected(seen));
        }
        items.push(moved::window(seen, policy, scene, &mut notes));
    }
    // Looked at weekly only: a daily run has no copies to judge.
    if !facts.copies.is_empty() {
        items.push(copies::elsewhere(&plan.copies, &facts.copies, scene.now));
    }
    if let (Some(policy), Some(seen)) = (&plan.aws_backup, &facts.aws_backup) {
        let database = facts.database.as_ref();
        items.push(aws_backup::points(seen, database, policy, scene.now));
        if let Some(jobs) = &seen.copy_jobs {
            items.push(aws_backup::copies(jobs, policy));
        }
        if let Some(jobs) = &seen.restore_jobs {
            items.push(aws_backup::restore_tests(jobs, policy, scene.now));
        }
    }
    if let (Some(policy), Some(seen)) = (&plan.velero, &facts.velero) {
        items.extend(velero::items(seen, policy, scene.now));
        charts.extend(velero::chart(seen, policy));
    }
    if !plan.dumps.is_empty() {
        items.push(dumps::young(&plan.dumps, &facts.dumps, scene.now));
        items.push(dumps::sized(&plan.dumps, &facts.dumps, scene, &mut notes));
        charts.extend(dumps::charts(&plan.dumps, &facts.dumps));
    }
    if let (Some(policy), Some(seen)) = (&plan.restore_proof, &facts.proof) {
        items.push(proof::proven(seen, policy, scene, &mut notes));
    } else {
        proof::unasked(&mut items);
    }
    (items, charts, notes)
}

/// Something wrong or unread: its name, and what about it.
pub(crate) type Says = Vec<(String, String)>;

/// How far ahead of ours the clock of a service may be before its times are not believed.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The one with the latest time. Lists of AWS and Kubernetes have no order that means anything.
pub(crate) fn youngest<'a, T>(
    all: impl Iterator<Item = &'a T>,
    at: impl Fn(&T) -> Option<Timestamp>,
) -> Option<&'a T> {
    all.filter_map(|one| Some((at(one)?, one)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, one)| one)
}

/// How long ago something was; `None` for a time that has not come yet, which proves nothing.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let age = now.duration_since(at);
    (age >= -SKEW).then(|| age.max(SignedDuration::ZERO))
}

/// A number of hours.
pub(crate) fn hours(hours: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(hours))
}

/// A number of minutes.
pub(crate) fn minutes(minutes: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(minutes))
}

/// A number of days.
pub(crate) fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
