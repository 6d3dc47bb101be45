//! From a finding to a claim: who is meant, whether it is so, and whose turn it is. Reads that do not depend on each other
//! run together; nothing is changed here.

use day2_aws::error::OpsError;
use day2_aws::journal::{Claim, Held};
use day2_core::Unreadable;
use day2_core::action::{Guard, Mode, Outcome};
use day2_core::containment::{Containment, generation_of, is_settled};
use day2_core::report::{Report, Run};
use day2_core::trigger::Finding;
use day2_kube::objects::PodDetail;
use day2_kube::{ClusterClient, Owners};
use serde_json::{Value, json};

use super::ThreatContainment;
use super::case::{Case, Road};
use super::tell::{Ending, How, answered};
use crate::facts::{Reread, Suspect};
use crate::gather::{guardduty, pod};
use crate::plan::NAME;
use crate::report::{self, items};

/// What is known when a run begins to act.
pub(crate) struct Ground {
    pub(crate) cluster: ClusterClient,
    pub(crate) pod: PodDetail,
    pub(crate) owners: Owners,
    pub(crate) reread: Reread,
    /// Containments of the target.
    pub(crate) known: Vec<Containment>,
    pub(crate) generation: u32,
    /// Id of the containment.
    pub(crate) id: String,
}

impl Ground {
    /// The containment of this pod, if it is known.
    pub(crate) fn record(&self) -> Option<&Containment> {
        self.known.iter().find(|one| one.id == self.id)
    }
}

/// What the first looks showed.
struct First {
    cluster: ClusterClient,
    suspect: Suspect,
    reread: Reread,
    known: Vec<Containment>,
}

impl ThreatContainment {
    /// Contains the pod of a finding, as far as the mode allows.
    pub(super) async fn contain(&self, mut case: Case<'_>) -> Result<Value, OpsError> {
        case.has_time()?;
        let first = match Box::pin(self.first_look(&mut case)).await? {
            Ok(first) => first,
            Err(told) => return Box::pin(self.told(&case, told)).await,
        };
        let key = case.finding.dedup_key();
        let pod = match first.suspect {
            Suspect::Here(pod) => *pod,
            Suspect::Gone => return Box::pin(self.gone(&case, first.known, &first.reread)).await,
            Suspect::Replaced(now, why) => {
                let items = report::replaced(&case.finding, &now, &why, &first.reread);
                let says = "another pod has the name now; nothing was contained";
                let ending = Ending::of(Outcome::Refused, says, items).refusing(
                    Guard::Foreign,
                    format!("pod {}/{}: {why}", now.namespace, now.name),
                    "look at the pod that has the name now, and at what started it",
                );
                return self
                    .tell(&case, format!("replaced:{key}#{}", now.uid), ending)
                    .await;
            }
        };
        if is_settled(&first.known, &pod.uid, case.finding.updated_at) {
            let why = "this pod was released after GuardDuty last saw what it reports".to_owned();
            return self.held_back(&case, &crate::accept::HeldBack::Stale(why)).await;
        }
        let (generation, _) = generation_of(&first.known, &pod.uid);
        let id = Containment::id_of(case.target.name.as_str(), &pod.uid, generation);
        let run = case.run(Some(occasion(&case, &pod.uid, generation)), self.zone());
        let times = case.times();
        let (claim, owners) = futures::join!(
            self.claim(&case, &run),
            Box::pin(first.cluster.owners_of(&pod, times.deadline))
        );
        let ground = Ground {
            cluster: first.cluster,
            pod,
            owners,
            reread: first.reread,
            known: first.known,
            generation,
            id,
        };
        match claim? {
            Claim::Ours(held) => Box::pin(self.claimed(&case, &run, held, ground)).await,
            other => self.joins(&case, &run, &ground, other).await,
        }
    }

    /// The first looks, all at once: the journal, GuardDuty, and the pod. The inner error is an ending that changes nothing.
    async fn first_look(&self, case: &mut Case<'_>) -> Result<Result<First, Told>, OpsError> {
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let target = case.target;
        let journal = &self.edge.journal;
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
        let (known, theirs, read, seen) = futures::join!(
            journal.containments(target.name.as_str()),
            journal.probe(),
            asking,
            look
        );
        // Without the journal nothing may be changed, and nothing can be said once: the event comes again (D15).
        let known = known?;
        if let Ok(Some(theirs)) = theirs {
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

    async fn told(&self, case: &Case<'_>, told: Told) -> Result<Value, OpsError> {
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

    /// Another delivery has the occasion. A redelivery of the same request comes again until it is done; any other finding
    /// joins the record, and is dropped safely, because the run that works is delivered again if it dies (`cases.md` D02).
    async fn joins(
        &self,
        case: &Case<'_>,
        run: &Run,
        ground: &Ground,
        claim: Claim,
    ) -> Result<Value, OpsError> {
        // Between the claim and the record there are some milliseconds: look once more.
        let record = match ground.record() {
            Some(record) => Some(record.clone()),
            None => self.edge.journal.containment(&ground.id).await?,
        };
        let Some(record) = record.filter(|_| !case.by_hand()) else {
            return answered(case, run, claim);
        };
        if record.request_id == case.invocation.request_id {
            return answered(case, run, claim);
        }
        let key = case.finding.dedup_key();
        let noted = self.edge.journal.join_containment(&record.id, &key).await?;
        tracing::info!(
            function = NAME,
            target_name = case.target.name.as_str(),
            containment = record.id,
            noted,
            "already contained"
        );
        Ok(json!({
            "outcome": Outcome::Suppressed,
            "reason": "the pod is contained, or about to be, by another delivery",
            "containment": record.id,
            "count": noted,
        }))
    }

    /// The occasion is ours.
    async fn claimed(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: Held,
        ground: Ground,
    ) -> Result<Value, OpsError> {
        if let Some(report) = &held.acted {
            let report: Report = serde_json::from_str(report).map_err(|why| {
                OpsError::Refused(format!("the report of an earlier delivery is unreadable: {why}"))
            })?;
            let told = self.hand_over(case, report, &held, How::Mail).await;
            return self.given_back(case, &held, told).await;
        }
        let work = Box::pin(async {
            match (case.mode, &case.road) {
                (Mode::Observe, _) => Box::pin(self.show(case, run, &held, ground, None)).await,
                (Mode::Approve, Road::Finding | Road::Manual) => {
                    Box::pin(self.propose(case, run, &held, ground)).await
                }
                (Mode::Approve | Mode::Auto, _) => Box::pin(self.act(case, run, &held, ground)).await,
            }
        });
        let done = self.kept(case, run, work).await;
        self.given_back(case, &held, done).await
    }
}

/// An ending that changes nothing.
enum Told {
    HeldBack(crate::accept::HeldBack),
    NoPod,
    Blind(Unreadable),
    Forged(Reread),
}

/// What tells the containment of one pod from others: the live pod and its generation, whatever arrives in whichever form.
/// A plan that only looks is another occasion than one that acts, so that a later change of the mode finds nothing done.
fn occasion(case: &Case<'_>, uid: &str, generation: u32) -> String {
    let pod = format!("pod:{uid}#{generation}");
    match (&case.road, case.mode) {
        (Road::Approved(approved), _) => {
            format!("{pod}/approval:{}@{}", approved.plan, approved.proposed_at)
        }
        (Road::Manual, mode) => format!("{pod}/{mode}/{}", case.invocation.request_id),
        (Road::Finding, Mode::Auto) => pod,
        (Road::Finding, mode) => format!("{pod}/{mode}"),
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
