//! The older sessions of the pod's role: denied after the pod is cut off and its evidence is sealed, where the settings say so.

use day2_aws::error::{OpsError, chain};
use day2_aws::evidence::EvidenceReceipt;
use day2_core::Observed;
use day2_core::containment::sessions::moment_after;
use day2_core::containment::{Measure, MeasureState, Taken};
use jiff::{SignedDuration, Timestamp};

use super::ThreatContainment;
use super::case::Case;
use super::contain::Ground;
use super::work::Work;
use crate::act::sessions;
use crate::facts::WorkloadFacts;
use crate::gather::Clients;
use crate::plan::{self, open_measures};

impl ThreatContainment {
    /// Remembers, puts and marks. What stands in the way is a skip with the reason.
    pub(super) async fn deny_sessions(
        &self,
        case: &Case<'_>,
        ctx: &Clients,
        ground: &Ground,
        work: &mut Work,
        (others, receipt): (&WorkloadFacts, &Observed<EvidenceReceipt>),
    ) -> Result<(), OpsError> {
        let settings = &self.settings.function;
        let draft = plan::sessions::sessions(&ground.pod, others, settings, case.target, &ground.id);
        work.skips.extend(draft.skips.clone());
        let open = open_measures(&draft, Some(&work.record));
        if open.is_empty() {
            return Ok(());
        }
        let receipt = match (receipt, work.isolated()) {
            (Ok(receipt), true) => receipt,
            (Ok(_), false) => {
                let why = "the pod is not cut off, and would only fetch newer sessions";
                for taken in &open {
                    work.skip(taken, why);
                }
                return Ok(());
            }
            (Err(why), _) => {
                let why = format!("evidence is not safe, so no running pod is disturbed: {why}");
                for taken in &open {
                    work.skip(taken, &why);
                }
                return Ok(());
            }
        };
        for taken in open {
            let words = plan::words(&taken.measure);
            let needed = SignedDuration::from_secs(i64::from(words.seconds));
            if let Some(late) = case.too_late(words.title, needed) {
                work.skip(&taken, &chain(&late));
                work.again = work.again.take().or(Some(late));
                continue;
            }
            let taken = begun(&mut work.record.measures, taken, case.watch.now());
            work.record.remember(taken.clone());
            self.save(case, work).await?;
            let outcome = sessions::deny(ctx, &ground.pod, &taken, receipt, &case.times()).await;
            work.take(std::slice::from_ref(&taken), vec![outcome], case.watch.now());
            self.save(case, work).await?;
        }
        Ok(())
    }
}

/// The measure with its moment. One that an earlier delivery began keeps the moment that it had: what is there may be its.
fn begun(known: &mut [Taken], mut taken: Taken, now: Timestamp) -> Taken {
    if let Some(known) = known.iter_mut().find(|known| known.resource == taken.resource) {
        known.state = MeasureState::Pending;
        return known.clone();
    }
    if let Measure::DenySessions { issued_before, .. } = &mut taken.measure {
        *issued_before = Some(moment_after(now));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(moment: Option<&str>) -> Taken {
        plan::pending(
            "policy p of role r".to_owned(),
            Measure::DenySessions {
                role: "arn:aws:iam::123456789012:role/r".to_owned(),
                policy: "p".to_owned(),
                issued_before: moment.map(|moment| moment.parse().unwrap()),
            },
            "valid",
            "denied",
            "deleted",
        )
    }

    #[test]
    fn the_moment_is_the_first_ones_however_often_it_is_begun_d12() {
        let now: Timestamp = "2026-06-02T10:00:00.5Z".parse().unwrap();
        let first = begun(&mut [], measure(None), now);
        assert_eq!(first, measure(Some("2026-06-02T10:00:01Z")));
        let mut known = [Taken {
            state: MeasureState::Failed,
            ..first.clone()
        }];
        let later: Timestamp = "2026-06-02T10:05:00Z".parse().unwrap();
        assert_eq!(begun(&mut known, measure(None), later), first);
        assert_eq!(known[0].state, MeasureState::Pending);
    }
}
