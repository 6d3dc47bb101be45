//! Hysteresis for everything that is not the state itself: what stands at a threshold would mail every five minutes.

use serde::{Deserialize, Serialize};

use super::memory::Memory;
use crate::settings::Detection;

/// How often in a row something was seen, and whether it is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Streak {
    /// Looks in a row that saw it.
    pub(crate) bad: u32,
    /// Looks in a row that did not.
    pub(crate) good: u32,
    /// Whether it is told.
    pub(crate) told: bool,
}

impl Streak {
    /// One look more.
    pub(crate) fn next(self, bad: bool, agreeing: u32) -> Self {
        let mut streak = if bad {
            Self {
                bad: self.bad.saturating_add(1),
                good: 0,
                told: self.told,
            }
        } else {
            Self {
                bad: 0,
                good: self.good.saturating_add(1),
                told: self.told,
            }
        };
        if streak.bad >= agreeing {
            streak.told = true;
        }
        if streak.good >= agreeing {
            streak.told = false;
        }
        streak
    }
}

impl Memory {
    /// Counts one look at `name` and says whether it is to be told: seen often enough, and not yet gone for as often.
    pub(crate) fn told(&mut self, name: &str, bad: bool, detection: &Detection) -> bool {
        let streak = self.streaks.get(name).copied().unwrap_or_default();
        let streak = streak.next(bad, detection.agreeing_looks);
        // Forgotten when there is nothing to remember, so that the note stays small.
        if streak.bad == 0 && !streak.told {
            self.streaks.remove(name);
        } else {
            self.streaks.insert(name.to_owned(), streak);
        }
        streak.told
    }

    /// Whether `name` is not to be judged: it could not be read now, or not in one of the last looks. What is read every other
    /// time would otherwise be resolved and new in turns.
    pub(crate) fn blind(&mut self, name: &str, unread: bool, detection: &Detection) -> bool {
        let key = format!("blind/{name}");
        let streak = self.streaks.get(&key).copied().unwrap_or_default();
        let mut streak = streak.next(unread, detection.good_probes);
        streak.told |= unread;
        if streak.bad == 0 && !streak.told {
            self.streaks.remove(&key);
        } else {
            self.streaks.insert(key, streak);
        }
        streak.told
    }
}

/// Why something that was read is not judged.
pub(crate) const READ_AGAIN: &str = "could not be read in one of the last looks";
