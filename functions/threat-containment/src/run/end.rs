//! The end of a workload: whether it may be, one measure after the other, and the look that it came about.

use day2_aws::error::OpsError;
use day2_aws::evidence::EvidenceReceipt;
use day2_core::Observed;
use day2_core::action::{Plan, StepResult, StepState};
use day2_core::containment::{MeasureState, Taken};
use jiff::SignedDuration;
use serde_json::Value;

use super::ThreatContainment;
use super::after::wait_until;
use super::case::Case;
use super::contain::Ground;
use super::work::Work;
use crate::act::eradicate;
use crate::gather;
use crate::plan;
use crate::settings::Eradicate;

/// Longest look for the end of what was ended.
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// Pause between two looks.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(3);

/// Pause before the second one. What ends without a grace period is gone by then; a look lists all pods of the cluster, so that
/// the others are not as close.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Time that the report and its record need after a destructive step.
const AFTER_DESTRUCTION: SignedDuration = SignedDuration::from_secs(3);

impl ThreatContainment {
    /// Whether the workload may be ended now, with the evidence that allows it. An empty reason means: ask.
    pub(super) fn may_end<'r>(
        &self,
        ground: &Ground,
        receipt: &'r Observed<EvidenceReceipt>,
        work: &Work,
        open: &[Taken],
        approval: Option<&Plan<Value>>,
    ) -> Result<&'r EvidenceReceipt, String> {
        let receipt = receipt
            .as_ref()
            .map_err(|why| format!("evidence is not safe, so nothing is destroyed: {why}"))?;
        let lost = receipt.lost();
        if !lost.is_empty() {
            return Err(format!(
                "evidence is not complete, so nothing is destroyed by itself: {}",
                lost.join("; ")
            ));
        }
        if !work.isolated() {
            return Err(
                "the isolation is not in force, so the end of the workload is left to a person".to_owned(),
            );
        }
        if let Some(plan) = approval {
            let approved = |taken: &Taken| {
                let mut steps = plan.steps.iter();
                steps.any(|step| {
                    (&step.resource, &step.before, &step.after)
                        == (&taken.resource, &taken.before, &taken.after)
                })
            };
            return match open.iter().find(|taken| !approved(taken)) {
                None => Ok(receipt),
                Some(taken) => Err(format!(
                    "{} -> {} is not what was approved for {}",
                    taken.before, taken.after, taken.resource
                )),
            };
        }
        if self.settings.function.eradicate == Eradicate::Auto && ground.reread.is_confirmed() {
            return Ok(receipt);
        }
        // Asked: by the settings, or because GuardDuty could not confirm the finding in this run (E10).
        Err(String::new())
    }

    /// Ends the workload, one measure after the other; the first that does not succeed stops the rest.
    pub(super) async fn end_now(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        work: &mut Work,
        open: &[Taken],
        receipt: &EvidenceReceipt,
    ) -> Result<(), OpsError> {
        let mut stopped: Option<String> = None;
        for taken in open {
            let words = plan::words(&taken.measure);
            let needed = AFTER_DESTRUCTION
                .checked_add(SignedDuration::from_secs(i64::from(words.seconds)))
                .unwrap_or(AFTER_DESTRUCTION);
            if stopped.is_none()
                && let Some(late) = case.too_late(words.title, needed)
            {
                stopped = Some(format!(
                    "{} s are left and it may take {}: it was not begun",
                    case.left().as_secs(),
                    needed.as_secs()
                ));
                work.again = work.again.take().or(Some(late));
            }
            if let Some(why) = &stopped {
                work.results.push(StepResult {
                    resource: taken.resource.clone(),
                    state: StepState::NotBegun,
                    says: why.clone(),
                    lease: None,
                    expires_at: None,
                });
                continue;
            }
            if let Some(failed) = work
                .record
                .measures
                .iter_mut()
                .find(|one| one.resource == taken.resource)
            {
                failed.state = MeasureState::Pending;
            }
            work.record.remember(taken.clone());
            self.save(case, work).await?;
            let outcome = eradicate::end(
                &ground.cluster,
                &ground.pod,
                taken,
                receipt,
                case.times().deadline,
            )
            .await;
            if outcome.state != MeasureState::Active && outcome.state != MeasureState::Theirs {
                stopped = Some("a step before it did not succeed".to_owned());
            }
            work.take(std::slice::from_ref(taken), vec![outcome], case.watch.now());
            self.save(case, work).await?;
        }
        Ok(())
    }

    /// Looks until nothing with the pod's image runs in its namespace any more, or the time is up. What runs it elsewhere is
    /// another workload, which nobody ended: it is told, and not waited for.
    pub(super) async fn look_for_end(&self, case: &Case<'_>, ground: &Ground) -> Observed<Vec<String>> {
        let until = case
            .watch
            .now()
            .checked_add(LONGEST_LOOK)
            .unwrap_or_else(|_| case.end())
            .min(case.times().deadline);
        let mut pause = FIRST_PAUSE;
        loop {
            let seen = gather::workload::still_runs(&ground.cluster, &ground.pod, &case.times()).await;
            let next = case.watch.now().checked_add(pause).unwrap_or(until);
            let here = format!("{}/", ground.pod.namespace);
            let ended = seen
                .as_ref()
                .is_ok_and(|pods| !pods.iter().any(|pod| pod.starts_with(&here)));
            if ended || next >= until {
                return seen;
            }
            wait_until(case, next).await;
            pause = LOOK_EVERY;
        }
    }
}

/// Whether a measure ends something.
pub(super) fn ends(taken: &Taken) -> bool {
    use day2_core::containment::Measure::{DeletePod, Scale};
    matches!(taken.measure, Scale { .. } | DeletePod)
}
