//! Carrying a plan out, and saying what came of it. This is the only place where a dry run and an apply part.

use day2_core::action::{
    ActionRecord, CoolDown, Decision, Effect, Guard, Lease, LeaseState, Occasion, Outcome, Plan, PlanId,
    Refusal, Step, StepResult, StepState, Undo, decide,
};
use day2_core::compare::{self, Snapshot};
use day2_core::item::Population;
use day2_core::report::{Report, Run};
use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::case::Case;
use super::respond::Memory;
use super::{Action, ActionApp, Applied, Assessment, Inquiry};
use crate::app::Handing;
use crate::error::{OpsError, chain};
use crate::journal::{Held, Proposal, Used};

/// Item of the runner: every step was carried out.
const CARRIED_OUT: &str = "950";
/// Item of the runner: the effect was seen.
const EFFECT: &str = "951";

/// Most bytes of a report that is remembered between acting and publishing. A row of DynamoDB holds 400 kB.
/// Source: Amazon DynamoDB Developer Guide, "Service, account, and table quotas", items.
const MOST_REMEMBERED: usize = 350_000;

/// A report that waits to be handed over.
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) mail: bool,
}

/// What came of the steps.
#[derive(Default)]
struct Carried {
    results: Vec<StepResult>,
    /// Why it stopped, with whether trying again may help.
    stopped: Option<OpsError>,
}

const ONE: Population = Population {
    examined: 1,
    expected_at_least: 1,
};

