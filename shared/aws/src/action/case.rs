//! One occasion on one target: what stays the same from the claim to the answer.

use std::cell::{Cell, RefCell};

use day2_core::action::{Lease, Mode, Occasion};
use day2_core::report::Run;
use day2_core::target::Target;
use jiff::{SignedDuration, Timestamp};

use crate::app::budget::LEASE_MARGIN;
use crate::app::{Invocation, PUBLISH_RESERVE, Watch};
use crate::check::Moment;

/// How long claim and lock last without being renewed: less than Lambda waits before it delivers a failed event again.
/// Source: AWS Lambda Developer Guide, "Error handling for asynchronous invocations": one minute, then two.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(55);

/// Time between the end of the work and the end of the time for it, so that one hanging call costs itself only.
const GRACE: SignedDuration = SignedDuration::from_secs(1);

/// One occasion on one target.
pub(super) struct Case<'a> {
    pub(super) target: &'a Target,
    pub(super) occasion: Occasion,
    /// How far this run may go.
    pub(super) mode: Mode,
    /// The change to take back.
    pub(super) lease: Option<Lease>,
    /// By the clock of [`Self::watch`].
    pub(super) invocation: Invocation,
    pub(super) watch: Watch,
    /// Whether the mail is out.
    pub(super) mailed: Cell<bool>,
    /// What the mail said, so that another delivery mails only what is new.
    pub(super) token: RefCell<String>,
    /// Whether the lock of the target is ours.
    pub(super) locked: Cell<bool>,
    /// Until when alarms are only counted because this run acts.
    pub(super) pauses_until: Cell<Option<Timestamp>>,
}

impl<'a> Case<'a> {
    pub(super) fn new(target: &'a Target, occasion: Occasion, mode: Mode, invocation: &Invocation) -> Self {
        Self {
            target,
            occasion,
            mode,
            lease: None,
            invocation: invocation.clone(),
            watch: Watch::start(invocation.now),
            mailed: Cell::new(false),
            token: RefCell::default(),
            locked: Cell::new(false),
            pauses_until: Cell::default(),
        }
    }

    /// Sets the clock. What is left of the time stays the same: Lambda's deadline is by the sandbox's clock, because
    /// both come from the same machine. Were it left as it was, a lock of a sandbox that is behind would end before it
    /// began, and one of a sandbox that is ahead would outlive its holder by the difference (`cases.md` D16).
    pub(super) fn set_clock(&mut self, theirs: Timestamp) {
        let off = theirs.duration_since(self.watch.now());
        let moved = |at: Timestamp| at.checked_add(off).unwrap_or(at);
        self.invocation.now = moved(self.invocation.now);
        self.invocation.deadline = moved(self.invocation.deadline);
        self.watch = Watch::start(theirs);
    }

    /// Who runs, for what, and when.
    pub(super) fn run(&self, function: &str, task: &str, zone: &str) -> Run {
        let reverts = matches!(self.occasion, Occasion::Revert);
        Run {
            function: function.to_owned(),
            task: if reverts { "revert" } else { task }.to_owned(),
            target: self.target.name.as_str().to_owned(),
            account_id: self.target.account_id.as_str().to_owned(),
            region: self.target.region.as_str().to_owned(),
            trigger: self.occasion.word().to_owned(),
            zone: zone.to_owned(),
            scheduled_at: None,
            occasion: self.occasion.key(),
            started_at: self.watch.now(),
            request_id: self.invocation.request_id.clone(),
        }
    }

    /// What tells this occasion from others, in journal and changes.
    pub(super) fn key(&self) -> String {
        let request = || format!("request:{}", self.invocation.request_id);
        match &self.lease {
            Some(lease) => format!("revert:{}", lease.id),
            None => self.occasion.key().unwrap_or_else(request),
        }
    }

    /// One attempt of one delivery: the sandbox tells concurrent deliveries apart, the start tells a delivery from an
    /// earlier one that died in the same sandbox.
    pub(super) fn owner(&self, run: &Run) -> String {
        format!(
            "{}/{}/{}",
            self.invocation.sandbox, self.invocation.request_id, run.started_at
        )
    }

    /// Whether somebody waits for the answer: then a failure is a report, not a second delivery.
    pub(super) const fn by_hand(&self) -> bool {
        matches!(
            self.occasion,
            Occasion::Manual | Occasion::Release { .. } | Occasion::Approved(_)
        )
    }

    /// Under which name events like this one are counted that are not mailed: each alarm by itself, so that one that flaps
    /// does not swallow the word about another.
    pub(super) fn counter(&self, function: &str) -> String {
        let arn = self.occasion.alarm_arn();
        match arn.and_then(|arn| arn.split_once(":alarm:")) {
            Some((_, name)) => format!("{function}, alarm {name}"),
            None => function.to_owned(),
        }
    }

    /// Whether this run may change something at all.
    pub(super) fn may_change(&self) -> bool {
        match self.occasion {
            Occasion::Revert => true,
            Occasion::Approved(_) => self.mode >= Mode::Approve,
            Occasion::Alarm(_) | Occasion::Manual | Occasion::Release { .. } => self.mode == Mode::Auto,
        }
    }

    /// When a lock or claim that is taken or renewed now ends.
    pub(super) fn lease_until(&self) -> Timestamp {
        let most = self
            .invocation
            .deadline
            .checked_add(LEASE_MARGIN)
            .unwrap_or(Timestamp::MAX);
        let soon = self.watch.now().checked_add(LEASE).unwrap_or(most);
        soon.min(most)
    }

    /// When all work but the publication must be done.
    pub(super) fn end(&self) -> Timestamp {
        self.invocation
            .deadline
            .checked_sub(PUBLISH_RESERVE)
            .unwrap_or(self.invocation.now)
    }

    /// Now, and until when the work must be done.
    pub(super) fn moment(&self) -> Moment {
        let end = self.end();
        Moment {
            now: self.watch.now(),
            deadline: end.checked_sub(GRACE).unwrap_or(end),
        }
    }
}

/// Some minutes later, to the second: what people read and what the table compares is the same.
pub(super) fn later(at: Timestamp, minutes: u32) -> Timestamp {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second
        .checked_add(SignedDuration::from_mins(i64::from(minutes)))
        .unwrap_or(Timestamp::MAX)
}
