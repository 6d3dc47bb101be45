//! Every opinion of `watchdog`. Pure: same facts, same settings, same moment, same items.

mod ages;
mod readiness;
#[cfg(test)]
mod tests;
mod verdict;

use day2_core::judging::{count, population, worse_of};
use day2_core::settings::Zone;
use day2_core::{Item, Verdict};
use jiff::Timestamp;

use crate::facts::Facts;
use crate::settings::WatchdogSettings;
pub use ages::ages;
pub(crate) use readiness::{looks_every_day, reads_every_schedule};
use verdict::{Scene, State, state};

/// Judges one look at all schedules.
#[must_use]
pub fn assess(facts: &Facts, settings: &WatchdogSettings, zone: &Zone, now: Timestamp) -> Vec<Item> {
    let scene = Scene { zone, now };
    let mut seen = Seen::default();
    for (index, schedule) in settings.watched().iter().enumerate() {
        let name = schedule.name();
        match state(facts, index, schedule, &scene) {
            State::Here => seen.here += 1,
            State::AtWork => seen.at_work += 1,
            State::Missing(says) => seen.missing.push((name, says)),
            State::Waiting(says) => seen.waiting.push((name, says)),
            State::NotReadable(says) => seen.not_readable.push((name, says)),
            State::NotKnown(says) => seen.not_known.push((name, says)),
        }
    }
    vec![seen.missing(), seen.waiting(), seen.not_readable()]
}

/// All schedules by what was found.
#[derive(Default)]
struct Seen {
    here: usize,
    at_work: usize,
    missing: Vec<(String, String)>,
    waiting: Vec<(String, String)>,
    not_readable: Vec<(String, String)>,
    not_known: Vec<(String, String)>,
}

impl Seen {
    fn missing(&self) -> Item {
        let judged = self.here + self.at_work + self.missing.len();
        let verdict = worse_of(&self.missing, &self.not_known);
        let at_work = match self.at_work {
            0 => String::new(),
            number => format!(", {number} at work"),
        };
        Item::judge(
            "WDG-001",
            "every report that was due came",
            verdict,
            population(judged, judged + self.not_known.len()),
            format!("{} missing of {}{at_work}", self.missing.len(), count(judged, "schedule")),
        )
        .threshold("its time, and grace_minutes for retries and the run", "schedules, calendar and grace_minutes")
        .remedy(
            "see whether its schedule is enabled (aws scheduler get-schedule), what the function's log says of that time, and \
             whether its event lies in the queue of failures; then call the function by hand for this task and target",
        )
        .subjects(self.missing.clone())
        .subjects(self.not_known.clone())
    }

    /// Nobody can say yet whether a new schedule works, so nobody says that it does.
    fn waiting(&self) -> Item {
        let known = self.here + self.at_work + self.missing.len();
        let verdict = if self.waiting.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Unknown
        };
        Item::judge(
            "WDG-002",
            "every schedule has been heard of",
            verdict,
            population(known, known + self.waiting.len()),
            format!("{} new and not yet due", self.waiting.len()),
        )
        .remedy(
            "wait for its first time; to know it earlier, call the function by hand for this task and target",
        )
        .subjects(self.waiting.clone())
    }

    fn not_readable(&self) -> Item {
        let all = self.here + self.at_work + self.missing.len() + self.waiting.len() + self.not_known.len();
        let verdict = if self.not_readable.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Unknown
        };
        Item::judge(
            "WDG-003",
            "every schedule says when its report is due",
            verdict,
            population(all, all + self.not_readable.len()),
            format!("{} cannot be judged", self.not_readable.len()),
        )
        .remedy(
            "write the expression otherwise, or name the schedule in not_watched and watch it by other means",
        )
        .subjects(self.not_readable.clone())
    }
}
