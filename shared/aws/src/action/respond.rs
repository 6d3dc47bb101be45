//! One occasion from the claim to the answer. What may stop it stands in the order in which it is asked: another
//! delivery, the age of the event, the pause after the last action, the lock, the guards of the plan.

use std::time::Duration;

use day2_core::action::{Guard, Mode, Occasion, Plan, Refusal, Standing, guard};
use day2_core::item::Item;
use day2_core::report::{Report, Run};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::case::Case;
use super::handing::Done;
use super::{Action, ActionApp, Assessment, Inquiry};
use crate::app::LEAST_RUN;
use crate::app::LOOK;
use crate::app::self_check::MOST_SKEW;
use crate::error::OpsError;
use crate::journal::{Claim, Held, Lock, Locked, Past};

/// How often claim and lock are renewed. Two renewals may be late, and clocks may differ, before a lease of
/// [`super::case::LEASE`] ends.
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// What the journal said when the run began.
pub(super) struct Memory {
    /// The claim; `None` when the journal cannot be reached.
    pub(super) held: Option<Held>,
    pub(super) lock: Option<Locked>,
    pub(super) past: Past,
    pub(super) standing: Standing,
    /// Why it could not be asked: then nothing may be changed (`cases.md` D15).
    pub(super) trouble: Option<OpsError>,
}

impl<A: Action> ActionApp<A> {
    pub(super) async fn respond(&self, mut case: Case<'_>) -> Result<Value, OpsError> {
        let zone = self.settings.deployment.zone.name().to_owned();
        let left = case.end().duration_since(case.watch.now());
        if left < LEAST_RUN {
            return Err(crate::app::budget::too_late(&case.invocation, &case.watch));
        }
        self.set_clock(&mut case).await;
        let run = case.run(A::NAME, A::TASK, &zone);
        let owner = case.owner(&run);
        let claimed = self
            .edge
            .journal
            .claim(&run, &owner, case.watch.now(), case.lease_until());
        let held = match claimed.await {
            Ok(Claim::Ours(held)) => held,
            Ok(Claim::AlreadyDone { report_id }) => {
                tracing::info!(
                    function = A::NAME,
                    target_name = run.target,
                    report_id,
                    "already done"
                );
                return Ok(json!({ "outcome": "already_done", "report_id": report_id }));
            }
            Ok(Claim::InProgress { until }) => {
                let what = format!("{} {}", run.function, run.target);
                return Err(OpsError::InProgress { what, until });
            }
            Err(error) => return self.without_journal(&case, run, error).await,
        };
        let work = Box::pin(self.claimed(&case, &run, &owner, held.clone()));
        let done = self.kept(&case, &run, &owner, work).await;
        if done.is_err() {
            let mailed = case.mailed.get().then(|| case.token.borrow().clone());
            self.edge.give_back(&held, mailed.as_deref()).await;
        }
        done
    }

