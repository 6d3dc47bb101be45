//! The first looks at a finding, all at once: the journal, GuardDuty, and the pod. And the endings that they come to when there is
//! nothing to contain.

use day2_aws::error::OpsError;
use day2_core::Unreadable;
use day2_core::action::{Guard, Outcome};
use day2_core::containment::{Containment, generation_of, is_settled};
use day2_core::trigger::Finding;
use day2_kube::ClusterClient;
use jiff::Timestamp;
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::tell::Ending;
use crate::facts::{Reread, Suspect};
use crate::gather::{guardduty, pod};
use crate::plan::NAME;
use crate::report::{self, items};

/// What the first looks showed.
pub(super) struct First {
    pub(super) cluster: ClusterClient,
    pub(super) suspect: Suspect,
    pub(super) reread: Reread,
    pub(super) known: Known,
}

/// What was read of the containments of the target.
///
/// The id of a containment is made of the pod's uid and the generation, so that the first one of a pod is found by its key. Where it
/// is open there is nothing newer, and the others are none of this delivery's business: a storm of findings about contained pods
/// reads one row each, however many are contained. Only a run that acts reads all of them.
pub(super) enum Known {
    /// The first containment of the finding's pod; it is open.
    Open(Box<Containment>),
    /// There is no first containment of the finding's pod. There may be a later one: a released row is kept for 90 days only.
    NoFirst,
    /// All.
    All(Vec<Containment>),
}

impl Known {
    /// Generation of a containment of this pod that would be begun or joined now.
    pub(super) fn generation(&self, uid: &str) -> u32 {
        match self {
            Self::Open(one) => one.generation,
            Self::NoFirst => 1,
            Self::All(all) => generation_of(all, uid).0,
        }
    }

    /// Whether a finding of this time says nothing new about a pod that was released.
    pub(super) fn is_settled(&self, uid: &str, seen_at: Option<Timestamp>) -> bool {
        match self {
            Self::Open(_) | Self::NoFirst => false,
            Self::All(all) => is_settled(all, uid, seen_at),
        }
    }

    /// The containment of this id, if it is known.
    pub(super) fn record(&self, id: &str) -> Option<&Containment> {
        match self {
            Self::Open(one) => Some(one.as_ref()).filter(|one| one.id == id),
            Self::NoFirst => None,
            Self::All(all) => all.iter().find(|one| one.id == id),
        }
    }
}

/// An ending that changes nothing.
pub(super) enum Told {
    HeldBack(crate::accept::HeldBack),
    NoPod,
    Blind(Unreadable),
    Forged(Reread),
}

impl ThreatContainment {
    /// The first looks, all at once: the journal, GuardDuty, and the pod. The inner error is an ending that changes nothing.
    pub(super) async fn first_look(&self, case: &mut Case<'_>) -> Result<Result<First, Told>, OpsError> {
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let target = case.target;
        let look = async {
            let cluster = ctx.cluster(target, &times).await?;
            let pod = match &case.finding.workload {
                Some(one) => cluster
                    .get_pod_detail(&one.namespace, &one.name, times.deadline)
                    .await
                    .map(Some)?,
                None => None,
            };
            Ok::<_, Unreadable>((cluster, pod))
        };
        let detector = case.platform.detector_id.as_deref();
        let asking = guardduty::finding(&ctx, detector, &case.finding.id, &times);
        let (known, read, seen) = futures::join!(self.known(case), asking, look);
        // Without the journal nothing may be changed, and nothing can be said once: the event comes again (D15).
        let (known, theirs) = known?;
        if let Some(theirs) = theirs {
            case.set_clock(theirs);
        }
        let reread = guardduty::compare(&case.finding, read);
        if reread.is_forged() {
            return Ok(Err(Told::Forged(reread)));
        }
        if let Reread::Confirmed(theirs) = &reread {
            // A person who names a finding says that it is time; all other rules stay.
            let mut rules = self.settings.function.accept.clone();
            if case.road != Road::Finding {
                rules.max_age_minutes = u32::MAX;
            }
            if let Some(why) = crate::accept::held_back(theirs, &rules, case.watch.now()) {
                return Ok(Err(Told::HeldBack(why)));
            }
            fill_in(&mut case.finding, theirs);
        }
        let (cluster, seen) = match seen {
            Ok(seen) => seen,
            Err(why) => {
                ctx.forget_cluster();
                return blind(case, why);
            }
        };
        let Some(workload) = case.finding.workload.clone() else {
            return Ok(Err(match &reread {
                Reread::Unreadable(why) => {
                    let why = why.clone();
                    return blind(case, why);
                }
                _ => Told::NoPod,
            }));
        };
        let uid = workload.uid.as_deref();
        let suspect = if let Some(seen) = seen {
            pod::identify(seen, uid, case.finding.updated_at)
        } else {
            let read = pod::suspect(&cluster, &workload, case.finding.updated_at, times.deadline);
            match read.await {
                Ok(suspect) => suspect,
                Err(why) => return blind(case, why),
            }
        };
        Ok(Ok(First {
            cluster,
            suspect,
            reread,
            known,
        }))
    }

