//! Findings on a pod that is contained already, or about to be: they join the record, and nothing is done again. Each is counted.

use std::sync::{MutexGuard, PoisonError};

use day2_aws::error::OpsError;
use day2_aws::journal::Claim;
use day2_core::action::Outcome;
use day2_core::containment::Containment;
use day2_core::report::Run;
use serde_json::{Value, json};

use super::ThreatContainment;
use super::case::{Case, Road};
use super::tell::answered;
use crate::facts::Reread;
use crate::plan::NAME;
use crate::repeats::{Repeat, Repeats};

impl ThreatContainment {
    /// Counts a delivery that says nothing new about a contained pod (`repeats`): one write, which also proves that the
    /// containment is still open. None when everything is to be looked at.
    pub(super) async fn repeated(&self, case: &Case<'_>) -> Result<Option<Value>, OpsError> {
        let request_id = &case.invocation.request_id;
        let known = self
            .repeats()
            .find(&case.event, request_id, case.arrived_at)
            .map(|known| (known.containment.clone(), known.noted));
        let Some((id, noted)) = known else {
            return Ok(None);
        };
        case.has_time()?;
        let key = case.event.dedup_key();
        let Some(noted) = self.edge.journal.join_containment(&id, &key, noted).await? else {
            // Released, by whomever: the memory is older than the world.
            self.repeats().forget(&id);
            return Ok(None);
        };
        self.repeats().counted(&id, noted);
        Ok(Some(joined(case, &id, noted)))
    }

    /// Another delivery has the occasion. A redelivery of the same request comes again until it is done; any other finding
    /// joins the record, and is dropped safely, because the run that works is delivered again if it dies (`cases.md` D02).
    pub(super) async fn joins(
        &self,
        case: &Case<'_>,
        run: &Run,
        (id, record): (&str, Option<&Containment>),
        reread: &Reread,
        claim: Claim,
    ) -> Result<Value, OpsError> {
        // Between the claim and the record there are some milliseconds: look once more.
        let record = match record {
            Some(record) => Some(record.clone()),
            None => self.edge.journal.containment(id).await?,
        };
        let Some(record) = record.filter(|_| !case.by_hand()) else {
            return answered(case, run, claim);
        };
        if record.request_id == case.invocation.request_id {
            return answered(case, run, claim);
        }
        let key = case.finding.dedup_key();
        let noted = self
            .edge
            .journal
            .join_containment(&record.id, &key, record.noted)
            .await?;
        let Some(noted) = noted else {
            // Released since the first look. What that means for this finding the next delivery sees.
            return Err(OpsError::InProgress {
                what: format!("release of containment {}", record.id),
                until: case.watch.now(),
            });
        };
        // What GuardDuty could not be asked about, and what somebody is still at work on, is looked at again (`repeats`).
        let is_over = matches!(claim, Claim::AlreadyDone { .. }) && reread.is_confirmed();
        if is_over && case.road == Road::Finding {
            self.repeats().keep(Repeat {
                finding: case.event.clone(),
                containment: record.id.clone(),
                worker: record.request_id.clone(),
                noted,
                looked_at: case.arrived_at,
            });
        }
        Ok(joined(case, &record.id, noted))
    }

    fn repeats(&self) -> MutexGuard<'_, Repeats> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn joined(case: &Case<'_>, containment: &str, noted: u64) -> Value {
    tracing::info!(
        function = NAME,
        target_name = case.target.name.as_str(),
        containment,
        noted,
        "already contained"
    );
    json!({
        "outcome": Outcome::Suppressed,
        "reason": "the pod is contained, or about to be, by another delivery",
        "containment": containment,
        "count": noted,
    })
}
