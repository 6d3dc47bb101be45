//! The report of what was done.

use day2_aws::error::{OpsError, chain};
use day2_aws::journal::Held;
use day2_core::action::{Guard, Outcome, StepResult, StepState};
use day2_core::report::Run;
use serde_json::Value;

use super::ThreatContainment;
use super::case::Case;
use super::contain::Ground;
use super::tell::{Ending, How};
use super::work::{Done, Work, about, earlier, plan_of};
use crate::plan::NAME;
use crate::report;
use crate::report::items::{self, Seen};

impl ThreatContainment {
    /// The breaker is open: the pod is labelled and reported (`cases.md` D10).
    pub(super) async fn end_tripped(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        mut work: Work,
        ground: &Ground,
        says: String,
    ) -> Result<Value, OpsError> {
        self.save(case, &mut work).await?;
        let items = vec![
            items::finding(&case.finding, &ground.reread),
            report::breaker(&says),
        ];
        let about = about(case, ground);
        let ending = Ending {
            plan: plan_of(&work.record, &about, &[], &work.skips)?,
            results: work.results,
            ..Ending::of(
                Outcome::Refused,
                "circuit breaker: the pod was labelled and not cut off",
                items,
            )
        }
        .refusing(
            Guard::CircuitBreaker,
            says,
            "the settings it names; look first at who makes so many findings",
        );
        let done = Box::pin(self.hourly(case, "circuit breaker", run, held, ending)).await;
        match work.again {
            Some(error) if !case.by_hand() && done.is_ok() => Err(error),
            _ => done,
        }
    }

    /// The report of what was done.
    #[expect(
        clippy::too_many_arguments,
        reason = "everything that a report is made of, used once"
    )]
    pub(super) async fn conclude(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: &Ground,
        work: Work,
        done: Done,
        approved: bool,
    ) -> Result<Value, OpsError> {
        let seen = Seen {
            finding: &case.finding,
            reread: &ground.reread,
            pod: &ground.pod,
            owners: &ground.owners,
            nodes: Some(&done.nodes),
            others: Some(&done.others),
            receipt: Some(&done.receipt),
            proof: Some(&done.proof),
            record: Some(&work.record),
            ended: done.ended.as_ref(),
        };
        let items = items::all(&seen);
        let failed = work
            .results
            .iter()
            .any(|result| matches!(result.state, StepState::Failed));
        let outcome = if failed { Outcome::Failed } else { Outcome::Applied };
        let says = items::headline(&done.proof, &work.record, done.proposed.is_some());
        let about = about(case, ground);
        let mut results = work.results;
        let open = done
            .proposed
            .as_ref()
            .map(|(_, _, open)| open.as_slice())
            .unwrap_or_default();
        for taken in open {
            results.push(StepResult {
                resource: taken.resource.clone(),
                state: StepState::Planned,
                says: "waits for approval".to_owned(),
                lease: None,
                expires_at: None,
            });
        }
        for taken in &work.record.measures {
            if !results.iter().any(|result| result.resource == taken.resource) {
                results.push(earlier(taken));
            }
        }
        let ending = Ending {
            plan: plan_of(&work.record, &about, open, &work.skips)?,
            results,
            effect: Some(items::effect(&done.proof)),
            proposed: done.proposed.map(|(id, until, _)| (id, until)),
            approved,
            ..Ending::of(outcome, says, items)
        };
        if let Some(error) = work.again.filter(|_| !case.by_hand()) {
            // Something was changed and something was not: a person learns of it now, and the event comes again.
            self.publish(case, run, held, ending, How::Again).await?;
            tracing::warn!(function = NAME, error = chain(&error), "comes again");
            return Err(error);
        }
        self.publish(case, run, held, ending, How::Mail).await
    }
}