    /// What the journal has of the finding's pod, and the time by the journal's clock, which the same answer carries.
    async fn known(&self, case: &Case<'_>) -> Result<(Known, Option<Timestamp>), OpsError> {
        let journal = &self.edge.journal;
        let target = case.target.name.as_str();
        let workload = case.finding.workload.as_ref();
        let Some(uid) = workload.and_then(|one| one.uid.as_deref()) else {
            // The pod's uid is known after this look only.
            let (all, now) = futures::join!(journal.containments(target), journal.probe());
            return Ok((Known::All(all?), now.ok().flatten()));
        };
        let id = Containment::id_of(target, uid, 1);
        let (first, now) = journal.containment_now(&id).await?;
        let known = match first {
            None => Known::NoFirst,
            Some(first) if first.is_open() => Known::Open(Box::new(first)),
            // It was released: which one is the newest, and when, only all of them say.
            Some(_) => Known::All(journal.containments(target).await?),
        };
        Ok((known, now))
    }

    /// All containments of the target.
    pub(super) async fn all(&self, case: &Case<'_>, known: &Known) -> Result<Vec<Containment>, OpsError> {
        match known {
            Known::All(all) => Ok(all.clone()),
            _ => self.edge.journal.containments(case.target.name.as_str()).await,
        }
    }

    pub(super) async fn told(&self, case: &Case<'_>, told: Told) -> Result<Value, OpsError> {
        let key = case.finding.dedup_key();
        match told {
            Told::HeldBack(why) => self.held_back(case, &why).await,
            Told::NoPod => self.node_only_claimed(case).await,
            Told::Blind(why) => {
                let items = vec![report::blind(&why)];
                let ending = Ending::of(Outcome::Refused, "nothing could be seen", items).refusing(
                    Guard::Unreadable,
                    why.to_string(),
                    "mend what could not be read, then send the finding's id by hand",
                );
                let at = case.invocation.request_id.clone();
                self.tell(case, format!("blind:{key}@{at}"), ending).await
            }
            Told::Forged(reread) => {
                tracing::warn!(
                    function = NAME,
                    finding = case.finding.id,
                    "GuardDuty does not confirm the finding"
                );
                let items = vec![items::finding(&case.finding, &reread)];
                let ending = Ending::of(
                    Outcome::Refused,
                    "SECURITY NOTICE: GuardDuty does not know this finding",
                    items,
                )
                .refusing(
                    Guard::Finding,
                    "the event is not what GuardDuty has: somebody who may invoke the function, or publish to a topic of \
                     it, made it up or altered it",
                    "nothing; find out in CloudTrail who sent the request of this report",
                );
                self.tell_once_an_hour(case, "not GuardDuty's", format!("forged:{key}"), ending)
                    .await
            }
        }
    }
}

/// What GuardDuty says beyond the event: the workload that Security Hub leaves out, the uid, the time.
fn fill_in(finding: &mut Finding, theirs: &Finding) {
    match (&mut finding.workload, &theirs.workload) {
        (Some(ours), Some(theirs)) if ours.uid.is_none() => ours.uid.clone_from(&theirs.uid),
        (None, Some(theirs)) => finding.workload = Some(theirs.clone()),
        _ => {}
    }
    finding.kind.clone_from(&theirs.kind);
    finding.severity = theirs.severity;
    finding.updated_at = theirs.updated_at.or(finding.updated_at);
    finding.count = theirs.count.or(finding.count);
    if finding.instance.is_none() {
        finding.instance.clone_from(&theirs.instance);
    }
}

/// Nothing could be seen: an event comes again if that may help, a person gets a report.
fn blind(case: &Case<'_>, why: Unreadable) -> Result<Result<First, Told>, OpsError> {
    let error = OpsError::Read(why);
    if error.is_transient() && !case.by_hand() {
        return Err(error);
    }
    let OpsError::Read(why) = error else {
        return Err(error);
    };
    Ok(Err(Told::Blind(why)))
}
