//! What the index page of the report bucket shows: of each function, task and target the newest verdict and the worst of
//! each day, and the changes in force.
//!
//! Read from the journal and never from an earlier page, so that two runs that publish at once cannot lose each other's
//! line. Not a judgement of whether a report is missing: that is `watchdog`'s, which knows the schedules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::Observed;
use crate::action::Lease;
use crate::report::PastRun;
use crate::verdict::Verdict;
use crate::when::Clock;

/// Days before today that are shown.
pub(crate) const DAYS_BACK: i32 = 14;

/// Days after which a line says how old its newest report is: a weekly task with a day to spare.
const OLD_DAYS: i32 = 8;

/// Most lines that are listed. At about 2 kB each the page stays near a megabyte, which a phone still opens; the worst
/// come first, so what is left out is the best.
pub(crate) const MOST_LINES: usize = 500;

/// The function that looks after temporary changes: where it runs, there may be some.
const SWEEPER: &str = "lease-sweeper";

/// Places in the journal for the days of a line: more than are shown, so that no two days that are shown share one.
const SLOTS: i32 = 16;

/// The place of the day of `at`, 0 to 15. A day takes the place of the sixteenth before it.
#[must_use]
pub fn slot(zone: &str, at: Timestamp) -> i32 {
    let day = Clock::of(zone).day(at);
    let since = day.since(date(1970, 1, 1));
    since.map_or(0, |days| days.get_days()).rem_euclid(SLOTS)
}

/// Everything that the page shows.
#[derive(Debug, Clone)]
pub struct Board {
    /// Name of the deployment.
    pub deployment: String,
    /// IANA zone of days and times.
    pub zone: String,
    /// When the journal was read.
    pub made_at: Timestamp,
    /// One per function, task and target that has reported in the last 90 days.
    pub lines: Vec<Line>,
    /// Whether the journal has more lines than were read: then the page is not the whole.
    pub cut: bool,
    /// The changes in force, of each target on which something may have been changed.
    pub in_force: Vec<InForce>,
    /// Targets on which something may have been changed, and that were not looked at, because they are too many.
    pub not_looked_at: Vec<String>,
}

/// The runs of one function's task for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Function, for example `scale-window`.
    pub function: String,
    /// Target.
    pub target: String,
    /// Task.
    pub task: String,
    /// Of each day and verdict the newest run, in any order. Older than shown they only say when the last one was.
    pub runs: Vec<PastRun>,
}

/// The changes in force on one target, or why they are not known.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The target.
    pub target: String,
    /// Leases and open containments, oldest first.
    pub changes: Observed<Vec<Lease>>,
}

impl Line {
    /// The newest run.
    #[must_use]
    pub fn newest(&self) -> Option<&PastRun> {
        self.runs.iter().max_by_key(|run| (run.at, run.status))
    }

    /// Whether it belongs to a function that acts. Such a one runs when something happens, so its newest verdict tells of
    /// that hour and not of now.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.newest().is_some_and(|run| run.outcome.is_some())
    }

    /// The newest verdict; a line without a run has none, and nobody knows.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.newest().map_or(Verdict::Unknown, |run| run.status)
    }

    /// The worst run of each day.
    pub(crate) fn days(&self, clock: &Clock) -> BTreeMap<Date, &PastRun> {
        let mut days: BTreeMap<Date, &PastRun> = BTreeMap::new();
        for run in &self.runs {
            days.entry(clock.day(run.at))
                .and_modify(|worst| {
                    if (run.status, run.at) > (worst.status, worst.at) {
                        *worst = run;
                    }
                })
                .or_insert(run);
        }
        days
    }

    /// Days since the newest run, when that is longer ago than any usual schedule.
    pub(crate) fn silent_days(&self, clock: &Clock, now: Timestamp) -> Option<i32> {
        let last = clock.day(self.newest()?.at);
        let days = clock.day(now).since(last).ok()?.get_days();
        (days > OLD_DAYS).then_some(days)
    }
}

impl Board {
    /// The lines of checks by target, the worst target first, and within one the worst line. Only the first
    /// [`MOST_LINES`].
    pub(crate) fn by_target(&self) -> Vec<(&str, Vec<&Line>)> {
        let mut lines: Vec<&Line> = self.checks().collect();
        lines.sort_by(|a, b| {
            let name = |line: &Line| (line.target.clone(), line.function.clone(), line.task.clone());
            b.verdict().cmp(&a.verdict()).then_with(|| name(a).cmp(&name(b)))
        });
        lines.truncate(MOST_LINES);
        let mut groups: Vec<(&str, Vec<&Line>)> = Vec::new();
        let mut place: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines {
            let at = *place.entry(line.target.as_str()).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, group)) => group.push(line),
                None => groups.push((line.target.as_str(), vec![line])),
            }
        }
        groups
    }

    /// The lines of functions that act, the newest run first. Only the first [`MOST_LINES`].
    pub(crate) fn acted(&self) -> Vec<&Line> {
        let mut lines: Vec<&Line> = self.lines.iter().filter(|line| line.acts()).collect();
        lines.sort_by_key(|line| Reverse(line.newest().map(|run| run.at)));
        lines.truncate(MOST_LINES);
        lines
    }

    /// The lines of checks.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.acts())
    }

    /// The targets on which something may have been changed: those where something acted, the last one first, then those
    /// that are swept.
    #[must_use]
    pub fn may_be_changed(&self) -> Vec<String> {
        let mut acted: Vec<&Line> = self.lines.iter().filter(|line| line.acts()).collect();
        acted.sort_by_key(|line| Reverse(line.newest().map(|run| run.at)));
        let swept = self.lines.iter().filter(|line| line.function == SWEEPER);
        let mut targets: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for line in acted.into_iter().chain(swept) {
            if known.insert(&line.target) {
                targets.push(line.target.clone());
            }
        }
        targets
    }

    /// Number of checks whose newest verdict is this one.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks().filter(|line| line.verdict() == verdict).count()
    }

    /// The worst newest verdict of the checks. A board that is not whole, or has no check, is `UNKNOWN` at best.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let whole = if self.cut { Verdict::Unknown } else { Verdict::Pass };
        Verdict::worst(self.checks().map(Line::verdict)).max(whole)
    }
}

#[cfg(test)]
mod tests;
