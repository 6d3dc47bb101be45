//! One occasion on one target: what stays the same from the first look to the answer.

use std::cell::{Cell, RefCell};

use day2_aws::Invocation;
use day2_aws::app::{LEAST_RUN, PUBLISH_RESERVE, Watch};
use day2_aws::check::Moment;
use day2_aws::error::OpsError;
use day2_core::action::{Approved, Mode};
use day2_core::report::Run;
use day2_core::target::Target;
use day2_core::trigger::Finding;
use day2_reads::times::Times;
use jiff::{SignedDuration, Timestamp};

use crate::plan::NAME;
use crate::settings::Platform;

/// How long a claim lasts without being renewed: less than Lambda waits before it delivers a failed event again.
/// Source: AWS Lambda Developer Guide, "Error handling for asynchronous invocations": one minute, then two.
const LEASE: SignedDuration = SignedDuration::from_secs(55);

/// How long a claim outlives the invocation that holds it.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// Time between the end of the work and the end of the time for it, so that one hanging call costs itself only.
const GRACE: SignedDuration = SignedDuration::from_secs(1);

/// Least time to begin with: isolation, its record, and the report (`cases.md` D13).
const LEAST: SignedDuration = SignedDuration::from_secs(12);

/// Its one task beside `self-check`.
pub const TASK: &str = "contain";

/// How the occasion came about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Road {
    /// A finding.
    Finding,
    /// A person named a finding, or asked to look again.
    Manual,
    /// A person approved a plan.
    Approved(Approved),
}

impl Road {
    const fn word(&self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Manual => "manual",
            Self::Approved(_) => "approval",
        }
    }
}

/// One occasion on one target.
pub(crate) struct Case<'a> {
    pub(crate) target: &'a Target,
    pub(crate) platform: &'a Platform,
    /// How far this run may go.
    pub(crate) mode: Mode,
    pub(crate) road: Road,
    /// What is known of the finding: at first the event, then also what GuardDuty says.
    pub(crate) finding: Finding,
    /// The finding as the event said it.
    pub(crate) event: Finding,
    /// When it came, by the sandbox's own clock, which `repeats` compares with itself.
    pub(crate) arrived_at: Timestamp,
    pub(crate) invocation: Invocation,
    pub(crate) watch: Watch,
    /// Whether the mail is out.
    pub(crate) mailed: Cell<bool>,
    /// What the mail said.
    pub(crate) token: RefCell<String>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        (target, platform): (&'a Target, &'a Platform),
        mode: Mode,
        road: Road,
        finding: Finding,
        invocation: &Invocation,
    ) -> Self {
        Self {
            target,
            platform,
            mode,
            road,
            event: finding.clone(),
            finding,
            arrived_at: invocation.now,
            invocation: invocation.clone(),
            watch: Watch::start(invocation.now),
            mailed: Cell::new(false),
            token: RefCell::default(),
        }
    }

    /// Sets the clock to the journal's: leases of several sandboxes are compared (`cases.md` D16). What is left of the time
    /// stays the same, because Lambda's deadline is by the sandbox's clock.
    pub(crate) fn set_clock(&mut self, theirs: Timestamp) {
        let off = theirs.duration_since(self.watch.now());
        if off.abs() <= day2_aws::app::MOST_SKEW {
            return;
        }
        tracing::warn!(
            function = NAME,
            off = off.as_secs(),
            "our clock is off, the journal's is used"
        );
        let moved = |at: Timestamp| at.checked_add(off).unwrap_or(at);
        self.invocation.now = moved(self.invocation.now);
        self.invocation.deadline = moved(self.invocation.deadline);
        self.watch = Watch::start(theirs);
    }

    /// Refuses to begin what cannot be finished.
    pub(crate) fn has_time(&self) -> Result<(), OpsError> {
        let left = self.left();
        if left >= LEAST.max(LEAST_RUN) {
            return Ok(());
        }
        let needed = LEAST.checked_add(PUBLISH_RESERVE).unwrap_or(LEAST);
        Err(OpsError::Deadline {
            what: "a containment with its report".to_owned(),
            needed_seconds: needed.unsigned_abs().as_secs(),
            left_seconds: self.watch.until(self.invocation.deadline).as_secs(),
        })
    }

    /// Why something is not begun that needs longer than what is left (`cases.md` D13).
    pub(crate) fn too_late(&self, what: &str, needed: SignedDuration) -> Option<OpsError> {
        (self.left() < needed).then(|| OpsError::Deadline {
            what: what.to_owned(),
            needed_seconds: needed.unsigned_abs().as_secs(),
            left_seconds: self.left().max(SignedDuration::ZERO).unsigned_abs().as_secs(),
        })
    }

    /// Time left for the work.
    pub(crate) fn left(&self) -> SignedDuration {
        self.end().duration_since(self.watch.now())
    }

    /// When all work but the publication must be done.
    pub(crate) fn end(&self) -> Timestamp {
        self.invocation
            .deadline
            .checked_sub(PUBLISH_RESERVE)
            .unwrap_or(self.invocation.now)
    }

    /// The times of reads and changes.
    pub(crate) fn times(&self) -> Times {
        let end = self.end();
        let watch = self.watch;
        let mut times = Times::of(Moment {
            now: watch.now(),
            deadline: end.checked_sub(GRACE).unwrap_or(end),
        });
        // By the clock of this run, which may have been set.
        times.clock = std::sync::Arc::new(move || watch.now());
        times
    }

    /// When a claim that is taken or renewed now ends.
    pub(crate) fn lease_until(&self) -> Timestamp {
        let most = self
            .invocation
            .deadline
            .checked_add(LEASE_MARGIN)
            .unwrap_or(Timestamp::MAX);
        let soon = self.watch.now().checked_add(LEASE).unwrap_or(most);
        soon.min(most)
    }

    /// Whether somebody waits for the answer: then a failure is a report, not a second delivery.
    pub(crate) const fn by_hand(&self) -> bool {
        matches!(self.road, Road::Manual | Road::Approved(_))
    }

    /// Who runs, for what, and when; `occasion` tells it from others.
    pub(crate) fn run(&self, occasion: Option<String>, zone: &str) -> Run {
        Run {
            function: NAME.to_owned(),
            task: TASK.to_owned(),
            target: self.target.name.as_str().to_owned(),
            account_id: self.target.account_id.as_str().to_owned(),
            region: self.target.region.as_str().to_owned(),
            trigger: self.road.word().to_owned(),
            zone: zone.to_owned(),
            scheduled_at: None,
            occasion,
            started_at: self.watch.now(),
            request_id: self.invocation.request_id.clone(),
        }
    }

    /// One attempt of one delivery: the sandbox tells concurrent deliveries apart, the start tells a delivery from an
    /// earlier one that died in the same sandbox.
    pub(crate) fn owner(&self, run: &Run) -> String {
        format!(
            "{}/{}/{}",
            self.invocation.sandbox, self.invocation.request_id, run.started_at
        )
    }
}
