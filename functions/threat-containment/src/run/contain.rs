//! From a finding to a claim: who is meant, whether it is so, and whose turn it is. Reads that do not depend on each other
//! run together; nothing is changed here.

use day2_aws::error::OpsError;
use day2_aws::journal::{Claim, Held};
use day2_core::action::{Guard, Mode, Outcome};
use day2_core::containment::{Containment, generation_of, is_settled};
use day2_core::report::{Report, Run};
use day2_kube::objects::PodDetail;
use day2_kube::{ClusterClient, Owners};
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::look::{First, Known};
use super::tell::{Ending, How};
use crate::facts::{Reread, Suspect};
use crate::report;

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

impl ThreatContainment {
    /// Contains the pod of a finding, as far as the mode allows.
    pub(super) async fn contain(&self, mut case: Case<'_>) -> Result<Value, OpsError> {
        case.has_time()?;
        let First {
            cluster,
            suspect,
            reread,
            known,
        } = match Box::pin(self.first_look(&mut case)).await? {
            Ok(first) => first,
            Err(told) => return Box::pin(self.told(&case, told)).await,
        };
        match suspect {
            Suspect::Here(pod) => Box::pin(self.here(&case, (cluster, *pod), reread, known)).await,
            Suspect::Gone => Box::pin(self.gone(&case, &known, &reread)).await,
            Suspect::Replaced(now, why) => {
                let items = report::replaced(&case.finding, &now, &why, &reread);
                let says = "another pod has the name now; nothing was contained";
                let ending = Ending::of(Outcome::Refused, says, items).refusing(
                    Guard::Foreign,
                    format!("pod {}/{}: {why}", now.namespace, now.name),
                    "look at the pod that has the name now, and at what started it",
                );
                let key = case.finding.dedup_key();
                self.tell(&case, format!("replaced:{key}#{}", now.uid), ending)
                    .await
            }
        }
    }

    /// The pod is there. Whose turn it is, is asked beside what only a run that acts must know: seconds count, and a pod that is not
    /// known to be contained is almost always this run's.
    async fn here(
        &self,
        case: &Case<'_>,
        (cluster, pod): (ClusterClient, PodDetail),
        reread: Reread,
        mut known: Known,
    ) -> Result<Value, OpsError> {
        let seen_at = case.finding.updated_at;
        loop {
            if known.is_settled(&pod.uid, seen_at) {
                let why = "this pod was released after GuardDuty last saw what it reports".to_owned();
                return self.held_back(case, &crate::accept::HeldBack::Stale(why)).await;
            }
            let generation = known.generation(&pod.uid);
            let id = Containment::id_of(case.target.name.as_str(), &pod.uid, generation);
            let run = case.run(Some(occasion(case, &pod.uid, generation)), self.zone());
            let record = known.record(&id);
            let (claim, read) = {
                let acting = Box::pin(self.for_acting(case, (&cluster, &pod), &known));
                // Whoever comes to an open containment joins it, unless who was at work has died, or a person asks.
                if record.is_some_and(Containment::is_open) && !case.by_hand() {
                    match self.claim(case, &run).await? {
                        Claim::Ours(held) => (Claim::Ours(held), acting.await),
                        other => return self.joins(case, &run, (&id, record), &reread, other).await,
                    }
                } else {
                    let (claim, read) = futures::join!(self.claim(case, &run), acting);
                    (claim?, read)
                }
            };
            let (all, owners) = match read {
                Ok(read) => read,
                Err(error) => return self.not_taken(&claim, Err(error)).await,
            };
            if generation_of(&all, &pod.uid).0 != generation || is_settled(&all, &pod.uid, seen_at) {
                // Released meanwhile, or the row of the first containment has gone: it is the turn of another one.
                self.not_taken(&claim, Ok(())).await?;
                known = Known::All(all);
                continue;
            }
            let held = match claim {
                Claim::Ours(held) => held,
                other => {
                    let record = all.iter().find(|one| one.id == id);
                    return self.joins(case, &run, (&id, record), &reread, other).await;
                }
            };
            let ground = Ground {
                cluster,
                pod,
                owners,
                reread,
                known: all,
                generation,
                id,
            };
            return Box::pin(self.claimed(case, &run, held, ground)).await;
        }
    }

    /// Gives a turn back that was asked for and is not taken.
    async fn not_taken<T>(&self, claim: &Claim, done: Result<T, OpsError>) -> Result<T, OpsError> {
        if let Claim::Ours(held) = claim {
            self.edge.give_back(held, None).await;
        }
        done
    }

    /// What a run that acts must know beyond the first look: all containments of the target, because the end of a workload counts them
    /// by owner, and what controls the pod.
    async fn for_acting(
        &self,
        case: &Case<'_>,
        (cluster, pod): (&ClusterClient, &PodDetail),
        known: &Known,
    ) -> Result<(Vec<Containment>, Owners), OpsError> {
        let deadline = case.times().deadline;
        let (all, owners) = futures::join!(self.all(case, known), cluster.owners_of(pod, deadline));
        Ok((all?, owners))
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
