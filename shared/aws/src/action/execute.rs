//! Carrying a plan out, and saying what came of it. This is the only place where a dry run and an apply part.

use day2_core::action::{
    ActionRecord, Decision, Effect, LeaseState, Occasion, Outcome, Plan, Step, StepResult, StepState, decide,
};
use day2_core::item::Population;
use day2_core::report::Run;
use day2_core::{Item, Verdict};
use jiff::Timestamp;
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
        let mut action = Self::record(case, Outcome::NothingToDo, assessment.says.clone(), plan_record);
        let resumed = resumed(&memory, key, &assessment.plan);
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
            approve_until: None,
            effect: None,
            approved_by: approved.then(|| case.invocation.request_id.clone()),
        }
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
            items.push(not_carried_out::<A>(&carried.results, &error));
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
            items.push(effect_item::<A>(&effect));
            action.effect = Some(effect);
        }
        action.results = carried.results;
        Ok(())
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

/// What an earlier delivery of this occasion has already done, when nothing is left to do.
fn resumed<C>(memory: &Memory, key: &str, plan: &Plan<C>) -> Vec<StepResult> {
    if !plan.steps.is_empty() {
        return Vec::new();
    }
    memory
        .standing
        .leases_of(key)
        .map(|lease| StepResult {
            resource: lease.resource.clone(),
            state: StepState::AlreadyDone,
            says: "done by an earlier delivery of this event, which ended before it could say so".to_owned(),
            lease: lease.expires_at.map(|_| lease.id.clone()),
            expires_at: lease.expires_at,
        })
        .collect()
}

fn not_carried_out<A: Action>(results: &[StepResult], error: &OpsError) -> Item {
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
