//! One step after the other: the lock is asked for again, the change is remembered, then made, then marked as made.

use day2_core::action::{
    ActionRecord, Lease, LeaseState, Occasion, Outcome, Plan, PlanId, Step, StepResult, StepState, Undo,
};

use super::case::{Case, later};
use super::respond::Memory;
use super::{Action, ActionApp, Applied, Inquiry};
use crate::error::{OpsError, chain};

/// What came of the steps.
#[derive(Default)]
pub(super) struct Carried {
    pub(super) results: Vec<StepResult>,
    /// Why it stopped, with whether trying again may help.
    pub(super) stopped: Option<OpsError>,
}

/// A step that did not succeed, and why.
type Stopped = Box<(StepResult, OpsError)>;

impl<A: Action> ActionApp<A> {
    pub(super) async fn carry_out(
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
                Err(stopped) => {
                    let (done, error) = *stopped;
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
    ) -> Result<StepResult, Stopped> {
        let journal = &self.edge.journal;
        let not_begun =
            |error: OpsError| Box::new((result(step, StepState::NotBegun, &chain(&error)), error));
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
        let mut lease = Self::lease(case, inquiry.key, step, plan_id);
        if !reverts {
            lease = journal.remember_change(&lease).await.map_err(not_begun)?;
            let stands = lease.state;
            if !stands.is_open() {
                // An earlier delivery wrote it, and it ended: made again, nothing would take it back (D11, D12).
                let says = format!(
                    "this event had this change before, which is {}: it is not made twice; run the function again by \
                     hand for a plan of now",
                    stands.word()
                );
                return Ok(result(step, StepState::Refused, &says));
            }
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
            Applied::Partly { says, left } => (StepState::Partly, format!("{says}; not done: {left}"), None),
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
                StepState::Applied | StepState::Partly | StepState::AlreadyDone => Some(LeaseState::Active),
                StepState::Refused => Some(LeaseState::Closed),
                _ => None,
            };
            if let Some(stands) = stands
                && let Err(error) = journal.change_is(&lease.id, stands, now).await
            {
                tracing::warn!(function = A::NAME, lease = lease.id, error = ?error, "change made, and not marked so");
            }
        }
        match error {
            None => Ok(done),
            Some(error) => Err(Box::new((done, error))),
        }
    }

    fn lease(case: &Case<'_>, key: &str, step: &Step<A::Change>, plan_id: &PlanId) -> Lease {
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
    pub(super) async fn end_lease(
        &self,
        case: &Case<'_>,
        action: &ActionRecord,
        left: Option<&str>,
    ) -> Result<(), OpsError> {
        let Some(lease) = &case.lease else { return Ok(()) };
        if matches!(action.outcome, Outcome::Failed | Outcome::Refused) {
            return Ok(());
        }
        let partly = action
            .results
            .iter()
            .any(|result| result.state == StepState::Partly);
        let state = if partly || left.is_some() {
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
    pub(super) async fn close_permanent(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        action: &ActionRecord,
        key: &str,
    ) {
        let target = case.target.name.as_str();
        let permanent = action
            .plan
            .steps
            .iter()
            .filter(|step| !action.results.is_empty() && !matches!(step.undo, Undo::Lease { .. }))
            .map(|step| Lease::id_of(A::NAME, target, key, &step.resource));
        let before = memory
            .standing
            .leases_of(key)
            .filter(|lease| lease.expires_at.is_none())
            .map(|lease| lease.id.clone());
        for id in permanent.chain(before) {
            let closed = self
                .edge
                .journal
                .change_is(&id, LeaseState::Closed, case.watch.now());
            if let Err(error) = closed.await {
                tracing::warn!(function = A::NAME, lease = id, error = ?error, "change not closed");
            }
        }
    }
}

pub(super) fn result<C>(step: &Step<C>, state: StepState, says: &str) -> StepResult {
    StepResult {
        resource: step.resource.clone(),
        state,
        says: says.to_owned(),
        lease: None,
        expires_at: None,
    }
}
