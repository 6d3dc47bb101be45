//! How the time of an invocation is divided: looking, publishing, and the targets that come later.

use day2_core::{Cause, Unreadable};
use jiff::{SignedDuration, Timestamp};

use super::run::Job;
use super::{Invocation, LEAST_RUN, PUBLISH_RESERVE, Watch};
use crate::error::OpsError;

/// How long a lease outlives the invocation that holds it: longer than Lambda takes to end one that is over time.
pub(crate) const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// Time kept for each target that comes later in the same invocation, so that it gets at least its own report.
const PER_LATER_TARGET: SignedDuration = SignedDuration::from_secs(1);

/// When looking must end: before the time for publishing, and for the targets that come later. Those take at most
/// half of the whole, so that a call by hand for a fleet looks at some of it rather than at none.
pub(crate) fn end_of_look(invocation: &Invocation, after: usize) -> Timestamp {
    let half = invocation.deadline.duration_since(invocation.now) / 2;
    let later = PER_LATER_TARGET
        .checked_mul(i32::try_from(after).unwrap_or(i32::MAX))
        .unwrap_or(half)
        .min(half);
    let kept = PUBLISH_RESERVE.checked_add(later).unwrap_or(PUBLISH_RESERVE);
    invocation.deadline.checked_sub(kept).unwrap_or(invocation.now)
}

pub(crate) fn too_late(invocation: &Invocation, watch: &Watch) -> OpsError {
    OpsError::Deadline {
        what: "a run with its publication".to_owned(),
        needed_seconds: LEAST_RUN
            .checked_add(PUBLISH_RESERVE)
            .unwrap_or(LEAST_RUN)
            .unsigned_abs()
            .as_secs(),
        left_seconds: watch.until(invocation.deadline).as_secs(),
    }
}

pub(super) fn deadline(job: &Job<'_>, left_seconds: u64, needed_seconds: u64) -> OpsError {
    OpsError::Deadline {
        what: format!("task {}", job.task),
        needed_seconds,
        left_seconds,
    }
}

/// A failure of the runner itself as a fact that could not be read.
pub(crate) fn unanswered(operation: &str, resource: &str) -> Unreadable {
    Unreadable::new(operation, resource, Cause::TimedOut, "no answer in the time left")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{MORNING, invocation};

    #[test]
    fn later_targets_keep_a_second_each_and_never_more_than_half() {
        let minute = invocation(MORNING, "r");
        let look = |after| end_of_look(&minute, after).duration_since(minute.now).as_secs();
        assert_eq!((look(0), look(1), look(10)), (54, 53, 44));
        assert_eq!((look(30), look(500), look(usize::MAX)), (24, 24, 24));
    }
}
