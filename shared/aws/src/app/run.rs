//! One target: whether it is due, whose it is, the look itself, and what is said when that fails.

use std::cell::Cell;

use day2_core::calendar::{RunDay, run_day};
use day2_core::compare::{self, Earlier, Snapshot, should_mail};
use day2_core::report::{Report, Run};
use day2_core::target::Target;
use day2_core::{Item, Observed, Unreadable};
use jiff::{SignedDuration, Timestamp};

use super::budget::{LEASE_MARGIN, deadline, end_of_look, too_late};
use super::outcome::Done;
use super::{App, Handing, Invocation, LEAST_RUN, Watch};
use crate::check::{Before, Check, Look, Moment};
use crate::error::OpsError;
use crate::journal::{Claim, Held, Past, RESTS};

/// Item of the runner: the journal.
pub(super) const JOURNAL: &str = "900";
/// Item of the runner: the look as a whole.
pub(crate) const LOOK: &str = "901";

/// What all targets of one event have in common.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) task: &'a str,
    pub(super) trigger: &'a str,
    pub(super) scheduled_at: Option<Timestamp>,
    pub(super) invocation: &'a Invocation,
}

impl Job<'_> {
    /// Whether somebody waits for the answer: then a failure is a report, not a second delivery.
    fn by_hand(&self) -> bool {
        self.trigger == "manual"
    }
}

/// One target's turn within an event.
pub(super) struct Turn<'a> {
    pub(super) target: &'a Target,
    pub(super) job: &'a Job<'a>,
    pub(super) watch: &'a Watch,
    /// When looking must end.
    pub(super) end: Timestamp,
    /// Whether the mail is out.
    pub(super) mailed: Cell<bool>,
}

/// What the journal said when a run began.
pub(super) struct Memory {
    pub(super) held: Option<Held>,
    pub(super) past: Past,
    /// Why it could not be asked.
    pub(super) trouble: Option<Unreadable>,
}

impl Memory {
    /// The run before, or why it is not known.
    fn earlier(&self) -> Observed<Option<Earlier>> {
        match &self.trouble {
            Some(why) => Err(why.clone()),
            None => Ok(self.past.previous.as_ref().map(Earlier::from)),
        }
    }
}

/// Time between the deadline that a check is told and the moment at which the runner gives up on it.
const GRACE: SignedDuration = SignedDuration::from_secs(1);

impl<C: Check> App<C> {
    pub(super) async fn one(
        &self,
        target: &Target,
        job: &Job<'_>,
        watch: &Watch,
        after: usize,
        first: bool,
    ) -> Result<Done, OpsError> {
        let run = self.identity(target, job, watch.now());
        if let Some(reason) = self.rests(&run, job) {
            self.edge.journal.heartbeat(&run, RESTS, watch.now()).await?;
            tracing::info!(
                function = C::NAME,
                task = job.task,
                target_name = run.target,
                reason,
                "day of rest, nothing is due"
            );
            return Ok(Done::Rests(reason));
        }
        let end = end_of_look(job.invocation, after);
        let left = end.duration_since(watch.now());
        if left < LEAST_RUN && (first || !job.by_hand()) {
            return Err(too_late(job.invocation, watch));
        }
        let turn = Turn {
            target,
            job,
            watch,
            end,
            mailed: Cell::new(false),
        };
        let before = Before::default();
        let remembering = async {
            let memory = Box::pin(self.remember(&run, job.invocation, watch)).await?;
            before.tell(memory.earlier());
            Ok(memory)
        };
        let looking = async {
            if !C::LOOKS_EARLY {
                before.known().await;
            }
            Ok(self.look(&turn, &run, &before).await)
        };
        // A run that is another delivery's ends the look at once.
        let (memory, look) = match tokio::try_join!(biased; remembering, Box::pin(looking)) {
            Ok(both) => both,
            Err(stopped) => return stopped,
        };
        let report_id = run.report_id();
        let done = match look {
            Ok(look) => self.publish(&turn, run, &memory, look).await,
            Err(failed) => Err(failed),
        };
        if let (Err(_), Some(held)) = (&done, &memory.held) {
            let mailed = turn.mailed.get().then_some(report_id.as_str());
            self.edge.give_back(held, mailed).await;
        }
        done
    }

    fn identity(&self, target: &Target, job: &Job<'_>, started_at: Timestamp) -> Run {
        Run {
            function: C::NAME.to_owned(),
            task: job.task.to_owned(),
            target: target.name.as_str().to_owned(),
            account_id: target.account_id.as_str().to_owned(),
            region: target.region.as_str().to_owned(),
            trigger: job.trigger.to_owned(),
            zone: self.settings.deployment.zone.name().to_owned(),
            scheduled_at: job.scheduled_at,
            occasion: None,
            started_at,
            request_id: job.invocation.request_id.clone(),
        }
    }

    /// Why a scheduled run is not due; a call by hand always is.
    fn rests(&self, run: &Run, job: &Job<'_>) -> Option<String> {
        let meant = run.scheduled_at.unwrap_or(run.started_at);
        match run_day(&self.settings.calendar, &self.settings.deployment.zone, meant) {
            RunDay::Rests(reason) if !job.by_hand() => Some(reason),
            _ => None,
        }
    }