impl<A: Action> ActionApp<A> {
    /// Decides, acts, and hands the report over.
    pub(super) async fn conclude(
        &self,
        case: &Case<'_>,
        run: &Run,
        memory: Memory,
        key: &str,
        mut assessment: Assessment<A::Change>,
    ) -> Result<Value, OpsError> {
        if let Occasion::Approved(_) = &case.occasion {
            self.bind_approval(case, &mut assessment.plan).await?;
        }
        let decision = decide(case.mode, &case.occasion, &assessment.plan);
        let mut items = std::mem::take(&mut assessment.items);
        let charts = std::mem::take(&mut assessment.charts);
        let plan_record = assessment.plan.to_record().map_err(OpsError::Refused)?;
        let mut action = self.record(case, Outcome::NothingToDo, assessment.says.clone(), plan_record);
        let resumed = self.resumed(&memory, key, &assessment.plan);
        match decision {
            Decision::Report(Outcome::NothingToDo) if !resumed.is_empty() => {
                self.mark_resumed(&memory, key, case.watch.now()).await?;
                action.outcome = Outcome::Applied;
                action.results = resumed;
            }
            Decision::Report(outcome) => action.outcome = outcome,
            Decision::Ask => {
                action.outcome = Outcome::Planned;
                action.approve_until = Some(self.ask(case, run, key, &action).await?);
            }
            Decision::Execute => {
                if let Some(refusal) = self.begin(case, &memory, key, run).await? {
                    action.outcome = Outcome::Refused;
                    action.plan.refusals.push(refusal);
                } else {
                    let inquiry = inquiry(case, &memory, key);
                    self.execute(case, inquiry, &memory, &assessment.plan, &mut action, &mut items)
                        .await?;
                }
            }
        }
        if matches!(case.occasion, Occasion::Revert) {
            self.end_lease(case, &mut action, assessment.left.as_deref())
                .await?;
        }
        let acted = !action.results.is_empty();
        let report = self.report(run, &memory, items, charts, action, case);
        if let (true, Some(held)) = (acted, &memory.held) {
            self.note_acted(held, &report).await;
        }
        let mail = self.wants_mail(case, &memory, &report).await;
        let answer = self
            .hand_over(case, Done { report, mail }, memory.held.as_ref())
            .await?;
        match memory.trouble {
            // The report is out; the event comes again, because what it asks for is still to be done.
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    /// The record of an action, before anything was done.
    pub(super) fn record(
        &self,
        case: &Case<'_>,
        outcome: Outcome,
        says: String,
        plan: Plan<Value>,
    ) -> ActionRecord {
        let id = (!plan.steps.is_empty()).then(|| plan.id(A::NAME, case.target.name.as_str()));
        let approved = matches!(case.occasion, Occasion::Approved(_));
        ActionRecord {
            outcome,
            mode: case.mode,
            says,
            plan_id: id,
            plan,
            results: Vec::new(),
            approve_until: None,
            effect: None,
            approved_by: approved.then(|| format!("claimed by request {}", case.invocation.request_id)),
        }
    }

    /// An approval is of exactly these steps: what differs is refused, in words.
    async fn bind_approval(&self, case: &Case<'_>, plan: &mut Plan<A::Change>) -> Result<(), OpsError> {
        let Occasion::Approved(approved) = &case.occasion else {
            return Ok(());
        };
        let target = case.target.name.as_str();
        let id = plan.id(A::NAME, target);
        if id == approved.plan {
            return Ok(());
        }
        let proposal = self
            .edge
            .journal
            .proposal(A::NAME, target, &approved.plan)
            .await?;
        let mut differences = proposal
            .map(|proposal| plan.differences(&proposal.plan))
            .unwrap_or_default();
        if differences.is_empty() {
            differences.push(format!("approved was {}, planned is {id}", approved.plan));
        }
        for difference in differences {
            plan.refusals.push(Refusal::new(
                Guard::Approval,
                format!("the world has changed since the plan was mailed: {difference}"),
                "run the function again by hand, and approve the plan of now",
            ));
        }
        Ok(())
    }

    /// What an earlier delivery of this occasion has already done, when nothing is left to do.
    fn resumed(&self, memory: &Memory, key: &str, plan: &Plan<A::Change>) -> Vec<StepResult> {
        if !plan.steps.is_empty() {
            return Vec::new();
        }
        memory
            .standing
            .leases_of(key)
            .map(|lease| StepResult {
                resource: lease.resource.clone(),
                state: StepState::AlreadyDone,
                says: "done by an earlier delivery of this event, which ended before it could say so"
                    .to_owned(),
                lease: lease.expires_at.map(|_| lease.id.clone()),
                expires_at: lease.expires_at,
            })
            .collect()
    }

    /// What an earlier delivery made and could not mark: it is in force, and what is permanent needs no lease.
    async fn mark_resumed(&self, memory: &Memory, key: &str, now: Timestamp) -> Result<(), OpsError> {
        for lease in memory.standing.leases_of(key) {
            let state = if lease.expires_at.is_some() {
                LeaseState::Active
            } else {
                LeaseState::Closed
            };
            self.edge.journal.change_is(&lease.id, state, now).await?;
        }
        Ok(())
    }

    async fn ask(
        &self,
        case: &Case<'_>,
        run: &Run,
        key: &str,
        action: &ActionRecord,
    ) -> Result<Timestamp, OpsError> {
        let target = case.target.name.as_str();
        let minutes = A::safety(&self.settings.function).approval_minutes;
        let until = later(case.watch.now(), minutes);
        let proposal = Proposal {
            approved: day2_core::action::Approved {
                plan: action.plan.id(A::NAME, target),
                proposed_at: run.started_at,
                alarm_arn: case.occasion.alarm_arn().map(str::to_owned),
                occasion: key.to_owned(),
            },
            plan: action.plan.clone(),
            expires_at: until,
            used_by: None,
        };
        self.edge.journal.propose(A::NAME, target, &proposal).await?;
        Ok(until)
    }

    /// The last questions before the first change; each is one conditional write.
    async fn begin(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        key: &str,
        run: &Run,
    ) -> Result<Option<Refusal>, OpsError> {
        let (journal, target, now) = (&self.edge.journal, case.target.name.as_str(), case.watch.now());
        if memory.lock.is_none() {
            return Err(OpsError::Refused(
                "a change without the lock of its target".to_owned(),
            ));
        }
        if let Occasion::Approved(approved) = &case.occasion {
            let proposal = Proposal {
                approved: approved.clone(),
                plan: Plan::default(),
                expires_at: now,
                used_by: None,
            };
            let used = journal
                .use_proposal(A::NAME, target, &proposal, &run.request_id, now)
                .await?;
            if used == Used::No {
                let says = "this approval was used before, or its time is over";
                let way_out = "run the function again by hand, and approve the plan of now";
                return Ok(Some(Refusal::new(Guard::Approval, says, way_out)));
            }
        }
        if matches!(case.occasion, Occasion::Revert) {
            return Ok(None);
        }
        let pause = CoolDown {
            occasion: key.to_owned(),
            until: later(now, A::safety(&self.settings.function).cool_down_minutes),
        };
        let overrule = matches!(case.occasion, Occasion::Approved(_));
        let ours = journal.pause(A::NAME, target, &pause, now, overrule).await?;
        Ok((!ours).then(|| {
            let says = "the cool-down of another action began while this one was planned";
            Refusal::new(Guard::CoolDown, says, "safety.cool_down_minutes")
        }))
    }

    /// Carries the steps out and looks for their effect.
    async fn execute(
        &self,
        case: &Case<'_>,
        inquiry: Inquiry<'_>,
        memory: &Memory,
        plan: &Plan<A::Change>,
        action: &mut ActionRecord,
        items: &mut Vec<Item>,
    ) -> Result<(), OpsError> {
        let ctx = self.ctx(case.target).await;
        let mut carried = self.carry_out(case, inquiry, memory, plan, &ctx).await;
        let changed =
            |result: &StepResult| matches!(result.state, StepState::Applied | StepState::AlreadyDone);
        let any = carried.results.iter().any(changed);
        if let Some(error) = carried.stopped.take() {
            // What may succeed later comes again and goes on where this delivery ended; a person gets an answer.
            if error.is_transient() && !case.by_hand() {
                return Err(error);
            }
            items.push(self.not_carried_out(&carried.results, &error));
            action.outcome = Outcome::Failed;
        } else {
            let refused = carried
                .results
                .iter()
                .all(|result| result.state == StepState::Refused);
            action.outcome = match (&case.occasion, refused) {
                (_, true) => Outcome::Refused,
                (Occasion::Revert, false) => Outcome::Reverted,
                (_, false) => Outcome::Applied,
            };
        }
        if any {
            let done: Vec<Step<A::Change>> = plan
                .steps
                .iter()
                .zip(&carried.results)
                .filter(|(_, result)| changed(result))
                .map(|(step, _)| step.clone())
                .collect();
            let at = case.moment();
            let looking = A::verify(&ctx, &self.settings, case.target, inquiry, &done, at);
            let effect = tokio::time::timeout(case.watch.until(case.end()), looking)
                .await
                .unwrap_or_else(|_| Effect::NotVerified {
                    says: "the time was up before the effect could be seen".to_owned(),
                });
            items.push(self.effect_item(&effect));
            action.effect = Some(effect);
        }
        action.results = carried.results;
        Ok(())
    }

    async fn carry_out(
        &self,
        case: &Case<'_>,
        inquiry: Inquiry<'_>,
        memory: &Memory,
        plan: &Plan<A::Change>,
        ctx: &A::Ctx,
    ) -> Carried {
        let mut carried = Carried::default();
        let plan_id = plan.id(A::NAME, case.target.name.as_str());
        for step in &plan.steps {
            if carried.stopped.is_some() {
                carried.results.push(result(
                    step,
                    StepState::NotBegun,
                    "a step before it did not succeed",
                ));
                continue;
            }
            match self.one_step(case, inquiry, memory, (step, &plan_id), ctx).await {
                Ok(result) => carried.results.push(result),
                Err((done, error)) => {
                    carried.results.push(done);
                    carried.stopped = Some(error);
                }
            }
        }
        carried
    }

    async fn one_step(
        &self,
        case: &Case<'_>,
        inquiry: Inquiry<'_>,
        memory: &Memory,
        (step, plan_id): (&Step<A::Change>, &PlanId),
        ctx: &A::Ctx,
    ) -> Result<StepResult, (StepResult, OpsError)> {
        let journal = &self.edge.journal;
        let not_begun = |error: OpsError| (result(step, StepState::NotBegun, &chain(&error)), error);
        let left = case.watch.until(case.end()).as_secs();
        if left < u64::from(step.takes_seconds) {
            return Err(not_begun(OpsError::Deadline {
                what: step.title.clone(),
                needed_seconds: u64::from(step.takes_seconds),
                left_seconds: left,
            }));
        }
        if let Some(lock) = &memory.lock {
            let ours = journal
                .still_locked(lock, case.watch.now())
                .await
                .map_err(not_begun)?;
            if !ours {
                return Err(not_begun(OpsError::InProgress {
                    what: format!("a change of {}", case.target.name),
                    until: case.lease_until(),
                }));
            }
        }
        let reverts = matches!(case.occasion, Occasion::Revert);
        let lease = self.lease(case, inquiry.key, step, plan_id);
        if !reverts {
            journal.remember_change(&lease).await.map_err(not_begun)?;
        }
        let applied = A::apply(ctx, &self.settings, case.target, inquiry, step, case.moment());
        let applied = tokio::time::timeout(case.watch.until(case.end()), applied)
            .await
            .unwrap_or_else(|_| Applied::Failed {
                error: OpsError::Read(crate::app::budget::unanswered("apply", &step.resource)),
                says: "the time was up; whether the change was made is not known".to_owned(),
            });
        let now = case.watch.now();
        let (state, says, error) = match applied {
            Applied::Done(says) => (StepState::Applied, says, None),
            Applied::AlreadyDone(says) => (StepState::AlreadyDone, says, None),
            Applied::Refused(says) => (StepState::Refused, says, None),
            Applied::Failed { error, says } => (
                StepState::Failed,
                format!("{}; {says}", chain(&error)),
                Some(error),
            ),
        };
        tracing::info!(
            function = A::NAME,
            resource = step.resource,
            state = state.words(),
            says,
            "step"
        );
        let mut done = result(step, state, &says);
        if let (false, Undo::Lease { .. }) = (reverts, &step.undo)
            && state != StepState::Refused
        {
            done.lease = Some(lease.id.clone());
            done.expires_at = lease.expires_at;
        }
        if !reverts {
            // What failed may have happened all the same: it stays open, and taking back looks for itself.
            let stands = match state {
                StepState::Applied | StepState::AlreadyDone => Some(LeaseState::Active),
                StepState::Refused => Some(LeaseState::Closed),
                _ => None,
            };
            if let Some(stands) = stands
                && let Err(error) = journal.change_is(&lease.id, stands, now).await
            {
                tracing::warn!(function = A::NAME, lease = lease.id, error = ?error, "change made, and not marked so");
            }
        }
        error.map_or(Ok(done.clone()), |error| Err((done, error)))
    }

    fn lease(&self, case: &Case<'_>, key: &str, step: &Step<A::Change>, plan_id: &PlanId) -> Lease {
        let target = case.target.name.as_str();
        let now = case.watch.now();
        let expires_at = match &step.undo {
            Undo::Lease { minutes, .. } => Some(later(now, *minutes)),
            Undo::ByHand { .. } | Undo::Nothing { .. } => None,
        };
        Lease {
            id: Lease::id_of(A::NAME, target, key, &step.resource),
            function: A::NAME.to_owned(),
            target: target.to_owned(),
            resource: step.resource.clone(),
            change: serde_json::to_value(&step.change).unwrap_or_default(),
            before: step.before.clone(),
            after: step.after.clone(),
            undo: step.undo.words().to_owned(),
            plan_id: plan_id.as_str().to_owned(),
            occasion: key.to_owned(),
            created_at: now,
            expires_at,
            state: LeaseState::Pending,
        }
    }

    /// Ends the lease that was taken back, unless something failed: then it stays due.
    async fn end_lease(
        &self,
        case: &Case<'_>,
        action: &mut ActionRecord,
        left: Option<&str>,
    ) -> Result<(), OpsError> {
        let Some(lease) = &case.lease else { return Ok(()) };
        if matches!(action.outcome, Outcome::Failed | Outcome::Refused) {
            return Ok(());
        }
        let state = if left.is_some() {
            LeaseState::Left
        } else {
            LeaseState::Reverted
        };
        self.edge
            .journal
            .change_is(&lease.id, state, case.watch.now())
            .await
    }

    /// Changes that are not temporary need no lease once their report is out.
    async fn close_permanent(&self, case: &Case<'_>, action: &ActionRecord) {
        let target = case.target.name.as_str();
        let permanent = action
            .plan
            .steps
            .iter()
            .filter(|step| !matches!(step.undo, Undo::Lease { .. }));
        for step in permanent {
            let id = Lease::id_of(A::NAME, target, &case.key(), &step.resource);
            let closed = self
                .edge
                .journal
                .change_is(&id, LeaseState::Closed, case.watch.now());
            if let Err(error) = closed.await {
                tracing::warn!(function = A::NAME, lease = id, error = ?error, "change not closed");
            }
        }
    }

    fn not_carried_out(&self, results: &[StepResult], error: &OpsError) -> Item {
        let population = Population {
            examined: u64::try_from(results.len()).unwrap_or(u64::MAX),
            expected_at_least: 1,
        };
        let wrong = results
            .iter()
            .filter(|result| matches!(result.state, StepState::Failed | StepState::NotBegun))
            .map(|result| {
                (
                    result.resource.clone(),
                    format!("{}: {}", result.state.words(), result.says),
                )
            });
        Item::judge(
            &format!("{}-{CARRIED_OUT}", A::CODE),
            "Every step was carried out",
            Verdict::Fail,
            population,
            chain(error),
        )
        .subjects(wrong)
        .remedy("see what the step says about the change; then run the function again by hand, or finish it yourself")
    }

    fn effect_item(&self, effect: &Effect) -> Item {
        let verdict = match effect {
            Effect::Verified { .. } => Verdict::Pass,
            Effect::NotVerified { .. } | Effect::Reverted { .. } => Verdict::Unknown,
        };
        Item::judge(
            &format!("{}-{EFFECT}", A::CODE),
            "The change had its effect",
            verdict,
            ONE,
            effect.says(),
        )
        .remedy("look at what was changed: an answer without error is not an effect")
    }

    fn report(
        &self,
        run: &Run,
        memory: &Memory,
        items: Vec<Item>,
        charts: Vec<day2_core::chart::Chart>,
        action: ActionRecord,
        case: &Case<'_>,
    ) -> Report {
        let mut report = Report::new(run.clone(), items, charts);
        report.not_checked = A::not_checked(&self.settings, case.target);
        report.history.clone_from(&memory.past.runs);
        report.changes = compare::compare(memory.past.previous.as_ref(), &report);
        report.action = Some(action);
        report
    }

    /// Remembers what was done, so that a delivery after a failed publication does nothing again.
    async fn note_acted(&self, held: &Held, report: &Report) {
        let json = |report: &Report| {
            let text = serde_json::to_string(report).ok()?;
            (text.len() <= MOST_REMEMBERED).then_some(text)
        };
        let short = || {
            let mut short = report.clone();
            (short.charts, short.history) = (Vec::new(), Vec::new());
            short.items.clear();
            json(&short)
        };
        let Some(text) = json(report).or_else(short) else {
            tracing::warn!(
                function = A::NAME,
                report_id = report.id,
                "the report is too large to be remembered"
            );
            return;
        };
        if let Err(error) = self.edge.journal.note_acted(held, &text).await {
            tracing::warn!(function = A::NAME, report_id = report.id, error = ?error, "acted, and not noted so");
        }
    }

    /// Whether a mail is due. The same word about the same plan within a cool-down is counted, not repeated (D08).
    async fn wants_mail(&self, case: &Case<'_>, memory: &Memory, report: &Report) -> bool {
        let Some(action) = &report.action else { return true };
        let repeats = matches!(
            action.outcome,
            Outcome::Planned | Outcome::Refused | Outcome::NothingToDo
        );
        if !repeats || case.by_hand() || matches!(case.occasion, Occasion::Revert) {
            return true;
        }
        let minutes = A::safety(&self.settings.function).cool_down_minutes;
        let same = memory.past.runs.iter().rev().find(|run| {
            run.outcome == Some(action.outcome)
                && run.plan_id == action.plan_id
                && later(run.at, minutes) > report.run.started_at
        });
        let Some(first) = same else { return true };
        let until = later(first.at, minutes);
        let counted = self
            .edge
            .journal
            .suppress(A::NAME, case.target.name.as_str(), first.at, until)
            .await;
        // What cannot be counted is mailed.
        counted.is_err()
    }

    /// Hands a report over and says it in the answer.
    pub(super) async fn hand_over(
        &self,
        case: &Case<'_>,
        done: Done,
        held: Option<&Held>,
    ) -> Result<Value, OpsError> {
        let Done { report, mail } = done;
        let deployment = &self.settings.deployment;
        let mut snapshot = Snapshot::of(&report);
        let runners = format!("{}-9", A::CODE);
        snapshot
            .open
            .retain(|complaint| !complaint.code.starts_with(&runners));
        let handing = Handing {
            deployment,
            topic: case.target.topic_arn.as_ref().unwrap_or(&deployment.topic_arn),
            invocation: case.invocation,
            watch: &case.watch,
            held,
            mail,
            mailed: &case.mailed,
            snapshot,
        };
        let warning = self.edge.publish(&report, &handing).await?;
        if let Some(action) = report.action.as_ref().filter(|action| !action.results.is_empty()) {
            self.close_permanent(case, action).await;
        }
        let outcome = report.action.as_ref().map(|action| action.outcome);
        let mut answer = json!({ "outcome": outcome, "reports": [report] });
        if let (Some(warning), Some(members)) = (warning, answer.as_object_mut()) {
            members.insert("warnings".to_owned(), json!([warning]));
        }
        Ok(answer)
    }
}

fn inquiry<'a>(case: &'a Case<'_>, memory: &'a Memory, key: &'a str) -> Inquiry<'a> {
    Inquiry {
        occasion: &case.occasion,
        key,
        standing: &memory.standing,
        lease: case.lease.as_ref(),
    }
}

fn result<C>(step: &Step<C>, state: StepState, says: &str) -> StepResult {
    StepResult {
        resource: step.resource.clone(),
        state,
        says: says.to_owned(),
        lease: None,
        expires_at: None,
    }
}

/// Some minutes later, to the second: what people read and what the table compares is the same.
fn later(at: Timestamp, minutes: u32) -> Timestamp {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second
        .checked_add(SignedDuration::from_mins(i64::from(minutes)))
        .unwrap_or(Timestamp::MAX)
}
