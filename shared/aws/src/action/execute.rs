//! Carrying a plan out, and saying what came of it. This is the only place where a dry run and an apply part.

use day2_core::action::{
    ActionRecord, Decision, Effect, Lease, LeaseState, Occasion, Outcome, Plan, Step, StepResult, StepState,
    Undo, decide,
};
use day2_core::item::Population;
use day2_core::report::Run;
use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::case::Case;
use super::handing::Done;
use super::respond::Memory;
use super::{Action, ActionApp, Assessment, Inquiry};
use crate::error::{OpsError, chain};

/// Item of the runner: every step was carried out.
const CARRIED_OUT: &str = "950";
/// Item of the runner: the effect was seen.
const EFFECT: &str = "951";

/// Longest look for the effect of what was changed. With the reads before and the publication after it a run stays
/// below three minutes, after which Lambda delivers an event for the last time: a second delivery then finds it done.
const LONG_LOOK: SignedDuration = SignedDuration::from_secs(120);
/// Longest look for a change that an earlier delivery may have made.
const SHORT_LOOK: SignedDuration = SignedDuration::from_secs(20);

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
            self.bind_approval(case, &memory, key, &mut assessment.plan)
                .await?;
        }
        let decision = decide(case.mode, &case.occasion, &assessment.plan);
        let mut items = std::mem::take(&mut assessment.items);
        let charts = std::mem::take(&mut assessment.charts);
        let plan_record = assessment.plan.to_record().map_err(OpsError::Refused)?;
        let mut action = Self::record(case, Outcome::NothingToDo, assessment.says.clone(), plan_record);
        let earlier = self.earlier(case, &memory, key, &assessment.plan).await?;
        let done_before = earlier
            .iter()
            .any(|result| result.state == StepState::AlreadyDone);
        let mut again = None;
        match decision {
            Decision::Report(Outcome::NothingToDo) if done_before => action.outcome = Outcome::Applied,
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
                    again = self
                        .execute(case, inquiry, &memory, &assessment.plan, &mut action, &mut items)
                        .await?;
                }
            }
        }
        action.results.extend(earlier);
        action.pauses_until = case.pauses_until.get();
        let acted = !action.results.is_empty();
        let report = self.report(run, &memory, items, charts, action, case);
        if let Some(error) = again {
            // Something was changed and something was not: a person learns of it now, and the event comes again.
            let done = Done {
                report,
                mail: true,
                ends: false,
            };
            self.hand_over(case, done, memory.held.as_ref()).await?;
            return Err(error);
        }
        if let (true, Some(held)) = (acted, &memory.held) {
            self.edge.note_acted(held, &report).await;
        }
        let mail = self.wants_mail(case, &memory, &report).await;
        let action = report.action.clone();
        let done = Done {
            report,
            mail,
            ends: true,
        };
        let answer = self.hand_over(case, done, memory.held.as_ref()).await?;
        if let Some(action) = &action {
            self.close_permanent(case, &memory, action, key).await;
            // Only now, so that a report which could not be handed over is made again at the next attempt.
            self.end_lease(case, action, assessment.left.as_deref()).await?;
        }
        match memory.trouble {
            // The report is out; the event comes again, because what it asks for is still to be done.
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    /// The record of an action, before anything was done.
    pub(super) fn record(case: &Case<'_>, outcome: Outcome, says: String, plan: Plan<Value>) -> ActionRecord {
        let id = (!plan.steps.is_empty()).then(|| plan.id(A::NAME, case.target.name.as_str()));
        let approved = matches!(case.occasion, Occasion::Approved(_));
        ActionRecord {
            outcome,
            mode: case.mode,
            says,
            plan_id: id,
            plan,
            results: Vec::new(),
            lease: case.lease.as_ref().map(|lease| lease.id.clone()),
            approve_until: None,
            effect: None,
            approved_by: approved.then(|| case.invocation.request_id.clone()),
            pauses_until: None,
            held_back: None,
        }
    }

    /// What an earlier delivery of this occasion has done that is no part of the plan any more. Whether a change was
    /// made that could not be marked as made is asked of its effect, never assumed.
    async fn earlier(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        key: &str,
        plan: &Plan<A::Change>,
    ) -> Result<Vec<StepResult>, OpsError> {
        let mut results = Vec::new();
        for lease in memory.standing.leases_of(key) {
            if plan.steps.iter().any(|step| step.resource == lease.resource) {
                continue;
            }
            let made = lease.state == LeaseState::Active || self.shows(case, memory, key, lease).await;
            let (state, says) = if made {
                let journal = &self.edge.journal;
                journal
                    .change_is(&lease.id, LeaseState::Active, case.watch.now())
                    .await?;
                (
                    StepState::AlreadyDone,
                    "done by an earlier delivery of this event, which ended before it could say so",
                )
            } else {
                (
                    StepState::Unknown,
                    "an earlier delivery of this event was about to do it; nothing shows that it did",
                )
            };
            results.push(StepResult {
                resource: lease.resource.clone(),
                state,
                says: says.to_owned(),
                lease: lease.expires_at.map(|_| lease.id.clone()),
                expires_at: lease.expires_at,
            });
        }
        Ok(results)
    }

    /// Whether the change of a lease shows in the world.
    async fn shows(&self, case: &Case<'_>, memory: &Memory, key: &str, lease: &Lease) -> bool {
        let Ok(change) = serde_json::from_value::<A::Change>(lease.change.clone()) else {
            return false;
        };
        let step = Step {
            change,
            resource: lease.resource.clone(),
            title: format!(
                "what an earlier delivery was about to change of {}",
                lease.resource
            ),
            before: lease.before.clone(),
            after: lease.after.clone(),
            precondition: String::new(),
            undo: Undo::ByHand {
                words: lease.undo.clone(),
            },
            blast_radius: String::new(),
            disruptive: false,
            takes_seconds: 0,
        };
        let ctx = self.ctx(case.target).await;
        let effect = self
            .effect(case, inquiry(case, memory, key), &[step], &ctx, SHORT_LOOK)
            .await;
        matches!(effect, Effect::Verified { .. })
    }

    /// Looks for the effect of steps, for at most so long.
    async fn effect(
        &self,
        case: &Case<'_>,
        inquiry: Inquiry<'_>,
        done: &[Step<A::Change>],
        ctx: &A::Ctx,
        most: SignedDuration,
    ) -> Effect {
        let mut at = case.moment();
        let end = case.watch.now().checked_add(most).unwrap_or(at.deadline);
        at.deadline = at.deadline.min(end);
        // The function ends by itself a little before this.
        let limit = case.watch.until(case.end().min(later_seconds(at.deadline)));
        let looking = A::verify(ctx, &self.settings, case.target, inquiry, done, at);
        tokio::time::timeout(limit, looking)
            .await
            .unwrap_or_else(|_| Effect::NotVerified {
                says: "the time was up before the effect could be seen".to_owned(),
            })
    }

    /// Carries the steps out and looks for their effect. Returns why the event must come again, when something was
    /// changed before a failure that may pass.
    async fn execute(
        &self,
        case: &Case<'_>,
        inquiry: Inquiry<'_>,
        memory: &Memory,
        plan: &Plan<A::Change>,
        action: &mut ActionRecord,
        items: &mut Vec<Item>,
    ) -> Result<Option<OpsError>, OpsError> {
        let ctx = self.ctx(case.target).await;
        let mut carried = self.carry_out(case, inquiry, memory, plan, &ctx).await;
        // Nothing is changed any more, so others need not wait while the effect is looked for.
        if let Some(lock) = &memory.lock {
            self.let_go(case, lock).await;
        }
        let any = carried.results.iter().any(changed);
        let mut again = None;
        let stopped = carried.stopped.take();
        action.results = carried.results;
        if let Some(error) = stopped {
            items.push(not_carried_out::<A>(&action.results, &chain(&error)));
            action.outcome = Outcome::Failed;
            // What may succeed later comes again and goes on where this delivery ended; a person gets an answer.
            if error.is_transient() && !case.by_hand() {
                if !any {
                    return Err(error);
                }
                again = Some(error);
            }
        } else {
            let refused = action
                .results
                .iter()
                .all(|result| result.state == StepState::Refused);
            action.outcome = match (&case.occasion, refused) {
                (_, true) => Outcome::Refused,
                (Occasion::Revert, false) => Outcome::Reverted,
                (_, false) => Outcome::Applied,
            };
            let whole =
                |result: &StepResult| matches!(result.state, StepState::Applied | StepState::AlreadyDone);
            if !action.results.iter().all(whole) {
                let why = "what must still be true was not";
                items.push(not_carried_out::<A>(&action.results, why));
            }
        }
        if any && again.is_none() {
            let done: Vec<Step<A::Change>> = plan
                .steps
                .iter()
                .zip(&action.results)
                .filter(|(_, result)| changed(result))
                .map(|(step, _)| step.clone())
                .collect();
            let effect = self.effect(case, inquiry, &done, &ctx, LONG_LOOK).await;
            items.push(effect_item::<A>(&effect));
            action.effect = Some(effect);
        }
        Ok(again)
    }
}

/// Whether a step has changed something, or found it changed.
fn changed(result: &StepResult) -> bool {
    matches!(
        result.state,
        StepState::Applied | StepState::Partly | StepState::AlreadyDone
    )
}

/// A moment after `at`: what ends by itself then is not cut off.
fn later_seconds(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(1)).unwrap_or(at)
}

fn inquiry<'a>(case: &'a Case<'_>, memory: &'a Memory, key: &'a str) -> Inquiry<'a> {
    Inquiry {
        occasion: &case.occasion,
        key,
        standing: &memory.standing,
        lease: case.lease.as_ref(),
    }
}

fn not_carried_out<A: Action>(results: &[StepResult], why: &str) -> Item {
    let population = Population {
        examined: u64::try_from(results.len()).unwrap_or(u64::MAX),
        expected_at_least: 1,
    };
    let wrong = results
        .iter()
        .filter(|result| !matches!(result.state, StepState::Applied | StepState::AlreadyDone))
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
        why,
    )
    .subjects(wrong)
    .remedy(
        "see what the step says about the change; then run the function again by hand, or finish it yourself",
    )
}

fn effect_item<A: Action>(effect: &Effect) -> Item {
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
