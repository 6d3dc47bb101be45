//! When the reading happens and until when it must be done. Calls nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use day2_aws::Moment;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::Clock;
use jiff::{SignedDuration, Timestamp};

/// When the reading happens and until when it must be done.
#[derive(Clone)]
pub struct Times {
    /// The moment that everything is judged against.
    pub now: Timestamp,
    /// Nothing is waited for after this.
    pub deadline: Timestamp,
    /// Tells how much time is left, and for the token of a cluster, which ages while we read.
    pub clock: Clock,
}

impl Times {
    /// The times of a run.
    #[must_use]
    pub fn of(at: Moment) -> Self {
        Self {
            now: at.now,
            deadline: at.deadline,
            clock: Arc::new(day2_aws::boot::now),
        }
    }

    /// What is left until the deadline; zero after it.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline
            .duration_since((self.clock)())
            .try_into()
            .unwrap_or_default()
    }

    /// So many minutes before [`now`](Self::now).
    #[must_use]
    pub fn ago(&self, minutes: u32) -> Timestamp {
        self.now
            .saturating_sub(SignedDuration::from_mins(i64::from(minutes)))
            .unwrap_or(self.now)
    }

    /// Ends a read at the deadline; a hanging endpoint costs its own line and no other.
    ///
    /// # Errors
    ///
    /// Those of the read, or [`Cause::TimedOut`].
    pub async fn within<T>(
        &self,
        operation: &str,
        resource: &str,
        read: impl Future<Output = Observed<T>>,
    ) -> Observed<T> {
        tokio::time::timeout(self.left(), read).await.unwrap_or_else(|_| {
            Err(Unreadable::new(
                operation,
                resource,
                Cause::TimedOut,
                "the time of this run was used up",
            ))
        })
    }
}
