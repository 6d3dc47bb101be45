//! Time within one invocation, counted from the moment that it was given: steps of the wall clock do not matter.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that was set once.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    at: Timestamp,
    started: Instant,
}

impl Watch {
    /// A clock that shows `now`.
    #[must_use]
    pub fn start(now: Timestamp) -> Self {
        Self {
            at: now,
            started: Instant::now(),
        }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.at.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Time until `moment`, zero when it has passed.
    #[must_use]
    pub fn until(&self, moment: Timestamp) -> Duration {
        moment
            .duration_since(self.now())
            .max(SignedDuration::ZERO)
            .unsigned_abs()
    }
}
