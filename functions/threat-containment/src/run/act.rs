//! Acting: record, isolate, capture beside the node's measures, prove, and only then, with evidence in hand, end.
//!
//! Each change is remembered before it is made and marked after it. The record is written under the condition that nobody
//! else wrote it since: a run that was frozen and taken over learns so before its next change.

use day2_aws::error::OpsError;
use day2_aws::journal::{Held, Opened};
use day2_core::containment::Taken;
use day2_core::report::Run;
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::contain::Ground;
use super::record::draft_record;
use super::work::Work;
use crate::act::isolate;
use crate::plan::{self, owner};

impl ThreatContainment {
    /// Contains: in mode `auto`, or by an approval.
    pub(super) async fn act(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: Ground,
    ) -> Result<Value, OpsError> {
        let settings = &self.settings.function;
        let ctx = self.ctx(case.target).await;
        let approval = match &case.road {
            Road::Approved(approved) => {
                match Box::pin(self.bound(case, run, held, &ctx, &ground, approved)).await? {
                    Ok(plan) => Some(plan),
                    Err(answer) => return Ok(answer),
                }
            }
            _ => None,
        };
        let isolation = plan::isolate::isolate(&ground.pod, settings, &ground.id);
        let record = draft_record(case, &ground, &isolation.measures);
        let breakers = self.breakers(case, &ground);
        let journal = &self.edge.journal;
        let mut tripped = None;
        let record = match journal
            .open_containment(&record, &breakers, case.watch.now())
            .await?
        {
            Opened::New(record) => record,
            Opened::Known(mut record) => {
                let cut_off = isolation
                    .measures
                    .iter()
                    .filter(|taken| record.measure(&taken.resource).is_none());
                let missing: Vec<Taken> = cut_off.cloned().collect();
                if !missing.is_empty() && case.by_hand() {
                    // A person says that it is cut off nevertheless; remembered before it is made.
                    for taken in missing {
                        record.remember(taken);
                    }
                    self.save_record(case, &mut record).await?;
                } else if !missing.is_empty() {
                    tripped = Some(
                        "the breaker was open when this pod was found; send the finding's id by hand to cut it off \
                         nevertheless"
                            .to_owned(),
                    );
                }
                record
            }
            Opened::Tripped { says } => {
                tripped = Some(says);
                let label = plan::isolate::label_only(&ground.pod, &ground.id);
                let record = draft_record(case, &ground, &label.measures);
                match journal.open_containment(&record, &[], case.watch.now()).await? {
                    Opened::New(record) | Opened::Known(record) => record,
                    Opened::Tripped { says } => return Err(OpsError::Refused(says)),
                }
            }
        };
        let mut work = Work {
            record,
            results: Vec::new(),
            skips: isolation.skips.clone(),
            again: None,
        };
        let first = match &tripped {
            Some(_) => plan::isolate::label_only(&ground.pod, &ground.id).measures,
            None => isolation.measures.clone(),
        };
        Box::pin(self.isolate_now(case, &ground, &mut work, &first)).await;
        if let Some(says) = tripped {
            return Box::pin(self.end_tripped(case, run, held, work, &ground, says)).await;
        }
        let done = Box::pin(self.after_isolation(case, &ctx, &ground, &mut work, approval.as_ref())).await?;
        Box::pin(self.conclude(case, run, held, &ground, work, done, approval.is_some())).await
    }

    /// Label and policy at once.
    pub(super) async fn isolate_now(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        work: &mut Work,
        first: &[Taken],
    ) {
        let mark = owner(&ground.id);
        let finding = case.finding.dedup_key();
        let isolating = isolate::Isolating {
            pod: &ground.pod,
            owner: &mark,
            finding: &finding,
        };
        let deadline = case.times().deadline;
        let outcomes = isolate::isolate(&ground.cluster, isolating, first, deadline).await;
        work.take(first, outcomes, case.watch.now());
    }
}