    /// Does `work`, and keeps claim and lock meanwhile. They are short, so that a run that dies is taken over by the
    /// next delivery, a minute later, and not only when its whole time is up: Lambda delivers an event three times
    /// within about three minutes, and a function may run for five.
    async fn kept<T>(
        &self,
        case: &Case<'_>,
        run: &Run,
        owner: &str,
        mut work: std::pin::Pin<Box<impl Future<Output = T>>>,
    ) -> T {
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    let (now, until) = (case.watch.now(), case.lease_until());
                    let claimed = self.edge.journal.claim(run, owner, now, until).await.map(|_| ());
                    let locked = if case.locked.get() {
                        let target = case.target.name.as_str();
                        self.edge.journal.lock(target, owner, now, until).await.map(|_| ())
                    } else {
                        Ok(())
                    };
                    // Before each change the lock is asked for again; here nothing is lost but time.
                    if let Err(error) = claimed.and(locked) {
                        tracing::warn!(function = A::NAME, error = ?error, "claim and lock not renewed");
                    }
                }
            }
        }
    }

    /// Uses the table's time where the sandbox's clock is off: leases of several sandboxes are compared (D16).
    async fn set_clock(&self, case: &mut Case<'_>) {
        if let Ok(Some(theirs)) = self.edge.journal.probe().await {
            let ours = case.watch.now();
            if ours.duration_since(theirs).abs() > MOST_SKEW {
                tracing::warn!(function = A::NAME, %ours, %theirs, "our clock is off, the journal's is used");
                case.set_clock(theirs);
            }
        }
    }

    /// The claim is ours.
    async fn claimed(&self, case: &Case<'_>, run: &Run, owner: &str, held: Held) -> Result<Value, OpsError> {
        if let Some(report) = &held.acted {
            return self.publish_what_was_done(case, report, held.clone()).await;
        }
        let safety = A::safety(&self.settings.function);
        if let Occasion::Alarm(alarm) = &case.occasion {
            let now = case.watch.now();
            if let Some(stale) = guard::freshness(alarm.changed_at, now, safety) {
                let since = jiff::Timestamp::from_second(now.as_second() / 3_600 * 3_600).unwrap_or(now);
                let until = since.checked_add(SignedDuration::from_hours(1)).unwrap_or(now);
                return self.suppress(case, run, held, stale, (since, until)).await;
            }
        }
        let lock = if case.may_change() {
            let target = case.target.name.as_str();
            let taken = self
                .edge
                .journal
                .lock(target, owner, case.watch.now(), case.lease_until());
            match taken.await? {
                Lock::Ours(lock) => {
                    case.locked.set(true);
                    Some(lock)
                }
                Lock::Busy { until } => {
                    let what = format!("a change of {target}");
                    return Err(OpsError::InProgress { what, until });
                }
            }
        } else {
            None
        };
        let done = self.locked(case, run, held, lock.clone()).await;
        if let Some(lock) = &lock {
            self.let_go(case, lock).await;
        }
        done
    }

    /// Gives the lock back, once.
    pub(super) async fn let_go(&self, case: &Case<'_>, lock: &Locked) {
        if !case.locked.replace(false) {
            return;
        }
        if let Err(error) = self.edge.journal.unlock(lock).await {
            tracing::warn!(function = A::NAME, error = ?error, "lock not given back, its lease ends by itself");
        }
    }

    async fn locked(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: Held,
        lock: Option<Locked>,
    ) -> Result<Value, OpsError> {
        let (past, standing) = Box::pin(self.standing(case, run)).await?;
        let memory = Memory {
            held: Some(held),
            lock,
            past,
            standing,
            trouble: None,
        };
        if let (Some(lease), Some(held)) = (&case.lease, &memory.held)
            && !memory.standing.leases.iter().any(|open| open.id == lease.id)
        {
            // It was open before we had the lock; another run has ended it since.
            self.edge.journal.settle(held, &run.report_id()).await?;
            return Ok(json!({ "outcome": "already_done", "lease": lease.id }));
        }
        let key = case.key();
        // Another delivery of the occasion that acted goes on; an approval is a person's word that it is time.
        let pausing = match case.occasion {
            Occasion::Alarm(_) | Occasion::Manual | Occasion::Release { .. } if case.may_change() => {
                guard::cool_down(&memory.standing, &key, case.watch.now())
            }
            // What only looks may look at any time.
            Occasion::Alarm(_)
            | Occasion::Manual
            | Occasion::Release { .. }
            | Occasion::Approved(_)
            | Occasion::Revert => None,
        };
        if let (Some(refusal), Some(pause), Some(held)) = (pausing, &memory.standing.cool_down, &memory.held)
        {
            let window = self.pause_that_ends(pause.until);
            return self.suppress(case, run, held.clone(), refusal, window).await;
        }
        let assessment = self.assess(case, &memory, &key).await?;
        self.conclude(case, run, memory, &key, assessment).await
    }

    /// The journal's part of the facts: one consistent look after the lock.
    async fn standing(&self, case: &Case<'_>, run: &Run) -> Result<(Past, Standing), OpsError> {
        let (journal, target) = (&self.edge.journal, case.target.name.as_str());
        let days = self.settings.deployment.history_days;
        let report_id = run.report_id();
        let (past, pause, leases, begun) = tokio::join!(
            journal.past(run, &report_id, days),
            journal.cool_down(A::NAME, target),
            journal.open_leases(target),
            journal.begun(A::NAME, target, case.watch.now()),
        );
        let standing = Standing {
            cool_down: pause?,
            leases: leases?
                .into_iter()
                .filter(|lease| lease.function == A::NAME)
                .collect(),
            begun: begun?,
        };
        Ok((past?, standing))
    }

    /// Gathers and plans, within the time.
    pub(super) async fn assess(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        key: &str,
    ) -> Result<Assessment<A::Change>, OpsError> {
        let at = case.moment();
        let inquiry = Inquiry {
            occasion: &case.occasion,
            key,
            standing: &memory.standing,
            lease: case.lease.as_ref(),
        };
        let ctx = self.ctx(case.target).await;
        let looking = A::gather(&ctx, &self.settings, case.target, inquiry, at);
        let budget: Duration = case.watch.until(case.end());
        let facts = match tokio::time::timeout(budget, looking).await {
            Ok(Ok(facts)) => facts,
            Ok(Err(error)) => return Self::blind(case, error),
            Err(_) => {
                let why = crate::app::budget::unanswered("gather", case.target.name.as_str());
                return Self::blind(case, OpsError::Read(why));
            }
        };
        let mut assessment = match &case.lease {
            None => A::plan(&facts, &self.settings, case.target, inquiry, at),
            Some(lease) => {
                let change = serde_json::from_value(lease.change.clone()).map_err(|why| {
                    OpsError::Refused(format!(
                        "lease {} records a change that this version cannot read ({why}): take {} back to {} by hand",
                        lease.id, lease.resource, lease.before
                    ))
                })?;
                A::revert(&facts, &self.settings, case.target, inquiry, &change, at)
            }
        };
        self.standing_guards(case, memory, key, &mut assessment.plan);
        Ok(assessment)
    }

    /// What is said when nothing could be seen: a report for a person who waits, another delivery for an alarm.
    fn blind(case: &Case<'_>, error: OpsError) -> Result<Assessment<A::Change>, OpsError> {
        if error.is_transient() && !case.by_hand() {
            return Err(error);
        }
        let why = error.to_unreadable("gather", case.target.name.as_str());
        let item = Item::unreadable(
            &format!("{}-{LOOK}", A::CODE),
            "The target was looked at",
            1,
            &why,
        )
        .remedy("run the function's self-check, mend what it names, then run it again by hand");
        let refusal = Refusal::new(Guard::Unreadable, why.to_string(), "mend what could not be read");
        Ok(Assessment {
            items: vec![item],
            charts: Vec::new(),
            plan: Plan {
                refusals: vec![refusal],
                ..Plan::default()
            },
            says: "nothing could be seen".to_owned(),
            left: None,
        })
    }

    /// The guards that every action has. Taking back is never refused by them: it was agreed to beforehand.
    fn standing_guards(&self, case: &Case<'_>, memory: &Memory, key: &str, plan: &mut Plan<A::Change>) {
        let safety = A::safety(&self.settings.function);
        let now = case.watch.now();
        if matches!(case.occasion, Occasion::Revert) || plan.steps.is_empty() {
            return;
        }
        if let Occasion::Alarm(alarm) = &case.occasion {
            plan.refusals
                .extend(guard::foreign(&alarm.account, &alarm.region, case.target));
        }
        plan.refusals.extend(guard::cap_steps(plan.steps.len(), safety));
        plan.refusals
            .extend(guard::circuit_breaker(&memory.standing, key, now, safety));
    }

    /// The journal cannot be reached: the world is looked at all the same, and what would be changed is refused.
    async fn without_journal(&self, case: &Case<'_>, run: Run, error: OpsError) -> Result<Value, OpsError> {
        tracing::error!(function = A::NAME, target_name = run.target, error = ?error, "the journal cannot be reached");
        let mut memory = Memory {
            held: None,
            lock: None,
            past: Past::default(),
            standing: Standing::default(),
            trouble: None,
        };
        let key = case.key();
        let mut assessment = self.assess(case, &memory, &key).await?;
        if assessment.plan.steps.is_empty() || case.mode == Mode::Observe {
            return self.conclude(case, &run, memory, &key, assessment).await;
        }
        let why = error.to_unreadable("journal", self.edge.journal.table());
        assessment.plan.refusals.push(Refusal::new(
            Guard::Journal,
            format!("what is changed could not be remembered: {why}"),
            "see that the function may read and write the journal table, and that it is not throttled",
        ));
        memory.trouble = Some(error);
        self.conclude(case, &run, memory, &key, assessment).await
    }

    /// Publishes what an earlier delivery did; nothing is looked at or done again (`cases.md` W18).
    async fn publish_what_was_done(
        &self,
        case: &Case<'_>,
        report: &str,
        held: Held,
    ) -> Result<Value, OpsError> {
        let report: Report = serde_json::from_str(report).map_err(|why| {
            OpsError::Refused(format!("the report of an earlier delivery is unreadable: {why}"))
        })?;
        let done = Done {
            report,
            mail: true,
            ends: true,
        };
        self.hand_over(case, done, Some(&held)).await
    }
}