    /// Claims the publication and reads what came before, at once. A journal that does not answer stops no check: the
    /// report goes out with an item that says what is missing, and may go out twice (`cases.md` D15). An error is what
    /// came of the run when there is nothing to do in it.
    async fn remember(
        &self,
        run: &Run,
        invocation: &Invocation,
        watch: &Watch,
    ) -> Result<Memory, Result<Done, OpsError>> {
        // One attempt of one delivery: the sandbox tells concurrent deliveries of the same request apart, the start
        // tells a delivery from an earlier one that died in the same sandbox.
        let owner = format!(
            "{}/{}/{}",
            invocation.sandbox, invocation.request_id, run.started_at
        );
        let lease_until = invocation
            .deadline
            .checked_add(LEASE_MARGIN)
            .unwrap_or(Timestamp::MAX);
        let (journal, report_id) = (&self.edge.journal, run.report_id());
        let (claim, past) = tokio::join!(
            journal.claim(run, &owner, watch.now(), lease_until),
            journal.past(run, &report_id, self.settings.deployment.history_days),
        );
        let held = match claim {
            Ok(Claim::Ours(held)) => Ok(held),
            Ok(Claim::AlreadyDone { report_id }) => {
                tracing::info!(
                    function = C::NAME,
                    task = run.task,
                    target_name = run.target,
                    report_id,
                    "already published"
                );
                return Err(Ok(Done::AlreadyPublished(report_id)));
            }
            Ok(Claim::InProgress { until }) => {
                let what = format!("{} {} {}", run.function, run.task, run.target);
                return Err(Err(OpsError::InProgress { what, until }));
            }
            Err(error) => Err(error),
        };
        let (held, past, trouble) = match (held, past) {
            (Ok(held), Ok(past)) => (Some(held), past, None),
            (Ok(held), Err(error)) => (Some(held), Past::default(), Some(error)),
            (Err(error), _) => (None, Past::default(), Some(error)),
        };
        Ok(Memory {
            held,
            past,
            trouble: trouble.map(|error| self.trouble(&error)),
        })
    }

    fn trouble(&self, error: &OpsError) -> Unreadable {
        error.to_unreadable("journal", self.edge.journal.table())
    }

    async fn publish(
        &self,
        turn: &Turn<'_>,
        run: Run,
        memory: &Memory,
        look: Look,
    ) -> Result<Done, OpsError> {
        let Look {
            mut items,
            charts,
            notes,
            absent,
            figures,
        } = look;
        self.edge.tell(&figures, turn.watch.now());
        items.extend(memory.trouble.as_ref().map(journal_item::<C>));
        let mut report = Report::new(run, items, charts);
        if C::DECIDES.contains(&turn.job.task) {
            report = report.deciding();
        }
        report.not_checked = C::not_checked(&self.settings, turn.target);
        report.absent = absent;
        report.history.clone_from(&memory.past.runs);
        let changes = compare::compare(memory.past.previous.as_ref(), &report);
        report.changes = if memory.trouble.is_some() {
            changes.without_memory()
        } else {
            changes
        };
        let mut snapshot = Snapshot::of(&report).with_notes(notes, memory.past.previous.as_ref());
        snapshot
            .open
            .retain(|complaint| !is_runners::<C>(&complaint.code));
        let deployment = &self.settings.deployment;
        let before = memory.past.previous.as_ref().map(|before| before.status);
        let handing = Handing {
            deployment,
            topic: turn.target.topic_arn.as_ref().unwrap_or(&deployment.topic_arn),
            invocation: turn.job.invocation,
            watch: turn.watch,
            held: memory.held.as_ref(),
            mail: should_mail(deployment.mail, before, &report),
            token: &report.id,
            ends: true,
            mailed: &turn.mailed,
            snapshot,
        };
        let warning = self.edge.publish(&report, &handing).await?;
        Ok(Done::Reported(Box::new(report), warning))
    }

    /// Looks, within the time. What cannot be said at all is one `Unknown` item for a person who waits, and a failed
    /// invocation, which comes again, for a schedule; unless coming again would not help.
    async fn look(&self, turn: &Turn<'_>, run: &Run, before: &Before) -> Result<Look, OpsError> {
        let Turn {
            target,
            job,
            watch,
            end,
            ..
        } = turn;
        let at = Moment {
            now: run.started_at,
            // A little before we give up on the whole, so that one hanging read costs its own line only.
            deadline: end.checked_sub(GRACE).unwrap_or(*end),
        };
        let budget = watch.until(*end);
        let least = LEAST_RUN.unsigned_abs();
        let failed = if budget < least {
            deadline(job, budget.as_secs(), least.as_secs())
        } else {
            let ctx = self.ctx(target).await;
            let look = C::look(&ctx, &self.settings, target, job.task, at, before);
            match tokio::time::timeout(budget, look).await {
                Ok(Ok(seen)) => return Ok(seen),
                Ok(Err(error)) => error,
                Err(_) => deadline(job, 0, budget.as_secs().saturating_add(1)),
            }
        };
        if failed.is_transient() && !job.by_hand() {
            return Err(failed);
        }
        let why = failed.to_unreadable(job.task, target.name.as_str());
        let item = Item::unreadable(&code::<C>(LOOK), "The target was looked at", 1, &why)
            .remedy("run the function's self-check, mend what it names, then run this task again by hand");
        Ok(Look::of(vec![item], Vec::new()))
    }
}

/// Code of one of the runner's own items.
pub(super) fn code<C: Check>(number: &str) -> String {
    format!("{}-{number}", C::CODE)
}

/// Whether an item is the runner's: it says something about one run and nothing about the target, so the next run is
/// not compared with it.
pub(super) fn is_runners<C: Check>(item_code: &str) -> bool {
    [JOURNAL, LOOK]
        .iter()
        .any(|number| item_code == code::<C>(number))
}

fn journal_item<C: Check>(why: &Unreadable) -> Item {
    let remedy = "history and comparison are missing here, and this mail may come twice; \
                  see that the function may read and write the journal table, and that it is not throttled";
    Item::unreadable(&code::<C>(JOURNAL), "The journal knows the earlier runs", 1, why).remedy(remedy)
}
